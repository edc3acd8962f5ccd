//! What a provider's failure means: for the retry rules, and for the caller.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use config::snapshot::{Carriage, Target};
use domain::{CallError, Dialect, EndReason, ErrorKind};
use governance::retry::{Failure, FailureKind};
use http::{HeaderMap, HeaderValue, StatusCode};
use upstream::SendError;
use wire::{FailureClass, ProviderFailure};

/// A failed try: what the retry rules see, what the trace says, and what the caller gets if it is the last.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) failure: Failure,
    pub(crate) reason: EndReason,
    pub(crate) error: CallError,
    /// The provider was at work when it failed, and may bill for the prompt.
    pub(crate) billable: bool,
}

impl Failed {
    pub(crate) fn new(kind: FailureKind, reason: EndReason, message: String) -> Box<Self> {
        let error = CallError::new(kind.error_kind(), message);
        Box::new(Self { failure: Failure { kind, retry_after: None }, reason, error, billable: false })
    }

    fn billable(mut self: Box<Self>) -> Box<Self> {
        self.billable = true;
        self
    }

    /// The request cannot be expressed for this target; another may take it.
    pub(crate) fn not_expressible(error: CallError) -> Box<Self> {
        let failure = Failure { kind: FailureKind::NotExpressible, retry_after: None };
        Box::new(Self { failure, reason: EndReason::NotExpressible, error, billable: false })
    }
}

/// Nothing came back.
pub(crate) fn send_error(target: &Target, error: &SendError) -> Box<Failed> {
    let (kind, reason) = match error {
        SendError::ConnectTimeout { .. } => (FailureKind::Timeout, EndReason::Deadline),
        SendError::Broken(_) | SendError::Garbage(_) => (FailureKind::BrokenReply, EndReason::BrokenReply),
        SendError::Resolve { .. }
        | SendError::Forbidden { .. }
        | SendError::PrivateName { .. }
        | SendError::Connect { .. }
        | SendError::Tls { .. } => (FailureKind::Connect, EndReason::Connect),
    };
    Failed::new(kind, reason, format!("`{}` gave no reply: {error}", target.label))
}

