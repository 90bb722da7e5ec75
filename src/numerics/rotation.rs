//! Turning a direction by a polar and an azimuthal angle.

use nalgebra::Vector3;

/// The unit vector at polar angle acos(`cos_polar`) from `axis` and azimuth `azimuth_rad` about it.
///
/// The azimuth's zero is arbitrary, which is all a uniformly drawn azimuth needs. The frame is that of
/// Duff et al., "Building an Orthonormal Basis, Revisited" (JCGT 2017): no branch, no loss near the poles.
#[inline]
pub fn deflect(axis: &Vector3<f32>, cos_polar: f32, azimuth_rad: f32) -> Vector3<f32> {
    let sin_polar = (1.0 - cos_polar * cos_polar).max(0.0).sqrt();
    let (sin_azimuth, cos_azimuth) = azimuth_rad.sin_cos();
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
    fn the_polar_angle_is_kept_and_the_length_stays_one() {
        let mut direction = Vector3::new(0.0_f32, 0.0, -1.0);
        for step in 0..10_000 {
            let cos_polar = (step as f32 * 0.7).sin();
            let turned = deflect(&direction, cos_polar, step as f32 * 0.37);
            assert!((turned.norm() - 1.0).abs() < 1e-6);
            assert!((turned.dot(&direction) - cos_polar).abs() < 2e-6);
            direction = turned;
        }
    }

    #[test]
    fn uniform_azimuths_average_to_the_axis() {
        let axis = Vector3::new(0.6_f32, -0.48, 0.64);
        let count = 3600;
        let sum: Vector3<f32> =
            (0..count).map(|i| deflect(&axis, 0.3, i as f32 / count as f32 * std::f32::consts::TAU)).sum();
        assert!((sum / count as f32 - axis * 0.3).norm() < 1e-4);
    }
}
