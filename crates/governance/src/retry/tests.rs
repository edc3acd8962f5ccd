use proptest::prelude::*;

use super::*;

const FIRST: Attempts = Attempts {
    tries_on_target: 1,
    attempts_total: 1,
    max_attempts: 4,
    targets_left: 1,
    elapsed: Duration::from_secs(1),
    total_deadline: Duration::from_secs(600),
};

const HALF: f64 = 0.5;

fn failure(kind: FailureKind) -> Failure {
    Failure { kind, retry_after: None }
}

fn default_decision(so_far: Attempts, failure: &Failure) -> Next {
    decide(&Retry::default(), &Fallback::default(), so_far, failure, HALF)
}

const fn same(after_ms: u64) -> Next {
    Next::RetrySame { after: Duration::from_millis(after_ms) }
}

#[test]
fn each_failure_has_its_rule() {
    use Next::{GiveUp, NextTarget};
    let second = Attempts { tries_on_target: 2, attempts_total: 2, ..FIRST };
    let last = Attempts { targets_left: 0, ..FIRST };
    let table = [
        // kind, after the first try, after the second, where no other target is left
        (FailureKind::StaleConnection, same(0), NextTarget, same(0)),
        (FailureKind::Connect, same(100), NextTarget, same(100)),
        (FailureKind::Timeout, same(100), NextTarget, same(100)),
        (FailureKind::RateLimited, same(100), NextTarget, same(100)),
        (FailureKind::Overloaded, same(100), NextTarget, same(100)),
        (FailureKind::ServerError(500), same(100), NextTarget, same(100)),
        (FailureKind::BrokenReply, same(100), NextTarget, same(100)),
        (FailureKind::Auth, NextTarget, NextTarget, GiveUp),
        (FailureKind::NotFound, NextTarget, NextTarget, GiveUp),
        (FailureKind::ContextWindow, NextTarget, NextTarget, GiveUp),
        (FailureKind::ContentFilter, NextTarget, NextTarget, GiveUp),
        (FailureKind::NotExpressible, NextTarget, NextTarget, GiveUp),
        (FailureKind::Rejected(400), GiveUp, GiveUp, GiveUp),
        (FailureKind::Rejected(422), GiveUp, GiveUp, GiveUp),
    ];
    for (kind, first, again, alone) in table {
        assert_eq!(default_decision(FIRST, &failure(kind)), first, "{kind:?} once");
        assert_eq!(default_decision(second, &failure(kind)), again, "{kind:?} twice");
        assert_eq!(default_decision(last, &failure(kind)), alone, "{kind:?} at the last target");
    }
}

#[test]
fn retry_after_is_honoured_up_to_five_seconds() {
    let asked =
        |seconds| Failure { kind: FailureKind::RateLimited, retry_after: Some(Duration::from_secs(seconds)) };
    let alone = Attempts { targets_left: 0, ..FIRST };
    assert_eq!(default_decision(FIRST, &asked(0)), same(0));
    assert_eq!(default_decision(FIRST, &asked(5)), same(5_000));
    assert_eq!(default_decision(FIRST, &asked(6)), Next::NextTarget);
    assert_eq!(default_decision(alone, &asked(6)), Next::GiveUp);
    assert_eq!(default_decision(alone, &asked(u64::MAX)), Next::GiveUp);
}

#[test]
fn switches_switch() {
    let retry = Retry { on: RetryOn::NONE, ..Retry::default() };
    let kinds = [
        FailureKind::Connect,
        FailureKind::Timeout,
        FailureKind::RateLimited,
        FailureKind::Overloaded,
        FailureKind::ServerError(502),
    ];
    for kind in kinds {
        assert_eq!(decide(&retry, &Fallback::ALL, FIRST, &failure(kind), HALF), Next::NextTarget, "{kind:?}");
        assert_eq!(decide(&retry, &Fallback::NONE, FIRST, &failure(kind), HALF), Next::GiveUp, "{kind:?}");
    }
    for kind in [FailureKind::ContextWindow, FailureKind::ContentFilter, FailureKind::Auth] {
        assert_eq!(
            decide(&Retry::default(), &Fallback::NONE, FIRST, &failure(kind), HALF),
            Next::GiveUp,
            "{kind:?}"
        );
    }
}

