//! Claims about the noise index: quanta behind water.

mod common;

use childsize::analysis::noise::{NoiseIndex, noise_index};
use childsize::analysis::size::{REFERENCE_KEV, slice_sizes};
use childsize::data::material::Material;
use childsize::simulation::Exam;
use childsize::source::acquisition::{Acquisition, Mode};
use childsize::source::scanner::{FlatFilter, Scanner};
use common::{exam, helical, scanner, water_cylinder};

/// The beam of the definition: 7 degrees, 5 mm of aluminium.
fn reference_scanner() -> Scanner {
    let aluminium = Material::named("aluminium").unwrap();
    Scanner { filtration: vec![FlatFilter { material: aluminium, thickness_cm: 0.5 }], ..scanner() }
}

fn index_of(exam: &Exam) -> Option<NoiseIndex> {
    let sizes = slice_sizes(&exam.phantom, REFERENCE_KEV).unwrap();
    noise_index(exam, &exam.acquisitions[0], &sizes).unwrap()
}

fn water(diameter_cm: f64, change: impl Fn(Acquisition) -> Acquisition) -> f64 {
    let phantom = water_cylinder(diameter_cm, 6.0, 0.1);
    let exam = exam(phantom, reference_scanner(), change(helical(2.0, -2.0)));
    index_of(&exam).unwrap().mean
}

#[test]
fn it_is_1_where_it_is_defined_to_be_and_follows_the_root_of_the_mas() {
    let same = |acquisition| acquisition;
    // 0.5 %: the area of a circle of voxels.
    assert!((water(20.0, same) - 1.0).abs() < 0.005, "{}", water(20.0, same));
    let half = water(20.0, |a| Acquisition { tube_current_ma: 50.0, ..a });
    assert!((half / water(20.0, same) - 2_f64.sqrt()).abs() < 1e-12);
    // Effective mAs: pitch 2 halves them; a tube with twice the output gives them back.
    let fast = water(20.0, |a| Acquisition { mode: Mode::Helical { pitch: 2.0 }, output_factor: 2.0, ..a });
    assert!((fast / water(20.0, same) - 1.0).abs() < 1e-12);
}

#[test]
fn constant_noise_needs_the_mas_of_boone_s_phantoms() {
    // Boone et al., Radiology 228 (2003) 352, abstract: mAs at constant contrast-to-noise, relative to 28 cm; 15 % in ln.
    let same = |acquisition| acquisition;
    let reference = water(28.0, same);
    for (diameter_cm, published) in [(25.0, 0.557_f64), (20.0, 0.196), (15.0, 0.054)] {
        let mas = (water(diameter_cm, same) / reference).powi(2);
        let ratio = mas.ln() / published.ln();
        assert!((0.85..1.15).contains(&ratio), "{diameter_cm} cm: {mas}, published {published}");
    }
}

#[test]
fn the_noisiest_slice_is_no_quieter_than_the_mean_and_a_tube_at_rest_has_no_index() {
    let mut child = exam(common::newborn(0.4), reference_scanner(), helical(0.0, 0.0));
    let landmarks = &child.phantom.landmarks_z_cm;
    (child.acquisitions[0].top_z_cm, child.acquisitions[0].bottom_z_cm) =
        (landmarks["lung_apex"], landmarks["diaphragm"]);
    let index = index_of(&child).unwrap();
    assert!(index.largest > index.mean && index.mean > 0.0, "{index:?}");
    child.acquisitions[0].mode = Mode::Stationary { angle_rad: 0.0 };
    assert_eq!(index_of(&child), None);
}
