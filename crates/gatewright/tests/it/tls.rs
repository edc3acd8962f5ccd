//! HTTPS without a proxy in front: a certificate that is renewed under way, clients of both versions of HTTP, and an
//! answer for those who forgot the `s`.

use std::time::Duration;

use tempfile::TempDir;
use testkit::gateway::Setup;
use testkit::{Authority, Client, Gateway, MockProvider, Pair, Raw};

use crate::books::{Books, eventually};
use crate::program::run_in;
use crate::scene::{BINARY, ENDPOINTS, SOON, config};
use crate::talk::{Told, chat, message, streamed};

struct Secure {
    provider: MockProvider,
    gateway: Gateway,
    authority: Authority,
    directory: TempDir,
}

/// A gateway with a certificate for `127.0.0.1`, and `server: { … }` as given.
async fn secure(server: &str) -> Secure {
    let (authority, directory) = (Authority::new(), TempDir::new().unwrap());
    authority.issue(&["127.0.0.1", "localhost"]).write(directory.path());
    let provider = MockProvider::start().await;
    let config = config(&provider, &format!("{ENDPOINTS}{}", section(&directory, server)));
    let gateway = Setup::new(BINARY).config(config).start().await;
    Secure { provider, gateway, authority, directory }
}

fn section(directory: &TempDir, server: &str) -> String {
    let path = directory.path().display();
    format!("server: {{ tls: {{ cert: {path}/cert.pem, key: {path}/key.pem }}{server} }}\n")
}

impl Secure {
    fn client(&self) -> Client {
        Client::secure(self.gateway.url(), &self.authority.pem())
    }

    fn client2(&self) -> Client {
        Client::secure_http2(self.gateway.url(), &self.authority.pem())
    }
}

#[tokio::test]
async fn calls_and_streams_work_over_https_in_both_versions_of_http() {
    let scene = secure("").await;
    assert!(scene.gateway.url().starts_with("https://127.0.0.1:"), "{}", scene.gateway.url());
    for client in [scene.client(), scene.client2()] {
        let reply = client.post("/v1/chat/completions", &chat("chat", "hello")).await;
        assert!(!reply.header("x-gatewright-call-id").is_empty());
        assert_eq!(Told::by_chat(&reply.expect_json(200).await).text, "echo: hello");
        let reply = client.post("/v1/chat/completions", &streamed(chat("chat", "hello again"))).await;
        let events = reply.events().collect().await;
        assert_eq!(Told::by_chat_stream(&events).text, "echo: hello again");
        let reply =
            client.clone().anthropic("dummy").post("/v1/messages", &streamed(message("claude", "hi"))).await;
        assert_eq!(Told::by_message_stream(&reply.events().collect().await).text, "echo: hi");
        assert_eq!(client.get("/healthz").await.text().await, "OK");
        assert_eq!(client.get("/api/v1/calls").await.status, 401);
        let large = chat("chat", &"x".repeat(3 << 20));
        assert_eq!(client.post("/v1/chat/completions", &large).await.status, 200, "larger than any window");
    }
}

#[tokio::test]
async fn rules_about_callers_are_the_same_over_http2() {
    let scene = secure(", anonymous: loopback").await;
    let post =
        async |client: Client| client.post("/v1/chat/completions", &chat("chat", "hello")).await.status;
    assert_eq!(post(scene.client2()).await, 200);
    assert_eq!(post(scene.client2().header("x-forwarded-for", "127.0.0.1")).await, 401);
    assert_eq!(post(scene.client2().header("origin", "https://evil.example")).await, 401);
    // Another name of the host needs a certificate for it, or nobody would get here.
    let elsewhere =
        Client::secure_http2(&scene.gateway.url().replace("127.0.0.1", "localhost"), &scene.authority.pem());
    assert_eq!(post(elsewhere).await, 200);
}

#[tokio::test]
async fn a_client_that_leaves_an_http2_stream_takes_its_call_with_it() {
    let scene = secure("").await;
    scene.provider.on_model("gpt-4o", testkit::provider::Fault::Pace(Duration::from_millis(20)).into());
    let mut reply =
        scene.client2().post("/v1/chat/completions", &streamed(chat("chat", "write 1000 words"))).await;
    reply.chunk().await.unwrap().unwrap();
    drop(reply);
    scene.provider.wait_for(|state| state.running() == 0, SOON).await;
}

