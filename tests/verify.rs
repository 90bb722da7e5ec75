//! Sealed files: every change is named, and nobody reads a changed file.

mod common;

use std::path::{Path, PathBuf};

use childsize::io::export::phantom_h5;
use childsize::io::result::read;
use common::{childsize, newborn, quick_protocol};
use hdf5::types::VarLenUnicode;
use hdf5::{File, Group};

/// Exit code, standard output and standard error of the program.
fn program(arguments: &[&str], file: &Path) -> (i32, String, String) {
    let output = childsize().args(arguments).arg(file).output().unwrap();
    let [out, error] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (output.status.code().expect("it exits"), out, error)
}

/// A small result with a dose map.
fn result(folder: &Path) -> PathBuf {
    let protocol = quick_protocol(folder, "a.toml", 100.0, "native");
    let out = folder.join("out");
    let (code, _, error) = program(&["run", "-o", out.to_str().unwrap(), "--histories", "4000"], &protocol);
    assert_eq!(code, 0, "{error}");
    out.join("result.h5")
}

fn doubled(group: &Group, name: &str) {
    let set = group.dataset(name).unwrap();
    let values: Vec<f32> = set.read_raw::<f32>().unwrap().iter().map(|value| 2.0 * value).collect();
    set.write_raw(&values).unwrap();
}

/// Refused by verify, which names the object, and by everyone who reads it.
fn assert_refused(file: &Path, object: &str, sentence: &str, readers: &[&[&str]]) {
    let (code, out, error) = program(&["verify"], file);
    assert_eq!(code, 65, "{out}{error}");
    let said = format!("{out}{error}");
    assert!(said.lines().any(|line| line.contains(object) && line.contains(sentence)), "{said}");
    for reader in readers {
        let (code, _, error) = program(reader, file);
        assert_eq!(code, 65, "{reader:?}: {error}");
        assert!(error.contains(object) && error.contains(sentence), "{reader:?}: {error}");
    }
}

#[test]
fn a_changed_result_is_refused_by_name_and_by_all_who_read_what_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let whole = result(folder.path());
    let (code, out, error) = program(&["verify"], whole.parent().unwrap());
    assert!(code == 0 && out.contains("as it was written") && error.is_empty(), "{out}{error}");
    let changed = folder.path().join("changed.h5");
    let output = folder.path().join("x").display().to_string();
    let of_map: [&[&str]; 3] =
        [&["export", "--format", "nifti", "-o", &output], &["report", "--force"], &["plot", "-o", &output]];
    let change = |how: &dyn Fn(&File)| {
        std::fs::copy(&whole, &changed).unwrap();
        let file = File::open_rw(&changed).unwrap();
        how(&file);
        file.close().unwrap();
    };
    // Maps, which a comparison does not read.
    change(&|file| doubled(&file.group("maps").unwrap(), "absorbed_dose"));
    assert_refused(&changed, "/maps/absorbed_dose", "its sha256 differs", &of_map);
    let whole_name = whole.to_str().unwrap();
    assert_eq!(program(&["compare", whole_name], &changed).0, 0);
    // Numbers, texts and attributes of everyone.
    let everyone = [of_map[0], of_map[1], of_map[2], &["compare", whole_name]];
    change(&|file| {
        let set = file.dataset("organs/mass").unwrap();
        let mut values: Vec<f64> = set.read_raw().unwrap();
        values[0] = f64::from_bits(values[0].to_bits() ^ 1);
        set.write_raw(&values).unwrap();
    });
    assert_refused(&changed, "/organs/mass", "its sha256 differs", &everyone);
    change(&|file| {
        let attribute = file.group("acquisitions/000").unwrap().attr("tube_voltage_kv").unwrap();
        attribute.write_scalar(&120.0).unwrap();
    });
    assert_refused(&changed, "/acquisitions/000", "its sha256 differs", &everyone);
    change(&|file| file.unlink("size/z").or_else(|_| file.unlink("size")).unwrap());
    assert_refused(&changed, "/size", "is missing", &everyone);
    change(&|file| drop(file.create_group("more").unwrap()));
    assert_refused(&changed, "/more", "was added", &everyone);
    // The seal itself.
    change(&|file| file.unlink("digests").unwrap());
    assert_refused(&changed, "/digests", "is missing", &everyone);
    change(&|file| {
        let set = file.dataset("digests/sha256").unwrap();
        let text = set.read_scalar::<VarLenUnicode>().unwrap().as_str().replace('a', "b");
        set.write_scalar(&text.parse::<VarLenUnicode>().unwrap()).unwrap();
    });
    assert_refused(&changed, "/digests", "its sha256 differs", &everyone);
}

