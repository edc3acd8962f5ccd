//! The command line: exit codes, and the clients of the admin API with what they print.

use std::process::Stdio;

use serde_json::Value;
use testkit::provider::Behaviour;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::program::{ask, redacted, run_in};
use crate::scene::{BINARY, SOON, Scene};
use crate::talk::{chat, message, streamed};

const SETUP: &str = "
endpoints:
  - name: chat
    targets: [ { credential: openai, model: gpt-4o } ]
    fallbacks: [ { credential: anthropic, model: claude-sonnet-4-5 } ]
    retry: { attempts: 1 }
  - { name: unpriced, targets: [ { credential: openai, model: gpt-unheard-of } ] }
prices:
  - { provider: openai, model: gpt-4o, input: 2.50, output: 10 }
  - { provider: anthropic, model: claude-sonnet-4-5, input: 3, output: 15 }
server: { anonymous: loopback, executors: 1 }
keys: [ { name: ci, secret: a-key-for-the-command-line } ]
";

/// Four calls: a whole one, a stream of the other dialect, one that fell back, and one that failed.
async fn scene_with_calls() -> Scene {
    let scene = Scene::start(SETUP).await;
    let openai = scene.openai();
    openai.post("/v1/chat/completions", &chat("chat", "hello")).await.expect_json(200).await;
    let key = scene.gateway.client().anthropic("a-key-for-the-command-line");
    key.post("/v1/messages", &streamed(message("unpriced", "hello"))).await.events().collect().await;
    scene.provider.enqueue(Behaviour::status(503));
    openai.post("/v1/chat/completions", &chat("chat", "fall back")).await.expect_json(200).await;
    openai.post("/v1/chat/completions", &chat("nothing", "hello")).await.expect_json(404).await;
    scene.books().calls("", 4).await;
    scene.books().usage("endpoint", 4).await;
    scene
}

#[tokio::test]
async fn wrong_usage_is_2_and_failure_1() {
    let directory = tempfile::TempDir::new().unwrap();
    for arguments in
        [&["nonsense"][..], &["usage", "--by", "nonsense"], &["serve", "--listen", "nowhere"], &[]]
    {
        assert_eq!(run_in(directory.path(), arguments).await.code, 2, "{arguments:?}");
    }
    std::fs::write(directory.path().join("token"), "gwadmin_of-another-gateway").unwrap();
    let nobody = ["usage", "--url", "http://127.0.0.1:9", "--token-file", "token"];
    let ran = run_in(directory.path(), &nobody).await;
    assert_eq!(ran.code, 1);
    assert!(ran.err.starts_with("error: ") && ran.err.contains("`gatewright serve`"), "{}", ran.err);
    let ran = run_in(directory.path(), &["usage", "--url", "http://127.0.0.1:9"]).await;
    assert!(ran.code == 1 && ran.err.contains("--data-dir"), "{}", ran.err);
}

#[tokio::test]
async fn documents_are_printed_without_a_gateway() {
    let directory = tempfile::TempDir::new().unwrap();
    let openapi = run_in(directory.path(), &["openapi"]).await;
    let document: Value = serde_json::from_str(&openapi.out).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let schema = run_in(directory.path(), &["schema"]).await;
    let schema: Value = serde_json::from_str(&schema.out).unwrap();
    assert!(schema["$defs"]["File"]["properties"]["endpoints"].is_object(), "{schema}");
    let version = run_in(directory.path(), &["--version"]).await;
    assert_eq!(version.out, format!("gatewright {}\n", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn a_reader_that_goes_away_is_no_error() {
    let mut program = Command::new(BINARY);
    program.arg("openapi").stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut program = program.spawn().unwrap();
    drop(program.stdout.take());
    let ended = tokio::time::timeout(SOON, program.wait_with_output()).await.unwrap().unwrap();
    assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(0), &b""[..]));
}

#[tokio::test]
async fn traces_tail_prints_a_line_for_each_call() {
    let scene = scene_with_calls().await;
    let printed = ask(&scene.gateway, &["traces", "tail", "--no-follow"]).await;
    insta::assert_snapshot!("traces_tail", redacted(&printed));
    let printed = ask(&scene.gateway, &["traces", "tail", "--no-follow", "--endpoint", "unpriced"]).await;
    assert_eq!(printed.lines().count(), 1, "{printed}");
    let printed = ask(&scene.gateway, &["traces", "tail", "--no-follow", "-n", "2", "--json"]).await;
    let calls: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        calls.iter().map(|call| call["requested_model"].clone()).collect::<Vec<_>>(),
        ["chat", "nothing"]
    );
}

