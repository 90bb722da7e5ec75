//! The sampled scattering angles and K x rays follow the densities they stand for.

use childsize::data::epdl97::element;
use childsize::data::material::Material;
use childsize::physics::compton::{BoundCompton, ComptonSampler, scattered_energy_kev};
use childsize::physics::cross_section::Attenuation;
use childsize::physics::photoelectric::KFluorescence;
use childsize::physics::rayleigh::{Rayleigh, RayleighSampler};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

const SAMPLES: usize = 1_000_000;
const MATERIALS: [&str; 5] = ["water", "air", "bone_cortical", "lung", "iodine"];
/// Nodes of the tables and energies between them.
const ENERGIES_KEV: [f32; 8] = [5.0, 11.3, 20.0, 35.7, 60.0, 87.4, 120.0, 149.1];

fn material(name: &str) -> Material {
    Material::named(name).unwrap()
}

/// Mean of a function of the sampled 1 − cos θ over equally spaced deviates, and so without noise.
fn mean_over_deviates(sample: impl Fn(f32) -> f32, function: impl Fn(f64) -> f64) -> f64 {
    const DEVIATES: usize = 200_000;
    let deviate = |i: usize| (i as f32 + 0.5) / DEVIATES as f32;
    (0..DEVIATES).map(|i| function(f64::from(sample(deviate(i))))).sum::<f64>() / DEVIATES as f64
}

/// Mean and standard error of sampled values.
fn mean_and_error(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for value in values {
        n += 1.0;
        sum += value;
        squares += value * value;
    }
    let mean: f64 = sum / n;
    (mean, ((squares / n - mean * mean) / n).sqrt())
}

/// Chi-squared per degree of freedom, as a deviation in units of its standard error √(2/ν), of samples of
/// 1 − cos θ against a density dσ/dΩ, over bins that each hold about the same share of the samples.
fn chi_squared_sigmas(mut samples: Vec<f64>, density: impl Fn(f64) -> f64) -> f64 {
    const BINS: usize = 40;
    const STEPS: usize = 400;
    samples.sort_by(f64::total_cmp);
    let cut = |i: usize| match i {
        0 => 0.0,
        BINS => 2.0,
        _ => samples[i * samples.len() / BINS],
    };
    // The integral of the density over each bin, by Simpson in the square root of 1 − cos θ.
    let integral = |low: f64, high: f64| {
        let (a, b) = (low.sqrt(), high.sqrt());
        let step = (b - a) / STEPS as f64;
        let term = |k: usize| {
            let root = a + step * k as f64;
            let weight = if k == 0 || k == STEPS { 1.0 } else { 2.0 + 2.0 * (k % 2) as f64 };
            weight * density(1.0 - root * root) * 2.0 * root
        };
        (0..=STEPS).map(term).sum::<f64>() * step / 3.0
    };
    let shares: Vec<f64> = (0..BINS).map(|i| integral(cut(i), cut(i + 1))).collect();
    let total: f64 = shares.iter().sum();
    let counted = |i: usize| {
        let below = |t: f64| samples.partition_point(|&sample| sample < t);
        let last = if i + 1 == BINS { samples.len() } else { below(cut(i + 1)) };
        (last - below(cut(i))) as f64
    };
    let chi_squared: f64 = (0..BINS)
        .map(|i| {
            let expected = shares[i] / total * samples.len() as f64;
            (counted(i) - expected).powi(2) / expected
        })
        .sum();
    let freedom = (BINS - 1) as f64;
    (chi_squared - freedom) / (2.0 * freedom).sqrt()
}

#[test]
fn compton_mean_angle_and_mean_deposit_are_right_within_0_03_percent() {
    for name in MATERIALS {
        let (sampler, density) = (ComptonSampler::new(&material(name)), BoundCompton::new(&material(name)));
        for energy_kev in ENERGIES_KEV {
            let e = f64::from(energy_kev);
            let sample = |u| sampler.sample_one_minus_cosine(energy_kev, u);
            let angle = mean_over_deviates(sample, |t| t) / density.mean_one_minus_cosine(e) - 1.0;
            let deposit = mean_over_deviates(sample, |t| 1.0 - scattered_energy_kev(e, 1.0 - t) / e)
                / density.mean_transferred_share(e)
                - 1.0;
            println!(
                "{name} {energy_kev} keV: angle {:.4} % deposit {:.4} %",
                100.0 * angle,
                100.0 * deposit
            );
            assert!(angle.abs() < 3e-4, "{name} at {energy_kev} keV: mean 1 - cos is off by {angle}");
            assert!(deposit.abs() < 3e-4, "{name} at {energy_kev} keV: mean deposit is off by {deposit}");
        }
    }
}

#[test]
fn rayleigh_mean_angle_is_right_within_0_2_percent() {
    for name in MATERIALS {
        let (sampler, density) = (RayleighSampler::new(&material(name)), Rayleigh::new(&material(name)));
        for energy_kev in ENERGIES_KEV {
            let sample = |u| sampler.sample_one_minus_cosine(energy_kev, u);
            let exact = density.mean_one_minus_cosine(f64::from(energy_kev));
            let angle = mean_over_deviates(sample, |t| t) / exact - 1.0;
            println!("{name} {energy_kev} keV: angle {:.4} %", 100.0 * angle);
            assert!(angle.abs() < 2e-3, "{name} at {energy_kev} keV: mean 1 - cos is off by {angle}");
        }
    }
}

