//! Nothing secret leaves the gateway: not in an error, a header, a log line at any level, an answer of the admin API, or
//! a diagnostic.

use std::fmt::Write;

use testkit::MockProvider;
use testkit::gateway::Setup;
use testkit::provider::{Behaviour, Fault};

use crate::books::Books;
use crate::program::run_in;
use crate::scene::{ANTHROPIC_KEY, BINARY, ENDPOINTS, NOBODY, OPENAI_KEY, config};
use crate::talk::{chat, message, streamed};

const VIRTUAL_KEY: &str = "canary-virtual-key-5d2e";
const WRONG_KEY: &str = "gw_canary_mistyped_key_88aa";
const ADMIN_TOKEN: &str = "canary-admin-token-4b7f";
const ALL: [&str; 6] = [OPENAI_KEY, ANTHROPIC_KEY, VIRTUAL_KEY, WRONG_KEY, ADMIN_TOKEN, "sk-nobody"];

fn assert_clean(where_: &str, text: &str) {
    for secret in ALL {
        assert!(!text.contains(secret), "`{secret}` is in {where_}:\n{text}");
    }
}

async fn everything(reply: testkit::Reply) -> String {
    let mut text = format!("{} {:?}\n", reply.status, reply.headers);
    text.push_str(&String::from_utf8_lossy(&reply.bytes().await));
    text
}

#[tokio::test]
async fn no_secret_is_in_anything_that_the_gateway_says() {
    let provider = MockProvider::start().await;
    let rest = format!(
        "{NOBODY}{ENDPOINTS}  - {{ name: nobody, targets: [ {{ credential: nobody, model: gpt-4o }} ], retry: {{ attempts: 1 }} }}
server: {{ anonymous: loopback, admin_token: \"${{ADMIN}}\" }}
keys: [ {{ name: ci, secret: \"${{CI_KEY}}\", endpoints: [chat, claude] }} ]
"
    );
    let mut gateway = Setup::new(BINARY)
        .config(config(&provider, &rest))
        .variable("CI_KEY", VIRTUAL_KEY)
        .variable("ADMIN", ADMIN_TOKEN)
        .variable("GATEWRIGHT_LOG", "trace")
        .start()
        .await;
    let known = gateway.client().bearer(VIRTUAL_KEY);
    let mut said = String::new();
    let faults = [
        Behaviour::default(),
        Behaviour::status(401),
        Fault::EchoKey.into(),
        Fault::Cut(3).into(),
        Fault::Garbage.into(),
    ];
    for fault in faults {
        for (path, body) in [
            ("/v1/chat/completions", chat("chat", "hello")),
            ("/v1/chat/completions", streamed(chat("claude", "hello"))),
            ("/v1/messages", message("claude", "hello")),
            ("/v1/messages", streamed(message("chat", "hello"))),
            ("/v1/chat/completions", chat("nobody", "hello")),
            ("/v1/chat/completions", chat("nothing", "hello")),
        ] {
            provider.enqueue(fault.clone());
            writeln!(said, "{}", everything(known.post(path, &body).await).await).unwrap();
            provider.recover();
        }
    }
    let wrong = gateway.client().bearer(WRONG_KEY);
    writeln!(said, "{}", everything(wrong.post("/v1/messages", &message("chat", "x")).await).await).unwrap();
    let by_query = format!("/v1/chat/completions?key={VIRTUAL_KEY}");
    writeln!(said, "{}", everything(gateway.client().post(&by_query, &chat("chat", "x")).await).await)
        .unwrap();
    let by_query = format!("/v1/nothing?key={WRONG_KEY}");
    writeln!(said, "{}", everything(gateway.client().get(&by_query).await).await).unwrap();
    writeln!(said, "{}", everything(wrong.get("/api/v1/calls").await).await).unwrap();
    assert_clean("a reply", &said);

    let books = Books::of(&gateway);
    let calls = books.calls("", 32).await;
    let admin = gateway.client().bearer(ADMIN_TOKEN);
    let mut told = String::new();
    for call in &calls {
        told.push_str(
            &books.get(&format!("/api/v1/calls/{}", call["id"].as_str().unwrap())).await.to_string(),
        );
        told.push_str(
            &books.get(&format!("/api/v1/traces/{}", call["id"].as_str().unwrap())).await.to_string(),
        );
    }
    for path in ["/api/v1/calls", "/api/v1/usage?by=key", "/api/v1/openapi.json", "/api/v1/version"] {
        told.push_str(&everything(admin.get(path).await).await);
    }
    assert_clean("the admin API", &told);
    gateway.stop().await;
    assert_clean("the log", &gateway.log());
}

#[tokio::test]
async fn no_secret_is_in_a_diagnostic() {
    let directory = tempfile::TempDir::new().unwrap();
    let text = format!(
        "server: {{ admin_token: {ADMIN_TOKEN}, listen: nowhere }}
credentials:
  - {{ name: one, provider: openai, api_key: {OPENAI_KEY}, nonsense: {ANTHROPIC_KEY} }}
  - {{ name: one, provider: opnai, api_key: [{ANTHROPIC_KEY}] }}
keys:
  - {{ name: ci, secret: {VIRTUAL_KEY} }}
  - {{ name: ci-2, secret: {VIRTUAL_KEY} }}
  - {{ name: ci-3, secret: {ADMIN_TOKEN} }}
"
    );
    std::fs::write(directory.path().join("gatewright.yaml"), text).unwrap();
    let ran = run_in(directory.path(), &["check"]).await;
    assert_eq!(ran.code, 1);
    assert!(ran.err.lines().count() > 5, "{}", ran.err);
    assert_clean("the diagnostics", &format!("{}{}", ran.out, ran.err));
}
