//! Boolean combinations of solids, as one list of operations in which every operation follows those
//! it uses. A formula is evaluated at a point, over a box, or for 64 points at once.

use nalgebra::Vector3;

use crate::geometry::cover::{BoxCm, Cover, both, complement, either};
use crate::geometry::solid::Solid;

/// Place of an operation in a [`Formula`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(u32);

impl NodeId {
    /// Place in the list.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Sex of a phantom's reproductive organs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
}

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Node {
    /// No point at all.
    Never,
    /// The points of a solid, by its place among the formula's solids.
    Solid(u32),
    /// The points that are not in another.
    Not(NodeId),
    /// The points in both.
    And(NodeId, NodeId),
    /// The points in one of two.
    Or(NodeId, NodeId),
    /// The points of another where the phantom is of this sex, or of no sex.
    OnlyFor(Sex, NodeId),
}

/// Solids and the operations on them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Formula {
    nodes: Vec<Node>,
    solids: Vec<Solid>,
}

impl Formula {
    /// Adds an operation on earlier ones.
    pub fn add(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId(self.nodes.len() as u32 - 1)
    }

    /// Adds a solid.
    pub fn add_solid(&mut self, solid: Solid) -> NodeId {
        self.solids.push(solid);
        self.add(Node::Solid(self.solids.len() as u32 - 1))
    }

    /// Number of operations.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no operation at all.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Every operation's place, in order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// Which operations hold at a point.
    pub fn evaluate(&self, point_cm: &Vector3<f64>, sex: Option<Sex>) -> Vec<bool> {
        let mut values: Vec<bool> = Vec::with_capacity(self.len());
        for &node in &self.nodes {
            values.push(match node {
                Node::Never => false,
                Node::Solid(solid) => self.solids[solid as usize].contains(point_cm),
                Node::Not(a) => !values[a.index()],
                Node::And(a, b) => values[a.index()] && values[b.index()],
                Node::Or(a, b) => values[a.index()] || values[b.index()],
                Node::OnlyFor(only, a) => is_of(sex, only) && values[a.index()],
            });
        }
        values
    }

    /// How much of a box each operation covers, given what is known of a larger box: only operations
    /// that covered a part of it (`open`) are looked at again.
    pub fn refine_cover(&self, open: &[NodeId], cell: &BoxCm, sex: Option<Sex>, cover: &mut [Cover]) {
        for &id in open {
            cover[id.index()] = match self.nodes[id.index()] {
                Node::Never => Cover::Outside,
                Node::Solid(solid) => self.solids[solid as usize].cover(cell),
                Node::Not(a) => complement(cover[a.index()]),
                Node::And(a, b) => both(cover[a.index()], cover[b.index()]),
                Node::Or(a, b) => either(cover[a.index()], cover[b.index()]),
                Node::OnlyFor(only, _) if !is_of(sex, only) => Cover::Outside,
                Node::OnlyFor(_, a) => cover[a.index()],
            };
        }
    }

    /// Which of 64 points are in each open operation, one bit per point. `open` must hold whatever
    /// an open operation uses and covers in part.
    pub fn evaluate_64(
        &self,
        open: &[NodeId],
        cover: &[Cover],
        points: &[Vector3<f64>; 64],
        bits: &mut [u64],
    ) {
        for &id in open {
            let of = |a: NodeId| match cover[a.index()] {
                Cover::Inside => u64::MAX,
                Cover::Outside => 0,
                Cover::Partly => bits[a.index()],
            };
            bits[id.index()] = match self.nodes[id.index()] {
                Node::Never => 0,
                Node::Solid(solid) => contained(&self.solids[solid as usize], points),
                Node::Not(a) => !of(a),
                Node::And(a, b) => of(a) & of(b),
                Node::Or(a, b) => of(a) | of(b),
                Node::OnlyFor(_, a) => of(a),
            };
        }
    }

    /// Keeps of `open` what covers its box in part and is needed by the given roots. `marks` is scratch
    /// space, one per operation, all false before and after.
    pub fn needed(
        &self,
        open: &[NodeId],
        cover: &[Cover],
        roots: impl Iterator<Item = NodeId>,
        marks: &mut [bool],
    ) -> Vec<NodeId> {
        let mark = |id: NodeId, marks: &mut [bool]| marks[id.index()] = cover[id.index()] == Cover::Partly;
        roots.for_each(|root| mark(root, marks));
        let mut needed = Vec::with_capacity(open.len());
        for &id in open.iter().rev() {
            if !std::mem::take(&mut marks[id.index()]) {
                continue;
            }
            needed.push(id);
            match self.nodes[id.index()] {
                Node::Never | Node::Solid(_) => {}
                Node::Not(a) | Node::OnlyFor(_, a) => mark(a, marks),
                Node::And(a, b) | Node::Or(a, b) => {
                    mark(a, marks);
                    mark(b, marks);
                }
            }
        }
        needed.reverse();
        needed
    }

    /// Truth of every operation when the first ones are replaced by given values.
    #[cfg(test)]
    pub(super) fn evaluate_with(&self, given: &[bool]) -> Vec<bool> {
        let mut values = given.to_vec();
        for &node in &self.nodes[given.len()..] {
            values.push(match node {
                Node::Never | Node::Solid(_) => false,
                Node::Not(a) => !values[a.index()],
                Node::And(a, b) => values[a.index()] && values[b.index()],
                Node::Or(a, b) => values[a.index()] || values[b.index()],
                Node::OnlyFor(_, a) => values[a.index()],
            });
        }
        values
    }
}

/// Whether something that only one sex has is there in a phantom of this sex (`None`: both).
pub fn is_of(sex: Option<Sex>, only: Sex) -> bool {
    sex.is_none_or(|sex| sex == only)
}

fn contained(solid: &Solid, points: &[Vector3<f64>; 64]) -> u64 {
    points.iter().enumerate().fold(0, |bits, (i, point)| bits | u64::from(solid.contains(point)) << i)
}
