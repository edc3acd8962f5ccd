//! Records to store, small and complete.

use std::sync::Arc;

use domain::{
    Api, AttemptId, AttemptRecord, CallId, CallRecord, Caller, CallerKind, Capture, CaptureMode, CostSource,
    CredentialId, Dialect, EndReason, EndpointId, ErrorKind, KeyId, Labels, Outcome, PicoUsd, ProjectId,
    RelayMode, Scope, SpanId, TargetId, TeamId, TraceId, Usage, UsageRecord, UsageSource,
};

/// 2026-03-01T00:00:00Z.
pub(crate) const NOON_ISH_MS: i64 = 1_772_323_200_000 + 43_200_000;
pub(crate) const HOUR_MS: i64 = 3_600_000;
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;

pub(crate) const OTHER: Scope =
    Scope { organization: Scope::DEFAULT.organization, team: TeamId(1), project: ProjectId(0xbad) };

/// A UUIDv7 of a moment.
pub(crate) fn uuid(ms: i64, n: u64) -> u128 {
    (u128::try_from(ms).unwrap() << 80) | (7 << 76) | (0b10 << 62) | u128::from(n)
}

/// A usage record settled at `ms`; `n` tells it from its siblings.
pub(crate) fn usage(ms: i64, n: u64) -> UsageRecord {
    UsageRecord {
        attempt: AttemptId(uuid(ms, n)),
        call: CallId(uuid(ms, n)),
        trace: TraceId(uuid(ms, n)),
        settled_at_ms: ms,
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

/// The same with nothing at its usual value.
pub(crate) fn odd_usage(ms: i64, n: u64) -> UsageRecord {
    UsageRecord {
        call: CallId(uuid(ms - 5, n)),
        trace: TraceId(0xfeed_0000_0000_0000_0000_0000_0000_0001),
        key: None,
        caller: Arc::from("anonymous"),
        api: Api::Embeddings,
        usage: Usage {
            input: 1,
            cache_read: 2,
            cache_write: 3,
            cache_write_1h: 4,
            audio_input: 5,
            output: 6,
            reasoning: 7,
            audio_output: 8,
        },
        usage_source: UsageSource::Estimated,
        cost: None,
        cost_source: CostSource::Unknown,
        price: None,
        outcome: Outcome::Failed(ErrorKind::ProviderTimeout),
        ..usage(ms, n)
    }
}

/// What somebody wrote on a key.
pub(crate) fn labels() -> Arc<Labels> {
    Arc::new(Labels {
        tags: [Arc::from("team-a"), Arc::from("\"odd\" ✓")].into(),
        metadata: [(Arc::from("cost-centre"), Arc::from("4711")), (Arc::from("owner"), Arc::from("ann"))]
            .into(),
    })
}

/// A call that began at `ms`; its trace is its own.
pub(crate) fn call(ms: i64, n: u64) -> CallRecord {
    let id = uuid(ms, n);
    CallRecord {
        call: CallId(id),
        trace: TraceId(id),
        parent_span: None,
        root_span: SpanId(n + 1),
        started_at_us: ms * 1_000,
        duration_us: 1_000 + n,
        first_token_us: Some(400),
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
        streamed: false,
        status: 200,
        outcome: Outcome::Succeeded,
        error_message: None,
        notes: vec!["`seed` was left out: this provider has none".to_owned()],
        session: Some(Arc::from("session-1")),
        user: None,
        usage: Usage { input: 100, output: 10, ..Usage::default() },
        cost: Some(PicoUsd(225_000_000)),
        attempts: vec![attempt(id, "anthropic", "claude-sonnet-4-5"), attempt(id + 1, "openai", "gpt-5")],
        capture: CaptureMode::Full,
        request: Capture { body: format!("{{\"n\":{n}}}").into_bytes(), size: 500 },
        reply: Capture { body: vec![0, 159, 146, 150], size: 4 },
    }
}

fn attempt(id: u128, provider: &str, model: &str) -> AttemptRecord {
    AttemptRecord {
        attempt: AttemptId(id),
        span: SpanId(77),
        target: TargetId(2),
        provider: Arc::from(provider),
        model: Arc::from(model),
        credential_name: Arc::from("main"),
        dialect: Dialect::AnthropicMessages,
        relay: RelayMode::Translate,
        offset_us: 12,
        duration_us: 900,
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
