//! The three deadlines of a stream behind one timer.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// Which deadline passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passed {
    FirstToken(Duration),
    Idle(Duration),
    Total(Duration),
}

impl Passed {
    pub(crate) fn message(self) -> String {
        match self {
            Self::FirstToken(limit) => {
                format!(
                    "the provider sent no content within {limit:?} (`timeouts.first_token` of the endpoint)"
                )
            }
            Self::Idle(limit) => {
                format!("the provider sent no content for {limit:?} (`timeouts.idle` of the endpoint)")
            }
            Self::Total(limit) => {
                format!("the call took longer than {limit:?} (`timeouts.total` of the endpoint)")
            }
        }
    }
}

/// Watches a stream. Content events move the idle deadline; pings and comments do not. Moving it is one comparison:
/// the timer is only set anew when it fires too early.
#[derive(Debug)]
pub(crate) struct Deadlines {
    limits: Limits,
    content_events: u64,
    last_content: Instant,
    timer: Pin<Box<Sleep>>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) first_token: Duration,
    pub(crate) first_token_at: Instant,
    pub(crate) idle: Duration,
    pub(crate) total: Duration,
    pub(crate) total_at: Instant,
}

impl Deadlines {
    pub(crate) fn new(limits: Limits, content_events: u64) -> Self {
        let now = Instant::now();
        let mut deadlines = Self {
            limits,
            content_events,
            last_content: now,
            timer: Box::pin(tokio::time::sleep_until(limits.total_at)),
        };
        let (at, _) = deadlines.next();
        deadlines.timer.as_mut().reset(at);
        deadlines
    }

    pub(crate) fn content(&mut self, content_events: u64) {
        if content_events != self.content_events {
            self.content_events = content_events;
            self.last_content = Instant::now();
        }
    }

    /// The reply is complete, and only the end of its body is waited for.
    pub(crate) fn drain_until(&mut self, until: Instant) {
        self.limits.total_at = self.limits.total_at.min(until);
        self.timer.as_mut().reset(self.limits.total_at);
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Passed> {
        loop {
            std::task::ready!(self.timer.as_mut().poll(cx));
            let (at, passed) = self.next();
            if at <= Instant::now() {
                return Poll::Ready(passed);
            }
            self.timer.as_mut().reset(at);
        }
    }

    /// The deadline that comes first.
    fn next(&self) -> (Instant, Passed) {
        let limits = &self.limits;
        let (at, passed) = if self.content_events == 0 {
            (limits.first_token_at, Passed::FirstToken(limits.first_token))
        } else {
            (self.last_content + limits.idle, Passed::Idle(limits.idle))
        };
        if limits.total_at <= at { (limits.total_at, Passed::Total(limits.total)) } else { (at, passed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        let now = Instant::now();
        Limits {
            first_token: Duration::from_secs(5),
            first_token_at: now + Duration::from_secs(5),
            idle: Duration::from_secs(10),
            total: Duration::from_secs(60),
            total_at: now + Duration::from_secs(60),
        }
    }

    async fn passed(deadlines: &mut Deadlines) -> Passed {
        std::future::poll_fn(|cx| deadlines.poll(cx)).await
    }

    #[tokio::test(start_paused = true)]
    async fn silence_before_the_first_content_is_a_first_token_timeout() {
        let begun = Instant::now();
        let mut deadlines = Deadlines::new(limits(), 0);
        assert_eq!(passed(&mut deadlines).await, Passed::FirstToken(Duration::from_secs(5)));
        assert_eq!(begun.elapsed().as_secs(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn content_moves_the_idle_deadline_and_pings_do_not() {
        let begun = Instant::now();
        let mut deadlines = Deadlines::new(limits(), 1);
        tokio::time::advance(Duration::from_secs(8)).await;
        deadlines.content(2);
        tokio::time::advance(Duration::from_secs(4)).await;
        deadlines.content(2);
        assert_eq!(passed(&mut deadlines).await, Passed::Idle(Duration::from_secs(10)));
        assert_eq!(begun.elapsed().as_secs(), 18);
    }

    #[tokio::test(start_paused = true)]
    async fn the_total_deadline_ends_a_stream_that_never_rests() {
        let mut deadlines = Deadlines::new(limits(), 1);
        for event in 2..10 {
            tokio::time::advance(Duration::from_secs(7)).await;
            deadlines.content(event);
        }
        assert_eq!(passed(&mut deadlines).await, Passed::Total(Duration::from_secs(60)));
    }
}
