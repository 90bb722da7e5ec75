//! Photon spectra: of a tube, of a table, behind filters; half-value layers and air kerma.

use std::sync::LazyLock;

use crate::constants::{ENERGY_MAX_KEV, ENERGY_MIN_KEV};
use crate::data::material::Material;
use crate::data::tube_spectra::BIN_WIDTH_KEV;
use crate::error::{Error, Result};
use crate::physics::cross_section::Attenuation;
use crate::source::tube;
use crate::units::{CM_PER_MM, UGY_PER_KEV_G};

/// Photons by energy on the axis, 100 cm from the focal spot, without air.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    /// Width of a bin, keV; 0 for photons of one energy.
    pub bin_width_kev: f64,
    /// Centres of the bins, keV, ascending.
    pub energies_kev: Vec<f64>,
    /// Photons per cm² and mAs in each bin; on any scale if the spectrum came from a table.
    pub photons_per_cm2_mas: Vec<f64>,
}

impl Spectrum {
    /// An unfiltered tungsten tube, 50 to 150 kV and 6 to 14 degrees.
    pub fn tube(tube_voltage_kv: f64, anode_angle_deg: f64) -> Result<Self> {
        if !(50.0..=150.0).contains(&tube_voltage_kv) {
            let error =
                Error::invalid(format!("tube_voltage_kv must be within 50..150, found {tube_voltage_kv}"));
            let in_volts = tube_voltage_kv > 1000.0;
            return Err(if in_volts { error.with_help("was it given in V instead of kV?") } else { error });
        }
        if !(6.0..=14.0).contains(&anode_angle_deg) {
            let sentence = format!("anode_angle_deg must be within 6..14, found {anode_angle_deg}");
            return Err(Error::invalid(sentence));
        }
        Ok(Spectrum {
            bin_width_kev: BIN_WIDTH_KEV,
            energies_kev: tube::energies_kev(tube_voltage_kv),
            photons_per_cm2_mas: tube::photons_per_cm2_mas(tube_voltage_kv, anode_angle_deg),
        })
    }

    /// A user's table of bin centres, ascending in equal steps, and photons per bin on any scale. `name` is the
    /// spectrum's name in refusals.
    pub fn from_table(energies_kev: &[f64], photons: &[f64], name: &str) -> Result<Self> {
        let refuse = |sentence: String| Err(Error::invalid(format!("spectrum {name}: {sentence}")));
        if energies_kev.is_empty() || energies_kev.len() != photons.len() {
            return refuse(format!(
                "every energy needs its number of photons, found {} energies and {} numbers",
                energies_kev.len(),
                photons.len()
            ));
        }
        let allowed = ENERGY_MIN_KEV..=ENERGY_MAX_KEV;
        if let Some(energy_kev) = energies_kev.iter().find(|&energy_kev| !allowed.contains(energy_kev)) {
            return refuse(format!("energies must be within 1..160 keV, found {energy_kev}"));
        }
        if let Some(number) = photons.iter().find(|&&number| !(number.is_finite() && number >= 0.0)) {
            return refuse(format!("numbers of photons must be 0 or more, found {number}"));
        }
        if photons.iter().all(|&number| number == 0.0) {
            return refuse("it must hold photons, found none".to_owned());
        }
        let bin_width_kev = if energies_kev.len() > 1 {
            (energies_kev[energies_kev.len() - 1] - energies_kev[0]) / (energies_kev.len() - 1) as f64
        } else {
            0.0
        };
        let uneven = |pair: &&[f64]| {
            let step_kev = pair[1] - pair[0];
            step_kev <= 0.0 || (step_kev - bin_width_kev).abs() > 1e-3 * bin_width_kev
        };
        if let Some(pair) = energies_kev.windows(2).find(uneven) {
            return refuse(format!(
                "energies must ascend in equal steps, found {} then {}",
                pair[0], pair[1]
            ));
        }
        let (energies_kev, photons_per_cm2_mas) = (energies_kev.to_vec(), photons.to_vec());
        Ok(Spectrum { bin_width_kev, energies_kev, photons_per_cm2_mas })
    }