#[test]
fn cosines_fall_as_the_deviate_grows_and_stay_within_their_range() {
    for name in MATERIALS {
        let (compton, rayleigh) =
            (ComptonSampler::new(&material(name)), RayleighSampler::new(&material(name)));
        for energy_kev in [1.0, 5.0, 33.3, 100.0, 160.0] {
            let mut last = (1.0_f32, 1.0_f32);
            for i in 0..100_000 {
                let u = i as f32 / 100_000.0;
                let cosines = (compton.sample_cosine(energy_kev, u), rayleigh.sample_cosine(energy_kev, u));
                assert!(cosines.0 <= last.0 + 1e-6 && cosines.1 <= last.1 + 1e-6, "{name} {energy_kev} {u}");
                assert!(cosines.0 >= -1.0 && cosines.1 >= -1.0, "{name} {energy_kev} {u}");
                last = cosines;
            }
        }
    }
}

#[test]
fn sampled_compton_angles_follow_klein_nishina_times_s() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    for name in MATERIALS {
        let (sampler, density) = (ComptonSampler::new(&material(name)), BoundCompton::new(&material(name)));
        for energy_kev in ENERGIES_KEV {
            let e = f64::from(energy_kev);
            let sample = |_| f64::from(sampler.sample_one_minus_cosine(energy_kev, rng.random()));
            let samples: Vec<f64> = (0..SAMPLES).map(sample).collect();
            let (mean, error) = mean_and_error(samples.iter().copied());
            let sigmas = chi_squared_sigmas(samples, |cosine| density.differential_cm2_g_sr(e, cosine));
            println!("{name} {energy_kev} keV: chi-squared {sigmas:.1} standard errors");
            assert!((mean - density.mean_one_minus_cosine(e)).abs() < 4.0 * error, "{name} at {e} keV");
            assert!(
                sigmas < 4.0,
                "{name} at {energy_kev} keV: chi-squared {sigmas} standard errors too high"
            );
        }
    }
}

#[test]
fn sampled_rayleigh_angles_follow_thomson_times_f_squared() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    for name in MATERIALS {
        let (sampler, density) = (RayleighSampler::new(&material(name)), Rayleigh::new(&material(name)));
        for energy_kev in ENERGIES_KEV {
            let e = f64::from(energy_kev);
            let sample = |_| f64::from(sampler.sample_one_minus_cosine(energy_kev, rng.random()));
            let samples: Vec<f64> = (0..SAMPLES).map(sample).collect();
            let (mean, error) = mean_and_error(samples.iter().copied());
            let sigmas = chi_squared_sigmas(samples, |cosine| density.differential_cm2_g_sr(e, cosine));
            println!("{name} {energy_kev} keV: chi-squared {sigmas:.1} standard errors");
            assert!((mean - density.mean_one_minus_cosine(e)).abs() < 4.0 * error, "{name} at {e} keV");
            assert!(
                sigmas < 4.0,
                "{name} at {energy_kev} keV: chi-squared {sigmas} standard errors too high"
            );
        }
    }
}

#[test]
fn k_x_rays_of_iodine_start_at_its_edge_and_carry_away_what_mu_tr_says() {
    for (name, z) in [("iodine", 53), ("copper", 29), ("tungsten", 74)] {
        let edge_kev = element(z).k_edge_kev() as f32;
        let fluorescence = KFluorescence::new(&material(name));
        let attenuation = Attenuation::new(&material(name));
        assert_eq!(fluorescence.emission_probability(edge_kev - 0.1), 0.0);
        assert!(fluorescence.emission_probability(edge_kev + 0.1) > 0.3);
        for energy_kev in [40.0_f32, 51.3, 75.1, 100.0, 150.0].into_iter().filter(|&e| e > edge_kev) {
            let e = f64::from(energy_kev);
            let stays = attenuation.mu_tr_over_rho_cm2_g(e)
                - attenuation.incoherent_cm2_g(e) * attenuation.compton_transferred_share(e);
            let mean_kev = e * (1.0 - stays / attenuation.photoelectric_cm2_g(e));
            let ratio = f64::from(fluorescence.mean_emitted_kev(energy_kev)) / mean_kev;
            assert!((ratio - 1.0).abs() < 1e-3, "{name} at {energy_kev} keV: {ratio}");
        }
    }
}

#[test]
fn sampled_k_x_rays_have_the_mean_energy_of_the_lines() {
    let contrast_blood = Material::from_mass_fractions(
        "blood with iodine",
        1.07,
        &[("H", 0.1), ("C", 0.1), ("O", 0.777), ("Fe", 0.001), ("Zn", 0.002), ("I", 0.02)],
    )
    .unwrap();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    for material in [contrast_blood, material("iodine"), material("lead")] {
        let fluorescence = KFluorescence::new(&material);
        for energy_kev in [20.0_f32, 34.0, 60.0, 95.0, 140.0] {
            let sample = |_| f64::from(fluorescence.sample_line_kev(energy_kev, rng.random()).unwrap_or(0.0));
            let (mean, error) = mean_and_error((0..SAMPLES).map(sample));
            let expected = f64::from(fluorescence.mean_emitted_kev(energy_kev));
            assert!((mean - expected).abs() <= 4.0 * error, "{} at {energy_kev} keV", material.name);
        }
    }
}

#[test]
fn light_tissue_has_no_k_x_rays_to_follow() {
    let fluorescence = KFluorescence::new(&material("bone_cortical"));
    assert!(fluorescence.is_empty());
    assert_eq!(fluorescence.sample_line_kev(60.0, 0.0), None);
}
