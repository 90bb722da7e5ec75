//! Aiming: the fan windows in which a beam can meet a body.

use crate::geometry::outline::Outline;
use crate::source::beam::Beam;
use crate::source::fan_window::FanWindows;
use crate::source::gantry::gantry_axes;

/// Gantry sectors of the window table.
const SECTORS: usize = 360;
/// Thickness of a slab of source planes, cm.
const SLAB_CM: f64 = 0.5;
/// Added on both sides of a window, rad: covers the silhouette's curvature within a sector.
const MARGIN_RAD: f64 = 0.1 * crate::units::RAD_PER_DEG;

/// Fan windows of a beam on a body. Photons outside them would cross the air around the body only.
pub fn fan_windows(beam: &Beam, body: &Outline) -> FanWindows {
    let isocentre_cm = beam.placement().isocentre_cm;
    let z_extent_cm = beam.trajectory().z_extent_cm();
    let slabs = (((z_extent_cm.1 - z_extent_cm.0) / SLAB_CM).ceil() as usize).clamp(1, 2000);
    let slab_cm = (z_extent_cm.1 - z_extent_cm.0) / slabs as f64;
    // The beam widens behind the isocentre: it reaches this far from the source plane inside the body.
    let reach_cm = beam.tan_cone() * (beam.source_to_isocentre_cm() + body.radius_about_cm(isocentre_cm));
    let points: Vec<Vec<[f64; 2]>> = (0..slabs)
        .map(|slab| {
            let low_cm = z_extent_cm.0 + slab as f64 * slab_cm;
            body.points_between(low_cm - reach_cm, low_cm + slab_cm + reach_cm)
        })
        .collect();
    FanWindows::tabulate(z_extent_cm, (slabs, SECTORS), |slab, (first_rad, last_rad)| {
        shadow_rad(beam, &points[slab], [first_rad, 0.5 * (first_rad + last_rad), last_rad])
    })
}

/// Fan angles under which the points appear from any of the gantry angles; [0, 0] for no points.
fn shadow_rad(beam: &Beam, points_cm: &[[f64; 2]], gantry_angles_rad: [f64; 3]) -> [f64; 2] {
    let half_fan = beam.fan_angle_rad() / 2.0;
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    let [x_cm, y_cm] = beam.placement().isocentre_cm;
    for angle_rad in gantry_angles_rad {
        let (outward, lateral) = gantry_axes(beam.placement().position, angle_rad);
        for point in points_cm {
            let (dx, dy) = (point[0] - x_cm, point[1] - y_cm);
            let depth_cm = beam.source_to_isocentre_cm() - (dx * outward.x + dy * outward.y);
            if depth_cm <= 0.0 {
                return [-half_fan, half_fan]; // the body reaches behind the focal spot
            }
            let fan_angle_rad = ((dx * lateral.x + dy * lateral.y) / depth_cm).atan();
            low = low.min(fan_angle_rad);
            high = high.max(fan_angle_rad);
        }
    }
    if low > high {
        return [0.0, 0.0];
    }
    [(low - MARGIN_RAD).clamp(-half_fan, half_fan), (high + MARGIN_RAD).clamp(-half_fan, half_fan)]
}
