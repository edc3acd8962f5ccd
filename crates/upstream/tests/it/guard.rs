//! Every way that somebody has found to write an address which is not on the public internet: refused where no person
//! wrote it into the configuration, when the URL is read and, whatever it says, when it is connected to.

use upstream::{Client, Origin, SendError, Tls, is_public};
use url::Url;

use crate::server::post;

/// As the host of a URL. What is no URL at all is refused as well.
const SPELLINGS: [&str; 95] = [
    // Loopback, in all the notations of `inet_aton`.
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7F.0x0.0x0.0x1",
    "0x7f.1",
    "017700000001",
    "0177.0.0.1",
    "0177.0.0.01",
    "00000177.1",
    "127.0.0.1.",
    "127.0.0x0.1",
    "0.0.0.0",
    "0",
    "0x0",
    "00",
    "0.0.0.0.",
    "0.1.2.3",
    // Digits of other scripts, and dots of other scripts.
    "①②⑦.⓪.⓪.①",
    "１２７.０.０.１",
    "127。0。0。1",
    "127．0．0．1",
    "１６９.254.169.254",
    "𝟏𝟐𝟕.0.0.1",
    // Percent-encoded.
    "%31%32%37.0.0.1",
    "127%2e0%2e0%2e1",
    "%6c%6f%63%61%6c%68%6f%73%74",
    // Private networks, and those of carriers.
    "10.0.0.1",
    "10.255.255.255",
    "167772161",
    "0xa000001",
    "012.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.257",
    "0300.0250.0.1",
    "100.64.0.1",
    "100.127.255.255",
    // Metadata of clouds, and link-local.
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "169.254.170.2",
    "[fd00:ec2::254]",
    "100.100.100.200",
    "192.0.0.192",
    "[fe80::1]",
    "[fe80::a9fe:a9fe]",
    // Multicast, broadcast, reserved, documentation, benchmarks, relays.
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "198.18.0.1",
    "192.88.99.1",
    "192.0.0.8",
    "[ff02::1]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[100::1]",
    // IPv6: loopback, unspecified, unique local, site local, and IPv4 inside it.
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[fc00::1]",
    "[fd12:3456:789a::1]",
    "[fec0::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:169.254.169.254]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::a00:1]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
    "[2001::1]",
    "[4000::1]",
    // Zones.
    "[fe80::1%25eth0]",
    "[fe80::1%eth0]",
    "[::1%25lo]",
    // Names.
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "metadata.google.internal",
    "printer.local",
    "intranet",
    "ｌocalhost",
];

fn of_url(text: &str) -> Option<Result<Origin, upstream::UrlError>> {
    Url::parse(text).ok().map(|url| Origin::of_url(&url))
}

#[test]
fn a_url_that_nobody_configured_reaches_nothing_private() {
    for host in SPELLINGS {
        for url in [format!("http://{host}/"), format!("https://{host}:8443/x"), format!("http://{host}?a=b")]
        {
            assert!(of_url(&url).is_none_or(|origin| origin.is_err()), "{url} passed");
        }
    }
}

#[test]
fn what_stands_around_the_host_does_not_hide_it() {
    for url in [
        "http://api.openai.com@127.0.0.1/",
        "http://api.openai.com:443@169.254.169.254/",
        "http://127.0.0.1@api.openai.com/",
        "http://user:pass@api.openai.com/",
        "http://api.openai.com#@127.0.0.1/x@",
        "http:\\\\127.0.0.1\\x",
        "http:127.0.0.1",
        "http:///127.0.0.1/",
        "http://127.0.0.1\\@api.openai.com/",
        "http://127.0.0.1#.openai.com",
        "http://127.0.0.1?.openai.com",
        "http://127.0.0.1\t/",
        "ht\ntp://127.0.0.1/",
        " http://127.0.0.1/",
        "ftp://api.openai.com/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:70/_",
        "data:text/plain,x",
        "//127.0.0.1/",
    ] {
        let origin = of_url(url);
        // A fragment belongs to nobody; what is before it counts.
        let harmless = url.starts_with("http://api.openai.com#");
        assert!(harmless || origin.is_none_or(|origin| origin.is_err()), "{url} passed");
    }
}

#[test]
fn the_public_internet_is_reached() {
    for (url, host, port) in [
        ("https://api.openai.com/v1", "api.openai.com", 443),
        ("https://API.OPENAI.COM./v1", "api.openai.com", 443),
        ("http://1.1.1.1:8080/", "1.1.1.1", 8080),
        ("http://0x01010101/", "1.1.1.1", 80),
        ("https://[2606:4700::1111]/", "2606:4700::1111", 443),
        ("https://bücher.example.org/", "xn--bcher-kva.example.org", 443),
        ("https://internal.example.com/", "internal.example.com", 443),
    ] {
        let origin = of_url(url).unwrap().unwrap();
        assert_eq!((&*origin.host, origin.port, origin.allow_private), (host, port, false), "{url}");
    }
}

#[tokio::test]
async fn the_resolver_is_not_believed_either() {
    let client = Client::new(Tls::new(None).unwrap(), None);
    for host in SPELLINGS {
        let origin = Origin { tls: false, host: host.into(), port: 9, allow_private: false };
        match post(&client, &origin, &[]).await.unwrap_err() {
            SendError::Forbidden { address, .. } => assert!(!is_public(address), "{host}"),
            // What the resolver of this machine cannot read reaches nobody.
            SendError::Resolve { .. } => {}
            other => panic!("{host} was tried: {other}"),
        }
    }
    // The same where a person wrote it: tried, and nobody is there.
    let origin = Origin { tls: false, host: "127.0.0.1".into(), port: 9, allow_private: true };
    assert!(matches!(post(&client, &origin, &[]).await, Err(SendError::Connect { .. })));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    use crate::server::{Step, talk, with_server};
    const AWAY: &[u8] =
        b"HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:9/steal\r\ncontent-length: 0\r\n\r\n";
    let script = vec![Step::Answer(vec![AWAY])];
    let (requests, talked) = with_server(script, async |client, origin| talk(client, origin).await).await;
    assert_eq!((requests.len(), talked.unwrap().0), (1, 307));
}