#[test]
fn a_stale_connection_is_replaced_even_without_retries() {
    let retry = Retry { attempts: 1, ..Retry::default() };
    let stale = failure(FailureKind::StaleConnection);
    assert_eq!(decide(&retry, &Fallback::ALL, FIRST, &stale, HALF), same(0));
    let second = Attempts { tries_on_target: 2, attempts_total: 2, ..FIRST };
    assert_eq!(decide(&retry, &Fallback::ALL, second, &stale, HALF), Next::NextTarget);
}

#[test]
fn a_wait_that_outlives_the_deadline_is_not_begun() {
    let asked = Failure { kind: FailureKind::Overloaded, retry_after: Some(Duration::from_secs(3)) };
    let soon = Attempts { elapsed: Duration::from_secs(598), ..FIRST };
    assert_eq!(default_decision(soon, &asked), Next::NextTarget);
    assert_eq!(default_decision(Attempts { targets_left: 0, ..soon }, &asked), Next::GiveUp);
    let late = Attempts { elapsed: Duration::from_secs(600), ..FIRST };
    assert_eq!(default_decision(late, &failure(FailureKind::Connect)), Next::GiveUp);
}

#[test]
fn waits_double_up_to_the_longest() {
    let retry = Retry { attempts: 40, ..Retry::default() };
    let waits: Vec<u128> = (1..8).map(|tries| backoff(&retry, tries, 1.0).as_millis()).collect();
    assert_eq!(waits, [200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    assert_eq!(backoff(&retry, 40, 1.0), retry.max);
    assert_eq!(backoff(&retry, 1, f64::NAN), Duration::ZERO);
}

#[test]
fn a_status_says_what_it_is() {
    assert_eq!(FailureKind::of_status(200), None);
    assert_eq!(FailureKind::of_status(401).map(FailureKind::error_kind), Some(ErrorKind::ProviderAuth));
    assert_eq!(
        FailureKind::of_status(429).map(FailureKind::error_kind),
        Some(ErrorKind::ProviderRateLimited)
    );
    assert_eq!(FailureKind::of_status(529).map(FailureKind::error_kind), Some(ErrorKind::ProviderOverloaded));
    assert_eq!(FailureKind::of_status(418), Some(FailureKind::Rejected(418)));
    assert_eq!(FailureKind::of_status(599), Some(FailureKind::ServerError(599)));
}

fn any_failure() -> impl Strategy<Value = Failure> {
    let kind = prop_oneof![
        Just(FailureKind::StaleConnection),
        Just(FailureKind::Connect),
        Just(FailureKind::BrokenReply),
        Just(FailureKind::ContextWindow),
        Just(FailureKind::ContentFilter),
        Just(FailureKind::NotExpressible),
        (400_u16..600).prop_filter_map("not an error", FailureKind::of_status),
    ];
    (kind, prop::option::of(any::<u64>().prop_map(Duration::from_secs)))
        .prop_map(|(kind, retry_after)| Failure { kind, retry_after })
}

proptest! {
    /// Whatever fails in whatever order: tries stay under the caps, waits under the longest, all before the deadline.
    #[test]
    fn no_sequence_of_failures_exceeds_a_limit(
        failures in prop::collection::vec(any_failure(), 60),
        attempts in 0_u32..6,
        max_attempts in 1_u32..12,
        targets in 1_usize..6,
        jitter in any::<f64>(),
    ) {
        let retry = Retry { attempts, ..Retry::default() };
        let mut so_far = Attempts {
            tries_on_target: 0,
            attempts_total: 0,
            max_attempts,
            targets_left: targets - 1,
            elapsed: Duration::ZERO,
            total_deadline: Duration::from_secs(20),
        };
        for failure in &failures {
            so_far.tries_on_target += 1;
            so_far.attempts_total += 1;
            so_far.elapsed += Duration::from_millis(700);
            prop_assert!(so_far.attempts_total <= max_attempts);
            prop_assert!(so_far.tries_on_target <= attempts.max(2));
            match decide(&retry, &Fallback::ALL, so_far, failure, jitter) {
                Next::RetrySame { after } => {
                    prop_assert!(after <= retry.max);
                    so_far.elapsed += after;
                    prop_assert!(so_far.elapsed < so_far.total_deadline);
                }
                Next::NextTarget => {
                    prop_assert!(!matches!(failure.kind, FailureKind::Rejected(_)));
                    prop_assert!(so_far.targets_left > 0);
                    so_far.targets_left -= 1;
                    so_far.tries_on_target = 0;
                }
                Next::GiveUp => return Ok(()),
            }
        }
        prop_assert!(false, "sixty failures and no end");
    }
}
