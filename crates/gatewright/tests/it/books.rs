//! What the gateway wrote down, as its admin API tells it. Records show about a second after a call has ended, so
//! whoever asks waits for what it expects.

use std::time::Duration;

use serde_json::Value;
use testkit::{Client, Gateway};

use crate::scene::SOON;

/// A reader with the admin token.
#[derive(Debug, Clone)]
pub(crate) struct Books {
    client: Client,
}

impl Books {
    pub(crate) fn of(gateway: &Gateway) -> Self {
        Self { client: gateway.client().bearer(&gateway.admin_token()) }
    }

    /// The same by a client of one's own.
    pub(crate) fn over(client: Client, gateway: &Gateway) -> Self {
        Self { client: client.bearer(&gateway.admin_token()) }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.client.get(path).await.expect_json(200).await
    }

    /// The calls that fit a query such as `endpoint=chat`, the last begun first, once there are so many.
    pub(crate) async fn calls(&self, query: &str, count: usize) -> Vec<Value> {
        let path = format!("/api/v1/calls?limit=500&{query}");
        let mut calls = eventually(&format!("{count} calls with `{query}`"), async || {
            let page = self.get(&path).await;
            let calls = page["calls"].as_array().unwrap().clone();
            if calls.len() >= count { Ok(calls) } else { Err(page.to_string()) }
        })
        .await;
        // The list is in the order in which executors hand their records over, some at a time.
        calls.sort_by_key(|call| std::cmp::Reverse(call["id"].as_str().unwrap().to_owned()));
        calls
    }

    /// The only call there is, in full.
    pub(crate) async fn only_call(&self) -> Value {
        let calls = self.calls("", 1).await;
        assert_eq!(calls.len(), 1, "{calls:?}");
        self.call(calls[0]["id"].as_str().unwrap()).await
    }

    /// One call in full, once it is there.
    pub(crate) async fn call(&self, id: &str) -> Value {
        self.found(&format!("/api/v1/calls/{id}")).await
    }

    /// One trace, once it is there.
    pub(crate) async fn trace(&self, id: &str) -> Value {
        self.found(&format!("/api/v1/traces/{id}")).await
    }

    async fn found(&self, path: &str) -> Value {
        eventually(path, async || {
            let reply = self.client.get(path).await;
            let status = reply.status;
            let body = reply.json().await;
            if status == 200 { Ok(body) } else { Err(format!("{status}: {body}")) }
        })
        .await
    }

    /// The usage report once it covers so many attempts.
    pub(crate) async fn usage(&self, by: &str, attempts: u64) -> Value {
        let path = format!("/api/v1/usage?by={by}");
        eventually(&format!("{attempts} attempts in the usage by {by}"), async || {
            let report = self.get(&path).await;
            if report["total"]["attempts"].as_u64() >= Some(attempts) {
                Ok(report)
            } else {
                Err(report.to_string())
            }
        })
        .await
    }
}

/// The group of a usage report with this name.
pub(crate) fn group<'a>(report: &'a Value, name: &str) -> &'a Value {
    let groups = report["groups"].as_array().unwrap();
    groups
        .iter()
        .find(|group| group["name"] == name)
        .unwrap_or_else(|| panic!("there is no group `{name}` in {report}"))
}

/// Looks again and again until there is something, and fails with what was seen last.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
    let mut last = String::new();
    let mut beat = tokio::time::interval(Duration::from_millis(25));
    let looking = async {
        loop {
            beat.tick().await;
            match look().await {
                Ok(found) => return found,
                Err(seen) => last = seen,
            }
        }
    };
    let found = tokio::time::timeout(SOON, looking).await;
    found.unwrap_or_else(|_| panic!("{what}: not within {SOON:?}; seen last: {last}"))
}
