//! Which files of a folder are the patient's CT.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dicom_dictionary_std::tags;

use super::attributes::text;
use super::ct_image::{CtImage, Found, read};
use super::file::{DicomFile, is_dicom};
use crate::error::{Error, Result};

/// Most files of a folder, and how deep folders are looked through.
const MOST_FILES: usize = 20_000;
const DEEPEST_FOLDER: usize = 5;
/// Series that a refusal lists.
const MOST_LISTED: usize = 20;

/// Whether a path is a DICOM file or a folder that holds one.
pub(in crate::io::import) fn holds_dicom(path: &Path) -> bool {
    let (mut found, mut seen) = (false, 0);
    // A folder that cannot be looked through is refused when it is read.
    let _ = visit(path, 0, &mut |file| {
        seen += 1;
        found = is_dicom(file);
        !found && seen < MOST_FILES
    });
    found
}

/// The DICOM files of a folder and its folders, by name; of a file, itself.
fn dicom_files(path: &Path) -> Result<Vec<PathBuf>> {
    let (mut files, mut seen) = (Vec::new(), 0);
    visit(path, 0, &mut |file| {
        seen += 1;
        if is_dicom(file) {
            files.push(file.to_owned());
        }
        seen < MOST_FILES
    })?;
    match seen < MOST_FILES {
        true => Ok(files),
        false => Err(Error::invalid(format!("a folder of DICOM may hold {MOST_FILES} files, found more"))),
    }
}

/// Shows every file, until one is enough.
fn visit(path: &Path, depth: usize, show: &mut impl FnMut(&Path) -> bool) -> Result<bool> {
    if !path.is_dir() {
        return Ok(show(path));
    }
    let unreadable =
        |error: std::io::Error| Error::Unreadable { path: path.to_owned(), reason: error.to_string() };
    let mut entries: Vec<PathBuf> = std::fs::read_dir(path)
        .map_err(unreadable)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .take(MOST_FILES)
        .collect();
    entries.sort();
    for entry in entries {
        let go_on =
            if entry.is_dir() && depth == DEEPEST_FOLDER { true } else { visit(&entry, depth + 1, show)? };
        if !go_on {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads the headers of a folder and keeps one series; also what should be said of the rest.
pub(super) fn choose(path: &Path, series: Option<&str>) -> Result<(Vec<CtImage>, Vec<String>)> {
    let mut groups: BTreeMap<String, Vec<CtImage>> = BTreeMap::new();
    let mut others: BTreeMap<String, usize> = BTreeMap::new();
    for file in dicom_files(path)? {
        let image = DicomFile::open(&file).and_then(|file| match read(&file) {
            Err(_)
                if series.is_some() && text(&file.header, tags::SERIES_INSTANCE_UID).as_deref() != series =>
            {
                Ok(Found::Other("CT of another series that cannot be read".to_owned()))
            }
            read => read,
        });
        match image.map_err(|error| if file == *path { error } else { error.within(&name_of(&file)) })? {
            Found::Ct(image) if image.is_localizer => {
                *others.entry("CT scout view".to_owned()).or_default() += 1
            }
            Found::Ct(image) => groups.entry(image.series.clone()).or_default().push(*image),
            Found::Other(modality) => *others.entry(modality).or_default() += 1,
        }
    }
    let left_out =
        others.iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", ");
    if groups.is_empty() {
        let found = if left_out.is_empty() { "none" } else { &left_out };
        return Err(Error::invalid(format!("the modality must be CT, found {found}")));
    }
    let key = match series {
        Some(uid) if groups.contains_key(uid) => uid.to_owned(),
        Some(uid) => return Err(several(&groups, &format!("series must be one that is there, found {uid}"))),
        None if groups.len() > 1 => {
            return Err(several(
                &groups,
                &format!("the folder must hold one CT series, found {}", groups.len()),
            ));
        }
        None => groups.keys().next().cloned().unwrap_or_default(),
    };
    let chosen = groups.remove(&key).unwrap_or_default();
    let mut warnings = Vec::new();
    if !left_out.is_empty() {
        warnings.push(format!("files that are no CT slices are left out: {left_out}"));
    }
    Ok((chosen, warnings))
}

/// The refusal of series among which nobody chose.
fn several(groups: &BTreeMap<String, Vec<CtImage>>, sentence: &str) -> Error {
    let about = |(uid, images): (&String, &Vec<CtImage>)| {
        let slices: usize = images.iter().map(|image| image.slices.len()).sum();
        let description = images.first().map_or("", |image| &image.description);
        let description: String = description.chars().filter(|c| !c.is_control()).take(40).collect();
        format!("{uid} (`{description}`, {slices} slices)")
    };
    let mut list: Vec<String> = groups.iter().take(MOST_LISTED).map(about).collect();
    if groups.len() > MOST_LISTED {
        list.push(format!("and {} more", groups.len() - MOST_LISTED));
    }
    Error::invalid(format!("{sentence}: {}", list.join(", ")))
        .with_help("choose one by its UID: --series, or `series` in a protocol")
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
