//! What transport says to whoever listens.

use nalgebra::Vector3;

use crate::photon::Photon;
use crate::physics::interaction::Interaction;

/// Which history it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HistoryMark {
    /// Its number in its batch.
    pub number: u64,
    /// Share, in [0, 1), of the acquisition's mAs before its photon leaves.
    pub mas_share: f64,
}

/// A listener to histories. Energies are weighted: a photon of weight w counts w-fold.
///
/// Two streams of events describe the same dose. *Kerma* is what the photon is expected to leave in a
/// voxel it crosses (track length times μtr); *deposits* are what it really left
/// at its interactions. Their means are equal; a dose is scored from one of them, never from both.
pub trait Tally {
    /// Whether kerma is asked for at all.
    const KERMA: bool = true;
    /// Whether kerma has to be told voxel by voxel; otherwise voxels of one label and medium in a row are told at once, with
    /// the first of them.
    const BY_VOXEL: bool = true;
    /// What is told next is of this history. Photons of several histories may fly together and take turns.
    #[inline]
    fn turn_to(&mut self, _history: HistoryMark) {}
    /// Whether the kerma that is told next is that of scattered photons, or of a primary.
    #[inline]
    fn scatter(&mut self, _is_scatter: bool) {}
    /// Energy leaves the source.
    fn emit(&mut self, energy_kev: f32);
    /// Expected energy transferred in a voxel; `marrow_over_medium` is what active marrow would have of it per mass, 0
    /// outside bones.
    fn kerma(&mut self, voxel: usize, label: u8, energy_kev: f32, marrow_over_medium: f32);
    /// Kerma of a voxel will be told soon.
    #[inline(always)]
    fn expect(&self, _voxel: usize) {}
    /// Energy deposited by an interaction in a voxel.
    fn deposit(&mut self, voxel: usize, label: u8, energy_kev: f32);
    /// Energy leaves the phantom's grid.
    fn escape(&mut self, energy_kev: f32);
    /// A photon interacts at a position, cm, in a voxel with its label, or in the air around the body.
    #[inline]
    fn interact(
        &mut self,
        _photon: &Photon,
        _position_cm: &Vector3<f32>,
        _voxel: Option<(usize, u8)>,
        _interaction: &Interaction,
    ) {
    }
    /// A photon is given up: it took more than [`crate::transport::world::STEPS_MAX`] steps. The balance of its batch is no
    /// number then.
    #[cold]
    fn give_up(&mut self) {
        self.escape(f32::NAN);
    }
}
