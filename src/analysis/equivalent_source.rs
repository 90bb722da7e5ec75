//! The equivalent source of a scanner, from measurements on its axis and across its fan (Turner et al., Med. Phys. 36
//! (2009) 2154): a flat filter that gives the measured half-value layers, and a bowtie that gives the measured outputs.

use crate::data::material::Material;
use crate::error::{Error, Result};
use crate::source::bowtie::Bowtie;
use crate::source::spectrum::Spectrum;
use crate::units::{MM_PER_CM, RAD_PER_DEG};

/// Thickest flat filter and thickest bowtie that are tried, cm.
const THICKEST_CM: f64 = 30.0;
/// Halvings of a bisection: 30 cm to 1e-10 cm.
const HALVINGS: usize = 40;
/// Steps of the golden section.
const GOLDEN_STEPS: usize = 60;

/// A half-value layer measured on the axis, behind the middle of the bowtie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeasuredHvl {
    /// Tube voltage, kV.
    pub tube_voltage_kv: f64,
    /// First half-value layer, mm of aluminium.
    pub hvl_mm_al: f64,
}

/// Output measured across the fan, at one distance from the focal spot.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasuredFan {
    /// Tube voltage, kV.
    pub tube_voltage_kv: f64,
    /// Fan angle (rad), ascending, and air kerma over that on the axis.
    pub outputs: Vec<[f64; 2]>,
}

/// A flat filter that stands for everything between target and axis.
#[derive(Clone, Debug, PartialEq)]
pub struct EquivalentFilter {
    /// Thickness, cm.
    pub thickness_cm: f64,
    /// Half-value layers behind it, mm of aluminium, in the order of the measured ones.
    pub hvl_mm_al: Vec<f64>,
}

/// Finds the thickness of a flat filter that gives the measured half-value layers: exactly for one of them, with the
/// least relative squares for several.
pub fn fit_filter(
    anode_angle_deg: f64,
    material: &Material,
    measured: &[MeasuredHvl],
) -> Result<EquivalentFilter> {
    let bare = |hvl: &MeasuredHvl| Spectrum::tube(hvl.tube_voltage_kv, anode_angle_deg);
    let bare = measured.iter().map(bare).collect::<Result<Vec<_>>>()?;
    let behind = |thickness_cm: f64| -> Vec<f64> {
        bare.iter().map(|spectrum| spectrum.filtered(material, thickness_cm).hvl_mm_al()).collect()
    };
    let (least, most) = (behind(0.0), behind(THICKEST_CM));
    for (hvl, (least, most)) in measured.iter().zip(least.iter().zip(&most)) {
        if !(*least..=*most).contains(&hvl.hvl_mm_al) {
            return Err(Error::invalid(format!(
                "the half-value layer at {} kV must lie between {least:.2} mm Al of the bare tube and {most:.2} mm \
                 behind {} mm of {}, found {}",
                hvl.tube_voltage_kv,
                THICKEST_CM * MM_PER_CM,
                material.name,
                hvl.hvl_mm_al
            )));
        }
    }
    let misfit = |thickness_cm: f64| -> f64 {
        behind(thickness_cm).iter().zip(measured).map(|(found, m)| (found / m.hvl_mm_al - 1.0).powi(2)).sum()
    };
    let thickness_cm = least_of(misfit, [0.0, THICKEST_CM]);
    Ok(EquivalentFilter { thickness_cm, hvl_mm_al: behind(thickness_cm) })
}

/// Finds the bowtie that gives the measured outputs behind a flat filter; it has no thickness in its middle.
pub fn fit_bowtie(
    name: &str,
    anode_angle_deg: f64,
    filter: (&Material, f64),
    material: &Material,
    measured: &MeasuredFan,
) -> Result<Bowtie> {
    let beam = Spectrum::tube(measured.tube_voltage_kv, anode_angle_deg)?.filtered(filter.0, filter.1);
    let on_axis = beam.air_kerma_ugy_per_mas();
    let output = |thickness_cm: f64| beam.filtered(material, thickness_cm).air_kerma_ugy_per_mas() / on_axis;
    let least = output(THICKEST_CM);
    let mut thicknesses_cm = Vec::with_capacity(measured.outputs.len());
    for &[angle_rad, ratio] in &measured.outputs {
        if !(ratio <= 1.0 && ratio > least) {
            return Err(Error::invalid(format!(
                "the output at {:.2} deg must be at most 1 and above {least:.1e} of that on the axis, found {ratio}",
                angle_rad / RAD_PER_DEG
            ))
            .with_help("outputs are for one distance from the focal spot; divide them by the one at 0"));
        }
        thicknesses_cm.push(root_of(|thickness_cm| output(thickness_cm) - ratio));
    }
    let angles_rad: Vec<f64> = measured.outputs.iter().map(|[angle_rad, _]| *angle_rad).collect();
    Bowtie::new(name, material.clone(), &angles_rad, &thicknesses_cm)
}

