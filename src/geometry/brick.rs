//! Paints labels brick by brick: a brick that one region covers is filled at once, any other is cut
//! in eight, and only the smallest bricks on a surface are looked at voxel by voxel.

use nalgebra::Vector3;

use crate::geometry::cover::{BoxCm, Cover};
use crate::geometry::formula::{Formula, NodeId, Sex};
use crate::geometry::grid::VoxelGrid;
use crate::geometry::interval::Interval;
use crate::geometry::sampling::sample_point_cm;
use crate::geometry::stylised::{DeclarativePhantom, StylisedRegion};

/// Edge of the largest brick, in voxels.
const LARGEST_BRICK: usize = 16;

/// Edge of the smallest brick, in voxels: 64 samples, one bit each of a machine word.
const SMALLEST_BRICK: usize = 4;

/// Voxels from `low` up to but not including `high`, along x, y, z.
#[derive(Clone, Copy)]
struct Brick {
    low: [usize; 3],
    high: [usize; 3],
}

/// What is known about a brick.
struct Knowledge {
    /// How much of the brick every operation covers.
    cover: Vec<Cover>,
    /// Operations that cover a part of it and matter to a candidate.
    open: Vec<NodeId>,
    /// Regions that may hold a voxel of it (label and root), in order of priority.
    candidates: Vec<(u8, NodeId)>,
}

/// Space for the work of one task.
struct Scratch {
    marks: Vec<bool>,
    bits: Vec<u64>,
}

/// Labels voxels of a grid by the regions of a declaration.
pub(super) struct BrickPainter<'a> {
    formula: &'a Formula,
    roots: Vec<(u8, NodeId)>,
    sex: Option<Sex>,
    grid: &'a VoxelGrid,
}

impl<'a> BrickPainter<'a> {
    /// A painter of `regions`, labelled from 1 in their order.
    pub fn new(
        model: &'a DeclarativePhantom,
        regions: &[&StylisedRegion],
        sex: Option<Sex>,
        grid: &'a VoxelGrid,
    ) -> Self {
        let roots = (1..=u8::MAX).zip(regions).map(|(label, region)| (label, region.root)).collect();
        BrickPainter { formula: &model.vocabulary.formula, roots, sex, grid }
    }

    /// Labels the slices from `first` on, as many as `labels` holds.
    pub fn paint_slices(&self, first: usize, labels: &mut [u8]) {
        let [nx, ny, _] = self.grid.counts;
        let slices = labels.len() / (nx * ny);
        let whole = Brick { low: [0, 0, first], high: [nx, ny, first + slices] };
        let nodes = self.formula.len();
        let mut scratch = Scratch { marks: vec![false; nodes], bits: vec![0; nodes] };
        let nothing = Knowledge {
            cover: vec![Cover::Partly; nodes],
            open: self.formula.ids().collect(),
            candidates: self.roots.clone(),
        };
        let known = self.learn(&nothing, &whole, &mut scratch);
        let mut canvas = Canvas { labels, counts: [nx, ny], first };
        for brick in whole.split(LARGEST_BRICK) {
            self.paint(&known, &brick, &mut scratch, &mut canvas);
        }
    }

    fn paint(&self, outer: &Knowledge, brick: &Brick, scratch: &mut Scratch, canvas: &mut Canvas) {
        let known = self.learn(outer, brick, scratch);
        let Some(&(label, root)) = known.candidates.first() else { return };
        if known.cover[root.index()] == Cover::Inside {
            canvas.fill(brick, label);
        } else if brick.edge() <= SMALLEST_BRICK {
            self.paint_voxels(&known, brick, scratch, canvas);
        } else {
            for part in brick.split(brick.edge().next_power_of_two() / 2) {
                self.paint(&known, &part, scratch, canvas);
            }
        }
    }

