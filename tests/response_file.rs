//! Response files and the commands that make and read them.

mod common;

use std::path::{Path, PathBuf};
use std::process::Output;

use childsize::analysis::response::table::evaluate;
use childsize::io::protocol::Protocol;
use childsize::io::response::read;
use common::{childsize, quick_protocol};

/// A coarse and rough response of the newborn, with the default bowtie.
fn respond(folder: &Path) -> PathBuf {
    let path = folder.join("newborn.h5");
    let made = childsize()
        .args([
            "respond",
            "ce-00y-arms-raised",
            "--voxel-mm",
            "4",
            "--relative-error",
            "0.05",
            "--ctdi-error",
            "0.02",
        ])
        .args(["--angles", "4", "--plane-mm", "10", "--progress", "none", "-o"])
        .arg(&path)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    path
}

fn evaluated(response: &Path, protocol: &Path, more: &[&str]) -> Output {
    childsize().arg("evaluate").arg(response).arg(protocol).args(more).output().unwrap()
}

fn refused(output: &Output, code: i32, words: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(words), "{said}");
}

#[test]
fn a_response_answers_its_phantom_and_refuses_all_else() {
    let folder = tempfile::tempdir().unwrap();
    let response = respond(folder.path());
    let protocol = quick_protocol(folder.path(), "abdomen.toml", 90.0, "abdomen");
    let (csv, json) = (folder.path().join("o.csv"), folder.path().join("o.json"));
    let files = ["--csv", csv.to_str().unwrap(), "--json", json.to_str().unwrap()];
    let done = evaluated(&response, &protocol, &files);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let value: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert_eq!(value["schema"], "childsize.evaluation/1");
    assert_eq!(value["effective_dose"].as_array().unwrap().len(), 2);
    assert!(std::fs::read_to_string(&csv).unwrap().starts_with("organ,name,phase"));
    refused(&evaluated(&response, &protocol, &files), 73, "already there");

    let change = |name: &str, from: &str, to: &str| {
        let text = std::fs::read_to_string(&protocol).unwrap();
        assert!(text.contains(from));
        let path = folder.path().join(name);
        std::fs::write(&path, text.replace(from, to)).unwrap();
        path
    };
    let other = change("voxels.toml", "voxel_mm = 4.0", "voxel_mm = 5.0");
    refused(&evaluated(&response, &other, &[]), 65, "voxel by voxel");
    let low = change("low.toml", "tube_voltage_kv = 90", "tube_voltage_kv = 60");
    refused(&evaluated(&response, &low, &[]), 65, "within 70..140");
    let bowtie = change("bowtie.toml", "model = \"generic-64\"", "model = \"generic-64\"\nbowtie = \"head\"");
    refused(&evaluated(&response, &bowtie, &[]), 65, "the scanner must be that of the response");
    let moved = change("moved.toml", "voxel_mm = 4.0", "voxel_mm = 4.0\noffset_mm = [10.0, 0.0]");
    refused(&evaluated(&response, &moved, &[]), 65, "must lie as in the response");
    let wide = change("wide.toml", "mode = \"helical\"\ntube", "mode = \"axial\"\ntube");
    let text = std::fs::read_to_string(&wide).unwrap();
    let text = text
        .replace("total_collimation_mm = 20.0", "total_collimation_mm = 80.0")
        .replace("pitch = 1.0\n", "");
    std::fs::write(&wide, text).unwrap();
    refused(&evaluated(&response, &wide, &[]), 65, "axial rotations must be at most 20 mm wide");
    refused(&evaluated(&folder.path().join("none.h5"), &protocol, &[]), 66, "none.h5");
    refused(&evaluated(&protocol, &protocol, &[]), 66, "abdomen.toml");

    // What was read is what was written, and the console's CTDIvol sets the scale.
    let read = read(&response).unwrap();
    let prepared = Protocol::read(&protocol).unwrap().prepare().unwrap();
    let found = evaluate(&prepared.exam, &read.rows, &read.matrix).unwrap();
    assert_eq!(found.total[0].mean, value["organs"][0]["dose_mgy"].as_f64().unwrap());
    let console =
        change("console.toml", "pitch = 1.0", "pitch = 1.0\nctdi_phantom = \"head16\"\nctdi_vol_mgy = 3.0");
    let said = String::from_utf8(evaluated(&response, &console, &[]).stdout).unwrap();
    assert!(said.contains("CTDIvol 3.000 mGy in the 16 cm phantom"), "{said}");

    // One number changed: the digest tells.
    let file = hdf5::File::open_rw(&response).unwrap();
    let rows = file.dataset("rows/json").unwrap();
    let text = rows.read_scalar::<hdf5::types::VarLenUnicode>().unwrap().as_str().replace("Lungs", "Longs");
    rows.write_scalar(&text.parse::<hdf5::types::VarLenUnicode>().unwrap()).unwrap();
    drop(rows);
    file.close().unwrap();
    refused(&evaluated(&response, &protocol, &[]), 65, "the digest of the response must be");
}

#[test]
fn what_cannot_be_made_is_refused_before_it_is_begun() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    let respond = |arguments: &[&str]| {
        childsize().arg("respond").args(arguments).arg("-o").arg(&path).output().unwrap()
    };
    refused(&respond(&["ce-05x"]), 65, "must be a shipped phantom");
    refused(&respond(&["ce-00y", "--bowtie", "tie"]), 65, "bowtie");
    refused(&respond(&["ce-00y", "--relative-error", "0"]), 65, "--relative-error must be above 0");
    refused(&respond(&["ce-00y", "--plane-mm", "NaN"]), 65, "--plane-mm must be above 0");
    refused(&respond(&["ce-00y", "--angles", "0"]), 2, "--angles");
    refused(&respond(&["none.toml"]), 66, "none.toml");
    assert!(!path.exists());
}
