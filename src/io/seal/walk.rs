//! The objects of an HDF5 file, and the refusal of everything that leads out of it.

use std::collections::BTreeMap;

use hdf5::plist::dataset_create::Layout;
use hdf5::{Dataset, File, Group, IndexType, IterationOrder, LinkType};

use crate::error::{Error, Result};
use crate::io::result::read::first_line;

/// Groups may lie so deep: results use three.
const DEPTH_MAX: usize = 8;
/// Most objects of a file.
const OBJECTS_MAX: usize = 200_000;
/// The only group with soft links: the maps once more, for other programs. No reader of this one follows them.
const LINKED: &str = "/VTKHDF/CellData";

/// A group or a dataset.
pub(super) enum Object {
    Group(Group),
    Dataset(Dataset),
}

/// Refuses a file with links, storage or mappings out of it, and one whose groups lead in a circle.
pub fn refuse_links(file: &File) -> Result<()> {
    objects(file).map(drop)
}

/// Every object by its path. Refuses links, storage and mappings out of the file.
pub(super) fn objects(file: &File) -> Result<BTreeMap<String, Object>> {
    let root = file.group("/").map_err(|error| damaged("/", &error))?;
    let mut found = BTreeMap::new();
    visit(&root, "", 0, &mut found)?;
    found.insert("/".to_owned(), Object::Group(root));
    Ok(found)
}

fn visit(group: &Group, path: &str, depth: usize, found: &mut BTreeMap<String, Object>) -> Result<()> {
    if depth > DEPTH_MAX {
        return Err(Error::invalid(format!("groups may lie {DEPTH_MAX} deep, found {path} deeper")));
    }
    let links =
        group.links(IndexType::Name, IterationOrder::Native).map_err(|error| damaged(path, &error))?;
    for (name, link) in links {
        let path = format!("{path}/{name}");
        match link.link_type {
            LinkType::Hard => {}
            LinkType::Soft if path.starts_with(LINKED) => continue,
            LinkType::Soft => return Err(foreign(&path, "a soft link")),
            LinkType::External => return Err(foreign(&path, "a link out of the file")),
        }
        if found.len() >= OBJECTS_MAX {
            return Err(Error::invalid(format!("a file may hold {OBJECTS_MAX} objects, found more")));
        }
        let object = match group.dataset(&name) {
            Ok(set) => Object::Dataset(own(set, &path)?),
            Err(_) => Object::Group(group.group(&name).map_err(|error| damaged(&path, &error))?),
        };
        if let Object::Group(inner) = &object {
            visit(inner, &path, depth + 1, found)?;
        }
        found.insert(path, object);
    }
    Ok(())
}

/// A dataset whose values lie in the file itself.
fn own(set: Dataset, path: &str) -> Result<Dataset> {
    let list = set.dcpl().map_err(|error| damaged(path, &error))?;
    let layout = list.get_layout().map_err(|error| damaged(path, &error))?;
    if layout == Layout::Virtual {
        return Err(foreign(path, "mapped from other datasets"));
    }
    if !list.get_external().map_err(|error| damaged(path, &error))?.is_empty() {
        return Err(foreign(path, "stored in another file"));
    }
    Ok(set)
}

fn foreign(path: &str, what: &str) -> Error {
    Error::invalid(format!("{path} must be in the file itself, found {what}"))
        .with_help("such a file could read others of this machine; have it written whole")
}

fn damaged(path: &str, error: &hdf5::Error) -> Error {
    Error::invalid(format!("the object {path} cannot be read: {}", first_line(error)))
}
