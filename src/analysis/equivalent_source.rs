//! The equivalent source of a scanner, from measurements on its axis and across its fan (Turner et al., Med. Phys. 36
//! (2009) 2154): flat filters that give the measured half-value layers, and a bowtie that gives the measured outputs.

use crate::data::material::Material;
use crate::error::{Error, Result};
use crate::source::bowtie::Bowtie;
use crate::source::spectrum::Spectrum;
use crate::units::{MM_PER_CM, RAD_PER_DEG};

/// Thickest flat filter and thickest bowtie that are tried, cm.
const THICKEST_CM: f64 = 30.0;
/// Least air kerma behind the thickest filter, over that of the bare tube.
const LEAST_TRANSMISSION: f64 = 1e-9;
/// Halvings of a bisection: 30 cm to 1e-10 cm.
const HALVINGS: usize = 40;
/// Steps of the golden section: 30 cm to 1e-11 cm.
const GOLDEN_STEPS: usize = 60;
/// Steps of the golden section for a second filter: a few mm to 1e-8 cm.
const OUTER_STEPS: usize = 40;

/// Half-value layers measured on the axis, behind the middle of the bowtie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeasuredHvl {
    /// Tube voltage, kV.
    pub tube_voltage_kv: f64,
    /// First half-value layer, mm of aluminium.
    pub hvl_mm_al: f64,
    /// Second half-value layer, mm of aluminium, if it was measured.
    pub second_hvl_mm_al: Option<f64>,
}

/// Output measured across the fan, at one distance from the focal spot.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasuredFan {
    /// Tube voltage, kV.
    pub tube_voltage_kv: f64,
    /// Fan angle (rad), ascending, and air kerma over that on the axis.
    pub outputs: Vec<[f64; 2]>,
}

/// Finds the thickness (cm) of a flat filter that gives the measured half-value layers: exactly for one of them, with
/// the least relative squares for several. `before` lies between the tube and the filter.
pub fn fit_filter(
    anode_angle_deg: f64,
    before: &[(Material, f64)],
    material: &Material,
    measured: &[MeasuredHvl],
) -> Result<f64> {
    let bare = |hvl: &MeasuredHvl| {
        Spectrum::tube(hvl.tube_voltage_kv, anode_angle_deg).map(|bare| bare.filtered_all(before))
    };
    let bare = measured.iter().map(bare).collect::<Result<Vec<_>>>()?;
    let mu_per_cm: Vec<_> = bare.iter().map(|spectrum| spectrum.mu_per_cm(material)).collect();
    let thickest_cm = bare.iter().map(|spectrum| thickest_cm(spectrum, material)).fold(THICKEST_CM, f64::min);
    for (spectrum, hvl) in bare.iter().zip(measured) {
        let least = spectrum.hvl_mm_al();
        let most = spectrum.filtered(material, thickest_cm).hvl_mm_al();
        if !(least..=most).contains(&hvl.hvl_mm_al) {
            return Err(Error::invalid(format!(
                "the half-value layer at {} kV must lie between {least:.2} mm Al of the bare tube and {most:.2} mm Al \
                 behind {:.0} mm of {}, found {}",
                hvl.tube_voltage_kv,
                thickest_cm * MM_PER_CM,
                material.name,
                hvl.hvl_mm_al
            )));
        }
    }
    let misfit = |thickness_cm: f64| {
        let behind = bare.iter().zip(&mu_per_cm).map(|(bare, mu)| bare.behind(mu, thickness_cm));
        behind.zip(measured).map(|(spectrum, hvl)| misfit_of(&spectrum, hvl)).sum()
    };
    Ok(least_of(misfit, [0.0, thickest_cm], GOLDEN_STEPS))
}

/// Finds the thicknesses (cm) of two flat filters of different materials; needs two numbers or more.
pub fn fit_two_filters(
    anode_angle_deg: f64,
    [first, second]: [&Material; 2],
    measured: &[MeasuredHvl],
) -> Result<[f64; 2]> {
    let numbers = measured.len() + measured.iter().filter(|hvl| hvl.second_hvl_mm_al.is_some()).count();
    if numbers < 2 {
        return Err(Error::invalid(format!(
            "two filters need two half-value layers or more, at two tube voltages or first and second, found {numbers}"
        )));
    }
    let most_cm = fit_filter(anode_angle_deg, &[], second, measured)?;
    let first_cm = |second_cm: f64| {
        fit_filter(anode_angle_deg, &[(second.clone(), second_cm)], first, measured).unwrap_or(0.0)
    };
    let misfit = |second_cm: f64| {
        let layers = [(second.clone(), second_cm), (first.clone(), first_cm(second_cm))];
        let one = |hvl: &MeasuredHvl| {
            let beam = Spectrum::tube(hvl.tube_voltage_kv, anode_angle_deg).ok()?.filtered_all(&layers);
            Some(misfit_of(&beam, hvl))
        };
        measured.iter().map(|hvl| one(hvl).unwrap_or(f64::INFINITY)).sum()
    };
    let second_cm = least_of(misfit, [0.0, most_cm], OUTER_STEPS);
    Ok([first_cm(second_cm), second_cm])
}

