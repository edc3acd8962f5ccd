//! Credentials that travel in a header or a query parameter of the provider's choosing.

use testkit::MockProvider;
use testkit::gateway::Setup;

use crate::books::Books;
use crate::scene::BINARY;
use crate::talk::{chat, streamed};

/// With signs that a URL has to have encoded.
const KEY: &str = "sk-canary+of/the=query&key";

async fn gateway(provider: &MockProvider, auth: &str) -> testkit::Gateway {
    let config = format!(
        "credentials:\n  - {{ name: own, provider: openai-compatible, base_url: \"{}\", api_key: \"{KEY}\", auth: {auth} }}\n\
         endpoints:\n  - {{ name: own, targets: [ {{ credential: own, model: gpt-4o }} ], retry: {{ attempts: 1 }} }}\n",
        provider.openai_url(),
    );
    Setup::new(BINARY).config(config).variable("GATEWRIGHT_LOG", "trace").start().await
}

#[tokio::test]
async fn a_key_in_the_query_reaches_the_provider_and_nobody_else() {
    let provider = MockProvider::start().await;
    let mut gateway = gateway(&provider, "{ kind: query, name: api.key }").await;
    let mut said = String::new();
    for body in [chat("own", "hello"), streamed(chat("own", "hello"))] {
        // The mock knows keys in headers only, and refuses.
        let reply = gateway.client().post("/v1/chat/completions", &body).await;
        said.push_str(&format!("{} {:?} ", reply.status, reply.headers));
        said.push_str(&String::from_utf8_lossy(&reply.bytes().await));
    }
    for request in provider.requests() {
        assert_eq!(request.path, "/v1/chat/completions");
        assert_eq!(request.query.as_deref(), Some("api.key=sk-canary%2Bof%2Fthe%3Dquery%26key"));
        assert!(!request.headers.contains_key("authorization"));
    }
    assert_eq!(provider.requests().len(), 2);
    let books = Books::of(&gateway);
    for call in books.calls("", 2).await {
        let id = call["id"].as_str().unwrap();
        said.push_str(&books.get(&format!("/api/v1/calls/{id}")).await.to_string());
        said.push_str(&books.get(&format!("/api/v1/traces/{id}")).await.to_string());
    }
    gateway.stop().await;
    said.push_str(&gateway.log());
    assert!(!said.contains("canary"), "{said}");
}

#[tokio::test]
async fn a_key_in_a_header_of_any_name_reaches_the_provider() {
    let provider = MockProvider::start().await;
    let plain = gateway(&provider, "{ kind: header, name: X-Own-Key }").await;
    plain.client().post("/v1/chat/completions", &chat("own", "hello")).await;
    let request = &provider.requests()[0];
    assert_eq!(request.headers["x-own-key"], KEY);
    assert!(!request.headers.contains_key("authorization") && request.query.is_none());
    let prefixed = gateway(&provider, "{ kind: header, name: authorization, prefix: Bearer }").await;
    let reply = prefixed.client().post("/v1/chat/completions", &chat("own", "hello")).await;
    assert_eq!(reply.status, 200);
    assert_eq!(provider.requests()[1].headers["authorization"], format!("Bearer {KEY}"));
}
