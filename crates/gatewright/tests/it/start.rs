//! A start that cannot be is refused with its reason and exit code 1, and `check` says the same beforehand.

use std::net::TcpListener;

use testkit::MockProvider;
use testkit::gateway::Setup;

use crate::program::run_in;
use crate::scene::{BINARY, config};
use crate::talk::{Told, chat};

const WRONG: &str = "credentials:
  - { name: openai, provider: openai, api_key: \"${NOT_SET_ANYWHERE}\" }
  - { name: claude-key, provider: anthropic, api_key: sk-ant-x }
endpoints:
  - { name: chat, targets: [ { credential: claude-key, model: claude-sonnet-4-5 } ] }
  - { name: chat, targets: [ { credential: claude-key, model: claude-haiku-4-5 } ] }
  - name: nowhere
    targets: [ { credential: claude-key, model: claude-sonnet-4-5, weight: 0 } ]
  - name: falls
    targets: [ { credential: claude-key, model: claude-sonnet-4-5 } ]
    fallbacks: [ { credential: claud-key, model: claude-haiku-4-5 } ]
    timeout: { total: 5s }
";

/// Where each problem is, and what is said about it.
const PROBLEMS: [(&str, &str); 5] = [
    ("gatewright.yaml:2:", "`NOT_SET_ANYWHERE` is not set"),
    ("gatewright.yaml:6:", "another endpoint, in line 5, has the name or alias `chat`"),
    ("gatewright.yaml:8:", "the weights of `nowhere` sum to 0"),
    ("gatewright.yaml:11:", "there is no credential `claud-key`; did you mean `claude-key`?"),
    ("gatewright.yaml:12:", "did you mean `timeouts`?"),
];

fn assert_told(text: &str) {
    for (place, problem) in PROBLEMS {
        let found = text.lines().any(|line| line.contains(place) && line.contains(problem));
        assert!(found, "`{place} {problem}` is not among\n{text}");
    }
}

#[tokio::test]
async fn check_and_serve_tell_every_problem_with_its_place() {
    let directory = tempfile::TempDir::new().unwrap();
    std::fs::write(directory.path().join("gatewright.yaml"), WRONG).unwrap();
    let ran = run_in(directory.path(), &["check"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert_told(&ran.err);
    assert!(ran.err.ends_with("gatewright.yaml: 5 errors\n"), "{}", ran.err);

    let failed = Setup::new(BINARY).config(WRONG).try_start().await.unwrap_err();
    assert_eq!(failed.status.unwrap().code(), Some(1));
    assert_told(&failed.log);
}

#[tokio::test]
async fn a_fine_file_is_said_to_be_fine() {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("other.yaml");
    std::fs::write(&path, "credentials: [ { name: openai, provider: openai, api_key: sk-x } ]\n").unwrap();
    let ran = run_in(directory.path(), &["check", "--config", "other.yaml"]).await;
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "other.yaml: fine\n", ""));
    for command in [&["check"][..], &["serve", "--listen", "127.0.0.1:0", "--config", "gatewright.yaml"]] {
        let ran = run_in(directory.path(), command).await;
        assert!(ran.code == 1 && ran.err.contains("gatewright.yaml"), "{command:?}: {ran:?}");
    }
}

#[tokio::test]
async fn a_busy_port_says_who_may_hold_it_and_how_to_choose_another() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    let failed = Setup::new(BINARY).listen(&address).try_start().await.unwrap_err();
    assert_eq!(failed.status.unwrap().code(), Some(1));
    for part in [address.as_str(), "the port is in use", "another gatewright", "--listen"] {
        assert!(failed.log.contains(part), "`{part}` is missing in {}", failed.log);
    }
}

#[tokio::test]
async fn an_open_port_needs_somebody_to_say_who_may_call() {
    let provider = MockProvider::start().await;
    let cases = [
        ("", "anonymous: never"),
        ("server: { anonymous: never }\n", "insecure_http: true"),
        ("server: { anonymous: loopback, insecure_http: true }\n", "anonymous: never"),
    ];
    for (server, asked_for) in cases {
        let failed = Setup::new(BINARY)
            .config(config(&provider, server))
            .listen("0.0.0.0:0")
            .try_start()
            .await
            .unwrap_err();
        assert_eq!(failed.status.unwrap().code(), Some(1));
        assert!(failed.log.contains(asked_for), "{}", failed.log);
    }
    let failed = Setup::new(BINARY).listen("0.0.0.0:0").try_start().await.unwrap_err();
    assert!(failed.log.contains("anonymous"), "{}", failed.log);
    for server in [
        "server: { anonymous: always, insecure_http: true }\n",
        "server: { anonymous: never, public_url: \"https://ai.example.com\" }\n",
    ] {
        Setup::new(BINARY).config(config(&provider, server)).listen("0.0.0.0:0").start().await;
    }
}

#[tokio::test]
async fn with_nothing_at_all_demo_answers() {
    let mut gateway = Setup::new(BINARY).start().await;
    let reply = gateway.client().post("/v1/chat/completions", &chat("demo", "hello")).await;
    assert_eq!(reply.header("x-gatewright-simulated"), "true");
    assert_eq!(reply.header("x-gatewright-cost-usd"), "0");
    assert!(Told::by_chat(&reply.expect_json(200).await).text.contains("hello"));
    let log = gateway.log();
    assert!(log.contains("losing the data directory loses every credential"), "{log}");
    assert!(log.contains(gateway.data_dir().to_str().unwrap()), "{log}");
    assert_eq!(gateway.stop().await.code(), Some(0));
}

#[tokio::test]
async fn with_a_file_demo_is_only_there_where_it_is_declared() {
    let provider = MockProvider::start().await;
    let gateway = Setup::new(BINARY).config(config(&provider, "")).start().await;
    gateway.client().post("/v1/chat/completions", &chat("demo", "hello")).await.expect_json(404).await;
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_is_an_error_with_its_name() {
    let directory = tempfile::TempDir::new().unwrap();
    let file = directory.path().join("a-file");
    std::fs::write(&file, "").unwrap();
    let ran =
        run_in(directory.path(), &["serve", "--listen", "127.0.0.1:0", "--data-dir", "a-file/data"]).await;
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("a-file"), "{}", ran.err);
}

#[tokio::test]
async fn the_admin_token_is_for_its_owners_eyes() {
    use std::os::unix::fs::PermissionsExt;
    let mut gateway = Setup::new(BINARY).start().await;
    let token = gateway.admin_token();
    assert!(token.len() >= 32, "{token}");
    let mode = std::fs::metadata(gateway.data_dir().join("admin-token")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    gateway.restart().await;
    assert_eq!(gateway.admin_token(), token, "it stays the same");
}
