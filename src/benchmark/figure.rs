//! One measured figure, in the form that trackers of benchmarks read.

use serde::Serialize;

/// A figure with its range.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// Name, a key for trackers.
    pub name: String,
    /// Unit.
    pub unit: String,
    /// Value, from all rounds.
    pub value: f64,
    /// Values of the first and of the second half of the rounds.
    pub range: String,
    /// What it is of.
    pub extra: String,
}

impl Figure {
    /// A figure of all rounds and of either half; nothing where it is not a number.
    pub fn of(name: &str, unit: &str, of: impl Fn(Part) -> f64, extra: &str) -> Option<Self> {
        let value = of(Part::All);
        let halves = [of(Part::First), of(Part::Second)];
        let (low, high) = (halves[0].min(halves[1]), halves[0].max(halves[1]));
        value.is_finite().then(|| Figure {
            name: name.to_owned(),
            unit: unit.to_owned(),
            value,
            range: format!("{low:.4}..{high:.4}"),
            extra: extra.to_owned(),
        })
    }

    /// A figure that was taken once.
    pub fn single(name: &str, unit: &str, value: f64, extra: &str) -> Self {
        Figure {
            name: name.to_owned(),
            unit: unit.to_owned(),
            value,
            range: String::new(),
            extra: extra.to_owned(),
        }
    }
}

/// Rounds that a figure is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All.
    All,
    /// The first half.
    First,
    /// The second half.
    Second,
}

impl Part {
    /// The rounds among so many.
    pub fn of<T>(self, rounds: &[T]) -> &[T] {
        let half = rounds.len() / 2;
        match self {
            Part::All => rounds,
            Part::First => &rounds[..half],
            Part::Second => &rounds[half..],
        }
    }
}
