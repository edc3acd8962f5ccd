//! What a running gateway is told: compiled once, immutable, pinned by every call for its whole life.

mod keys;
mod scoped;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::{Api, CaptureMode, CredentialId, Dialect, EndpointId, Network, Scope, Secret, TargetId};
use governance::plan::Shares;
use governance::pricing::PriceBook;
use governance::retry::{Fallback, Retry};
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue};
use runtime::IdentityFiles;

pub use keys::{DeclaredKeys, KeyChange, KeyEntry, KeyIndex, KeyShape, LastUsed, StoredKeys, VirtualKey};
pub use scoped::Scoped;

/// Everything that configuration decides.
#[derive(Debug)]
pub struct Snapshot {
    pub server: Server,
    pub egress: Egress,
    pub storage: Storage,
    /// By name and by alias.
    pub endpoints: Scoped<Arc<Endpoint>>,
    /// By name.
    pub credentials: Scoped<Arc<Credential>>,
    /// By provider, for models that are named `provider/model`.
    pub(crate) by_provider: Scoped<Vec<Arc<Credential>>>,
    pub keys: KeyIndex,
    /// The projects that there are, by name; `default` is always there.
    pub projects: BTreeMap<Arc<str>, Scope>,
    pub prices: PriceBook,
}

#[derive(Debug, Clone)]
pub struct Server {
    pub listen: SocketAddr,
    /// How many single-threaded executors serve calls; the number of cores unless written.
    pub executors: usize,
    pub anonymous: Anonymous,
    pub public_url: Option<String>,
    pub admin_token: Option<Secret<String>>,
    /// The files were good when this was compiled.
    pub tls: Option<IdentityFiles>,
    /// Whose word about a client's address is believed.
    pub trusted_proxies: Vec<Network>,
    pub caps: Caps,
}

/// Who may call without a key (DESIGN 3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anonymous {
    /// The default: loopback only, and only until the first key exists.
    LoopbackUntilFirstKey,
    /// `anonymous: loopback` was written: loopback only, keys or not.
    Loopback,
    Never,
    Always,
}

/// Limits of the inbound side.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    pub body_bytes: usize,
    pub header_read: Duration,
    pub body_read: Duration,
    /// Calls in flight over all executors.
    pub concurrency: usize,
    /// How long connections are still accepted after a stop was asked for.
    pub lame_duck: Duration,
    /// How long open streams may go on after that.
    pub drain: Duration,
}

#[derive(Clone, Default)]
pub struct Egress {
    /// May hold a password.
    pub proxy: Option<String>,
    pub no_proxy: Vec<String>,
    pub ca_file: Option<PathBuf>,
    /// What servers that ask for a certificate are shown.
    pub client: Option<IdentityFiles>,
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress")
            .field("proxy", &self.proxy.as_ref().map(|_| "[proxy]"))
            .field("no_proxy", &self.no_proxy)
            .field("ca_file", &self.ca_file)
            .field("client", &self.client)
            .finish()
    }
}

#[derive(Debug, Clone)]
pub struct Storage {
    /// `None`: the command line or the environment decides.
    pub data_dir: Option<PathBuf>,
}

/// A public model name and the ordered plan behind it.
#[derive(Debug)]
pub struct Endpoint {
    pub id: EndpointId,
    pub name: Arc<str>,
    pub aliases: Vec<Arc<str>>,
    pub scope: Scope,
    /// Drawn by weight; never empty.
    pub targets: Vec<Arc<Target>>,
    /// The weights of `targets`, in the same order.
    pub shares: Shares,
    /// Tried in order after the drawn target failed.
    pub fallbacks: Vec<Arc<Target>>,
    pub fallback_on: Fallback,
    pub retry: Retry,
    /// Tries over all targets.
    pub max_attempts: u32,
    pub timeouts: Timeouts,
    pub max_output_tokens: Option<u64>,
    /// A field that cannot be translated is a 400 instead of a note.
    pub strict: bool,
    pub capture: CaptureMode,
    /// Where it was declared (`gatewright.yaml:12`), or `None` for one that the gateway made itself.
    pub declared_at: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    pub connect: Duration,
    /// Streams only: until the first content.
    pub first_token: Duration,
    /// Streams only: between two content events.
    pub idle: Duration,
    pub total: Duration,
}

