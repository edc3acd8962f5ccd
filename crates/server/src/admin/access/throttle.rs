//! Failed logins, per address. Whoever guesses too often is not listened to for a while; whoever has been let in from
//! the same address before still is, so that a guesser behind the same proxy locks nobody out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Failed logins of every address, within limits.
#[derive(Debug, Default)]
pub(in crate::admin) struct Throttle {
    addresses: Mutex<HashMap<IpAddr, Record>>,
}

#[derive(Debug)]
struct Record {
    /// When the first of `failures` was.
    since: Instant,
    failures: u32,
    /// Hashes of what was right before, the oldest first.
    right: Vec<[u8; 32]>,
}

/// So many wrong ones in a window are mistakes; more are guesses.
const FAILURES: u32 = 600;
const WINDOW: Duration = Duration::from_secs(60);
const REMEMBERED: usize = 8;

/// Addresses are forgotten beyond this, those that failed least recently first.
const ADDRESSES: usize = 10_000;

impl Throttle {
    /// Whether to look at what this address presents at all; if not, for how many seconds not.
    pub(in crate::admin) fn admits(
        &self,
        address: IpAddr,
        presented: &[u8; 32],
        now: Instant,
    ) -> Result<(), u64> {
        let addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(record) = addresses.get(&network(address)) else { return Ok(()) };
        let passed = now.saturating_duration_since(record.since);
        if record.failures < FAILURES || passed >= WINDOW || record.right.contains(presented) {
            return Ok(());
        }
        Err((WINDOW - passed).as_secs().max(1))
    }

    pub(in crate::admin) fn failed(&self, address: IpAddr, now: Instant) {
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        make_room(&mut addresses, now);
        let record = addresses.entry(network(address)).or_insert_with(|| Record::new(now));
        if now.saturating_duration_since(record.since) >= WINDOW {
            record.since = now;
            record.failures = 0;
        }
        record.failures = record.failures.saturating_add(1);
    }

    pub(in crate::admin) fn succeeded(&self, address: IpAddr, presented: &[u8; 32], now: Instant) {
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        make_room(&mut addresses, now);
        let record = addresses.entry(network(address)).or_insert_with(|| Record::new(now));
        if record.right.contains(presented) {
            return;
        }
        if record.right.len() == REMEMBERED {
            record.right.remove(0);
        }
        record.right.push(*presented);
    }
}

impl Record {
    const fn new(now: Instant) -> Self {
        Self { since: now, failures: 0, right: Vec::new() }
    }
}

/// One customer of an internet provider has a whole `/64` to guess from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & (u128::MAX << 64)).into()),
        v4 => v4,
    }
}

fn make_room(addresses: &mut HashMap<IpAddr, Record>, now: Instant) {
    if addresses.len() < ADDRESSES {
        return;
    }
    addresses.retain(|_, record| now.saturating_duration_since(record.since) < WINDOW);
    if addresses.len() >= ADDRESSES
        && let Some(oldest) = addresses.iter().min_by_key(|(_, record)| record.since).map(|(at, _)| *at)
    {
        addresses.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: [u8; 32] = [1; 32];
    const WRONG: [u8; 32] = [2; 32];

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn a_guesser_is_not_listened_to_until_the_window_is_over() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        throttle.succeeded(address(1), &RIGHT, start);
        for _ in 0..FAILURES {
            assert_eq!(throttle.admits(address(1), &WRONG, start), Ok(()));
            throttle.failed(address(1), start);
        }
        assert_eq!(throttle.admits(address(1), &WRONG, start), Err(60));
        assert_eq!(throttle.admits(address(1), &WRONG, start + WINDOW / 2), Err(30));
        // Not even the right one may be guessed, unless it was known here.
        assert_eq!(throttle.admits(address(1), &[3; 32], start), Err(60));
        assert_eq!(throttle.admits(address(1), &RIGHT, start), Ok(()));
        assert_eq!(throttle.admits(address(2), &WRONG, start), Ok(()));
        assert_eq!(throttle.admits(address(1), &WRONG, start + WINDOW), Ok(()));
        throttle.failed(address(1), start + WINDOW);
        assert_eq!(throttle.admits(address(1), &WRONG, start + WINDOW), Ok(()));
    }

    #[test]
    fn addresses_of_one_customer_count_together() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for last in 0..FAILURES {
            throttle.failed(format!("2001:db8::{last:x}").parse().unwrap(), now);
        }
        assert!(throttle.admits("2001:db8::ffff".parse().unwrap(), &WRONG, now).is_err());
        assert!(throttle.admits("2001:db8:0:1::1".parse().unwrap(), &WRONG, now).is_ok());
    }

    #[test]
    fn memory_is_bounded() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for at in 0..u32::try_from(ADDRESSES).unwrap() + 100 {
            throttle.failed(std::net::Ipv4Addr::from_bits(at).into(), now + Duration::from_millis(at.into()));
            throttle.succeeded(address(1), &[at.to_le_bytes()[0]; 32], now);
        }
        let addresses = throttle.addresses.lock().unwrap();
        assert!(addresses.len() <= ADDRESSES);
        assert!(addresses.values().all(|record| record.right.len() <= REMEMBERED));
    }
}