#[tokio::test]
async fn traces_tail_follows_until_nobody_reads() {
    let scene = Scene::start(SETUP).await;
    let data_dir = scene.gateway.data_dir();
    let mut tail = Command::new(BINARY);
    tail.args(["traces", "tail", "--url", scene.gateway.url(), "--data-dir", data_dir.to_str().unwrap()]);
    let mut tail = tail.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    for text in ["one", "two"] {
        scene.openai().post("/v1/chat/completions", &chat("chat", text)).await.expect_json(200).await;
        let line =
            tokio::time::timeout(SOON, lines.next_line()).await.expect("no line came").unwrap().unwrap();
        assert!(line.contains("chat -> openai/gpt-4o"), "{line}");
    }
    drop(lines);
    scene.openai().post("/v1/chat/completions", &chat("chat", "three")).await.expect_json(200).await;
    let ended = tokio::time::timeout(SOON, tail.wait()).await.expect("it talks to itself");
    assert_eq!(ended.unwrap().code(), Some(0));
}

#[tokio::test]
async fn traces_show_tells_a_call_from_its_request_to_its_end() {
    let scene = scene_with_calls().await;
    let calls = scene.books().calls("", 4).await;
    for (name, call) in [("failed", &calls[0]), ("fallback", &calls[1]), ("streamed", &calls[2])] {
        let printed = ask(&scene.gateway, &["traces", "show", call["id"].as_str().unwrap()]).await;
        let by_trace = ask(&scene.gateway, &["traces", "show", call["trace_id"].as_str().unwrap()]).await;
        assert_eq!(printed, by_trace);
        insta::assert_snapshot!(
            format!("traces_show_{name}"),
            redacted(&crate::talk::without_numbers(&printed))
        );
    }
    let json = ask(&scene.gateway, &["traces", "show", calls[1]["id"].as_str().unwrap(), "--json"]).await;
    let trace: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(trace["calls"][0]["attempt_list"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_trace_that_is_not_there_is_an_error() {
    let scene = Scene::start(SETUP).await;
    let data_dir = scene.gateway.data_dir();
    let id = "4bf92f3577b34da6a3ce929d0e0e4736";
    let arguments =
        ["traces", "show", id, "--url", scene.gateway.url(), "--data-dir", data_dir.to_str().unwrap()];
    let ran = run_in(scene.gateway.directory(), &arguments).await;
    assert!(ran.code == 1 && ran.err.contains(id) && ran.out.is_empty(), "{ran:?}");
}

#[tokio::test]
async fn usage_is_a_table_by_whatever_is_asked() {
    let scene = scene_with_calls().await;
    let mut printed = String::new();
    for by in ["endpoint", "key", "model", "provider", "project"] {
        printed.push_str(&ask(&scene.gateway, &["usage", "--by", by]).await);
        printed.push('\n');
    }
    insta::assert_snapshot!("usage", printed);
    let recent = ask(&scene.gateway, &["usage", "--since", "1h", "--json"]).await;
    let recent: Value = serde_json::from_str(&recent).unwrap();
    assert_eq!(recent["total"]["attempts"], 4);
}

#[tokio::test]
async fn no_usage_yet_is_said_in_words() {
    let scene = Scene::start(SETUP).await;
    let printed = ask(&scene.gateway, &["usage"]).await;
    assert!(printed.starts_with("no usage yet"), "{printed}");
}
