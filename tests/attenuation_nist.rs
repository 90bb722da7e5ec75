//! Attenuation and energy transfer against NIST's tables, and against the independent library xraydb.

use childsize::data::element::symbol;
use childsize::data::epdl97::element;
use childsize::data::material::Material;
use childsize::physics::compton::BoundCompton;
use childsize::physics::cross_section::Attenuation;
use childsize::physics::rayleigh::Rayleigh;

struct Row {
    material: String,
    energy_kev: f64,
    mu_over_rho: f64,
    mu_en_over_rho: f64,
}

fn nist() -> Vec<Row> {
    let text = include_str!("../src/validation/reference/nist_mu_muen.csv");
    let row = |line: &str| {
        let words: Vec<&str> = line.split(',').collect();
        let real = |i: usize| words[i].parse().unwrap();
        Row {
            material: words[0].to_owned(),
            energy_kev: real(1),
            mu_over_rho: real(2),
            mu_en_over_rho: real(3),
        }
    };
    text.lines().skip(2).map(row).collect()
}

/// Largest relative difference from NIST over the materials named, with the place where it is found.
fn worst(materials: &[&str], difference: impl Fn(&Attenuation, &Row) -> f64) -> (f64, String) {
    let mut worst = (0.0, String::new());
    for name in materials {
        let attenuation = Attenuation::new(&Material::named(name).unwrap());
        let rows: Vec<Row> = nist().into_iter().filter(|row| row.material == *name).collect();
        assert_eq!(rows.len(), 10, "{name}");
        for row in rows {
            let found = difference(&attenuation, &row).abs();
            if found > worst.0 {
                worst = (found, format!("{name} at {} keV", row.energy_kev));
            }
        }
    }
    println!("{:.3} % at {}", 100.0 * worst.0, worst.1);
    worst
}

const MATERIALS: [&str; 10] = [
    "water",
    "bone_cortical",
    "bone_compact",
    "soft_tissue",
    "lung",
    "adipose",
    "muscle",
    "pmma",
    "air",
    "aluminium",
];

#[test]
fn mu_over_rho_agrees_with_nist_within_0_3_percent() {
    let mut materials = MATERIALS.to_vec();
    materials.extend(["calcium", "copper"]);
    let (difference, place) = worst(&materials, |attenuation, row| {
        attenuation.mu_over_rho_cm2_g(row.energy_kev) / row.mu_over_rho - 1.0
    });
    assert!(difference < 0.003, "{difference} for {place}");
}

#[test]
fn mu_tr_without_fluorescence_agrees_with_nist_mu_en_within_0_3_percent() {
    let (difference, place) = worst(&MATERIALS, |attenuation, row| {
        attenuation.mu_tr_without_fluorescence_over_rho_cm2_g(row.energy_kev) / row.mu_en_over_rho - 1.0
    });
    assert!(difference < 0.003, "{difference} for {place}");
}

#[test]
fn local_fluorescence_of_light_elements_costs_soft_tissue_less_than_half_a_percent() {
    let (difference, place) = worst(&["water", "soft_tissue", "lung", "air"], |attenuation, row| {
        attenuation.mu_tr_over_rho_cm2_g(row.energy_kev) / row.mu_en_over_rho - 1.0
    });
    assert!(difference < 0.005, "{difference} for {place}");
}

#[test]
fn k_fluorescence_of_iodine_is_nearly_all_of_its_fluorescence() {
    let iodine = Attenuation::new(&Material::named("iodine").unwrap());
    for energy_kev in [40.0, 50.0, 60.0, 80.0] {
        let transport = iodine.mu_tr_over_rho_cm2_g(energy_kev);
        let without_any = iodine.mu_tr_without_fluorescence_over_rho_cm2_g(energy_kev);
        let all_local = iodine.photoelectric_cm2_g(energy_kev);
        assert!((all_local - transport) / (all_local - without_any) > 0.95, "{energy_kev} keV");
    }
}

/// EPDL97's coherent scattering holds the anomalous dispersion below the K edge, xraydb's (Elam) does not.
fn just_below_k_edge(z: u8, energy_kev: f64) -> bool {
    (0.8..1.0).contains(&(energy_kev / element(z).k_binding_kev))
}

#[test]
fn cross_sections_of_elements_agree_with_xraydb_within_1_percent() {
    let library = xraydb::XrayDb::new();
    for z in [1_u8, 6, 7, 8, 11, 13, 15, 17, 20, 26, 29, 30, 40, 53, 74, 82] {
        let pure = Material::from_mass_fractions("element", 1.0, &[(symbol(z), 1.0)]).unwrap();
        let attenuation = Attenuation::new(&pure);
        for energy_kev in [15.0, 25.0, 45.0, 60.0, 80.0, 110.0, 150.0] {
            let check = |ours: f64, kind: xraydb::CrossSectionKind| {
                let difference = ours / library.mu_elam_at(symbol(z), 1e3 * energy_kev, kind).unwrap() - 1.0;
                println!("Z {z} {energy_kev} keV {kind:?} {:.3} %", 100.0 * difference);
                assert!(difference.abs() < 0.01, "Z {z} at {energy_kev} keV, {kind:?}: {difference}");
            };
            if !just_below_k_edge(z, energy_kev) {
                check(attenuation.mu_over_rho_cm2_g(energy_kev), xraydb::CrossSectionKind::Total);
            }
            if attenuation.photoelectric_cm2_g(energy_kev) > 0.01 * attenuation.mu_over_rho_cm2_g(energy_kev)
            {
                check(attenuation.photoelectric_cm2_g(energy_kev), xraydb::CrossSectionKind::Photo);
            }
        }
    }
}

#[test]
fn bound_klein_nishina_integrates_to_the_tabled_incoherent_cross_section() {
    for name in ["water", "bone_cortical", "lung", "adipose", "air", "aluminium", "copper", "iodine"] {
        let material = Material::named(name).unwrap();
        let (attenuation, compton) = (Attenuation::new(&material), BoundCompton::new(&material));
        for energy_kev in [10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0, 150.0] {
            let ratio = compton.total_cm2_g(energy_kev) / attenuation.incoherent_cm2_g(energy_kev);
            assert!((ratio - 1.0).abs() < 0.004, "{name} at {energy_kev} keV: {ratio}");
        }
    }
}

#[test]
fn thomson_with_form_factors_integrates_to_the_tabled_coherent_cross_section() {
    // EPDL97's coherent cross sections also hold anomalous scattering, which acts near absorption edges.
    for name in ["water", "lung", "adipose", "air"] {
        let material = Material::named(name).unwrap();
        let (attenuation, rayleigh) = (Attenuation::new(&material), Rayleigh::new(&material));
        for energy_kev in [20.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0, 150.0] {
            let ratio = rayleigh.total_cm2_g(energy_kev) / attenuation.coherent_cm2_g(energy_kev);
            assert!((ratio - 1.0).abs() < 0.01, "{name} at {energy_kev} keV: {ratio}");
        }
    }
}
