//! Protocols drafted from records of patients that do not exist; `scripts/make_record_samples.py` makes the records.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Instant;

use assert_cmd::assert::OutputAssertExt;
use childsize::error::Error;
use childsize::io::dicom_record::{
    ExamRecord, RecordedMode, current_of_series, read_rdsr, read_rdsr_bytes, read_series, slice_record,
};
use childsize::io::protocol::Protocol;
use childsize::io::protocol_draft::{Draft, DraftOptions, Region, draft};
use childsize::io::trial::{self, Answer, Question, Subject};
use predicates::str::contains;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

/// What must not be handed on of the samples' patient: name, numbers, dates, UIDs, and their parts.
const SECRETS: [&str; 12] = [
    "sample",
    "quentin",
    "referrer",
    "roberta",
    "pid-778899",
    "778899",
    "acc4711",
    "20190405",
    "20240607",
    "2019-04-05",
    "1.2.826",
    "10.9999",
];

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/records").join(name)
}

fn five() -> DraftOptions {
    DraftOptions { phantom: Some("ce-05y".to_owned()), ..DraftOptions::default() }
}

/// A draft, written into a folder as the command does.
fn written(record: &ExamRecord, options: &DraftOptions) -> (tempfile::TempDir, Draft, Protocol) {
    let folder = tempfile::tempdir().unwrap();
    let drafted = draft(record, options, &folder.path().join("exam.toml")).unwrap();
    for (path, text) in &drafted.files {
        std::fs::write(path, text).unwrap();
    }
    let protocol = Protocol::read(&folder.path().join("exam.toml")).unwrap();
    (folder, drafted, protocol)
}

fn text(draft: &Draft) -> &str {
    &draft.files.last().unwrap().1
}

fn number(value: &serde_json::Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

#[test]
fn a_series_gives_its_values_its_length_and_its_current_along_z() {
    let record = read_series(&sample("modulated")).unwrap();
    let (_folder, drafted, protocol) = written(&record, &DraftOptions::default());
    let resolved = protocol.resolved_json();
    assert_eq!(resolved["phantom"]["id"], "ce-05y-arms-raised");
    assert_eq!(number(&resolved["phantom"]["height_mm"]), 1120.0);
    assert_eq!(number(&resolved["phantom"]["weight_kg"]), 20.0);
    assert_eq!(resolved["scanner"]["model"], "siemens-definition");
    let scan = &resolved["acquisition"][1];
    assert_eq!(scan["mode"], "helical");
    for (key, value) in [
        ("tube_voltage_kv", 80.0),
        ("tube_current_ma", 70.0),
        ("rotation_time_s", 0.285),
        ("total_collimation_mm", 38.4),
        ("pitch", 1.2),
        ("ctdi_vol_mgy", 0.82),
    ] {
        assert_eq!(number(&scan[key]), value, "{key}");
    }
    assert_eq!(scan["ctdi_phantom"], "body32");
    let [top, bottom] = [0, 1].map(|i| number(&scan["range"]["z_mm"][i]));
    assert!((top - bottom - 200.0).abs() < 1e-6, "{top} {bottom}");
    assert_eq!(scan["range"]["top"], "lung_apex+10mm");
    // 40 slices, held at both ends; the middle one of 60 mA lies 97.5 mm above the lower end.
    let (path, table) = &drafted.files[0];
    assert!(path.ends_with("exam-ma-2.csv"));
    let rows: Vec<Vec<f64>> =
        table.lines().skip(2).map(|row| row.split(',').map(|cell| cell.parse().unwrap()).collect()).collect();
    assert_eq!(rows.len(), 42);
    let least = rows.iter().min_by(|a, b| a[1].total_cmp(&b[1])).unwrap();
    assert_eq!(least[1], 60.0);
    assert!((least[0] - bottom - 102.5).abs() < 1e-3, "{least:?} {bottom}");
}

#[test]
fn a_localizer_exposes_every_place_as_long_as_its_narrow_beam_does() {
    let record = read_series(&sample("modulated")).unwrap();
    let (_folder, _, protocol) = written(&record, &DraftOptions::default());
    let scout = &protocol.resolved_json()["acquisition"][0];
    assert_eq!(scout["mode"], "stationary");
    let length_mm = number(&scout["total_collimation_mm"]);
    assert_eq!(length_mm, 255.0);
    // 2.6 s over the whole length; a place sees a beam of 3.6 mm.
    assert!((number(&scout["exposure_time_s"]) - 2.6 * 3.6 / length_mm).abs() < 1e-6);
    // The scout begins 35 mm above the scan.
    assert_eq!(scout["range"]["top"], "lung_apex+45mm");
}

#[test]
fn on_the_patients_own_images_heights_are_taken_over() {
    let record = read_series(&sample("modulated")).unwrap();
    let options = DraftOptions { patient_ct: Some(sample("modulated")), ..DraftOptions::default() };
    let drafted = draft(&record, &options, Path::new("exam.toml")).unwrap();
    assert!(text(&drafted).contains("range = { z_mm = [-315, -515] }"), "{}", text(&drafted));
    assert!(text(&drafted).contains("\ndicom = "));
    assert!(drafted.files[0].1.contains("\n-512.5000,80\n"));
    // Everything but the phantom is a protocol already.
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("exam-ma-2.csv"), &drafted.files[0].1).unwrap();
    let line = text(&drafted).lines().find(|line| line.starts_with("dicom = ")).unwrap();
    let cylinder = "cylinder = { width_mm = 200, length_mm = 1200, material = \"water\" }";
    Protocol::parse(&text(&drafted).replace(line, cylinder), folder.path()).unwrap();
}

