//! Size-specific dose estimate: CTDIvol times a factor of the patient's water-equivalent diameter.

use crate::analysis::ctdi::CtdiPhantom;
use crate::analysis::size::SliceSize;

/// Fit of AAPM Report 204 (2011) for one CTDI phantom: a · exp(−b · diameter), and the diameters of its table.
struct Fit {
    a: f64,
    b_per_cm: f64,
    valid_cm: [f64; 2],
}

fn fit(phantom: CtdiPhantom) -> Fit {
    match phantom {
        CtdiPhantom::Body32 => Fit { a: 3.704_369, b_per_cm: 0.036_719_37, valid_cm: [8.0, 45.0] },
        CtdiPhantom::Head16 => Fit { a: 1.874_799, b_per_cm: 0.038_713_13, valid_cm: [6.0, 55.0] },
    }
}

/// Size factor at a water-equivalent diameter (AAPM Reports 204 and 220); `None` outside the table of the report.
pub fn size_factor(phantom: CtdiPhantom, diameter_cm: f64) -> Option<f64> {
    let fit = fit(phantom);
    let [least, most] = fit.valid_cm;
    (least..=most).contains(&diameter_cm).then(|| fit.a * (-fit.b_per_cm * diameter_cm).exp())
}

/// AAPM Report 293's factor of a head: a, b (1/cm) of a · exp(−b · Dw), and the diameters it is used for, cm.
pub const HEAD_FIT: (f64, f64, [f64; 2]) = (1.9852, 0.0486, [10.5, 19.0]);

/// Size factor of a head in the 16 cm phantom by AAPM Report 293 (2019), 1.9852 · exp(−0.0486 · Dw); `None` outside the
/// heads it is used for here, 10.5 to 19 cm (a newborn's to an adult's).
///
/// The coefficients are those of a public program that names the report; the report itself was not seen.
pub fn head_size_factor(diameter_cm: f64) -> Option<f64> {
    let (a, b_per_cm, [least, most]) = HEAD_FIT;
    (least..=most).contains(&diameter_cm).then(|| a * (-b_per_cm * diameter_cm).exp())
}

/// Mean size factor of the slices between two heights, each weighted by the tube current above it over the scan's mean;
/// `None` if there are none or one lies outside the report's table.
pub fn mean_size_factor(
    factor: impl Fn(f64) -> Option<f64>,
    sizes: &[SliceSize],
    [bottom_cm, top_cm]: [f64; 2],
    relative_current: impl Fn(f64) -> f64,
) -> Option<f64> {
    let inside = sizes.iter().filter(|size| (bottom_cm..=top_cm).contains(&size.z_cm));
    let slice_factor =
        |size: &SliceSize| Some(factor(size.water_equivalent_diameter_cm)? * relative_current(size.z_cm));
    let factors: Option<Vec<f64>> = inside.map(slice_factor).collect();
    factors.filter(|factors| !factors.is_empty()).map(|f| f.iter().sum::<f64>() / f.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AAPM Report 204, tables 1D and 2D: effective diameter, factors for the 32 and the 16 cm phantom.
    const TABLE: [(f64, f64, f64); 3] = [(10.0, 2.57, 1.27), (20.0, 1.78, 0.86), (30.0, 1.23, 0.59)];

    #[test]
    fn the_fits_are_those_of_the_reports_table_and_end_with_it() {
        for (diameter_cm, body, head) in TABLE {
            let found = |phantom| size_factor(phantom, diameter_cm).unwrap();
            assert!((found(CtdiPhantom::Body32) / body - 1.0).abs() < 0.01, "{diameter_cm} cm");
            assert!((found(CtdiPhantom::Head16) / head - 1.0).abs() < 0.01, "{diameter_cm} cm");
        }
        assert_eq!(size_factor(CtdiPhantom::Body32, 46.0), None);
        assert_eq!(size_factor(CtdiPhantom::Head16, 5.9), None);
    }
}