/// Finds the bowtie that gives the measured outputs in a beam that has passed the flat filters; it has no thickness in
/// its middle.
pub fn fit_bowtie(name: &str, beam: &Spectrum, material: &Material, outputs: &[[f64; 2]]) -> Result<Bowtie> {
    let on_axis = beam.air_kerma_ugy_per_mas();
    let mu_per_cm = beam.mu_per_cm(material);
    let output = |thickness_cm: f64| beam.behind(&mu_per_cm, thickness_cm).air_kerma_ugy_per_mas() / on_axis;
    let thickest_cm = thickest_cm(beam, material);
    let least = output(thickest_cm);
    let mut thicknesses_cm = Vec::with_capacity(outputs.len());
    for &[angle_rad, ratio] in outputs {
        if !(ratio <= 1.0 && ratio > least) {
            return Err(Error::invalid(format!(
                "the output at {:.2} deg must be at most 1 and above {least:.1e} of that on the axis, found {ratio}",
                angle_rad / RAD_PER_DEG
            ))
            .with_help("outputs are for one distance from the focal spot; divide them by the one at 0"));
        }
        thicknesses_cm.push(root_of(|thickness_cm| output(thickness_cm) - ratio, thickest_cm));
    }
    let angles_rad: Vec<f64> = outputs.iter().map(|[angle_rad, _]| *angle_rad).collect();
    Bowtie::new(name, material.clone(), &angles_rad, &thicknesses_cm)
}

/// Output of a bowtie at a fan angle over that on the axis, behind a flat filter.
pub fn output_ratio(beam: &Spectrum, bowtie: &Bowtie, fan_angle_rad: f64) -> f64 {
    let behind = |angle_rad: f64| beam.filtered(&bowtie.material, bowtie.thickness_cm(angle_rad));
    behind(fan_angle_rad).air_kerma_ugy_per_mas() / behind(0.0).air_kerma_ugy_per_mas()
}

/// Relative squares between a beam's half-value layers and measured ones.
fn misfit_of(beam: &Spectrum, hvl: &MeasuredHvl) -> f64 {
    let square = |found: f64, measured: f64| (found / measured - 1.0).powi(2);
    let second = hvl.second_hvl_mm_al.map_or(0.0, |measured| square(beam.second_hvl_mm_al(), measured));
    square(beam.hvl_mm_al(), hvl.hvl_mm_al) + second
}

/// The thickest filter of a material that still lets enough of a beam through to reckon with, cm.
fn thickest_cm(beam: &Spectrum, material: &Material) -> f64 {
    let bare = beam.air_kerma_ugy_per_mas();
    let mu_per_cm = beam.mu_per_cm(material);
    let passes = |thickness_cm: &f64| {
        beam.behind(&mu_per_cm, *thickness_cm).air_kerma_ugy_per_mas() > LEAST_TRANSMISSION * bare
    };
    let halves = std::iter::successors(Some(THICKEST_CM), |cm| Some(0.5 * cm));
    halves.take(HALVINGS).find(passes).unwrap_or(0.0)
}

/// Where a function that falls from above 0 crosses 0, between no thickness and the thickest.
fn root_of(falling: impl Fn(f64) -> f64, thickest_cm: f64) -> f64 {
    let (mut low, mut high) = (0.0, thickest_cm);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if falling(middle) > 0.0 { low = middle } else { high = middle }
    }
    // A ratio of 1 means no thickness at all.
    if high <= 2.0 * thickest_cm / (1_u64 << HALVINGS) as f64 { 0.0 } else { 0.5 * (low + high) }
}

