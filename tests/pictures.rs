//! Pictures of phantoms: they are there, to scale, and the right way round.

use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use predicates::str::contains;

fn childsize(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_childsize"));
    command.current_dir(folder).args(arguments);
    command
}

/// Width, height and pixels of a PNG.
fn pixels(path: PathBuf) -> ([usize; 2], Vec<[u8; 3]>) {
    let decoder = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(path).unwrap()));
    let mut reader = decoder.read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut bytes).unwrap();
    let pixels = bytes.chunks_exact(3).map(|rgb| [rgb[0], rgb[1], rgb[2]]).collect();
    ([frame.width as usize, frame.height as usize], pixels)
}

/// Lowest and highest column and row of a colour left of a column (legends lie right of it).
fn bounds(
    ([width, _], pixels): &([usize; 2], Vec<[u8; 3]>),
    colour: [u8; 3],
    right: usize,
) -> [[usize; 2]; 2] {
    let (mut low, mut high) = ([usize::MAX; 2], [0; 2]);
    for at in (0..pixels.len()).filter(|at| pixels[*at] == colour && at % width < right) {
        for (axis, place) in [at % width, at / width].into_iter().enumerate() {
            low[axis] = low[axis].min(place);
            high[axis] = high[axis].max(place);
        }
    }
    [[low[0], high[0]], [low[1], high[1]]]
}

const LIVER: [u8; 3] = [153, 79, 0];
const LUNG: [u8; 3] = [153, 204, 236];
const SKIN: [u8; 3] = [212, 160, 118];

#[test]
fn a_millimetre_is_as_long_along_x_and_z_and_the_liver_lies_on_the_left_of_the_picture() {
    let folder = tempfile::tempdir().unwrap();
    childsize(folder.path(), &["phantoms", "show", "ce-05y", "--png", "deep/pictures"])
        .assert()
        .success()
        .stdout(contains("ce-05y-coronal.png"));
    let picture = pixels(folder.path().join("deep/pictures/ce-05y-coronal.png"));
    let [x, z] = bounds(&picture, SKIN, 420);
    let ratio = (z[1] - z[0]) as f64 / (x[1] - x[0]) as f64;
    // 1091 mm from sole to vertex; skin at y = 0 from side to side is 229 mm + 2 x 0.9 mm wide.
    assert!((ratio / (1091.1 / 230.0) - 1.0).abs() < 0.02, "{ratio}");
    let (liver, lungs) = (bounds(&picture, LIVER, 420), bounds(&picture, LUNG, 420));
    assert!(liver[0][1] < (x[0] + x[1]) / 2 + 5, "the liver is right of the middle, {liver:?} in {x:?}");
    assert!(lungs[1][0] < liver[1][0] && liver[1][0] >= lungs[1][1] - 5, "lungs lie above the liver");
}

#[test]
fn pictures_that_are_there_are_refused_and_replaced_with_force() {
    let folder = tempfile::tempdir().unwrap();
    let show = ["phantoms", "show", "ce-00y", "--voxel-mm", "4", "--png", "."];
    childsize(folder.path(), &show).assert().success();
    childsize(folder.path(), &show).assert().code(73).stderr(contains("--force replaces it"));
    childsize(folder.path(), &[&show[..], &["--force"]].concat()).assert().success();
    let size = ["phantoms", "size", "ce-00y", "--voxel-mm", "4", "--svg", "size.svg", "--png", "size.png"];
    childsize(folder.path(), &size).assert().success().stdout(contains("size.png"));
    childsize(folder.path(), &size).assert().code(73);
    let svg = std::fs::read_to_string(folder.path().join("size.svg")).unwrap();
    for text in ["water-equivalent diameter (AAPM 220)", "diaphragm", "z, mm (to the head)", "polyline"] {
        assert!(svg.contains(text), "{text}");
    }
}

#[test]
fn an_imported_phantom_is_drawn_from_its_own_voxels() {
    let folder = tempfile::tempdir().unwrap();
    let export =
        ["phantoms", "export", "ce-00y", "--voxel-mm", "5", "--format", "nifti", "-o", "child.nii.gz"];
    childsize(folder.path(), &export).assert().success();
    let show = ["phantoms", "show", "child.nii.gz", "--labels", "child.csv", "--png", "."];
    childsize(folder.path(), &show).assert().success().stdout(contains("child-axial.png"));
    childsize(folder.path(), &[&show[..], &["--height-mm", "520"]].concat())
        .assert()
        .code(65)
        .stderr(contains("--height-mm is for declared phantoms"));
}

#[test]
fn odd_bodies_are_drawn_without_a_fall() {
    let folder = tempfile::tempdir().unwrap();
    // 1 x 1 x 4 voxels, 10 cm, 1 mm and 9 m long; a name that is markup.
    std::fs::write(
        folder.path().join("a.csv"),
        "label,organ,material,density_g_cm3\n0,,air,0.0012\n1,<b>&\u{1b}é,water,1\n",
    )
    .unwrap();
    for edges in ["100 100 100", "0.01 0.01 0.01", "1 1 100"] {
        let header = format!(
            "ObjectType = Image\nNDims = 3\nElementSpacing = {edges}\nDimSize = 1 1 4\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n"
        );
        std::fs::write(folder.path().join("a.mha"), [header.as_bytes(), &[0, 1, 1, 0]].concat()).unwrap();
        let show = ["phantoms", "show", "a.mha", "--labels", "a.csv", "--png", ".", "--force"];
        childsize(folder.path(), &show).assert().success();
        let size = ["phantoms", "size", "a.mha", "--labels", "a.csv", "--svg", "a.svg", "--force"];
        childsize(folder.path(), &size).assert().success();
    }
}