#[test]
fn what_an_old_scanner_does_not_say_is_assumed_and_marked() {
    let record = read_series(&sample("sparse")).unwrap();
    let (_folder, drafted, protocol) = written(&record, &DraftOptions::default());
    let text = text(&drafted);
    for line in [
        "id = \"ce-05y\"    # ASSUMED: the nearest to the recorded age of 5.2 years",
        "model = \"generic-64\"    # ASSUMED",
        "rotation_time_s = 0.5    # ASSUMED",
        "total_collimation_mm = 20    # ASSUMED",
        "pitch = 1    # ASSUMED: a usual value; SpiralPitchFactor (0018,9311) must be above 0 and at most 3.5, found 0",
        "position = \"HFS\"    # ASSUMED",
        "# LEFT OUT: ctdi_vol_mgy = 0.82",
        "# PatientSize and PatientWeight are not recorded",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert_eq!(drafted.assumptions.len(), 9, "{:?}", drafted.assumptions);
    assert_eq!(protocol.resolved_json()["acquisition"][0]["range"]["top"], "vertex");
}

#[test]
fn a_dose_report_of_mixed_acquisitions_gives_each_its_mode_and_place() {
    let record = read_rdsr(&sample("mixed.dcm")).unwrap();
    assert_eq!(record.acquisitions.len(), 5);
    assert_eq!(record.acquisitions[0].mode.as_ref().unwrap().0, RecordedMode::Localizer(None));
    let (_folder, drafted, protocol) = written(&record, &DraftOptions::default());
    let acquisitions = protocol.resolved_json()["acquisition"].as_array().unwrap().clone();
    let summary: Vec<[String; 3]> = acquisitions
        .iter()
        .map(|a| [&a["phase"], &a["mode"], &a["range"]["top"]].map(|v| v.as_str().unwrap().to_owned()))
        .collect();
    let expected = [
        ["Topogram, part 1 of 2", "stationary", "lung_apex+10mm"],
        ["Topogram, part 2 of 2", "stationary", "lung_apex-246mm"],
        ["Thorax", "helical", "lung_apex+10mm"],
        ["Head", "axial", "vertex"],
        // Its protocol name holds the patient's.
        ["acquisition 4", "axial", "lung_apex+10mm"],
        ["Thorax (5)", "helical", "lung_apex+10mm"],
    ];
    assert_eq!(summary, expected.map(|row| row.map(str::to_owned)));
    assert_eq!(acquisitions[3]["scanner"]["bowtie"], "head");
    assert_eq!(number(&acquisitions[3]["table_increment_mm"]), 19.2);
    assert_eq!(number(&acquisitions[3]["ctdi_vol_mgy"]), 21.4);
    assert_eq!(number(&acquisitions[4]["rotation_time_s"]), 2.5);
    assert_eq!(acquisitions[2]["overrange"], "none");
    assert!(text(&drafted).contains("Pitch Factor (113828, DCM) must be above 0 and at most 3.5, found 0"));
    assert!(text(&drafted).contains("# the report's DLP (113838, DCM) is 17.425 mGy cm"));
}

#[test]
fn the_users_region_stands_for_the_main_acquisitions_and_leaves_the_others() {
    let record = read_rdsr(&sample("mixed.dcm")).unwrap();
    let region = Some(Region::named("abdomen").unwrap());
    let (_folder, _, protocol) = written(&record, &DraftOptions { region, ..DraftOptions::default() });
    let resolved = protocol.resolved_json();
    assert_eq!(resolved["acquisition"][2]["range"]["top"], "diaphragm+10mm");
    assert_eq!(resolved["acquisition"][3]["range"]["top"], "vertex");
}

#[test]
fn two_tubes_of_a_report_are_two_acquisitions_that_share_its_ctdi() {
    let record = read_rdsr(&sample("dual.dcm")).unwrap();
    let (_folder, drafted, protocol) = written(&record, &five());
    let resolved = protocol.resolved_json();
    let of = |index: usize, key: &str| number(&resolved["acquisition"][index][key]);
    assert_eq!(resolved["acquisition"].as_array().unwrap().len(), 4);
    assert!((of(0, "ctdi_vol_mgy") - 0.9).abs() < 1e-9 && (of(1, "ctdi_vol_mgy") - 0.6).abs() < 1e-9);
    assert_eq!([of(2, "tube_voltage_kv"), of(3, "tube_voltage_kv")], [80.0, 140.0]);
    assert!(resolved["acquisition"][2]["ctdi_vol_mgy"].is_null());
    assert!(text(&drafted).contains("cannot be split between tube voltages"));
    assert!(text(&drafted).contains("phase = \"Flash tube B\""));
}

#[test]
fn no_file_that_is_written_tells_who_the_patient_is() {
    let records = [
        read_series(&sample("modulated")).unwrap(),
        read_series(&sample("sparse")).unwrap(),
        read_rdsr(&sample("mixed.dcm")).unwrap(),
        read_rdsr(&sample("dual.dcm")).unwrap(),
    ];
    for record in &records {
        let (_folder, drafted, _) = written(record, &five());
        let told = drafted.files.iter().map(|(_, text)| text).chain(&drafted.assumptions);
        for text in told.map(|text| text.to_lowercase()) {
            for secret in SECRETS {
                assert!(!text.contains(secret), "{secret} in {text}");
            }
        }
    }
}

#[test]
fn records_of_another_kind_are_refused_with_what_was_found() {
    let refusal = |error: Error| (error.to_string(), error.exit_code());
    let report = |name: &str| {
        refusal(
            read_rdsr(&sample(name))
                .and_then(|r| draft(&r, &five(), Path::new("x.toml")).map(|_| ()))
                .unwrap_err(),
        )
    };
    for (name, sentence) in [
        ("truncated.dcm", "the file is cut off or damaged: 19046 bytes must follow byte 838, found"),
        ("projection.dcm", "found concept 113701, template 10001, procedure Projection X-Ray"),
        (
            "modulated/000.dcm",
            "must be an X-Ray Radiation Dose SR, found SOP class 1.2.840.10008.5.1.4.1.1.2, modality CT",
        ),
        (
            "kv160.dcm",
            "tube_voltage_kv cannot be assumed: KVP (113733, DCM) must be within 50..150, found 160",
        ),
        ("../records.rs", "a dose report must be a DICOM file, found none"),
    ] {
        let (found, code) = report(name);
        assert!(found.contains(sentence) && code == 65, "{found}\n  for {sentence}");
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(sample("dual.dcm"), folder.path().join("dose.dcm")).unwrap();
    let (found, _) = refusal(read_series(folder.path()).unwrap_err());
    assert!(found.ends_with("a CT series must hold CT images, found DICOM files of SR"), "{found}");
}

#[test]
fn a_record_without_part_of_the_body_or_age_asks_for_them() {
    let mut record = read_series(&sample("sparse")).unwrap();
    record.acquisitions[0].region = None;
    let refusal = |record: &ExamRecord, options: &DraftOptions| {
        draft(record, options, Path::new("x.toml")).unwrap_err()
    };
    let error = refusal(&record, &five());
    assert!(error.help().unwrap().contains("--region places the range"), "{error}");
    record.patient.age_y = None;
    let region = Some(Region::named("abdomen").unwrap());
    let error = refusal(&record, &DraftOptions { region, ..DraftOptions::default() });
    assert_eq!(error.help(), Some("name the phantom: --phantom ce-05y"));
    let (_folder, drafted, _) = written(&record, &DraftOptions { region, ..five() });
    assert!(text(&drafted).contains("top = \"diaphragm+10mm\""));
}

#[test]
fn a_size_beyond_the_phantoms_scaling_is_a_comment() {
    let mut record = read_series(&sample("modulated")).unwrap();
    record.patient.weight_kg = Some(70.0);
    let (_folder, drafted, protocol) = written(&record, &DraftOptions::default());
    assert!(protocol.resolved_json()["phantom"]["weight_kg"].is_null());
    assert_eq!(number(&protocol.resolved_json()["phantom"]["height_mm"]), 1120.0);
    assert!(text(&drafted).contains("# LEFT OUT: the recorded size does not fit the phantom"));
}

#[test]
fn the_command_writes_what_check_accepts_and_does_not_overwrite() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_childsize"));
        command.current_dir(folder.path()).args(arguments);
        command
    };
    for (kind, record) in [
        ("from-dicom", "modulated"),
        ("from-dicom", "sparse"),
        ("from-rdsr", "mixed.dcm"),
        ("from-rdsr", "dual.dcm"),
    ] {
        let path = sample(record);
        let name = format!("{record}.toml");
        let arguments = ["protocol", kind, path.to_str().unwrap(), "-o", &name, "--phantom", "ce-05y"];
        run(&arguments).assert().success().stdout(contains("wrote ")).stderr(contains("assumed: "));
        run(&arguments).assert().code(73).stderr(contains("--force replaces it"));
        run(&["check", &name]).assert().success();
    }
    run(&["protocol", "from-rdsr", "not_there.dcm", "-o", "x.toml"]).assert().code(66);
}

