//! Photons of one cell of a response matrix.
//!
//! Weights are such that the sum over a cell's photons, per photon drawn, is the response to one photon per radian of
//! fan angle *before* the bowtie. The bowtie is then part of the matrix, while spectrum and flat filters are not: any
//! tube voltage and flat filter composes exactly, up to the width of an energy bin.

use crate::data::material::Material;
use crate::photon::Photon;
use crate::physics::cross_section::Attenuation;
use crate::source::bowtie::Bowtie;
use crate::source::cells::CellGrid;
use crate::source::fan_window::FanWindows;
use crate::source::gantry::{Placement, SpotAxes, turns};
use crate::source::scanner::Scanner;
use crate::source::spectrum::Spectrum;

/// Width of a fan cell, rad (0.1 degrees).
const FAN_CELL_RAD: f64 = 0.1 * crate::units::RAD_PER_DEG;

/// Deviates in (0, 1) that make a photon of a cell.
#[derive(Clone, Copy, Debug)]
pub struct CellDeviates {
    /// Height within the plane.
    pub z: f64,
    /// Gantry angle within its bin.
    pub angle: f64,
    /// Fan angle, in proportion to the photons behind the bowtie.
    pub fan: f64,
    /// Cone angle.
    pub cone: f64,
    /// Energy within its bin: which half keV.
    pub energy: f64,
    /// Energy within the half keV.
    pub within: f64,
}

/// A source of the photons of any cell.
#[derive(Clone, Debug)]
pub struct CellSource {
    grid: CellGrid,
    placement: Placement,
    source_to_isocentre_cm: f64,
    sin_cone: f64,
    windows: FanWindows,
    bowtie: Option<Bowtie>,
    fan_angle_rad: f64,
    bins: Vec<Option<EnergyBin>>,
}

/// Photons of one energy bin.
#[derive(Clone, Debug)]
struct EnergyBin {
    /// Energies of the spectrum's bins in this one, keV, their coefficients in the bowtie (1/cm) and the cumulative
    /// share of their photons.
    energies_kev: Vec<f64>,
    mu_per_cm: Vec<f64>,
    cumulative: Vec<f64>,
    width_kev: f64,
    /// Coefficient that fan angles are drawn with, 1/cm.
    fan_mu_per_cm: f64,
    /// Integral of the transmission from the fan's edge to every cell edge, rad.
    fan_cumulative_rad: Vec<f64>,
    fan_cell_rad: f64,
}

impl CellSource {
    /// A source on a scanner. `windows` are where the fan meets the body; `made_with` is the spectrum before the
    /// bowtie.
    pub fn new(
        scanner: &Scanner,
        sin_cone: f64,
        placement: Placement,
        grid: CellGrid,
        windows: FanWindows,
        made_with: &Spectrum,
    ) -> Self {
        let edges = grid.energy_edges_kev.windows(2);
        let bins = edges.map(|edges| EnergyBin::new(scanner, made_with, edges[0], edges[1])).collect();
        CellSource {
            placement,
            source_to_isocentre_cm: scanner.source_to_isocentre_cm,
            sin_cone,
            windows,
            bowtie: scanner.bowtie.clone(),
            fan_angle_rad: scanner.fan_angle_rad,
            bins,
            grid,
        }
    }

    /// Largest sine of a ray's angle to the plane of rotation.
    pub fn sin_cone(&self) -> f64 {
        self.sin_cone
    }

    /// Whether any photon of an energy bin is emitted.
    pub fn has(&self, energy: usize) -> bool {
        self.bins[energy].is_some()
    }

    /// The photon of a cell; `None` where nothing of the fan meets the body.
    pub fn emit(&self, column: usize, energy: usize, deviates: &CellDeviates) -> Option<Photon> {
        let bin = self.bins[energy].as_ref()?;
        let (z_cm, gantry_angle_rad) = self.grid.place(column, deviates.z, deviates.angle);
        let sin_cone = (2.0 * deviates.cone - 1.0) * self.sin_cone;
        let tan_cone = sin_cone / (1.0 - sin_cone * sin_cone).sqrt();
        let source_z_cm = z_cm - self.source_to_isocentre_cm * tan_cone;
        let gantry_turns = turns(gantry_angle_rad);
        let [low_rad, high_rad] = self.windows.at(source_z_cm, gantry_turns);
        if high_rad <= low_rad {
            return None;
        }
        let half_rad = 0.5 * self.fan_angle_rad;
        let (below, above) =
            (bin.transmitted_rad(low_rad + half_rad), bin.transmitted_rad(high_rad + half_rad));
        let (from_edge_rad, cell) = bin.fan_at(below + (above - below) * deviates.fan);
        let fan_angle_rad = from_edge_rad - half_rad;
        let (energy_kev, mu_per_cm) = bin.energy_at(deviates.energy, deviates.within);
        let spot = SpotAxes::new(&self.placement, self.source_to_isocentre_cm, source_z_cm, gantry_turns);
        let thickness_cm =
            |angle_rad| self.bowtie.as_ref().map_or(0.0, |bowtie| bowtie.thickness_cm(angle_rad));
        let drawn_cm = thickness_cm((cell as f64 + 0.5) * bin.fan_cell_rad - half_rad);
        let exponent = bin.fan_mu_per_cm * drawn_cm - mu_per_cm * thickness_cm(fan_angle_rad);
        Some(Photon {
            position_cm: spot.position_cm,
            direction: spot.direction(fan_angle_rad as f32, sin_cone as f32),
            energy_kev: energy_kev as f32,
            weight: ((above - below) * exponent.exp()) as f32,
        })
    }
}

