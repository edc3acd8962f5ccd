//! Requests to the admin API, as a program sends them.

use http::Method;
use serde_json::{Value, json};
use testkit::{Client, Gateway, Reply};

/// Somebody with a token.
#[derive(Debug, Clone)]
pub(crate) struct Admin {
    client: Client,
}

impl Admin {
    /// With the admin token.
    pub(crate) fn of(gateway: &Gateway) -> Self {
        Self::with(gateway, &gateway.admin_token())
    }

    pub(crate) fn with(gateway: &Gateway, token: &str) -> Self {
        Self { client: gateway.client().bearer(token) }
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Reply {
        let path = format!("/api/v1/{path}");
        let Some(body) = body else { return self.client.send(method, &path, headers, "").await };
        let headers = [&[("content-type", "application/json")], headers].concat();
        self.client.send(method, &path, &headers, body.to_string()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask(Method::GET, path, &[], None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.ask(Method::POST, path, &[], Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Reply {
        self.ask(Method::PUT, path, &[], Some(body)).await
    }

    /// A change of this revision.
    pub(crate) async fn patch(&self, path: &str, revision: &Value, body: &Value) -> Reply {
        let tag = format!("\"{revision}\"");
        self.ask(Method::PATCH, path, &[("if-match", &tag)], Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.ask(Method::DELETE, path, &[], None).await
    }
}

/// The objects of a page that are stored; there is a team and a project that is built in.
pub(crate) fn stored<'a>(page: &'a Value, kind: &str) -> Vec<&'a Value> {
    page[kind].as_array().unwrap().iter().filter(|object| object["source"] == "store").collect()
}

/// The pointers of a problem's errors.
pub(crate) fn pointers(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors.iter().filter_map(|error| error["pointer"].as_str()).collect()
}

/// The kinds with one of each, those that others refer to first, and a change of it.
pub(crate) fn examples() -> Vec<(&'static str, &'static str, Value, Value)> {
    vec![
        ("teams", "tm-", json!({ "name": "platform" }), json!({ "description": "those who run it" })),
        (
            "projects",
            "p-",
            json!({ "name": "web", "team": "platform" }),
            json!({ "description": "the shop" }),
        ),
        (
            "credentials",
            "s-",
            json!({ "name": "main", "provider": "openai", "api_key": "sk-0123456789abcdef" }),
            json!({ "api_key": "sk-fedcba9876543210" }),
        ),
        (
            "targets",
            "d-",
            json!({ "name": "fast", "credential": "main", "model": "gpt-5-mini" }),
            json!({ "model": "gpt-5" }),
        ),
        (
            "endpoints",
            "e-",
            json!({ "name": "talk", "targets": [{ "target": "fast" }, { "credential": "main", "model": "gpt-5" }] }),
            json!({ "max_output_tokens": 100 }),
        ),
        ("keys", "k-", json!({ "name": "ci", "endpoints": ["talk"] }), json!({ "tags": ["nightly"] })),
        (
            "prices",
            "pr-",
            json!({ "provider": "openai", "model": "gpt-5", "input": "1.25", "output": 10 }),
            json!({ "output": "9.5" }),
        ),
    ]
}
