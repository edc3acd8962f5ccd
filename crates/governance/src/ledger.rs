//! Money and tokens that are set aside before a provider is called. A [`Reservation`] is a guard: however the attempt
//! ends (reply, error, vanished client, panic) its account is closed exactly once.
//!
//! A ledger belongs to one executor and needs no lock. What several executors share is the ledger's own concern.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use domain::{AttemptId, EndpointId, ErrorKind, KeyId, PicoUsd, Scope};

/// Sets amounts aside.
pub trait Ledger {
    /// Sets the request's upper bound aside in everything that limits this caller, or in nothing.
    fn reserve(&self, request: &ReservationRequest) -> Result<Reservation, Refusal>;
}

/// Who wants to spend how much at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReservationRequest {
    pub attempt: AttemptId,
    pub scope: Scope,
    pub key: Option<KeyId>,
    pub endpoint: EndpointId,
    pub upper_bound: Amount,
    /// Milliseconds since the Unix epoch.
    pub now_ms: i64,
}

/// What an attempt costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// `None` is unknown, which is not the same as free.
    pub cost: Option<PicoUsd>,
    pub tokens: u64,
}

/// Why nothing was set aside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} by `{rule}`")]
pub struct Refusal {
    pub reason: RefusalReason,
    /// The budget or limit that refused.
    pub rule: Arc<str>,
    /// When it is worth asking again.
    pub retry_after: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusalReason {
    #[error("the budget is exceeded as set")]
    BudgetExceeded,
    #[error("the rate is exceeded as limited")]
    RateLimited,
    #[error("a price is missing and demanded")]
    PriceUnknown,
}

impl RefusalReason {
    pub const fn error_kind(self) -> ErrorKind {
        match self {
            Self::BudgetExceeded => ErrorKind::BudgetExceeded,
            Self::RateLimited => ErrorKind::RateLimited,
            Self::PriceUnknown => ErrorKind::PriceUnknown,
        }
    }
}

/// Where a reservation is closed. Must not panic: it also runs while a panic unwinds.
pub trait Account {
    fn close(&self, attempt: AttemptId, closing: Closing);
}

/// How a reservation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// The provider was not called: everything goes back.
    Released,
    /// What the attempt really cost.
    Settled(Amount),
    /// The provider was called and nobody knows what it charged: the upper bound stands.
    Presumed(Amount),
}

/// An amount that is set aside until this is settled or dropped.
#[must_use = "a reservation that is dropped at once protects nothing"]
pub struct Reservation {
    attempt: AttemptId,
    upper_bound: Amount,
    sent: bool,
    /// `None` where nothing limits the caller, or after closing.
    account: Option<Rc<dyn Account>>,
}

impl Reservation {
    pub fn new(request: &ReservationRequest, account: Rc<dyn Account>) -> Self {
        Self {
            attempt: request.attempt,
            upper_bound: request.upper_bound,
            sent: false,
            account: Some(account),
        }
    }

    /// For a caller whom nothing limits.
    pub fn unlimited(request: &ReservationRequest) -> Self {
        Self { attempt: request.attempt, upper_bound: request.upper_bound, sent: false, account: None }
    }

    pub fn attempt(&self) -> AttemptId {
        self.attempt
    }

    /// From here on the provider may charge: a drop no longer gives everything back.
    pub fn mark_sent(&mut self) {
        self.sent = true;
    }

    /// Closes with what the attempt really cost.
    pub fn settle(mut self, amount: Amount) {
        self.close(Closing::Settled(amount));
    }

    /// Closes an attempt that is known to have cost nothing, such as one the provider refused.
    pub fn release(mut self) {
        self.close(Closing::Released);
    }

    fn close(&mut self, closing: Closing) {
        // Taken before it is called: whatever happens inside, there is no second time.
        if let Some(account) = self.account.take() {
            account.close(self.attempt, closing);
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let closing = if self.sent { Closing::Presumed(self.upper_bound) } else { Closing::Released };
        self.close(closing);
    }
}

impl std::fmt::Debug for Reservation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reservation")
            .field("attempt", &self.attempt)
            .field("upper_bound", &self.upper_bound)
            .field("sent", &self.sent)
            .field("open", &self.account.is_some())
            .finish()
    }
}

