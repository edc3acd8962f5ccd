//! Connections of the mock provider: read a request, record it, let the vendor module answer, deliver the answer with
//! whatever fault was asked for, and notice when the peer leaves meanwhile.

use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::net::tcp::ReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::behaviour::{Behaviour, Behaviours};
use super::deliver::{self, Ending};
use super::http1::{self, Request};
use super::record::{Outcome, Recorded, State};
use super::reply::{Plan, Reply, Vendor};
use super::{Options, anthropic, openai};

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) behaviours: Behaviours,
    pub(super) state: watch::Sender<State>,
}

impl Shared {
    pub(super) fn new(options: Options) -> Self {
        Self { options, behaviours: Behaviours::default(), state: watch::Sender::new(State::default()) }
    }

    pub(super) fn serves(&self, model: &str, families: &[&str]) -> bool {
        let model = model.split(super::behaviour::SUFFIX).next().unwrap_or(model);
        families.iter().any(|family| model.starts_with(family))
            || self.options.models.iter().any(|served| served == model)
    }

    fn plan(&self, request: &Request, number: usize) -> Plan {
        let vendor = vendor(request);
        let key = presented_key(request).unwrap_or_default().to_owned();
        let body = serde_json::from_slice::<Value>(&request.body).unwrap_or(Value::Null);
        let model = body["model"].as_str().unwrap_or_default();
        let asked = if request.method == http::Method::POST {
            self.behaviours.take(model, request.header("x-mock-behaviour"))
        } else {
            Ok(Behaviour::default())
        };
        match asked {
            Ok(behaviour) => {
                let reply = match vendor {
                    Vendor::OpenAi => openai::answer(self, request, number),
                    Vendor::Anthropic => anthropic::answer(self, request, number),
                };
                Plan { vendor, reply, behaviour, key }
            }
            // A misspelt behaviour must not look like a healthy provider.
            Err(problem) => {
                let reply = Reply::whole(500, "text/plain", format!("mock provider: {problem}"));
                Plan { vendor, reply, behaviour: Behaviour::default(), key }
            }
        }
    }
}

/// `/v1/models` is answered in the manner of whoever asks.
fn vendor(request: &Request) -> Vendor {
    let asks_as_anthropic = request.header("anthropic-version").is_some();
    if asks_as_anthropic || request.path.starts_with("/v1/messages") {
        Vendor::Anthropic
    } else {
        Vendor::OpenAi
    }
}

/// The key of a request, from where either vendor reads it; `x-api-key` wins, as it does at Anthropic.
pub(super) fn presented_key(request: &Request) -> Option<&str> {
    let bearer = || request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    request.header("x-api-key").or_else(bearer)
}

pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(serve(stream, Arc::clone(&shared)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let mut connection = 0;
    shared.state.send_modify(|state| connection = state.connected());
    converse(stream, connection, &shared).await;
    shared.state.send_modify(|state| state.disconnected(connection));
}

async fn converse(mut stream: TcpStream, connection: u64, shared: &Shared) {
    // One write must be one segment: tests count on a byte being on its way when it was written.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let mut buffer = BytesMut::new();
    while let Some(request) = http1::read_request(&mut stream, &mut buffer).await {
        let number = record(shared, connection, &request);
        let plan = shared.plan(&request, number);
        let (incoming, mut outgoing) = stream.split();
        let progress = |change: &dyn Fn(&mut Recorded)| {
            shared.state.send_modify(|state| state.update(number, change));
        };
        let ending = tokio::select! {
            biased;
            ending = deliver::deliver(&mut outgoing, plan, &progress) => ending,
            () = peer_gone(incoming, &mut buffer) => Ending::PeerGone,
        };
        progress(&|request| {
            request.outcome = ending.outcome();
            request.ended_at = Some(Instant::now());
        });
        match ending {
            Ending::Complete if request.keep_alive => {}
            Ending::Reset => {
                // Without lingering the close is a reset; where that fails it is still a close.
                drop(stream.set_zero_linger());
                return;
            }
            Ending::Complete | Ending::Closed | Ending::PeerGone => return,
        }
    }
}

fn record(shared: &Shared, connection: u64, request: &Request) -> usize {
    let recorded = Recorded {
        connection,
        method: request.method.clone(),
        path: request.path.clone(),
        query: request.query.clone(),
        headers: request.headers.clone(),
        body: request.body.clone(),
        status: None,
        events_sent: 0,
        outcome: Outcome::Running,
        received_at: Instant::now(),
        ended_at: None,
    };
    let mut number = 0;
    shared.state.send_modify(|state| number = state.received(recorded));
    number
}

/// Returns when the peer has closed or reset; what it pipelines meanwhile is kept, up to a limit.
async fn peer_gone(mut incoming: ReadHalf<'_>, buffer: &mut BytesMut) {
    while buffer.len() < MOST_PIPELINED {
        if !matches!(incoming.read_buf(buffer).await, Ok(1..)) {
            return;
        }
    }
    std::future::pending::<()>().await;
}

const MOST_PIPELINED: usize = 1 << 20;