#[test]
fn links_storage_and_mappings_out_of_a_file_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let whole = result(folder.path());
    let secret = folder.path().join("secret.h5");
    File::create(&secret).unwrap().new_dataset::<f64>().shape(4).create("numbers").unwrap();
    let changed = folder.path().join("changed.h5");
    let readers: [&[&str]; 2] = [&["compare", whole.to_str().unwrap()], &["report", "--force"]];
    let with = |sentence: &str, object: &str, how: &dyn Fn(&File)| {
        std::fs::copy(&whole, &changed).unwrap();
        let file = File::open_rw(&changed).unwrap();
        how(&file);
        file.close().unwrap();
        assert_refused(&changed, object, sentence, &readers);
    };
    with("found a link out of the file", "/organs/mass", &|file| {
        file.unlink("organs/mass").unwrap();
        file.link_external(secret.to_str().unwrap(), "numbers", "organs/mass").unwrap();
    });
    with("found a soft link", "/organs/mass", &|file| {
        file.unlink("organs/mass").unwrap();
        file.link_soft("/organs/volume", "organs/mass").unwrap();
    });
    with("found stored in another file", "/organs/mass", &|file| {
        file.unlink("organs/mass").unwrap();
        let builder = file.new_dataset::<f64>().shape(4);
        builder.external(secret.to_str().unwrap(), 0, 32).create("organs/mass").unwrap();
    });
    with("groups may lie 8 deep", "/organs", &|file| {
        file.group("organs").unwrap().link_hard("/organs", "again").unwrap()
    });
    // The same of a phantom.
    let phantom = folder.path().join("phantom.h5");
    phantom_h5::write(&newborn(1.0), &phantom).unwrap();
    assert_eq!(program(&["verify"], &phantom).0, 0);
    let file = File::open_rw(&phantom).unwrap();
    file.unlink("labels").unwrap();
    file.link_external(secret.to_str().unwrap(), "numbers", "labels").unwrap();
    file.close().unwrap();
    assert_refused(&phantom, "/labels", "found a link out of the file", &[&["phantoms", "size"]]);
}

#[test]
fn a_changed_phantom_is_refused_by_the_name_of_what_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("phantom.h5");
    phantom_h5::write(&newborn(1.0), &path).unwrap();
    let file = File::open_rw(&path).unwrap();
    let set = file.dataset("labels").unwrap();
    let mut labels: Vec<u8> = set.read_raw().unwrap();
    let voxel = labels.iter().position(|&label| label != 0).unwrap();
    labels[voxel] = 0;
    set.write_raw(&labels).unwrap();
    drop(set);
    file.close().unwrap();
    let (code, out, _) = program(&["verify"], &path);
    assert!(code == 65 && out.contains("/labels is not what was written"), "{out}");
    assert_eq!(program(&["phantoms", "size"], &path).0, 65);
}

#[test]
fn another_program_of_this_library_checks_seals_in_its_own_process() {
    let folder = tempfile::tempdir().unwrap();
    let whole = result(folder.path());
    assert!(read::batches(&whole).is_ok());
    let changed = folder.path().join("changed.h5");
    std::fs::copy(&whole, &changed).unwrap();
    let file = File::open_rw(&changed).unwrap();
    file.group("acquisitions/000").unwrap().attr("tube_voltage_kv").unwrap().write_scalar(&120.0).unwrap();
    file.close().unwrap();
    let error = read::batches(&changed).unwrap_err();
    assert!(error.to_string().contains("/acquisitions/000 is not what was written"), "{error}");
    assert_eq!(error.exit_code(), 65);
}

/// A protocol may be someone else's: what it names stays in its folder unless the user says otherwise.
#[test]
fn a_protocol_reads_no_file_outside_of_its_folder_unless_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    std::fs::create_dir(&inner).unwrap();
    let protocol = quick_protocol(&inner, "a.toml", 100.0, "native");
    let text = std::fs::read_to_string(&protocol).unwrap();
    let named =
        text.replace("model = \"generic-64\"", "model = \"generic-64\"\nspectrum = \"../spectrum.csv\"");
    std::fs::write(&protocol, named).unwrap();
    std::fs::write(folder.path().join("spectrum.csv"), "energy_kev,fluence\n30,1\n60,3\n90,0.5\n").unwrap();
    let (code, _, error) = program(&["check"], &protocol);
    assert_eq!(code, 65, "{error}");
    assert!(
        error.contains(
            "spectrum must lie in the folder of the file that names it, or below, found \"../spectrum.csv\""
        ),
        "{error}"
    );
    assert!(error.contains("--allow-outside"), "{error}");
    let (code, _, error) = program(&["check", "--allow-outside"], &protocol);
    assert_eq!(code, 0, "{error}");
}
