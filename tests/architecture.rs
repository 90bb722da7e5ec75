//! Imports point down: a module uses its own floor and the floors below it.

use std::fs;
use std::path::{Path, PathBuf};

/// Modules by floor, from the ground. Modules of one floor may not use each other, except inside one room.
const FLOORS: [&[&str]; 13] = [
    &["constants", "error", "numerics", "photon", "units"],
    &["data"],
    &["physics"],
    &["geometry"],
    &["source"],
    &["transport"],
    &["tally"],
    &["simulation"],
    &["analysis"],
    &["io"],
    &["validation"],
    &["benchmark"],
    &["cli"],
];

fn floor(module: &str) -> usize {
    let found = FLOORS.iter().position(|modules| modules.contains(&module));
    found.unwrap_or_else(|| panic!("module `{module}` has no floor: add it to FLOORS and to ARCHITECTURE.md"))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The modules a file names as `crate::module`.
fn imports(text: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split("crate::").skip(1).map(str::to_owned).collect::<Vec<_>>())
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}

#[test]
fn imports_point_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let relative = file.strip_prefix(&root).unwrap();
        let first = relative.iter().next().unwrap().to_str().unwrap();
        let room = first.trim_end_matches(".rs");
        if ["lib", "main"].contains(&room) {
            continue;
        }
        for import in imports(&fs::read_to_string(&file).unwrap()) {
            if import.is_empty() || import == room {
                continue;
            }
            let level = floor(room);
            let sideways_from_ground = level == 0 && floor(&import) == 0;
            if floor(&import) >= level && !sideways_from_ground {
                wrong.push(format!("{} uses {import}, which is not below it", relative.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn geometry_and_source_do_not_know_each_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (room, other) in [("geometry", "source"), ("source", "geometry")] {
        let mut files = Vec::new();
        sources(&root.join(room), &mut files);
        for file in files {
            let named = imports(&fs::read_to_string(&file).unwrap());
            assert!(!named.iter().any(|import| import == other), "{} uses {other}", file.display());
        }
    }
}