impl EnergyBin {
    fn new(scanner: &Scanner, made_with: &Spectrum, low_kev: f64, high_kev: f64) -> Option<Self> {
        let inside: Vec<usize> = (0..made_with.energies_kev.len())
            .filter(|&bin| (low_kev..high_kev).contains(&made_with.energies_kev[bin]))
            .filter(|&bin| made_with.photons_per_cm2_mas[bin] > 0.0)
            .collect();
        let photons: f64 = inside.iter().map(|&bin| made_with.photons_per_cm2_mas[bin]).sum();
        if inside.is_empty() {
            return None;
        }
        let material: Option<&Material> = scanner.bowtie.as_ref().map(|bowtie| &bowtie.material);
        let attenuation = material.map(|material| (Attenuation::new(material), material.density_g_cm3));
        let mu = |energy_kev: f64| {
            attenuation.as_ref().map_or(0.0, |(of, density)| of.mu_over_rho_cm2_g(energy_kev) * density)
        };
        let energies_kev: Vec<f64> = inside.iter().map(|&bin| made_with.energies_kev[bin]).collect();
        let mut running = 0.0;
        let cumulative = inside.iter().map(|&bin| {
            running += made_with.photons_per_cm2_mas[bin] / photons;
            running
        });
        let cumulative: Vec<f64> = cumulative.collect();
        let mean_kev: f64 = inside
            .iter()
            .map(|&bin| made_with.energies_kev[bin] * made_with.photons_per_cm2_mas[bin] / photons)
            .sum();
        let fan_mu_per_cm = mu(mean_kev);
        let (fan_cell_rad, fan_cumulative_rad) = fan_integral(scanner, fan_mu_per_cm);
        Some(EnergyBin {
            mu_per_cm: energies_kev.iter().map(|&energy_kev| mu(energy_kev)).collect(),
            energies_kev,
            cumulative,
            width_kev: made_with.bin_width_kev,
            fan_mu_per_cm,
            fan_cumulative_rad,
            fan_cell_rad,
        })
    }

    /// Integral of the transmission up to an angle from the fan's edge, rad.
    fn transmitted_rad(&self, from_edge_rad: f64) -> f64 {
        let place = (from_edge_rad / self.fan_cell_rad).max(0.0);
        let cell = (place as usize).min(self.fan_cumulative_rad.len() - 2);
        let (low, high) = (self.fan_cumulative_rad[cell], self.fan_cumulative_rad[cell + 1]);
        low + (high - low) * (place - cell as f64).min(1.0)
    }

    /// Angle from the fan's edge at which the integral has a value, rad, and its cell.
    fn fan_at(&self, transmitted_rad: f64) -> (f64, usize) {
        let cumulative = &self.fan_cumulative_rad;
        let cell = cumulative.partition_point(|&c| c <= transmitted_rad).clamp(1, cumulative.len() - 1) - 1;
        let (low, high) = (cumulative[cell], cumulative[cell + 1]);
        ((cell as f64 + (transmitted_rad - low) / (high - low)) * self.fan_cell_rad, cell)
    }

    /// Energy, keV, and its coefficient in the bowtie, 1/cm.
    fn energy_at(&self, deviate: f64, within: f64) -> (f64, f64) {
        let index =
            self.cumulative.partition_point(|&share| share <= deviate).min(self.energies_kev.len() - 1);
        (self.energies_kev[index] + (within - 0.5) * self.width_kev, self.mu_per_cm[index])
    }
}

/// Width of the fan's cells, rad, and the integral of the bowtie's transmission from the fan's edge, rad.
fn fan_integral(scanner: &Scanner, mu_per_cm: f64) -> (f64, Vec<f64>) {
    let cells = (scanner.fan_angle_rad / FAN_CELL_RAD).ceil().max(1.0) as usize;
    let width_rad = scanner.fan_angle_rad / cells as f64;
    let mut integral = vec![0.0];
    for cell in 0..cells {
        let angle_rad = (cell as f64 + 0.5) * width_rad - 0.5 * scanner.fan_angle_rad;
        let thickness_cm = scanner.bowtie.as_ref().map_or(0.0, |bowtie| bowtie.thickness_cm(angle_rad));
        integral.push(integral[cell] + width_rad * (-mu_per_cm * thickness_cm).exp());
    }
    (width_rad, integral)
}
