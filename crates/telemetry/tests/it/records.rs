//! Records to write down.

use std::sync::Arc;

use domain::{
    Api, AttemptId, AttemptRecord, CallId, CallRecord, Caller, CallerKind, Capture, CaptureMode, CostSource,
    CredentialId, Dialect, EndReason, EndpointId, ErrorKind, KeyId, Outcome, PicoUsd, RelayMode, Scope,
    SpanId, TargetId, TraceId, Usage, UsageRecord, UsageSource,
};

/// 2026-03-01T12:00:00Z.
pub(crate) const NOON_MS: i64 = 1_772_323_200_000 + 43_200_000;

fn uuid(n: u64) -> u128 {
    (u128::try_from(NOON_MS).unwrap() << 80) | (7 << 76) | (0b10 << 62) | u128::from(n)
}

pub(crate) fn usage(n: u64) -> UsageRecord {
    UsageRecord {
        attempt: AttemptId(uuid(n)),
        call: CallId(uuid(n)),
        trace: TraceId(uuid(n)),
        settled_at_ms: NOON_MS,
        scope: Scope::DEFAULT,
        key: Some(KeyId(7)),
        caller: Arc::from("ci"),
        labels: None,
        endpoint: EndpointId(1),
        endpoint_name: Arc::from("chat"),
        target: TargetId(2),
        credential: CredentialId(3),
        provider: Arc::from("openai"),
        model: Arc::from("gpt-5"),
        api: Api::Chat,
        usage: Usage { input: 100, output: 10, ..Usage::default() },
        usage_source: UsageSource::Reported,
        cost: Some(PicoUsd(225_000_000)),
        cost_source: CostSource::Catalogue,
        price: Some(Arc::from("openai/gpt-5")),
        outcome: Outcome::Succeeded,
        duration_ms: 812,
    }
}

/// A call that failed over once.
pub(crate) fn call(n: u64) -> CallRecord {
    let failed = failed(n);
    let usage = Usage { input: 100, cache_read: 20, output: 10, reasoning: 5, ..Usage::default() };
    let succeeded = AttemptRecord {
        span: SpanId(3),
        provider: Arc::from("openai"),
        model: Arc::from("gpt-5"),
        offset_us: 200_100,
        first_byte_us: Some(300_000),
        status: Some(200),
        end: EndReason::Complete,
        outcome: Outcome::Succeeded,
        error_message: None,
        provider_request_id: None,
        usage,
        usage_source: UsageSource::Reported,
        cost: None,
        cost_source: CostSource::Unknown,
        ..failed.clone()
    };
    CallRecord {
        call: CallId(uuid(n)),
        trace: TraceId(uuid(n)),
        parent_span: Some(SpanId(0xabc)),
        root_span: SpanId(1),
        started_at_us: NOON_MS * 1_000,
        duration_us: 812_345,
        first_token_us: Some(500_000),
        caller: Caller {
            kind: CallerKind::Key(KeyId(7)),
            name: Arc::from("ci"),
            scope: Scope::DEFAULT,
            labels: None,
        },
        client: None,
        requested_model: Arc::from("chat"),
        endpoint: Some(EndpointId(1)),
        endpoint_name: Some(Arc::from("chat")),
        dialect: Dialect::OpenaiChat,
        api: Api::Chat,
        streamed: true,
        status: 200,
        outcome: Outcome::Succeeded,
        error_message: None,
        notes: vec!["`seed` was left out".to_owned()],
        session: Some(Arc::from("session-1")),
        user: None,
        usage,
        cost: None,
        attempts: vec![failed, succeeded],
        capture: CaptureMode::Full,
        request: Capture { body: vec![b'x'; 500], size: 500 },
        reply: Capture { body: vec![b'y'; 500], size: 500 },
    }
}

fn failed(n: u64) -> AttemptRecord {
    AttemptRecord {
        attempt: AttemptId(uuid(n)),
        span: SpanId(2),
        target: TargetId(2),
        provider: Arc::from("bedrock"),
        model: Arc::from("claude-sonnet-4-5"),
        credential_name: Arc::from("aws"),
        dialect: Dialect::AnthropicMessages,
        relay: RelayMode::Translate,
        offset_us: 50,
        duration_us: 200_000,
        first_byte_us: None,
        status: Some(529),
        end: EndReason::ProviderStatus,
        outcome: Outcome::Failed(ErrorKind::ProviderOverloaded),
        error_message: Some("Overloaded".to_owned()),
        provider_request_id: Some("req_1".to_owned()),
        usage: Usage::default(),
        usage_source: UsageSource::None,
        cost: Some(PicoUsd::ZERO),
        cost_source: CostSource::Catalogue,
    }
}
