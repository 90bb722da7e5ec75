//! Lines of a TOML text with comments, and a list of what was assumed.

/// Width of a comment.
const WIDTH: usize = 110;

/// A text that grows.
#[derive(Clone, Debug, Default)]
pub(in crate::io) struct Lines {
    pub text: String,
    pub assumptions: Vec<String>,
}

impl Lines {
    /// A line as it is.
    pub fn raw(&mut self, line: &str) {
        self.text += line;
    }

    /// A key, its value as TOML, and where it comes from.
    pub fn key(&mut self, key: &str, value: impl std::fmt::Display, source: &str) {
        self.text += &format!("{key} = {value}    # {}\n", one_line(source));
    }

    /// A key whose value is not recorded.
    pub fn assume(&mut self, key: &str, value: impl std::fmt::Display, why: &str) {
        self.assumptions.push(format!("{key} = {value}: {why}"));
        self.text += &format!("{key} = {value}    # ASSUMED: {}\n", one_line(why));
    }

    /// Something that is left out.
    pub fn leave_out(&mut self, why: &str) {
        self.assumptions.push(why.to_owned());
        self.comment(&format!("LEFT OUT: {why}"));
    }

    /// Lines of comment.
    pub fn comment(&mut self, text: &str) {
        let mut line = "#".to_owned();
        for word in one_line(text).split_whitespace() {
            if line.len() + 1 + word.len() > WIDTH && line.len() > 1 {
                self.text += &format!("{line}\n");
                line = "#".to_owned();
            }
            line += " ";
            line += word;
        }
        self.text += &format!("{line}\n");
    }
}

/// A text that cannot leave its comment.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A number with so many decimals at most.
pub(in crate::io) fn decimals(number: f64, places: usize) -> String {
    let text = format!("{number:.places$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}
