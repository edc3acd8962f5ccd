//! A secret that was stored over the admin API is on no disk, in no log and in no answer as it is; and the process leaves
//! no core.

use std::fmt::Write;
use std::path::Path;

use serde_json::json;
use testkit::MockProvider;
use testkit::gateway::Setup;
use testkit::provider::{Behaviour, Fault};

use crate::admin::Admin;
use crate::books::Books;
use crate::scene::BINARY;
use crate::talk::{chat, streamed};

const PROVIDER_KEY: &str = "sk-canary-stored-9b31f7";
const IMPORTED_KEY: &str = "canary-imported-key-c20d";

async fn everything(reply: testkit::Reply) -> String {
    let head = format!("{} {:?}\n", reply.status, reply.headers);
    head + &String::from_utf8_lossy(&reply.bytes().await)
}

/// Every file below a directory that holds one of the texts.
fn holding(directory: &Path, secrets: &[&str], found: &mut Vec<String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            holding(&path, secrets, found);
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let holds = |secret: &&str| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        if let Some(secret) = secrets.iter().find(|secret| holds(secret)) {
            found.push(format!("`{secret}` is in {}", path.display()));
        }
    }
}

#[tokio::test]
async fn a_stored_secret_is_nowhere_as_it_is() {
    let provider = MockProvider::start().await;
    let mut gateway = Setup::new(BINARY)
        .config("server: { anonymous: never }\n")
        .variable("GATEWRIGHT_LOG", "trace")
        .start()
        .await;
    let admin = Admin::of(&gateway);
    let credential = json!({
        "name": "main", "provider": "openai", "base_url": provider.openai_url(), "api_key": PROVIDER_KEY,
    });
    let mut said = everything(admin.post("credentials", &credential).await).await;
    let endpoint = json!({ "name": "chat", "targets": [{ "credential": "main", "model": "gpt-4o" }] });
    assert_eq!(admin.post("endpoints", &endpoint).await.status, 201);
    let imported = json!({ "name": "imported", "secret": IMPORTED_KEY });
    said.push_str(&everything(admin.post("keys", &imported).await).await);
    let minted = admin.post("keys", &json!({ "name": "minted" })).await.expect_json(201).await;
    let minted = minted["secret"].as_str().unwrap().to_owned();

    for (key, fault) in [
        (IMPORTED_KEY, Behaviour::default()),
        (&minted, Behaviour::status(401)),
        (&minted, Fault::EchoKey.into()),
        (&minted, Fault::Cut(3).into()),
    ] {
        provider.enqueue(fault);
        let reply =
            gateway.client().bearer(key).post("/v1/chat/completions", &streamed(chat("chat", "x"))).await;
        writeln!(said, "{}", everything(reply).await).unwrap();
        provider.recover();
    }
    assert_eq!(provider.requests()[0].header("authorization"), format!("Bearer {PROVIDER_KEY}"));
    let books = Books::of(&gateway);
    for call in books.calls("", 4).await {
        let call = books.call(call["id"].as_str().unwrap()).await;
        said.push_str(&call.to_string());
    }
    for path in
        ["credentials", "keys", "configuration", "configuration/export", "diagnostics", "audit", "vault"]
    {
        said.push_str(&everything(admin.get(path).await).await);
    }
    let metrics = gateway.client().bearer(&gateway.admin_token()).get("/metrics").await;
    said.push_str(&everything(metrics).await);

    let limits = std::fs::read_to_string(format!("/proc/{}/limits", gateway.process_id().unwrap())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");

    let secrets = [PROVIDER_KEY, IMPORTED_KEY, minted.as_str()];
    let mut found = Vec::new();
    // While it runs, with its write-ahead logs and its journal, and after it.
    holding(&gateway.data_dir(), &secrets, &mut found);
    gateway.stop().await;
    holding(&gateway.data_dir(), &secrets, &mut found);
    assert_eq!(found, Vec::<String>::new());
    for secret in secrets {
        assert!(!said.contains(secret), "`{secret}` is in what was said:\n{said}");
        assert!(!gateway.log().contains(secret), "`{secret}` is in the log");
    }
}
