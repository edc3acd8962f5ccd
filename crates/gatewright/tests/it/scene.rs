//! A gateway with a mock provider behind it.

use std::time::Duration;

use testkit::gateway::Setup;
use testkit::{Client, Gateway, MockProvider};

use crate::books::Books;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_gatewright");

/// What the gateway presents to its providers. The words are searched for in everything that it tells.
pub(crate) const OPENAI_KEY: &str = "sk-canary-openai-3f9a";
pub(crate) const ANTHROPIC_KEY: &str = "sk-ant-canary-77c1";

/// Longer than anything takes that is waited for, also on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// One endpoint for each kind of target.
pub(crate) const ENDPOINTS: &str = "
endpoints:
  - { name: chat, targets: [ { credential: openai, model: gpt-4o } ] }
  - { name: claude, targets: [ { credential: anthropic, model: claude-sonnet-4-5 } ] }
  - { name: vectors, targets: [ { credential: openai, model: text-embedding-3-small } ] }
";

pub(crate) struct Scene {
    pub(crate) provider: MockProvider,
    pub(crate) gateway: Gateway,
}

impl Scene {
    /// A gateway with the credentials `openai` and `anthropic`, both of the mock provider, and this configuration.
    pub(crate) async fn start(rest: &str) -> Self {
        let provider = MockProvider::start().await;
        let gateway = Setup::new(BINARY).config(config(&provider, rest)).start().await;
        Self { provider, gateway }
    }

    /// An OpenAI client without a key.
    pub(crate) fn openai(&self) -> Client {
        self.gateway.client()
    }

    /// An Anthropic client with the dummy that its SDK insists on.
    pub(crate) fn anthropic(&self) -> Client {
        self.gateway.client().anthropic("dummy")
    }

    /// A client of the provider itself, with a key that it takes: what would have been answered without a gateway.
    pub(crate) fn without_gateway(&self) -> Client {
        let client = Client::new(&self.provider.url());
        client.bearer("sk-direct")
    }

    pub(crate) fn anthropic_without_gateway(&self) -> Client {
        Client::new(&self.provider.url()).anthropic("sk-ant-direct")
    }

    pub(crate) fn books(&self) -> Books {
        Books::of(&self.gateway)
    }

    /// The models that the provider was asked for, in order.
    pub(crate) fn asked_models(&self) -> Vec<String> {
        self.provider.requests().iter().map(testkit::provider::Recorded::model).collect()
    }
}

/// The configuration of a [`Scene`]; further credentials come first in `rest`, as items of the list.
pub(crate) fn config(provider: &MockProvider, rest: &str) -> String {
    format!(
        "credentials:\n  \
           - {{ name: openai, provider: openai, base_url: \"{}\", api_key: \"{OPENAI_KEY}\" }}\n  \
           - {{ name: anthropic, provider: anthropic, base_url: \"{}\", api_key: \"{ANTHROPIC_KEY}\" }}\n\
         {}\n",
        provider.openai_url(),
        provider.anthropic_url(),
        rest.trim_start_matches('\n'),
    )
}

/// A credential whose port nobody listens on: 9 is reserved for discarding.
pub(crate) const NOBODY: &str = "  - { name: nobody, provider: openai-compatible, base_url: \"http://127.0.0.1:9/v1\", api_key: sk-nobody }\n";
