//! Where the energy went: emitted = deposited + escaped, checked in every run.

/// Weighted energies of a group of histories, keV.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EnergyBalance {
    /// Left the source towards the phantom.
    pub emitted_kev: f64,
    /// Stayed at interactions.
    pub deposited_kev: f64,
    /// Left the phantom's grid (or never met it).
    pub escaped_kev: f64,
    /// Expected transfer on the way (0 for the analog estimator): agrees with `deposited_kev` within
    /// statistics, not exactly.
    pub kerma_kev: f64,
}

/// Largest imbalance that single-precision rounding can leave, relative.
pub const CLOSURE_TOLERANCE: f64 = 1.0e-5;

impl EnergyBalance {
    /// (emitted − deposited − escaped) / emitted; 0 but for rounding.
    pub fn closure(&self) -> f64 {
        if self.emitted_kev == 0.0 {
            return 0.0;
        }
        (self.emitted_kev - self.deposited_kev - self.escaped_kev) / self.emitted_kev
    }

    /// Whether no energy was lost or made.
    pub fn is_closed(&self) -> bool {
        self.closure().abs() <= CLOSURE_TOLERANCE
    }

    /// Whether all of it is numbers: no history of the group is lost.
    pub fn is_finite(&self) -> bool {
        [self.emitted_kev, self.deposited_kev, self.escaped_kev, self.kerma_kev]
            .iter()
            .all(|kev| kev.is_finite())
    }

    /// Adds another group.
    pub fn add(&mut self, other: &Self) {
        self.emitted_kev += other.emitted_kev;
        self.deposited_kev += other.deposited_kev;
        self.escaped_kev += other.escaped_kev;
        self.kerma_kev += other.kerma_kev;
    }
}