/// What was asked of another process, in the order it was.
static ASKED: Mutex<Vec<(PathBuf, Question)>> = Mutex::new(Vec::new());

/// The process of the program has limits; that of this test only remembers, and refuses one file.
fn remember(path: &Path, question: &Question) -> childsize::error::Result<Answer> {
    ASKED.lock().unwrap().push((path.to_owned(), question.clone()));
    match path.ends_with("ends_the_process.dcm") {
        true => Err(Error::invalid("it ends the process")),
        false => question.answer(path),
    }
}

#[test]
fn records_are_read_by_another_process_first() {
    trial::set(remember);
    let asked = |path: &Path, subject: Subject| {
        let asked = ASKED.lock().unwrap();
        asked
            .iter()
            .filter(|(at, question)| at == path && *question == Question::Read(subject.clone()))
            .count()
    };
    let folder = tempfile::tempdir().unwrap();
    let (report, series) = (folder.path().join("mixed.dcm"), folder.path().join("series"));
    std::fs::copy(sample("mixed.dcm"), &report).unwrap();
    std::fs::create_dir(&series).unwrap();
    for slice in std::fs::read_dir(sample("modulated")).unwrap() {
        let slice = slice.unwrap();
        std::fs::copy(slice.path(), series.join(slice.file_name())).unwrap();
    }
    read_rdsr(&report).unwrap();
    assert_eq!(asked(&report, Subject::DoseReport), 1);
    // All slices at once.
    read_series(&series).unwrap();
    assert_eq!(asked(&series, Subject::Headers), 1);
    current_of_series(&series).unwrap();
    assert_eq!(asked(&series, Subject::Headers), 2);
    // What ends that process is not read by this one.
    let ends = folder.path().join("ends_the_process.dcm");
    std::fs::rename(&report, &ends).unwrap();
    assert_eq!(read_rdsr(&ends).unwrap_err().to_string(), "it ends the process");
}

