//! The reference files of this room: comma-separated, a line that cites the source, a line of names.

/// Rows of a file as words, without the two lines at its top.
pub fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().skip(2).map(|line| line.split(',').collect())
}

/// A number of a file that ships with the program.
pub fn number(word: &str) -> f64 {
    word.parse().unwrap_or_else(|_| panic!("a reference file holds {word:?} where a number belongs"))
}