/// Output of a bowtie at a fan angle over that on the axis, behind a flat filter.
pub fn output_ratio(beam: &Spectrum, bowtie: &Bowtie, fan_angle_rad: f64) -> f64 {
    let behind = |angle_rad: f64| beam.filtered(&bowtie.material, bowtie.thickness_cm(angle_rad));
    behind(fan_angle_rad).air_kerma_ugy_per_mas() / behind(0.0).air_kerma_ugy_per_mas()
}

/// Where a function that falls from above 0 crosses 0, between no thickness and the thickest.
fn root_of(falling: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, THICKEST_CM);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if falling(middle) > 0.0 { low = middle } else { high = middle }
    }
    // A ratio of 1 means no thickness at all.
    if high <= 2.0 * THICKEST_CM / (1_u64 << HALVINGS) as f64 { 0.0 } else { 0.5 * (low + high) }
}

/// Where a function with one minimum is least (golden section).
fn least_of(function: impl Fn(f64) -> f64, [mut low, mut high]: [f64; 2]) -> f64 {
    let golden = (5_f64.sqrt() - 1.0) / 2.0;
    let (mut a, mut b) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_a, mut at_b) = (function(a), function(b));
    for _ in 0..GOLDEN_STEPS {
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

    #[test]
    fn a_filter_is_found_again_from_one_and_from_several_layers() {
        let hvl = |kv: f64| MeasuredHvl {
            tube_voltage_kv: kv,
            hvl_mm_al: Spectrum::tube(kv, 7.0).unwrap().filtered(&aluminium(), 0.62).hvl_mm_al(),
        };
        for measured in [vec![hvl(120.0)], vec![hvl(80.0), hvl(100.0), hvl(140.0)]] {
            let found = fit_filter(7.0, &aluminium(), &measured).unwrap();
            assert!((found.thickness_cm - 0.62).abs() < 1e-4, "{found:?}");
        }
        let soft = [MeasuredHvl { tube_voltage_kv: 120.0, hvl_mm_al: 0.4 }];
        assert!(fit_filter(7.0, &aluminium(), &soft).unwrap_err().to_string().contains("bare tube"));
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
        let middle = beam(120.0).filtered(&aluminium(), 0.25);
        let hvl = MeasuredHvl { tube_voltage_kv: 120.0, hvl_mm_al: middle.hvl_mm_al() };
        let filter = fit_filter(7.0, &aluminium(), &[hvl]).unwrap();
        let measured = MeasuredFan { tube_voltage_kv: 120.0, outputs };
        let found =
            fit_bowtie("fit", 7.0, (&aluminium(), filter.thickness_cm), &aluminium(), &measured).unwrap();
        assert_eq!(found.thickness_cm(0.0), 0.0);
        for kv in [80.0, 120.0, 140.0] {
            let fitted = Spectrum::tube(kv, 7.0).unwrap().filtered(&aluminium(), filter.thickness_cm);
            for deg in [0.0, 7.0, 14.0, 26.0] {
                let [of_truth, of_fit] = [
                    output_ratio(&beam(kv), &truth, deg * RAD_PER_DEG),
                    output_ratio(&fitted, &found, deg * RAD_PER_DEG),
                ];
                assert!((of_fit / of_truth - 1.0).abs() < 0.002, "{kv} kV, {deg} deg: {of_fit} {of_truth}");
            }
        }
    }

    #[test]
    fn an_output_above_that_on_the_axis_is_refused() {
        let measured = MeasuredFan { tube_voltage_kv: 120.0, outputs: vec![[0.0, 1.0], [0.1, 1.1]] };
        let error = fit_bowtie("b", 7.0, (&aluminium(), 0.5), &aluminium(), &measured).unwrap_err();
        assert!(error.to_string().starts_with("the output at 5.73 deg must be at most 1"), "{error}");
    }
}
