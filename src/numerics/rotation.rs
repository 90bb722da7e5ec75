//! Turning a direction by a polar and an azimuthal angle.

use std::f32::consts::TAU;

use nalgebra::Vector3;

/// Sine and cosine of an angle in turns, 0 to 1, good to 3e-7.
///
/// Sine and cosine of the angle are minus cosine and minus sine of what it has over half a turn away from a quarter: least-squares
/// polynomials on Chebyshev nodes.
#[inline(always)]
pub fn sin_cos_of_turns(turns: f32) -> (f32, f32) {
    let from_half = turns - 0.5;
    let y = from_half.abs() - 0.25;
    let square = y * y;
    let odd = TAU + square * (-41.341_656 + square * (81.601 + square * (-76.549_66 + square * 39.535_8)));
    let even =
        1.0 + square * (-19.739_172 + square * (64.934_58 + square * (-85.240_1 + square * 56.240_54)));
    ((-even).copysign(-from_half), y * odd)
}

/// The unit vector at polar angle acos(`cos_polar`) from `axis` and azimuth `turns`, 0 to 1, about it.
///
/// The azimuth's zero is arbitrary, which is all a uniformly drawn azimuth needs. The frame is that of
/// Duff et al., "Building an Orthonormal Basis, Revisited" (JCGT 2017): no branch, no loss near the poles.
#[inline(always)]
pub fn deflect(axis: &Vector3<f32>, cos_polar: f32, turns: f32) -> Vector3<f32> {
    let sin_polar = (1.0 - cos_polar * cos_polar).max(0.0).sqrt();
    let (sin_azimuth, cos_azimuth) = sin_cos_of_turns(turns);
    let sign = 1.0_f32.copysign(axis.z);
    let a = -1.0 / (sign + axis.z);
    let b = axis.x * axis.y * a;
    let (u, v) = (sin_polar * cos_azimuth, sin_polar * sin_azimuth);
    let turned = Vector3::new(
        u * (1.0 + sign * axis.x * axis.x * a) + v * b + cos_polar * axis.x,
        u * sign * b + v * (sign + axis.y * axis.y * a) + cos_polar * axis.y,
        -u * sign * axis.x - v * axis.y + cos_polar * axis.z,
    );
    // One Newton step keeps the length at 1 over any number of scatterings.
    turned * (1.5 - 0.5 * turned.norm_squared())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sine_and_cosine_are_good_to_single_precision() {
        for k in 0..=10_000 {
            let turns = k as f32 / 10_000.0;
            let (sin, cos) = sin_cos_of_turns(turns);
            let (exact_sin, exact_cos) = (f64::from(turns) * std::f64::consts::TAU).sin_cos();
            assert!((f64::from(sin) - exact_sin).abs() < 3e-7, "{turns}: {sin} {exact_sin}");
            assert!((f64::from(cos) - exact_cos).abs() < 3e-7, "{turns}: {cos} {exact_cos}");
        }
    }

    #[test]
    fn the_polar_angle_is_kept_and_the_length_stays_one() {
        let mut direction = Vector3::new(0.0_f32, 0.0, -1.0);
        for step in 0..10_000 {
            let cos_polar = (step as f32 * 0.7).sin();
            let turned = deflect(&direction, cos_polar, (step as f32 * 0.37).fract());
            assert!((turned.norm() - 1.0).abs() < 1e-6);
            assert!((turned.dot(&direction) - cos_polar).abs() < 2e-6);
            direction = turned;
        }
    }

    #[test]
    fn uniform_azimuths_average_to_the_axis() {
        let axis = Vector3::new(0.6_f32, -0.48, 0.64);
        let count = 3600;
        let sum: Vector3<f32> = (0..count).map(|i| deflect(&axis, 0.3, i as f32 / count as f32)).sum();
        assert!((sum / count as f32 - axis * 0.3).norm() < 1e-4);
    }
}
