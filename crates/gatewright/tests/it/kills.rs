//! Whoever kills the gateway in the middle of its work finds every call that a client saw to its end in the ledger,
//! once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use http::Method;
use testkit::Client;
use testkit::gateway::Setup;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::books::{Books, eventually};
use crate::scene::BINARY;
use crate::talk::{chat, message, streamed};

const CALLERS: usize = 8;
/// A round's kill comes when so many calls of it are complete.
const COMPLETE: usize = 60;

/// Every call asks for a model of its own, so that the usage report has one row for each.
struct Load {
    next: AtomicUsize,
    seen: watch::Sender<Vec<String>>,
    over: AtomicBool,
}

impl Load {
    /// One caller: whole and streamed calls in both dialects until its gateway is gone.
    async fn call_on(self: Arc<Self>, client: Client) {
        while !self.over.load(Ordering::Relaxed) {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let model = format!("m{number}");
            let name = format!("simulator/{model}");
            let (path, body, end) = match number % 4 {
                0 => ("/v1/chat/completions", chat(&name, "hello"), "}"),
                1 => ("/v1/chat/completions", streamed(chat(&name, "hello")), "data: [DONE]\n\n"),
                2 => ("/v1/messages", message(&name, "hello"), "}"),
                _ => ("/v1/messages", streamed(message(&name, "hello")), "\"message_stop\"}\n\n"),
            };
            let json = [("content-type", "application/json")];
            let Ok(reply) = client.try_send(Method::POST, path, &json, body.to_string()).await else {
                return;
            };
            assert_eq!(reply.status, 200);
            let Ok(body) = reply.try_bytes().await else { return };
            let text = String::from_utf8_lossy(&body).into_owned();
            // A connection that is cut where a chunk ends is no error to the client, but a missing end is.
            assert!(text.ends_with(end), "{text}");
            self.seen.send_modify(|seen| seen.push(model));
        }
    }
}

/// A report lists ten thousand models at most, so a gateway is killed so often and then makes room for a fresh one.
const KILLS_OF_ONE: usize = 20;

#[tokio::test]
async fn no_finished_usage_record_is_lost_or_doubled() {
    let kills = if std::env::var_os("GATEWRIGHT_LONG").is_some() { 200 } else { 3 };
    for begun in (0..kills).step_by(KILLS_OF_ONE) {
        killed(KILLS_OF_ONE.min(kills - begun)).await;
    }
}

async fn killed(rounds: usize) {
    let config = "credentials: [ { name: simulator, provider: simulator } ]\n";
    let mut gateway = Setup::new(BINARY).config(config).start().await;
    let load = Arc::new(Load {
        next: AtomicUsize::new(0),
        seen: watch::Sender::new(Vec::new()),
        over: AtomicBool::new(false),
    });
    for round in 1..=rounds {
        load.over.store(false, Ordering::Relaxed);
        let mut callers = JoinSet::new();
        let before = load.seen.borrow().len();
        for _ in 0..CALLERS {
            callers.spawn(Arc::clone(&load).call_on(gateway.client()));
        }
        let mut seen = load.seen.subscribe();
        // Not always at the same beat of the writers.
        let enough = before + COMPLETE + round * 7;
        seen.wait_for(|seen| seen.len() >= enough).await.unwrap();
        gateway.kill().await;
        load.over.store(true, Ordering::Relaxed);
        while let Some(ended) = callers.join_next().await {
            ended.unwrap();
        }
        gateway.restart().await;
    }
    let seen = load.seen.borrow().clone();
    let books = Books::of(&gateway);
    let recorded = eventually("a record of every call", async || {
        let report = books.get("/api/v1/usage?by=model").await;
        let groups = report["groups"].as_array().unwrap().iter();
        let recorded: BTreeMap<String, (u64, u64)> = groups
            .map(|group| {
                let count = |name: &str| group[name].as_u64().unwrap();
                (group["name"].as_str().unwrap().to_owned(), (count("calls"), count("attempts")))
            })
            .collect();
        let lost: Vec<_> = seen.iter().filter(|model| !knows(&recorded, model)).collect();
        if lost.is_empty() {
            Ok(recorded)
        } else {
            Err(format!("{} of {} are missing: {lost:?}", lost.len(), seen.len()))
        }
    })
    .await;
    for (model, counts) in recorded {
        assert_eq!(counts, (1, 1), "`{model}` was called once");
    }
}

/// A group is named by its model, or by provider and model.
fn knows(recorded: &BTreeMap<String, (u64, u64)>, model: &str) -> bool {
    recorded.contains_key(model) || recorded.contains_key(&format!("simulator/{model}"))
}