/// The provider answered with an error status.
pub(crate) fn error_reply(
    target: &Target,
    carriage: &Carriage,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Box<Failed> {
    let provider = wire::read_error(carriage.dialect, Some(status.as_u16()), body);
    in_reply(target, carriage, &provider, Some(status.as_u16()), headers)
}

/// The provider answered 200, and then with an error.
pub(crate) fn in_reply(
    target: &Target,
    carriage: &Carriage,
    provider: &ProviderFailure,
    status: Option<u16>,
    headers: &HeaderMap,
) -> Box<Failed> {
    let (kind, mut error) = failure_of(provider, status);
    error.message = format!("`{}` answered: {}", target.label, scrub(&error.message, carriage.credential()));
    if kind == FailureKind::Auth {
        // Whoever calls cannot mend it, and must not believe that its own key is bad.
        error.message = format!(
            "`{}` refuses the gateway's credential `{}`; its owner has to look",
            target.label, target.credential.name
        );
        error.provider_code = None;
    }
    error.retry_after = retry_after(headers, SystemTime::now());
    let failure = Failure { kind, retry_after: error.retry_after };
    Box::new(Failed { failure, reason: EndReason::ProviderStatus, error, billable: false })
}

pub(crate) fn failure_of(provider: &ProviderFailure, status: Option<u16>) -> (FailureKind, CallError) {
    let kind = match provider.class {
        FailureClass::Rejected => match status {
            Some(404) => FailureKind::NotFound,
            status => FailureKind::Rejected(status.unwrap_or(400)),
        },
        FailureClass::Auth => FailureKind::Auth,
        FailureClass::RateLimited => FailureKind::RateLimited,
        FailureClass::Overloaded => FailureKind::Overloaded,
        FailureClass::Timeout => FailureKind::Timeout,
        FailureClass::ContextWindow => FailureKind::ContextWindow,
        FailureClass::ContentFilter => FailureKind::ContentFilter,
        FailureClass::ServerError => FailureKind::ServerError(status.unwrap_or(500)),
    };
    let mut error = CallError::new(kind.error_kind(), provider.message.clone());
    error.provider_status = status;
    error.provider_code = provider.code.clone().or_else(|| provider.kind.clone());
    (kind, error)
}

/// Takes the credential out of a text, in case the provider echoes it.
pub(crate) fn scrub(message: &str, auth: Option<&HeaderValue>) -> String {
    match auth.and_then(secret) {
        Some(secret) => message.replace(secret, "[secret]"),
        None => message.to_owned(),
    }
}

/// The same for bytes on their way to the client; `None` where the credential is not in them.
pub(crate) fn mask(bytes: &[u8], auth: &HeaderValue) -> Option<Bytes> {
    let secret = secret(auth)?.as_bytes();
    let mut found = false;
    let mut masked = bytes.to_vec();
    let mut at = 0;
    while let Some(offset) = masked[at..].windows(secret.len()).position(|window| window == secret) {
        masked[at + offset..][..secret.len()].fill(b'*');
        at += offset + secret.len();
        found = true;
    }
    found.then(|| masked.into())
}

/// The credential itself, without its scheme. One too short to be a secret is not searched for: it would be found
/// in any text.
fn secret(auth: &HeaderValue) -> Option<&str> {
    const SHORTEST: usize = 6;
    let value = auth.to_str().ok()?;
    let secret = value.rsplit(' ').next().unwrap_or(value);
    (secret.len() >= SHORTEST).then_some(secret)
}

/// Seconds, milliseconds or a date; a date in the past is zero, nonsense is nothing.
/// <https://www.rfc-editor.org/rfc/rfc9110#name-retry-after>
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let number = |text: &str| text.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
    if let Some(ms) = text("retry-after-ms").and_then(number) {
        return Duration::try_from_secs_f64(ms / 1_000.0).ok();
    }
    let value = text("retry-after")?;
    if let Some(seconds) = number(value) {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// The provider's own id of the request.
pub(crate) fn request_id(dialect: Dialect, headers: &HeaderMap) -> Option<String> {
    let name = match dialect {
        Dialect::OpenaiChat => "x-request-id",
        Dialect::AnthropicMessages => "request-id",
    };
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// A deadline of the whole call passed.
pub(crate) fn total_deadline(target: &Target, limit: Duration) -> Box<Failed> {
    let message =
        format!("`{}` did not answer within {limit:?} (`timeouts.total` of the endpoint)", target.label);
    Failed::new(FailureKind::Timeout, EndReason::Deadline, message).billable()
}

/// Streams: no content came in time.
pub(crate) fn first_token_deadline(target: &Target, limit: Duration) -> Box<Failed> {
    let label = &target.label;
    let message =
        format!("`{label}` sent no content within {limit:?} (`timeouts.first_token` of the endpoint)");
    Failed::new(FailureKind::Timeout, EndReason::Deadline, message).billable()
}

pub(crate) fn broken(target: &Target, how: &str) -> Box<Failed> {
    let message = format!("the reply of `{}` cannot be used: {how}", target.label);
    Failed::new(FailureKind::BrokenReply, EndReason::BrokenReply, message).billable()
}

/// Told to a caller whose call could not even be tried.
pub(crate) fn no_target(endpoint: &str) -> CallError {
    CallError::new(ErrorKind::Internal, format!("the endpoint `{endpoint}` has no target left to try"))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn asked(name: &'static str, value: &'static str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        retry_after(&headers, UNIX_EPOCH + Duration::from_secs(1_000_000_000))
    }

    #[test]
    fn a_credential_is_kept_out_of_what_a_provider_says() {
        let auth = HeaderValue::from_static("Bearer sk-canary-1");
        assert_eq!(scrub("bad key sk-canary-1!", Some(&auth)), "bad key [secret]!");
        assert_eq!(mask(b"a sk-canary-1 b sk-canary-1", &auth).unwrap(), "a *********** b ***********");
        assert_eq!(mask(b"nothing here", &auth), None);
        assert_eq!(scrub("x y", Some(&HeaderValue::from_static("x"))), "x y");
    }

    #[test]
    fn every_form_of_retry_after_is_understood() {
        let seconds = |n| Some(Duration::from_secs(n));
        assert_eq!(asked("retry-after", "3"), seconds(3));
        assert_eq!(asked("retry-after", "0.5"), Some(Duration::from_millis(500)));
        assert_eq!(asked("retry-after-ms", "1500"), Some(Duration::from_millis(1_500)));
        // 2001-09-09T01:46:40Z is 10⁹ seconds.
        assert_eq!(asked("retry-after", "Sun, 09 Sep 2001 01:47:00 GMT"), seconds(20));
        assert_eq!(asked("retry-after", "Sun, 09 Sep 2001 01:00:00 GMT"), seconds(0));
        for nonsense in ["-5", "soon", "", "NaN", "inf", "1e400"] {
            assert_eq!(asked("retry-after", nonsense), None, "{nonsense}");
        }
    }
}
