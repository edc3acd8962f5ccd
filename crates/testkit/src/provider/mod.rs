//! An in-process provider that speaks OpenAI and Anthropic on one port. It answers deterministically (see
//! [`script`]), refuses what the vendor refuses, and misbehaves on request (see [`Behaviour`]).
//! It has an HTTP/1.1 codec of its own, because a server library rightly refuses to lie about lengths or to cut a
//! connection in the middle of a chunk, and those are the cases that matter here.

mod anthropic;
mod behaviour;
mod deliver;
mod http1;
mod openai;
mod record;
mod refusal;
mod reply;
mod schema;
mod script;
mod serve;
mod tamper;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub use behaviour::{Behaviour, Fault};
pub use record::{Outcome, Recorded, State};
use serve::Shared;

/// How a [`MockProvider`] is set up; the default suits nearly every test.
#[derive(Debug, Clone)]
pub struct Options {
    pub listen: SocketAddr,
    /// Without it every key is accepted, and none is needed, as with a vLLM of one's own.
    pub check_keys: bool,
    /// Model names that are served besides the families of the vendors.
    pub models: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 0)), check_keys: true, models: Vec::new() }
    }
}

/// A running mock provider. Dropping it closes its port and every connection.
#[derive(Debug)]
pub struct MockProvider {
    pub addr: SocketAddr,
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

impl MockProvider {
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    pub async fn start_with(options: Options) -> Self {
        let listener = TcpListener::bind(options.listen)
            .await
            .unwrap_or_else(|error| panic!("cannot bind the mock provider to {}: {error}", options.listen));
        let addr = listener.local_addr().expect("a bound listener has an address");
        let shared = Arc::new(Shared::new(options));
        let mut tasks = JoinSet::new();
        tasks.spawn(serve::accept(listener, Arc::clone(&shared)));
        Self { addr, shared, tasks }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// What an OpenAI SDK takes as base URL.
    pub fn openai_url(&self) -> String {
        format!("http://{}/v1", self.addr)
    }

    /// What an Anthropic SDK takes as base URL.
    pub fn anthropic_url(&self) -> String {
        self.url()
    }

    /// The next request without a behaviour gets this one; several form a queue.
    pub fn enqueue(&self, behaviour: Behaviour) {
        self.shared.behaviours.enqueue(behaviour);
    }

    /// Every request for this model gets this behaviour, until `times` of it are used up or [`Self::recover`].
    pub fn on_model(&self, model: &str, behaviour: Behaviour) {
        self.shared.behaviours.on_model(model, behaviour);
    }

    /// This key is refused from now on, as a revoked one.
    pub fn reject_key(&self, key: &str) {
        self.shared.behaviours.reject_key(key);
    }

    /// Forgets every scripted behaviour and rejected key.
    pub fn recover(&self) {
        self.shared.behaviours.clear();
    }

    /// What has arrived so far, oldest first.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.state.borrow().requests.clone()
    }

    /// The newest request; panics where there is none.
    pub fn last_request(&self) -> Recorded {
        self.requests().pop().expect("no request has reached the mock provider")
    }

    /// Forgets the recorded requests; connections and their numbers stay.
    pub fn forget_requests(&self) {
        self.shared.state.send_modify(State::forget_requests);
    }

    /// Waits until the condition holds and returns at once when it does; panics with what was recorded otherwise.
    pub async fn wait_for(&self, condition: impl FnMut(&State) -> bool, timeout: Duration) {
        if !self.holds_within(condition, timeout).await {
            panic!("the condition did not hold within {timeout:?}; recorded: {:#?}", self.requests());
        }
    }

    /// Whether the condition holds at some moment within the timeout.
    pub async fn holds_within(&self, condition: impl FnMut(&State) -> bool, timeout: Duration) -> bool {
        let mut changes = self.shared.state.subscribe();
        let waiting = changes.wait_for(condition);
        matches!(tokio::time::timeout(timeout, waiting).await, Ok(Ok(_)))
    }

    /// Runs until the process ends; for the stand-alone binary.
    pub async fn run_forever(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}