    /// Photons of one energy, one per cm² and mAs.
    pub fn monoenergetic(energy_kev: f64) -> Result<Self> {
        Self::from_table(&[energy_kev], &[1.0], "of one energy")
    }

    /// The spectrum behind a layer of a material at its nominal density.
    pub fn filtered(&self, material: &Material, thickness_cm: f64) -> Self {
        self.behind(&self.mu_per_cm(material), thickness_cm)
    }

    /// Attenuation coefficient of a material at its nominal density in every bin, 1/cm.
    pub fn mu_per_cm(&self, material: &Material) -> Vec<f64> {
        let attenuation = Attenuation::new(material);
        let mu = |&energy_kev: &f64| attenuation.mu_over_rho_cm2_g(energy_kev) * material.density_g_cm3;
        self.energies_kev.iter().map(mu).collect()
    }

    /// The spectrum behind a layer with these coefficients, one for every bin (1/cm).
    pub fn behind(&self, mu_per_cm: &[f64], thickness_cm: f64) -> Self {
        let bins = self.photons_per_cm2_mas.iter().zip(mu_per_cm);
        let photons_per_cm2_mas = bins.map(|(n, mu)| n * (-mu * thickness_cm).exp()).collect();
        Spectrum { photons_per_cm2_mas, ..self.clone() }
    }

    /// The spectrum behind several layers (material, thickness in cm).
    pub fn filtered_all<'a>(&self, layers: impl IntoIterator<Item = &'a (Material, f64)>) -> Self {
        layers.into_iter().fold(self.clone(), |spectrum, (material, thickness_cm)| {
            spectrum.filtered(material, *thickness_cm)
        })
    }

    /// All photons per cm² and mAs.
    pub fn fluence_total(&self) -> f64 {
        self.photons_per_cm2_mas.iter().sum()
    }

    /// Mean energy of the photons, keV.
    pub fn mean_energy_kev(&self) -> f64 {
        let bins = self.energies_kev.iter().zip(&self.photons_per_cm2_mas);
        bins.map(|(energy_kev, n)| energy_kev * n).sum::<f64>() / self.fluence_total()
    }

    /// Air kerma at 100 cm per mAs, µGy, free in air and without the air's attenuation. By its definition the
    /// x rays of argon leave, as in tables of μen; the transport leaves them where they start (+0.2 % at 40 keV).
    pub fn air_kerma_ugy_per_mas(&self) -> f64 {
        self.bin_air_kerma_ugy_per_mas().sum()
    }

    /// Thickness of aluminium that halves the air kerma, mm (narrow beam).
    pub fn hvl_mm_al(&self) -> f64 {
        self.layer_mm_al(0.5)
    }

    /// Thickness of aluminium that halves the air kerma once more behind the first half-value layer, mm.
    pub fn second_hvl_mm_al(&self) -> f64 {
        self.layer_mm_al(0.25) - self.layer_mm_al(0.5)
    }

    /// Air kerma of each bin at 100 cm per mAs, µGy.
    fn bin_air_kerma_ugy_per_mas(&self) -> impl Iterator<Item = f64> {
        static AIR: LazyLock<Attenuation> = LazyLock::new(|| attenuation_of("air"));
        let bins = self.energies_kev.iter().zip(&self.photons_per_cm2_mas);
        bins.map(|(&energy_kev, n)| {
            n * energy_kev * AIR.mu_tr_without_fluorescence_over_rho_cm2_g(energy_kev) * UGY_PER_KEV_G
        })
    }

    /// Thickness of aluminium that leaves this share of the air kerma, mm. ln K falls with the thickness and is
    /// convex, so that Newton's steps come to the root from the thin side without passing it.
    fn layer_mm_al(&self, share: f64) -> f64 {
        static ALUMINIUM: LazyLock<Attenuation> = LazyLock::new(|| attenuation_of("aluminium"));
        const DENSITY_G_CM3: f64 = 2.699;
        let mu_per_cm = |&energy_kev: &f64| DENSITY_G_CM3 * ALUMINIUM.mu_over_rho_cm2_g(energy_kev);
        let mu_per_cm: Vec<f64> = self.energies_kev.iter().map(mu_per_cm).collect();
        let kerma: Vec<f64> = self.bin_air_kerma_ugy_per_mas().collect();
        let target = share * kerma.iter().sum::<f64>();
        let mut thickness_cm = 0.0;
        for _ in 0..100 {
            let (mut left, mut slope) = (0.0, 0.0);
            for (k, mu) in kerma.iter().zip(&mu_per_cm) {
                let behind = k * (-mu * thickness_cm).exp();
                left += behind;
                slope += mu * behind;
            }
            let step_cm = (left / target).ln() * left / slope;
            thickness_cm += step_cm;
            if step_cm.abs() < 1e-10 {
                break;
            }
        }
        thickness_cm / CM_PER_MM
    }
}