    /// Refines what is known of a brick for a part of it.
    fn learn(&self, outer: &Knowledge, brick: &Brick, scratch: &mut Scratch) -> Knowledge {
        let mut cover = outer.cover.clone();
        self.formula.refine_cover(&outer.open, &self.box_of(brick), self.sex, &mut cover);
        let of = |&(_, root): &(u8, NodeId)| cover[root.index()];
        let mut candidates: Vec<_> =
            outer.candidates.iter().filter(|candidate| of(candidate) != Cover::Outside).copied().collect();
        if let Some(last) = candidates.iter().position(|candidate| of(candidate) == Cover::Inside) {
            candidates.truncate(last + 1);
        }
        let roots = candidates.iter().map(|&(_, root)| root);
        let open = self.formula.needed(&outer.open, &cover, roots, &mut scratch.marks);
        Knowledge { cover, open, candidates }
    }

    /// Labels a smallest brick voxel by voxel.
    fn paint_voxels(&self, known: &Knowledge, brick: &Brick, scratch: &mut Scratch, canvas: &mut Canvas) {
        let points = self.samples(brick);
        self.formula.evaluate_64(&known.open, &known.cover, &points, &mut scratch.bits);
        let mut free = u64::MAX;
        for &(label, root) in &known.candidates {
            let held = match known.cover[root.index()] {
                Cover::Inside => free,
                _ => free & scratch.bits[root.index()],
            };
            canvas.dab(brick, held, label);
            free &= !held;
        }
    }

    /// One sample point in each of the 64 voxels from the brick's corner on.
    fn samples(&self, brick: &Brick) -> [Vector3<f64>; 64] {
        std::array::from_fn(|bit| sample_point_cm(self.grid, brick.voxel(bit)))
    }

    fn box_of(&self, brick: &Brick) -> BoxCm {
        std::array::from_fn(|axis| {
            let face = |i: usize| self.grid.corner_cm[axis] + i as f64 * self.grid.spacing_cm[axis];
            Interval::between(face(brick.low[axis]), face(brick.high[axis]))
        })
    }
}

impl Brick {
    fn edge(&self) -> usize {
        (0..3).map(|axis| self.high[axis] - self.low[axis]).max().unwrap_or(0)
    }

    /// Parts of at most `edge` voxels along each axis.
    fn split(&self, edge: usize) -> impl Iterator<Item = Brick> + use<> {
        let Brick { low, high } = *self;
        let starts = move |axis: usize| (low[axis]..high[axis]).step_by(edge);
        let corners = move || {
            starts(2).flat_map(move |z| starts(1).flat_map(move |y| starts(0).map(move |x| [x, y, z])))
        };
        corners().map(move |corner| Brick {
            low: corner,
            high: std::array::from_fn(|axis| high[axis].min(corner[axis] + edge)),
        })
    }

    /// The voxel of a bit; x runs fastest.
    fn voxel(&self, bit: usize) -> [usize; 3] {
        let [x, y, z] = self.low;
        [x + bit % 4, y + bit / 4 % 4, z + bit / 16]
    }
}

/// The labels of some slices.
struct Canvas<'a> {
    labels: &'a mut [u8],
    counts: [usize; 2],
    first: usize,
}

impl Canvas<'_> {
    fn index(&self, [x, y, z]: [usize; 3]) -> usize {
        ((z - self.first) * self.counts[1] + y) * self.counts[0] + x
    }

    fn fill(&mut self, brick: &Brick, label: u8) {
        for z in brick.low[2]..brick.high[2] {
            for y in brick.low[1]..brick.high[1] {
                let start = self.index([brick.low[0], y, z]);
                let end = start + brick.high[0] - brick.low[0];
                self.labels[start..end].fill(label);
            }
        }
    }

    /// Labels the voxels of the set bits; bits beyond the brick are left out.
    fn dab(&mut self, brick: &Brick, mut bits: u64, label: u8) {
        while bits != 0 {
            let voxel = brick.voxel(bits.trailing_zeros() as usize);
            bits &= bits - 1;
            if (0..3).all(|axis| voxel[axis] < brick.high[axis]) {
                let index = self.index(voxel);
                self.labels[index] = label;
            }
        }
    }
}
