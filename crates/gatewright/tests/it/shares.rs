//! Traffic is split by weight, and not only in the long run: on one executor every window of a thousand calls is within
//! one of its share for each target.

use testkit::gateway::Setup;
use testkit::{Gateway, Raw};

use crate::scene::BINARY;
use crate::talk::chat;

const CALLS: usize = 2_100;
const WINDOW: usize = 1_000;

/// Calls an endpoint over one connection, and tells the targets in order.
async fn drawn(gateway: &Gateway, endpoint: &str, calls: usize) -> Vec<char> {
    let body = chat(endpoint, "x").to_string();
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len(),
    );
    let mut connection = Raw::connect(gateway.url()).await;
    let mut drawn = Vec::with_capacity(calls);
    for _ in 0..calls {
        connection.send(&request).await;
        let head = connection.read_until("\r\n\r\n").await.to_ascii_lowercase();
        let value = |name: &str| {
            let line = head
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .unwrap_or_else(|| panic!("no `{name}` in {head}"));
            line.trim().to_owned()
        };
        assert!(head.starts_with("http/1.1 200"), "{head}");
        drawn.push(value("x-gatewright-target:").chars().last().unwrap());
        let length: usize = value("content-length:").parse().unwrap();
        let body = connection.read_until("}").await;
        let mut read = body.len();
        while read < length {
            read += connection.read_until("}").await.len();
        }
    }
    drawn
}

async fn gateway(targets: &str) -> Gateway {
    let config = format!(
        "
server: {{ executors: 1 }}
credentials: [ {{ name: sim, provider: simulator }} ]
endpoints:
  - {{ name: split, targets: [ {targets} ] }}
"
    );
    Setup::new(BINARY).config(config).start().await
}

async fn check(targets: &str, shares: &[(char, usize)]) {
    let gateway = gateway(targets).await;
    let drawn = drawn(&gateway, "split", CALLS).await;
    let whole: usize = shares.iter().map(|(_, weight)| weight).sum();
    for (target, weight) in shares {
        for (start, window) in drawn.windows(WINDOW).enumerate() {
            let count = window.iter().filter(|drawn| *drawn == target).count();
            let off = (count * whole).abs_diff(WINDOW * weight);
            assert!(off <= whole, "`{target}` was drawn {count} times in the {WINDOW} calls from {start}");
        }
    }
}

#[tokio::test]
async fn ninety_to_ten() {
    check(
        "{ credential: sim, model: a, weight: 90 }, { credential: sim, model: b, weight: 10 }",
        &[('a', 90), ('b', 10)],
    )
    .await;
}

#[tokio::test]
async fn three_alike() {
    check(
        "{ credential: sim, model: a }, { credential: sim, model: b }, { credential: sim, model: c }",
        &[('a', 1), ('b', 1), ('c', 1)],
    )
    .await;
}

#[tokio::test]
async fn a_weight_of_zero_is_never_drawn() {
    let gateway = gateway("{ credential: sim, model: a, weight: 0 }, { credential: sim, model: b }").await;
    assert_eq!(drawn(&gateway, "split", 200).await, vec!['b'; 200]);
}