/// Damaged copies of a file: bytes changed, lengths overwritten, ends cut off, pieces doubled.
fn mutants(bytes: &[u8], count: usize) -> impl Iterator<Item = Vec<u8>> {
    let mut rng = SmallRng::seed_from_u64(20);
    (0..count).map(move |index| {
        let mut mutant = bytes.to_vec();
        let at = rng.random_range(132..mutant.len() - 4);
        match index % 5 {
            0 => mutant.truncate(at),
            1 => mutant[at] = rng.random(),
            2 => mutant[at..at + 4].copy_from_slice(&rng.random::<u32>().to_le_bytes()),
            3 => mutant[at..at + 4].copy_from_slice(&[0xFF; 4]),
            _ => {
                let piece = mutant[at..].to_vec();
                mutant.splice(at..at, piece);
            }
        }
        mutant
    })
}

#[test]
fn no_damaged_record_makes_it_panic() {
    let start = Instant::now();
    let report = std::fs::read(sample("mixed.dcm")).unwrap();
    let explicit = std::fs::read(sample("modulated/000.dcm")).unwrap();
    let implicit = std::fs::read(sample("modulated/001.dcm")).unwrap();
    let (mut seen, mut refused) = (0, 0);
    let mut check = |read: childsize::error::Result<ExamRecord>| {
        seen += 1;
        // Drafts on a phantom read its file, which takes its time; on the patient's own images they do not.
        let options = match seen % 50 {
            0 => five(),
            _ => DraftOptions { patient_ct: Some(PathBuf::from("series")), ..DraftOptions::default() },
        };
        let drafted = read.and_then(|record| draft(&record, &options, Path::new("exam.toml")));
        if let Err(error) = drafted {
            assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
            refused += 1;
        }
    };
    mutants(&report, 1500).for_each(|mutant| check(read_rdsr_bytes(&mutant)));
    mutants(&explicit, 1000).for_each(|mutant| check(slice_record(&mutant)));
    mutants(&implicit, 1000).for_each(|mutant| check(slice_record(&mutant)));
    assert!((1000..3400).contains(&refused), "{refused}");
    assert!(start.elapsed().as_secs() < 120, "{:?}", start.elapsed());
}