/// Coefficients of a material that the library certainly has.
fn attenuation_of(name: &str) -> Attenuation {
    Attenuation::new(&Material::named(name).expect("a material of the library"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hvl_of_one_energy_is_ln_2_over_mu() {
        let mu_per_cm = 2.699 * attenuation_of("aluminium").mu_over_rho_cm2_g(60.0);
        let spectrum = Spectrum::monoenergetic(60.0).unwrap();
        let expected_mm = 10.0 * std::f64::consts::LN_2 / mu_per_cm;
        assert!((spectrum.hvl_mm_al() / expected_mm - 1.0).abs() < 1e-9);
        assert!((spectrum.second_hvl_mm_al() / expected_mm - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_filter_of_one_hvl_halves_the_air_kerma() {
        let aluminium = Material::named("aluminium").unwrap();
        let beam = Spectrum::tube(100.0, 10.0).unwrap().filtered(&aluminium, 0.3);
        let half = beam.filtered(&aluminium, beam.hvl_mm_al() * CM_PER_MM);
        assert!((half.air_kerma_ugy_per_mas() / beam.air_kerma_ugy_per_mas() - 0.5).abs() < 1e-9);
    }

    #[test]
    fn tube_voltages_and_angles_outside_the_table_are_refused() {
        let refusal = |kv, angle| Spectrum::tube(kv, angle).unwrap_err();
        assert_eq!(refusal(45.0, 8.0).to_string(), "tube_voltage_kv must be within 50..150, found 45");
        assert_eq!(refusal(f64::NAN, 8.0).to_string(), "tube_voltage_kv must be within 50..150, found NaN");
        assert_eq!(refusal(45.0, 8.0).help(), None);
        assert_eq!(refusal(120_000.0, 8.0).help(), Some("was it given in V instead of kV?"));
        assert_eq!(refusal(120.0, 20.0).to_string(), "anode_angle_deg must be within 6..14, found 20");
    }

    #[test]
    fn bad_tables_are_refused_with_a_sentence() {
        let refusal = |e: &[f64], n: &[f64]| Spectrum::from_table(e, n, "s").unwrap_err().to_string();
        assert_eq!(
            refusal(&[10.0, 11.0], &[1.0]),
            "spectrum s: every energy needs its number of photons, found 2 energies and 1 numbers"
        );
        assert_eq!(refusal(&[200.0], &[1.0]), "spectrum s: energies must be within 1..160 keV, found 200");
        assert_eq!(refusal(&[20.0], &[-1.0]), "spectrum s: numbers of photons must be 0 or more, found -1");
        assert_eq!(refusal(&[20.0], &[0.0]), "spectrum s: it must hold photons, found none");
        assert_eq!(
            refusal(&[20.0, 21.0, 23.0], &[1.0; 3]),
            "spectrum s: energies must ascend in equal steps, found 20 then 21"
        );
        assert_eq!(
            refusal(&[21.0, 20.0], &[1.0; 2]),
            "spectrum s: energies must ascend in equal steps, found 21 then 20"
        );
    }
}