/// One provider + model + credential.
#[derive(Debug)]
pub struct Target {
    pub id: TargetId,
    pub provider: Arc<str>,
    pub model: Arc<str>,
    /// `provider/model`, as replies name it.
    pub label: Arc<str>,
    pub credential: Arc<Credential>,
    /// The dialect to speak where the caller's own is not among the provider's; a target with `dialect:` written
    /// has that one only.
    pub dialects: Vec<Dialect>,
}

impl Target {
    /// How a call of `caller` dialect is carried to this target: in its own dialect where the provider speaks it.
    /// `None`: the provider does not offer this API.
    pub fn carriage(&self, caller: Dialect, api: Api) -> Option<&Carriage> {
        let offered = |dialect: Dialect| {
            self.credential.carriages.iter().find(|c| c.dialect == dialect && c.path(api).is_some())
        };
        if self.dialects.contains(&caller)
            && let Some(carriage) = offered(caller)
        {
            return Some(carriage);
        }
        self.dialects.iter().find_map(|dialect| offered(*dialect))
    }
}

/// A way into one provider.
#[derive(Debug)]
pub struct Credential {
    pub id: CredentialId,
    pub name: Arc<str>,
    pub scope: Scope,
    pub provider: Arc<str>,
    /// One per dialect the provider speaks, most native first.
    pub carriages: Vec<Carriage>,
    /// Private and loopback addresses are allowed because a person wrote them into the configuration.
    pub allow_private: bool,
    pub simulator: Option<Simulator>,
    pub declared_at: Option<String>,
}

/// How one dialect is carried to one provider.
pub struct Carriage {
    pub dialect: Dialect,
    /// `https`, or `http` where a person wrote it.
    pub tls: bool,
    pub host: Arc<str>,
    pub port: u16,
    /// The value of the `host` header.
    pub authority: HeaderValue,
    /// The path of the base URL without a trailing slash, and of each API behind it.
    pub chat_path: Option<PathAndQuery>,
    pub embeddings_path: Option<PathAndQuery>,
    pub count_tokens_path: Option<PathAndQuery>,
    /// The header that authenticates, marked sensitive.
    pub auth: Option<(HeaderName, HeaderValue)>,
    /// The credential where it travels in the query of the URL instead, which is part of the paths; marked sensitive.
    pub query_auth: Option<HeaderValue>,
}

impl fmt::Debug for Carriage {
    /// Without paths: a credential may be in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carriage")
            .field("dialect", &self.dialect)
            .field("tls", &self.tls)
            .field("authority", &self.authority)
            .field("auth", &self.auth)
            .field("query_auth", &self.query_auth)
            .finish_non_exhaustive()
    }
}

impl Carriage {
    /// What authenticates, to be kept out of what the provider says.
    pub fn credential(&self) -> Option<&HeaderValue> {
        self.auth.as_ref().map(|(_, value)| value).or(self.query_auth.as_ref())
    }

    pub fn path(&self, api: Api) -> Option<&PathAndQuery> {
        match api {
            Api::Chat => self.chat_path.as_ref(),
            Api::Embeddings => self.embeddings_path.as_ref(),
            Api::CountTokens => self.count_tokens_path.as_ref(),
        }
    }
}

/// How the built-in simulator behaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Simulator {
    /// Before the first token.
    pub first_token: Duration,
    /// Between two tokens of a stream.
    pub between: Duration,
    /// Every `n`th call fails, counted over the process: deterministic, so that a demonstration can be repeated.
    pub fail_every: Option<u32>,
    /// With this HTTP status.
    pub fail_status: u16,
}
