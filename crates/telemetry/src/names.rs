//! What attributes are called. The conventions change monthly, so the names are data: one table per profile, and no
//! name anywhere else.

/// The names of one convention.
#[derive(Debug, Clone, Copy)]
pub struct Names {
    pub operation: &'static str,
    pub provider: &'static str,
    pub request_model: &'static str,
    pub request_stream: &'static str,
    /// Seconds, as a number.
    pub time_to_first_chunk: &'static str,
    pub input_tokens: &'static str,
    pub output_tokens: &'static str,
    pub cache_read_tokens: &'static str,
    pub cache_write_tokens: &'static str,
    pub reasoning_tokens: &'static str,
    pub conversation: &'static str,
    pub user: &'static str,
    pub client: &'static str,
    pub error_type: &'static str,
    pub status: &'static str,
    /// What the convention calls a provider that we know by another name.
    pub providers: &'static [(&'static str, &'static str)],
}

impl Names {
    pub(crate) fn provider_name<'a>(&self, provider: &'a str) -> &'a str
    where
        'static: 'a,
    {
        self.providers.iter().find(|(ours, _)| *ours == provider).map_or(provider, |(_, theirs)| theirs)
    }
}

/// OpenTelemetry's conventions for generative AI, development version of 2026:
/// <https://github.com/open-telemetry/semantic-conventions-genai>.
pub const GEN_AI: Names = Names {
    operation: "gen_ai.operation.name",
    provider: "gen_ai.provider.name",
    request_model: "gen_ai.request.model",
    request_stream: "gen_ai.request.stream",
    time_to_first_chunk: "gen_ai.response.time_to_first_chunk",
    input_tokens: "gen_ai.usage.input_tokens",
    output_tokens: "gen_ai.usage.output_tokens",
    cache_read_tokens: "gen_ai.usage.cache_read.input_tokens",
    cache_write_tokens: "gen_ai.usage.cache_write.input_tokens",
    reasoning_tokens: "gen_ai.usage.reasoning.output_tokens",
    conversation: "gen_ai.conversation.id",
    user: "user.id",
    client: "client.address",
    error_type: "error.type",
    status: "http.response.status_code",
    providers: &[
        ("azure", "azure.ai.openai"),
        ("bedrock", "aws.bedrock"),
        ("gemini", "gcp.gemini"),
        ("mistral", "mistral_ai"),
        ("moonshot", "moonshot_ai"),
        ("vertex", "gcp.vertex_ai"),
        ("watsonx", "ibm.watsonx.ai"),
        ("xai", "x_ai"),
    ],
};

/// Ours, where no convention has a name.
pub(crate) mod own {
    pub(crate) const CALL: &str = "gatewright.call.id";
    pub(crate) const CALLER: &str = "gatewright.caller";
    pub(crate) const TAGS: &str = "gatewright.tags";
    /// The beginning: the name of the entry follows.
    pub(crate) const METADATA: &str = "gatewright.metadata";
    pub(crate) const ENDPOINT: &str = "gatewright.endpoint";
    pub(crate) const DIALECT: &str = "gatewright.dialect";
    pub(crate) const NOTES: &str = "gatewright.notes";
    pub(crate) const COST: &str = "gatewright.cost.usd";
    pub(crate) const COST_SOURCE: &str = "gatewright.cost.source";
    pub(crate) const USAGE_SOURCE: &str = "gatewright.usage.source";
    pub(crate) const ATTEMPT: &str = "gatewright.attempt.id";
    pub(crate) const CREDENTIAL: &str = "gatewright.credential";
    pub(crate) const RELAY: &str = "gatewright.relay";
    pub(crate) const END: &str = "gatewright.end";
    pub(crate) const PROVIDER_REQUEST: &str = "gatewright.provider.request_id";
    pub(crate) const MESSAGE: &str = "error.message";
}
