//! What follows a failed attempt: the same target again, the next one, or an answer to the caller. Only called while
//! nothing has been sent to the caller; after the first byte there is no second try, whatever failed.

use std::time::Duration;

use domain::ErrorKind;

/// How often and when one target is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Tries per target, the first included; 0 counts as 1.
    pub attempts: u32,
    pub on: RetryOn,
    /// The wait before a second try is drawn from zero up to this, and twice as much before each further one.
    pub initial: Duration,
    /// The longest wait between two tries, and the longest `retry-after` that is waited for.
    pub max: Duration,
}

/// The failures after which the same target is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryOn {
    /// `429`
    pub rate_limited: bool,
    /// `5xx`, and replies that cannot be read
    pub server_error: bool,
    /// No connection could be made.
    pub connect: bool,
    pub timeout: bool,
}

/// The failures after which the next target is tried (`fallback_on`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fallback {
    /// The provider failed, cannot be reached, or refuses the gateway's credential or model.
    pub error: bool,
    pub timeout: bool,
    pub rate_limit: bool,
    /// The prompt is too long for this target.
    pub context_window: bool,
    /// This target's own filter refused the prompt.
    pub content_filter: bool,
}

impl RetryOn {
    pub const ALL: Self = Self { rate_limited: true, server_error: true, connect: true, timeout: true };
    pub const NONE: Self = Self { rate_limited: false, server_error: false, connect: false, timeout: false };
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 2,
            on: RetryOn::ALL,
            initial: Duration::from_millis(200),
            max: Duration::from_secs(5),
        }
    }
}

impl Fallback {
    pub const ALL: Self =
        Self { error: true, timeout: true, rate_limit: true, context_window: true, content_filter: true };
    pub const NONE: Self = Self {
        error: false,
        timeout: false,
        rate_limit: false,
        context_window: false,
        content_filter: false,
    };
}

impl Default for Fallback {
    fn default() -> Self {
        Self::ALL
    }
}

/// Why an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    pub kind: FailureKind,
    /// What the provider asked for, already parsed; a date in the past is zero.
    pub retry_after: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// A connection from the pool was closed before any byte of the reply: the provider had hung up in between.
    StaleConnection,
    /// No connection could be made: name, route, TLS, connect deadline.
    Connect,
    /// A deadline passed before the reply began.
    Timeout,
    /// 429
    RateLimited,
    /// 503 and 529: the provider as a whole has too much to do.
    Overloaded,
    /// Another 5xx.
    ServerError(u16),
    /// The provider refuses the gateway's own credential or account: 401, 402, 403.
    Auth,
    /// The provider does not have what the target names: 404.
    NotFound,
    /// The provider refuses the request as the caller's mistake: any other 4xx.
    Rejected(u16),
    ContextWindow,
    ContentFilter,
    /// The reply broke off before anything could be passed on, or is not what the dialect allows.
    BrokenReply,
    /// The request cannot be expressed for this target; it was not sent.
    NotExpressible,
}

impl FailureKind {
    /// What a provider's status says when its body names nothing more precise; `None` below 400.
    pub const fn of_status(status: u16) -> Option<Self> {
        Some(match status {
            0..=399 => return None,
            401..=403 => Self::Auth,
            404 => Self::NotFound,
            408 => Self::Timeout,
            429 => Self::RateLimited,
            503 | 529 => Self::Overloaded,
            400..=499 => Self::Rejected(status),
            _ => Self::ServerError(status),
        })
    }

    /// What the caller is told where this failure is the last.
    pub const fn error_kind(self) -> ErrorKind {
        match self {
            Self::StaleConnection | Self::Connect | Self::ServerError(_) | Self::BrokenReply => {
                ErrorKind::ProviderError
            }
            Self::Timeout => ErrorKind::ProviderTimeout,
            Self::RateLimited => ErrorKind::ProviderRateLimited,
            Self::Overloaded => ErrorKind::ProviderOverloaded,
            Self::Auth => ErrorKind::ProviderAuth,
            Self::NotFound | Self::Rejected(_) | Self::ContextWindow | Self::ContentFilter => {
                ErrorKind::ProviderRejected
            }
            Self::NotExpressible => ErrorKind::InvalidRequest,
        }
    }

