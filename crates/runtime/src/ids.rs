//! Ids for calls, attempts and spans. They must be unique and sort by time; they need not be unguessable,
//! since no id ever grants access. So each executor draws from a generator of its own, without a lock or a system call.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use domain::{AttemptId, CallId, SpanId};

/// A generator of ids; one per executor.
#[derive(Debug)]
pub struct IdSource {
    state: u64,
    last_ms: u64,
    counter: u16,
}

impl IdSource {
    /// Seeded from the operating system, by way of the standard library's hasher keys.
    pub fn from_os() -> Self {
        let mut seed = RandomState::new().build_hasher();
        seed.write_u64(0);
        Self::seeded(seed.finish())
    }

    pub const fn seeded(seed: u64) -> Self {
        Self { state: seed, last_ms: 0, counter: 0 }
    }

    pub fn call(&mut self, unix_ms: i64) -> CallId {
        CallId(self.uuid_v7(unix_ms))
    }

    pub fn attempt(&mut self, unix_ms: i64) -> AttemptId {
        AttemptId(self.uuid_v7(unix_ms))
    }

    pub fn span(&mut self) -> SpanId {
        SpanId(self.next().max(1))
    }

    /// A number in 0..1, for jitter.
    pub fn fraction(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).unwrap_or(0)) / (f64::from(u32::MAX) + 1.0)
    }

    /// RFC 9562 version 7: 48 bit of milliseconds, a 12 bit counter that keeps ids of one millisecond in order, 62
    /// random bits.
    fn uuid_v7(&mut self, unix_ms: i64) -> u128 {
        // A wall clock that jumps back must not break the order of what this executor made before.
        let now_ms = u64::try_from(unix_ms).unwrap_or(0).max(self.last_ms);
        if now_ms > self.last_ms {
            self.last_ms = now_ms;
            self.counter = 0;
        } else if self.counter == 0xfff {
            self.last_ms += 1;
            self.counter = 0;
        } else {
            self.counter += 1;
        }
        let random = self.next() >> 2;
        (u128::from(self.last_ms & 0xffff_ffff_ffff) << 80)
            | (7 << 76)
            | (u128::from(self.counter) << 64)
            | (2 << 62)
            | u128::from(random)
    }

    /// SplitMix64 (Steele, Lea, Flood 2014): one addition and a finaliser, passes BigCrush, never repeats within 2⁶⁴.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_millisecond_are_in_order_and_unique() {
        let mut ids = IdSource::seeded(1);
        let made: Vec<_> = (0..10_000).map(|_| ids.call(1_700_000_000_000)).collect();
        assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn a_clock_that_jumps_back_keeps_the_order() {
        let mut ids = IdSource::seeded(1);
        let before = ids.call(2_000);
        assert!(ids.call(1_000) > before);
    }

    #[test]
    fn an_id_is_a_version_7_uuid() {
        let text = IdSource::seeded(7).attempt(0x0123_4567_89ab).to_string();
        assert!(text.starts_with("01234567-89ab-7000-"), "{text}");
        assert!(matches!(text.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "{text}");
    }

    #[test]
    fn a_fraction_stays_below_one() {
        let mut ids = IdSource::seeded(3);
        assert!((0..10_000).map(|_| ids.fraction()).all(|f| (0.0..1.0).contains(&f)));
    }
}