#[test]
fn a_folder_of_images_may_be_the_profile_of_the_tube_current() {
    childsize::io::reference::allow_outside();
    let text = |folder: &Path, range: &str| {
        format!(
            "[phantom]\ncylinder = {{ width_mm = 200, length_mm = 1200, material = \"water\" }}\nvoxel_mm = 10\n\
             [scanner]\nmodel = \"generic-64\"\n[[acquisition]]\nmode = \"helical\"\ntube_voltage_kv = 80\n\
             rotation_time_s = 0.5\ntotal_collimation_mm = 20\npitch = 1\noverrange = \"none\"\nrange = {{ z_mm = {range} }}\n\
             modulation = {{ kind = \"profile\", dicom = {folder:?} }}\n"
        )
    };
    let folder = sample("modulated");
    let protocol = Protocol::parse(&text(&folder, "[-315, -515]"), Path::new("")).unwrap();
    let acquisition = &protocol.resolved_json()["acquisition"][0];
    // Slices of 60 to 80 mA, 70 on the whole.
    assert!((number(&acquisition["tube_current_ma"]) - 70.0).abs() < 0.5, "{acquisition}");
    let prepared = protocol.prepare().unwrap();
    let current = prepared.exam.acquisitions[0].modulation.as_ref().unwrap();
    let at = |z_cm: f64| current.mean_at(z_cm);
    assert!((at(-41.25) / at(-51.2) - 60.0 / 80.0).abs() < 0.01, "{} {}", at(-41.25), at(-51.2));
    let refusal = |folder: &Path, range: &str| {
        Protocol::parse(&text(folder, range), Path::new("")).unwrap_err().to_string()
    };
    assert!(refusal(&folder, "[-300, -515]").contains("must cover the range -515.0 to -300.0 mm"));
    assert!(refusal(&sample("not_there"), "[0, -10]").contains("cannot read"));
    let file = text(&folder, "[-315, -515]").replace("dicom =", "file = \"ma.csv\", dicom =");
    let error = Protocol::parse(&file, Path::new("")).unwrap_err().to_string();
    assert!(error.contains("modulation takes one of file, dicom, found file and dicom"), "{error}");
}