#[tokio::test]
async fn a_renewed_certificate_is_used_without_a_restart_and_a_broken_one_never() {
    let scene = secure("").await;
    let open = scene.client().post("/v1/chat/completions", &streamed(chat("chat", "hello"))).await;
    let others = Authority::new();
    let renewed = others.issue(&["127.0.0.1"]);

    // Half of the new pair is no pair.
    std::fs::write(scene.directory.path().join("cert.pem"), &renewed.cert).unwrap();
    scene.gateway.wait_for_log("the new certificate cannot be used", SOON).await;
    assert!(scene.gateway.log().contains("does not belong to the certificate"), "{}", scene.gateway.log());
    assert_eq!(scene.client().get("/healthz").await.status, 200, "the old one is still in use");

    renewed.write(scene.directory.path());
    let client = Client::secure(scene.gateway.url(), &others.pem());
    eventually("the new certificate", async || {
        client.try_send(http::Method::GET, "/healthz", &[], "").await.map(drop)
    })
    .await;
    let old = scene.client().try_send(http::Method::GET, "/healthz", &[], "").await;
    assert!(old.is_err(), "nobody gets the old certificate any more");
    let events = open.events().collect().await;
    assert_eq!(Told::by_chat_stream(&events).text, "echo: hello", "an open stream is not disturbed");
}

#[tokio::test]
async fn plain_http_is_answered_in_plain_words() {
    let scene = secure("").await;
    for request in [
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello",
        "GET / HTTP/1.1\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut raw = Raw::connect(scene.gateway.url()).await;
        raw.send(request).await;
        raw.finish().await;
        let reply = raw.read_to_end().await;
        assert!(reply.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{reply}");
        assert!(reply.contains("https://") && reply.ends_with('}'), "{reply}");
    }
    let mut raw = Raw::connect(scene.gateway.url()).await;
    raw.send([0x16, 0x03, 0x01, 0xff, 0xff, 0x00]).await;
    raw.send([0; 100]).await;
    raw.read_to_end().await;
    assert_eq!(scene.client().get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_handshake_that_never_comes_is_not_waited_for() {
    let scene = secure(", caps: { header_read: 200ms }").await;
    let mut silent = Raw::connect(scene.gateway.url()).await;
    assert_eq!(silent.read_to_end().await, "");
    let mut slow = Raw::connect(scene.gateway.url()).await;
    slow.send([0x16, 0x03]).await;
    assert_eq!(slow.read_to_end().await, "");
}

#[tokio::test]
async fn an_open_door_with_a_certificate_needs_no_more_words() {
    let scene = secure(", anonymous: never, listen: \"0.0.0.0:0\"").await;
    let reply = scene.client().post("/v1/chat/completions", &chat("chat", "hello")).await;
    assert_eq!(reply.status, 401);
    let token = scene.gateway.admin_token();
    assert_eq!(scene.client2().bearer(&token).get("/api/v1/calls").await.status, 200);
}

#[tokio::test]
async fn a_stop_lets_http2_streams_finish() {
    let mut scene = secure("").await;
    scene.provider.on_model("gpt-4o", testkit::provider::Fault::Pace(Duration::from_millis(50)).into());
    let text = "these words are on their way while the gateway is told to stop";
    let reply = scene.client2().post("/v1/chat/completions", &streamed(chat("chat", text))).await;
    scene.gateway.terminate();
    scene.gateway.wait_for_log("stopping", SOON).await;
    assert_eq!(Told::by_chat_stream(&reply.events().collect().await).text, format!("echo: {text}"));
    assert_eq!(scene.gateway.wait().await.code(), Some(0));
}

#[tokio::test]
async fn check_says_what_is_wrong_with_a_pair_and_where() {
    let (authority, directory) = (Authority::new(), TempDir::new().unwrap());
    let file = format!(
        "server:\n  {}",
        section(&directory, "").trim_start_matches("server: { ").replace(" }\n", "\n")
    );
    std::fs::write(directory.path().join("gatewright.yaml"), &file).unwrap();
    let check = async || run_in(directory.path(), &["check"]).await;
    let ran = check().await;
    assert!(ran.code == 1 && ran.err.contains("gatewright.yaml:2:16: error: cannot read"), "{ran:?}\n{file}");
    let fine = authority.issue(&["localhost"]);
    fine.write(directory.path());
    assert_eq!(check().await.code, 0);
    authority.issue_until(&["localhost"], 2020).write(directory.path());
    let ran = check().await;
    assert!(ran.code == 1 && ran.err.contains("has expired on 2020-01-01"), "{ran:?}");
    Pair { key: authority.issue(&["localhost"]).key, ..fine }.write(directory.path());
    let ran = check().await;
    assert!(ran.code == 1 && ran.err.contains("does not belong to the certificate"), "{ran:?}");
    assert!(!ran.err.contains("BEGIN"), "{ran:?}");
}

#[tokio::test]
async fn the_address_of_an_https_client_is_in_the_books() {
    let scene = secure("").await;
    scene.client().post("/v1/chat/completions", &chat("chat", "hello")).await.expect_json(200).await;
    let calls = Books::over(scene.client(), &scene.gateway).calls("endpoint=chat", 1).await;
    assert_eq!(calls[0]["client_address"], "127.0.0.1", "{calls:?}");
}
