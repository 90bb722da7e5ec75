//! The list of shipped phantoms tells what they measure and weigh.

use std::process::Command;
use std::time::Instant;

use childsize::io::phantom_file::{Figures, shipped_figures, shipped_ids};

// If this fails: cargo run --release -- phantoms figures > figures.csv && mv figures.csv phantoms/
#[test]
fn figures_of_the_list_are_those_of_the_voxels() {
    let kept = shipped_figures().unwrap();
    assert_eq!(
        kept.iter().map(|figures| figures.id.as_str()).collect::<Vec<_>>(),
        shipped_ids().collect::<Vec<_>>()
    );
    for kept in kept {
        let anew = Figures::compute(&kept.id, 2.0).unwrap();
        assert_eq!((&kept.name, kept.organs, kept.age_y), (&anew.name, anew.organs, anew.age_y));
        assert!((kept.height_cm - anew.height_cm).abs() < 0.006, "{}", kept.id);
        assert!((kept.weight_kg / anew.weight_kg - 1.0).abs() < 0.001, "{}: {anew:?}", kept.id);
        for (kept_cm, anew_cm) in kept.part_diameters_cm.iter().zip(anew.part_diameters_cm) {
            assert!((kept_cm - anew_cm).abs() < 0.006 + 0.001 * kept_cm, "{}: {anew:?}", kept.id);
        }
    }
}

#[test]
fn the_list_is_there_at_once() {
    let start = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_childsize")).arg("phantoms").output().unwrap();
    assert!(start.elapsed().as_secs_f64() < 0.5, "{:?}", start.elapsed());
    let text = String::from_utf8(output.stdout).unwrap();
    for word in
        ["height cm", "weight kg", "Dw cm: head", "abdomen", "ce-05y-arms-raised", "109.1", "19.28", "70 keV"]
    {
        assert!(text.contains(word), "{word}");
    }
}

#[test]
fn masses_of_a_scaled_child_name_the_factor() {
    let masses = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_childsize"));
        command.args(["phantoms", "masses", "ce-05y", "--voxel-mm", "4"]).args(more);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let scaled = masses(&["--height-mm", "1150", "--weight-kg", "21"]);
    assert!(
        scaled.contains("stated x 1.08") && scaled.contains("organs keep their shares of the body"),
        "{scaled}"
    );
    let plain = masses(&[]);
    assert!(!plain.contains("stated x") && plain.contains("voxels of 4 mm"), "{plain}");
    let (male, female) = (masses(&["--sex", "male"]), masses(&["--sex", "female"]));
    assert!(male.contains("testes") && !male.contains("uterus"));
    assert!(female.contains("uterus") && !female.contains("testes"));
}