/// The ledger of a gateway without budgets and limits.
#[derive(Debug, Clone, Copy, Default)]
pub struct AllowAll;

impl Ledger for AllowAll {
    fn reserve(&self, request: &ReservationRequest) -> Result<Reservation, Refusal> {
        Ok(Reservation::unlimited(request))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use proptest::prelude::*;

    use super::*;

    /// An account that writes down every closing, in the manner of a real ledger.
    #[derive(Default)]
    struct Book {
        closings: RefCell<Vec<(AttemptId, Closing)>>,
    }

    impl Account for Book {
        fn close(&self, attempt: AttemptId, closing: Closing) {
            self.closings.borrow_mut().push((attempt, closing));
        }
    }

    fn request(attempt: u128) -> ReservationRequest {
        ReservationRequest {
            attempt: AttemptId(attempt),
            scope: Scope::DEFAULT,
            key: None,
            endpoint: EndpointId(1),
            upper_bound: Amount { cost: Some(PicoUsd(1_000)), tokens: 1_000 },
            now_ms: 0,
        }
    }

    #[derive(Debug, Clone, Copy)]
    enum End {
        Settle(u64),
        Release,
        Drop,
        Panic,
    }

    fn any_end() -> impl Strategy<Value = End> {
        prop_oneof![any::<u64>().prop_map(End::Settle), Just(End::Release), Just(End::Drop), Just(End::Panic)]
    }

    fn run(mut reservation: Reservation, sent: bool, end: End) {
        if sent {
            reservation.mark_sent();
        }
        match end {
            End::Settle(tokens) => reservation.settle(Amount { cost: None, tokens }),
            End::Release => reservation.release(),
            End::Drop => drop(reservation),
            // Without the panic hook, which would print a report for each of hundreds of cases.
            End::Panic => std::panic::resume_unwind(Box::new("a defect in the gateway")),
        }
    }

    fn expected(sent: bool, end: End) -> Closing {
        match end {
            End::Settle(tokens) => Closing::Settled(Amount { cost: None, tokens }),
            End::Release => Closing::Released,
            End::Drop | End::Panic if sent => Closing::Presumed(request(0).upper_bound),
            End::Drop | End::Panic => Closing::Released,
        }
    }

    proptest! {
        #[test]
        fn a_reservation_is_closed_exactly_once_whatever_happens(
            ends in prop::collection::vec((any::<bool>(), any_end()), 0..20),
        ) {
            let book = Rc::new(Book::default());
            let mut open = Vec::new();
            for (attempt, (sent, end)) in ends.iter().enumerate() {
                let account: Rc<dyn Account> = Rc::clone(&book) as Rc<dyn Account>;
                open.push((Reservation::new(&request(attempt as u128), account), *sent, *end));
            }
            prop_assert!(book.closings.borrow().is_empty(), "nothing is closed while it is held");
            for (reservation, sent, end) in open {
                let result = catch_unwind(AssertUnwindSafe(|| run(reservation, sent, end)));
                prop_assert_eq!(result.is_err(), matches!(end, End::Panic));
            }
            let wanted: Vec<_> = ends
                .iter()
                .enumerate()
                .map(|(attempt, (sent, end))| (AttemptId(attempt as u128), expected(*sent, *end)))
                .collect();
            prop_assert_eq!(&*book.closings.borrow(), &wanted);
            prop_assert_eq!(Rc::strong_count(&book), 1, "a closed reservation keeps nothing alive");
        }
    }

    #[test]
    fn without_limits_every_request_is_granted() {
        let reservation = AllowAll.reserve(&request(7)).unwrap();
        assert_eq!(reservation.attempt(), AttemptId(7));
        reservation.settle(Amount::default());
    }

    #[test]
    fn a_refusal_names_its_rule() {
        let refusal =
            Refusal { reason: RefusalReason::BudgetExceeded, rule: "web-monthly".into(), retry_after: None };
        assert_eq!(refusal.to_string(), "the budget is exceeded as set by `web-monthly`");
    }
}
