//! Whom a call came from, where a proxy may stand in front: what a trusted one says is believed, and nobody becomes
//! anonymous or somebody else by saying so.

use http::Method;

use crate::scene::{ENDPOINTS, Scene};
use crate::talk::chat;

/// From which address of this machine, with which headers, and what follows: the address in the books.
type Case = (&'static str, &'static [(&'static str, &'static str)], &'static str);

/// Who may call without a key, who is trusted, from which address, with which headers, and the status that follows.
type Rule = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)], u16);

const TRUSTED: &str = "trusted_proxies: [127.0.0.1, 10.0.0.0/8]";

#[tokio::test]
async fn the_address_in_the_books_is_the_clients_own() {
    let cases: [Case; 10] = [
        ("127.0.0.1", &[], "127.0.0.1"),
        ("127.0.0.1", &[("x-forwarded-for", "203.0.113.9")], "203.0.113.9"),
        ("127.0.0.1", &[("x-forwarded-for", "127.0.0.1, 203.0.113.9, 10.1.2.3")], "203.0.113.9"),
        ("127.0.0.1", &[("forwarded", "for=\"[2001:db8::7]:80\";proto=https")], "2001:db8::7"),
        ("127.0.0.1", &[("x-forwarded-for", "unknown")], "127.0.0.1"),
        ("127.0.0.1", &[("x-real-ip", "203.0.113.9"), ("via", "1.1 x")], "127.0.0.1"),
        ("127.0.0.1", &[("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=198.51.100.1")], "127.0.0.1"),
        ("127.0.0.2", &[], "127.0.0.2"),
        ("127.0.0.2", &[("x-forwarded-for", "203.0.113.9")], "127.0.0.2"),
        ("127.0.0.2", &[("forwarded", "for=127.0.0.1")], "127.0.0.2"),
    ];
    let scene = Scene::start(&format!("{ENDPOINTS}server: {{ anonymous: always, {TRUSTED} }}\n")).await;
    for (at, (from, headers, expected)) in cases.into_iter().enumerate() {
        let headers = [headers, &[("content-type", "application/json")]].concat();
        let body = chat("chat", "hello").to_string();
        let reply =
            scene.openai().from(from).send(Method::POST, "/v1/chat/completions", &headers, body).await;
        assert_eq!(reply.status, 200);
        let id = reply.header("x-gatewright-call-id").to_owned();
        let call = scene.books().call(&id).await;
        assert_eq!(call["client_address"], expected, "case {at}: {from} {headers:?}");
    }
}

#[tokio::test]
async fn a_proxy_on_this_machine_makes_nobody_anonymous() {
    let (local, other) = ("127.0.0.1", "127.0.0.2");
    let cases: [Rule; 15] = [
        ("loopback", "", local, &[], 200),
        ("loopback", "", other, &[], 200),
        ("loopback", "", local, &[("x-forwarded-for", "127.0.0.1")], 401),
        ("loopback", TRUSTED, local, &[], 200),
        ("loopback", TRUSTED, local, &[("x-forwarded-for", "127.0.0.1")], 401),
        ("loopback", TRUSTED, local, &[("x-forwarded-for", "203.0.113.9")], 401),
        ("loopback", TRUSTED, local, &[("forwarded", "for=127.0.0.1")], 401),
        ("loopback", TRUSTED, local, &[("x-forwarded-proto", "https")], 401),
        ("loopback", TRUSTED, local, &[("x-real-ip", "127.0.0.1")], 401),
        ("loopback", TRUSTED, local, &[("via", "1.1 proxy")], 401),
        ("loopback", TRUSTED, other, &[("x-forwarded-for", "127.0.0.1")], 401),
        ("loopback", TRUSTED, local, &[("host", "ai.example.com")], 401),
        ("never", TRUSTED, local, &[], 401),
        ("never", TRUSTED, local, &[("x-forwarded-for", "127.0.0.1")], 401),
        ("always", TRUSTED, other, &[("x-forwarded-for", "203.0.113.9"), ("host", "ai.example.com")], 200),
    ];
    for anonymous in ["loopback", "never", "always"] {
        for trusted in ["", TRUSTED] {
            let of_this =
                |case: &&(&str, &str, &str, &[(&str, &str)], u16)| (case.0, case.1) == (anonymous, trusted);
            if !cases.iter().any(|case| of_this(&case)) {
                continue;
            }
            let server = format!("{ENDPOINTS}server: {{ anonymous: {anonymous}, {trusted} }}\n");
            let scene = Scene::start(&server).await;
            for case in cases.iter().filter(of_this) {
                let headers = [case.3, &[("content-type", "application/json")]].concat();
                let body = chat("chat", "hello").to_string();
                let client = scene.openai().from(case.2);
                let reply = client.send(Method::POST, "/v1/chat/completions", &headers, body).await;
                assert_eq!(reply.status, case.4, "{case:?}");
            }
        }
    }
}
