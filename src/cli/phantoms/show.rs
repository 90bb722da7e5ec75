//! `childsize phantoms show`: pictures of a phantom.

use std::path::PathBuf;

use clap::Args;

use super::choice::PhantomChoice;
use crate::error::Result;
use crate::io::output_file;
use crate::io::picture::anatomy::Anatomy;

/// Whose pictures, and where they go.
#[derive(Debug, Args)]
pub struct ShowArguments {
    #[command(flatten)]
    choice: PhantomChoice,
    /// Folder the pictures are written into: ID-coronal.png, ID-sagittal.png, ID-axial.png
    #[arg(long, value_name = "DIR")]
    png: PathBuf,
    /// Replace pictures that are there
    #[arg(long)]
    force: bool,
}

/// Draws the pictures; hands back their names.
pub fn show(arguments: &ShowArguments) -> Result<String> {
    let (phantom, _) = arguments.choice.voxels()?;
    let anatomy = Anatomy::of(&phantom)?;
    let stem = file_stem(&phantom.id);
    let path = |plane: &str| arguments.png.join(format!("{stem}-{plane}.png"));
    let paths = ["coronal", "sagittal", "axial"].map(path);
    paths.iter().try_for_each(|path| output_file::refuse_existing(path, arguments.force))?;
    let folder = &arguments.png;
    output_file::make_folder(folder)?;
    output_file::replace(&paths[0], &anatomy.coronal()?)?;
    output_file::replace(&paths[1], &anatomy.sagittal()?)?;
    output_file::replace(&paths[2], &anatomy.axial()?)?;
    Ok(paths.iter().map(|path| format!("{}\n", path.display())).collect())
}

/// An id a file of the user states, as a name of a file that stays in its folder.
fn file_stem(id: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let stem: String = id.trim_start_matches('.').chars().map(safe).take(100).collect();
    if stem.is_empty() { "phantom".to_owned() } else { stem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_a_file_in_the_folder_whatever_it_holds() {
        let stems = ["ce-05y", "../../etc/passwd", "a b", ""].map(file_stem);
        assert_eq!(stems, ["ce-05y", "_.._etc_passwd", "a_b", "phantom"]);
    }
}
