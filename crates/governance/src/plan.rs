//! Which target a call goes to: the weights of an endpoint as a schedule that keeps its promise in every window, not
//! only on average, and the order in which targets are tried. Health and price as inputs to the plan are decided by
//! the caller, who passes the targets that may be drawn.

use domain::TargetId;

/// Draws per window in which every target gets its exact share, give or take one.
pub const WINDOW: usize = 1_000;

/// The weights of an endpoint, laid out for drawing.
///
/// A window of [`WINDOW`] draws is a fixed pattern of positions. A target owns as many of them as its share holds
/// whole positions, spread out evenly. The few positions that are left are *shared*: what remains of the targets'
/// shares is laid end to end along a line, as long as there are shared positions, and shared position `c` goes to
/// whoever owns point `c + u` of that line, where `u` moves on by one stride from window to window.
///
/// Why that holds for windows that begin anywhere: a remainder is shorter than one position, so it owns at most two
/// neighbouring shared positions, and a window that begins in the middle of the pattern sees the later one before the
/// stride and the earlier one after it. It could get both only if the stride were longer than the position less the
/// remainder, which [`stride`] rules out. So every target gets its whole positions and none or one more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shares {
    pattern: Box<[Position]>,
    /// For each target, where its remainder ends on the line; in units of one position / `total`.
    ends: Box<[u64]>,
    total: u64,
    stride: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    Owned(u16),
    Shared(u16),
}

impl Shares {
    /// `None` where no weight is positive, or where there are more than 65,535 targets.
    pub fn new(weights: &[u32]) -> Option<Self> {
        u16::try_from(weights.len()).ok()?;
        let divisor = weights.iter().copied().map(u64::from).fold(0, greatest_common_divisor);
        if divisor == 0 {
            return None;
        }
        let weights: Vec<u64> = weights.iter().map(|weight| u64::from(*weight) / divisor).collect();
        let total: u64 = weights.iter().sum();
        let window = WINDOW as u64;
        // A pattern that divides the window keeps its promise exactly and is as short as it can be.
        let length = if window.is_multiple_of(total) { total } else { window };

        let owned: Vec<u64> = weights.iter().map(|weight| weight * length / total).collect();
        let remainders: Vec<u64> = weights.iter().map(|weight| weight * length % total).collect();
        let ends: Box<[u64]> = remainders
            .iter()
            .scan(0, |end, remainder| {
                *end += remainder;
                Some(*end)
            })
            .collect();
        let shared = length - owned.iter().sum::<u64>();
        let longest = remainders.iter().copied().max().unwrap_or(0);
        Some(Self { pattern: spread(&owned, shared), ends, total, stride: stride(total, longest) })
    }

    /// The target of draw number `sequence`. The promise holds for draws that count up by one, from any start; whoever
    /// counts on several executors starts each somewhere else, so that they do not all begin with the same target.
    pub fn draw(&self, sequence: u64) -> usize {
        let length = self.pattern.len() as u64;
        // A remainder of the pattern's length is an index into it.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "smaller than the pattern's length, which is a usize"
        )]
        let position = self.pattern[(sequence % length) as usize];
        match position {
            Position::Owned(target) => usize::from(target),
            Position::Shared(column) => self.owner(column, sequence / length),
        }
    }

    fn owner(&self, column: u16, window: u64) -> usize {
        let moved = u128::from(window) * u128::from(self.stride) % u128::from(self.total);
        let point = u128::from(column) * u128::from(self.total) + moved;
        self.ends.partition_point(|end| u128::from(*end) <= point)
    }
}

/// Spreads the owned and the shared positions evenly, by always taking the one that is furthest behind its share.
fn spread(owned: &[u64], shared: u64) -> Box<[Position]> {
    let length: u64 = owned.iter().sum::<u64>() + shared;
    let mut next_shared = 0;
    let mut pattern = Vec::new();
    let mut given = vec![0_u64; owned.len() + 1];
    for at in 1..=length {
        // `count * at - given * length` is how far behind a claimant is, in units of one position / `length`.
        let behind = |index: usize, count: u64| {
            i128::from(count) * i128::from(at) - i128::from(given[index]) * i128::from(length)
        };
        let claims = owned.iter().copied().chain([shared]).enumerate();
        let furthest = claims
            .filter(|(index, count)| given[*index] < *count)
            .max_by_key(|(index, count)| (behind(*index, *count), std::cmp::Reverse(*index)));
        let Some((index, _)) = furthest else { break };
        given[index] += 1;
        match u16::try_from(index) {
            Ok(target) if index < owned.len() => pattern.push(Position::Owned(target)),
            _ => {
                pattern.push(Position::Shared(next_shared));
                next_shared += 1;
            }
        }
    }
    pattern.into_boxed_slice()
}