    /// Whether the same request may do better at the same target.
    const fn worth_repeating(self, on: &RetryOn) -> bool {
        match self {
            Self::StaleConnection => true,
            Self::Connect => on.connect,
            Self::Timeout => on.timeout,
            Self::RateLimited => on.rate_limited,
            Self::Overloaded | Self::ServerError(_) | Self::BrokenReply => on.server_error,
            Self::Auth
            | Self::NotFound
            | Self::Rejected(_)
            | Self::ContextWindow
            | Self::ContentFilter
            | Self::NotExpressible => false,
        }
    }

    /// Whether another target may do better.
    const fn worth_moving_on(self, to: &Fallback) -> bool {
        match self {
            Self::StaleConnection
            | Self::Connect
            | Self::Overloaded
            | Self::ServerError(_)
            | Self::Auth
            | Self::NotFound
            | Self::BrokenReply
            | Self::NotExpressible => to.error,
            Self::Timeout => to.timeout,
            Self::RateLimited => to.rate_limit,
            Self::ContextWindow => to.context_window,
            Self::ContentFilter => to.content_filter,
            Self::Rejected(_) => false,
        }
    }
}

/// How far the call has come, the failed attempt included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    pub tries_on_target: u32,
    pub attempts_total: u32,
    /// Over all targets.
    pub max_attempts: u32,
    /// Targets that were not tried yet.
    pub targets_left: usize,
    /// Since the call began.
    pub elapsed: Duration,
    pub total_deadline: Duration,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    RetrySame {
        after: Duration,
    },
    /// At once: another target is not helped by a wait.
    NextTarget,
    /// The caller is told, with the provider's `retry-after` where it sent one.
    GiveUp,
}

/// Decides what follows `failure`. `jitter` is a draw from 0 to 1.
///
/// One cap counts tries over all targets, so that retries and fallbacks cannot multiply. A wait that would end after
/// the deadline is not begun.
pub fn decide(retry: &Retry, fallback: &Fallback, so_far: Attempts, failure: &Failure, jitter: f64) -> Next {
    let capped = so_far.attempts_total >= so_far.max_attempts;
    let late = so_far.elapsed >= so_far.total_deadline;
    if capped || late {
        return Next::GiveUp;
    }
    if let Some(after) = wait_at_target(retry, so_far.tries_on_target, failure, jitter)
        && so_far.elapsed.saturating_add(after) < so_far.total_deadline
    {
        return Next::RetrySame { after };
    }
    if so_far.targets_left > 0 && failure.kind.worth_moving_on(fallback) {
        return Next::NextTarget;
    }
    Next::GiveUp
}

/// How long to wait before the same target is tried again; `None` where it is not.
fn wait_at_target(retry: &Retry, tries: u32, failure: &Failure, jitter: f64) -> Option<Duration> {
    if failure.kind == FailureKind::StaleConnection {
        // Not the target's failure: it closed an idle connection while we picked it. A new connection is due at once,
        // even where retries are off, but only once: afterwards it is a failure like any other.
        return (tries < retry.attempts.max(2)).then_some(Duration::ZERO);
    }
    if tries >= retry.attempts || !failure.kind.worth_repeating(&retry.on) {
        return None;
    }
    match failure.retry_after {
        Some(asked) if asked > retry.max => None,
        Some(asked) => Some(asked),
        None => Some(backoff(retry, tries, jitter)),
    }
}

/// Full jitter: anything from zero to the doubled bound, so that callers that failed together do not return together.
fn backoff(retry: &Retry, tries: u32, jitter: f64) -> Duration {
    let doublings = tries.saturating_sub(1).min(31);
    let bound = retry.initial.saturating_mul(1 << doublings).min(retry.max);
    // In this form a NaN becomes a zero too, where a clamp would keep it.
    let share = if jitter > 0.0 { jitter.min(1.0) } else { 0.0 };
    bound.mul_f64(share)
}

#[cfg(test)]
mod tests;
