//! A histogram of durations with fixed buckets, counted in whole microseconds.

/// Upper bounds: a gateway's own microseconds do not need telling apart here, a model's seconds do.
pub(super) const BOUNDS_US: [u64; 15] = [
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    30_000_000,
    60_000_000,
    120_000_000,
    300_000_000,
];

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Histogram {
    /// One more than there are bounds: the last is for everything above.
    counts: [u64; BOUNDS_US.len() + 1],
    count: u64,
    sum_us: u128,
}

impl Histogram {
    pub(super) fn observe(&mut self, duration_us: u64) {
        let bucket = BOUNDS_US.partition_point(|bound| *bound < duration_us);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += 1;
        }
        self.count += 1;
        self.sum_us += u128::from(duration_us);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (mine, more) in self.counts.iter_mut().zip(other.counts) {
            *mine += more;
        }
        self.count += other.count;
        self.sum_us += other.sum_us;
    }

    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn sum_seconds(&self) -> f64 {
        seconds(self.sum_us)
    }

    /// The bounds in seconds with what fell between each and the one before.
    pub(super) fn buckets(&self) -> Vec<(f64, u64)> {
        let bounds = BOUNDS_US.iter().map(|bound| seconds(u128::from(*bound)));
        bounds.chain([f64::INFINITY]).zip(self.counts).collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "the exposition format has floating point only")]
fn seconds(us: u128) -> f64 {
    us as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_falls_into_the_bucket_that_it_does_not_exceed() {
        let mut histogram = Histogram::default();
        for us in [0, 5_000, 5_001, 300_000_000, 300_000_001, u64::MAX] {
            histogram.observe(us);
        }
        let buckets = histogram.buckets();
        assert_eq!(buckets[0], (0.005, 2));
        assert_eq!(buckets[1], (0.01, 1));
        assert_eq!(buckets[14], (300.0, 1));
        assert_eq!(buckets[15], (f64::INFINITY, 2));
        assert_eq!(histogram.count(), 6);
        let mut twice = histogram.clone();
        twice.merge(&histogram);
        assert_eq!(twice.count(), 12);
        assert!((twice.sum_seconds() - 2.0 * histogram.sum_seconds()).abs() < 1.0);
    }
}
