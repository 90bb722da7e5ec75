//! Interval arithmetic: between which values an expression lies while its arguments stay in a box.

use std::ops::{Add, Sub};

/// All numbers from `low` to `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Smallest value.
    pub low: f64,
    /// Largest value.
    pub high: f64,
}

impl Interval {
    /// The numbers between two bounds, given in either order.
    pub fn between(a: f64, b: f64) -> Self {
        Interval { low: a.min(b), high: a.max(b) }
    }

    /// The interval multiplied by a number.
    pub fn scaled(self, factor: f64) -> Self {
        Interval::between(self.low * factor, self.high * factor)
    }

    /// The interval moved by a number.
    pub fn shifted(self, step: f64) -> Self {
        Interval { low: self.low + step, high: self.high + step }
    }

    /// Squares of its numbers.
    pub fn squared(self) -> Self {
        let (a, b) = (self.low * self.low, self.high * self.high);
        let low = if self.low <= 0.0 && self.high >= 0.0 { 0.0 } else { a.min(b) };
        Interval { low, high: a.max(b) }
    }

    /// Square roots of its numbers, which must not be negative.
    pub fn square_root(self) -> Self {
        Interval { low: self.low.sqrt(), high: self.high.sqrt() }
    }

    /// Quotients of its numbers, which must not be negative, by positive ones.
    pub fn over_positive(self, divisor: Interval) -> Self {
        Interval { low: self.low / divisor.high, high: self.high / divisor.low }
    }

    /// From `a` at 0 to `b` at 1 along a straight line, while the parameter runs through `self`.
    pub fn interpolated(self, [a, b]: [f64; 2]) -> Self {
        self.scaled(b - a).shifted(a)
    }

    /// The numbers common to both, if there are any.
    pub fn intersection(self, other: Interval) -> Option<Self> {
        let (low, high) = (self.low.max(other.low), self.high.min(other.high));
        (low <= high).then_some(Interval { low, high })
    }
}

impl Add for Interval {
    type Output = Interval;

    fn add(self, other: Interval) -> Interval {
        Interval { low: self.low + other.low, high: self.high + other.high }
    }
}

impl Sub for Interval {
    type Output = Interval;

    fn sub(self, other: Interval) -> Interval {
        Interval { low: self.low - other.high, high: self.high - other.low }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_is_never_negative_and_touches_zero_inside() {
        assert_eq!(Interval::between(-2.0, 1.0).squared(), Interval { low: 0.0, high: 4.0 });
        assert_eq!(Interval::between(-3.0, -2.0).squared(), Interval { low: 4.0, high: 9.0 });
    }

    #[test]
    fn interpolation_reaches_both_ends() {
        let whole = Interval::between(0.0, 1.0);
        assert_eq!(whole.interpolated([5.0, 2.0]), Interval { low: 2.0, high: 5.0 });
    }
}