/// How far the point moves from window to window, in units of one position / `total`. It has no divisor in common
/// with `total`, so that every point is visited equally often and shares are exact in the long run. It is at most one
/// position less the longest remainder, so that no target gets two. Within that it is as near as it can be to the
/// golden section, which spreads the visits of any stretch of windows.
fn stride(total: u64, longest: u64) -> u64 {
    let golden = total / 1_000 * 382 + total % 1_000 * 382 / 1_000;
    let mut stride = golden.min(total - longest).max(1);
    while greatest_common_divisor(stride, total) != 1 {
        stride -= 1;
    }
    stride
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The order in which targets are tried: the drawn one, then the fallbacks as written, without the drawn one again.
/// The other weighted targets are not tried: a split of 90 to 10 is a decision about traffic, and a failing 90 must
/// not land on the 10. Who wants that writes it as a fallback.
pub fn order<'a, T>(
    targets: &'a [T],
    drawn: usize,
    fallbacks: &'a [T],
    id: impl Fn(&T) -> TargetId,
) -> impl Iterator<Item = &'a T> {
    let first = targets.get(drawn);
    let tried = first.map(&id);
    first.into_iter().chain(fallbacks.iter().filter(move |target| Some(id(target)) != tried))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every window of the first `draws` draws from `start`, against the exact share.
    fn check(weights: &[u32], start: u64, draws: usize) {
        let shares = Shares::new(weights).unwrap();
        let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
        let drawn: Vec<usize> = (start..start + draws as u64).map(|sequence| shares.draw(sequence)).collect();
        let mut counts = vec![0_u128; weights.len()];
        for (at, target) in drawn.iter().enumerate() {
            counts[*target] += 1;
            if at >= WINDOW {
                counts[drawn[at - WINDOW]] -= 1;
            }
            if at + 1 < WINDOW {
                continue;
            }
            for (target, count) in counts.iter().enumerate() {
                // |count - 1000 * weight / total| <= 1, in whole numbers.
                let exact = WINDOW as u128 * u128::from(weights[target]);
                assert!(
                    (count * total).abs_diff(exact) <= total,
                    "{weights:?}: target {target} got {count} in the window that ends at {at} from {start}"
                );
                assert!(weights[target] > 0 || *count == 0, "{weights:?}: target {target} has no weight");
            }
        }
    }

    #[test]
    fn awkward_weights_keep_their_share_in_every_window() {
        for weights in [
            &[1, 999][..],
            &[333, 333, 334],
            &[1, 1, 1],
            &[1, 1, 1, 1, 1, 1, 1],
            &[90, 10],
            &[1, 1_000_000],
            &[999_999, 1, 0, 500_000],
            &[1_000_000, 999_999, 999_998, 7, 1, 3, 123_457],
            &[1, 1_999],
            &[1_999, 2_001],
            &[3, 0, 0, 4],
            &[u32::MAX, 1, u32::MAX],
        ] {
            check(weights, 0, 5_000);
            check(weights, 987_654_321, 3_000);
        }
    }

    #[test]
    fn shares_are_exact_in_the_long_run() {
        for weights in [&[1_u32, 1_999][..], &[1, 2_002], &[2, 3, 1_002]] {
            let shares = Shares::new(weights).unwrap();
            let total: u32 = weights.iter().sum();
            let mut counts = vec![0_u32; weights.len()];
            for sequence in 0..u64::from(total) * WINDOW as u64 {
                counts[shares.draw(sequence)] += 1;
            }
            let exact: Vec<u32> = weights.iter().map(|weight| weight * 1_000).collect();
            assert_eq!(counts, exact, "{weights:?}");
        }
    }

    #[test]
    fn a_short_run_is_spread_out() {
        let shares = Shares::new(&[50, 50]).unwrap();
        let drawn: Vec<usize> = (0..6).map(|sequence| shares.draw(sequence)).collect();
        assert_eq!(drawn, [0, 1, 0, 1, 0, 1]);

        let shares = Shares::new(&[90, 10]).unwrap();
        for start in 0..40 {
            let rare = (start..start + 10).filter(|sequence| shares.draw(*sequence) == 1).count();
            assert_eq!(rare, 1, "draws {start}..{}", start + 10);
        }
    }

    #[test]
    fn the_table_stays_small() {
        assert_eq!(Shares::new(&[7]).unwrap().pattern.len(), 1);
        assert_eq!(Shares::new(&[0, 7]).unwrap().draw(u64::MAX), 1);
        assert_eq!(Shares::new(&[1_000_000, 999_999]).unwrap().pattern.len(), WINDOW);
    }

    #[test]
    fn weights_that_sum_to_zero_are_no_shares() {
        assert_eq!(Shares::new(&[]), None);
        assert_eq!(Shares::new(&[0, 0]), None);
    }

    #[test]
    fn the_drawn_target_is_followed_by_the_fallbacks() {
        let (targets, fallbacks) = ([1, 2], [2, 1, 3]);
        let order =
            |drawn| order(&targets, drawn, &fallbacks, |id| TargetId(*id)).copied().collect::<Vec<_>>();
        assert_eq!(order(0), [1, 2, 3]);
        assert_eq!(order(1), [2, 1, 3]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn every_window_has_the_exact_share_give_or_take_one(
            weights in prop::collection::vec(
                prop_oneof![0_u32..4, 1_u32..1_100, 1_u32..=1_000_000],
                1..8,
            ),
            start in 0_u64..1_000_000_000,
        ) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            check(&weights, start, 2_600);
        }
    }
}