/// Where a function with one minimum is least (golden section).
fn least_of(function: impl Fn(f64) -> f64, [mut low, mut high]: [f64; 2], steps: usize) -> f64 {
    let golden = (5_f64.sqrt() - 1.0) / 2.0;
    let (mut a, mut b) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_a, mut at_b) = (function(a), function(b));
    for _ in 0..steps {
        if at_a < at_b {
            (high, b, at_b) = (b, a, at_a);
            a = high - golden * (high - low);
            at_a = function(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + golden * (high - low);
            at_b = function(b);
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aluminium() -> Material {
        Material::named("aluminium").unwrap()
    }

    fn hvl_behind(kv: f64, layers: &[(Material, f64)]) -> MeasuredHvl {
        let beam = Spectrum::tube(kv, 7.0).unwrap().filtered_all(layers);
        MeasuredHvl {
            tube_voltage_kv: kv,
            hvl_mm_al: beam.hvl_mm_al(),
            second_hvl_mm_al: Some(beam.second_hvl_mm_al()),
        }
    }

    #[test]
    fn a_filter_is_found_again_from_one_and_from_several_layers() {
        let hvl = |kv: f64| MeasuredHvl { second_hvl_mm_al: None, ..hvl_behind(kv, &[(aluminium(), 0.62)]) };
        for measured in [vec![hvl(120.0)], vec![hvl(80.0), hvl(100.0), hvl(140.0)]] {
            let found_cm = fit_filter(7.0, &[], &aluminium(), &measured).unwrap();
            assert!((found_cm - 0.62).abs() < 1e-4, "{found_cm}");
        }
        let soft = [MeasuredHvl { tube_voltage_kv: 120.0, hvl_mm_al: 0.005, second_hvl_mm_al: None }];
        let error = fit_filter(7.0, &[], &aluminium(), &soft).unwrap_err();
        assert!(error.to_string().contains("bare tube"), "{error}");
    }

    #[test]
    fn two_filters_are_told_apart_by_first_and_second_half_value_layers() {
        let copper = Material::named("copper").unwrap();
        let layers = [(copper.clone(), 0.02), (aluminium(), 0.35)];
        let measured = [80.0, 120.0].map(|kv| hvl_behind(kv, &layers));
        let [al_cm, cu_cm] = fit_two_filters(7.0, [&aluminium(), &copper], &measured).unwrap();
        assert!((al_cm - 0.35).abs() < 2e-3 && (cu_cm - 0.02).abs() < 1e-4, "{al_cm} {cu_cm}");
        let one = [MeasuredHvl { second_hvl_mm_al: None, ..measured[0] }];
        assert!(fit_two_filters(7.0, [&aluminium(), &copper], &one).is_err());
    }

    #[test]
    fn a_filter_that_lets_nothing_through_is_not_tried() {
        let tin = Material::named("tin").unwrap();
        let measured = [hvl_behind(100.0, &[(tin.clone(), 0.04)])];
        let found_cm = fit_filter(7.0, &[], &tin, &measured).unwrap();
        assert!((found_cm - 0.04).abs() < 1e-5, "{found_cm}");
    }

    #[test]
    fn a_bowtie_is_found_again_behind_any_filter_and_gives_other_tube_voltages_too() {
        // The truth: 3 mm of aluminium, and a bowtie of 2.5 mm in the middle and 38 mm at 27 degrees.
        let angles: Vec<f64> = (0..=27).map(|deg| f64::from(deg) * RAD_PER_DEG).collect();
        let truth: Vec<f64> = angles.iter().map(|a| 0.25 + 16.0 * a * a).collect();
        let truth = Bowtie::new("truth", aluminium(), &angles, &truth).unwrap();
        let beam = |kv: f64| Spectrum::tube(kv, 7.0).unwrap().filtered(&aluminium(), 0.3);
        let outputs: Vec<[f64; 2]> =
            angles.iter().map(|&a| [a, output_ratio(&beam(120.0), &truth, a)]).collect();
        let hvl = hvl_behind(120.0, &[(aluminium(), 0.55)]);
        let filter_cm = fit_filter(7.0, &[], &aluminium(), &[hvl]).unwrap();
        let fitted = |kv: f64| Spectrum::tube(kv, 7.0).unwrap().filtered(&aluminium(), filter_cm);
        let found = fit_bowtie("fit", &fitted(120.0), &aluminium(), &outputs).unwrap();
        assert_eq!(found.thickness_cm(0.0), 0.0);
        for kv in [80.0, 120.0, 140.0] {
            for deg in [0.0, 7.0, 14.0, 26.0] {
                let [of_truth, of_fit] = [
                    output_ratio(&beam(kv), &truth, deg * RAD_PER_DEG),
                    output_ratio(&fitted(kv), &found, deg * RAD_PER_DEG),
                ];
                assert!((of_fit / of_truth - 1.0).abs() < 0.002, "{kv} kV, {deg} deg: {of_fit} {of_truth}");
            }
        }
    }

    #[test]
    fn an_output_above_that_on_the_axis_is_refused() {
        let beam = Spectrum::tube(120.0, 7.0).unwrap().filtered(&aluminium(), 0.5);
        let error = fit_bowtie("b", &beam, &aluminium(), &[[0.0, 1.0], [0.1, 1.1]]).unwrap_err();
        assert!(error.to_string().starts_with("the output at 5.73 deg must be at most 1"), "{error}");
    }
}
