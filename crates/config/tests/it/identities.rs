//! Certificates that the configuration names: what is said about their dates, and the pairs that other tests need.

use std::sync::OnceLock;

use config::{Compiled, Diagnostic, Source};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use super::{NOW_MS, environment, hasher, print};

pub(crate) struct Pair {
    pub(crate) cert: String,
    pub(crate) key: String,
}

/// A pair that lasts longer than any test looks ahead.
pub(crate) fn good() -> &'static Pair {
    static PAIR: OnceLock<Pair> = OnceLock::new();
    PAIR.get_or_init(|| pair(2040, 1, 1))
}

fn pair(year: i32, month: u8, day: u8) -> Pair {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(year, month, day);
    Pair { cert: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
}

/// The files of certificates and keys that a configuration names, with something good in each.
pub(crate) fn named_in(block: &str) -> impl Iterator<Item = (&str, &[u8])> {
    block.split([' ', '"', ',', '}', '\n']).filter(|word| word.starts_with('/')).map(|path| {
        let is_key = path.rsplit('/').next().is_some_and(|name| name.contains("key"));
        (path, if is_key { good().key.as_bytes() } else { good().cert.as_bytes() })
    })
}

fn compile(pair: &Pair, text: &str, now_ms: i64) -> Result<Compiled, Vec<Diagnostic>> {
    let files = [("/cert.pem", pair.cert.as_bytes()), ("/key.pem", pair.key.as_bytes())];
    let environment = environment().with_files(files).at_ms(now_ms);
    config::compile(&Source::new("gatewright.yaml", text), &environment, &hasher())
}

#[test]
fn the_end_of_a_certificate_is_told_before_it_comes() {
    const DAY_MS: i64 = 24 * 3_600 * 1_000;
    let pair = pair(2026, 12, 20);
    let ends = NOW_MS + 28 * DAY_MS;
    for (text, place) in [
        ("server: { tls: { cert: /cert.pem, key: /key.pem } }", "gatewright.yaml:1:24:"),
        ("egress:\n  client_cert: /cert.pem\n  client_key: /key.pem\n", "gatewright.yaml:2:16:"),
    ] {
        let quiet = compile(&pair, text, ends - 31 * DAY_MS).unwrap();
        assert_eq!(print(&quiet.warnings), "");
        let warned = compile(&pair, text, ends - 9 * DAY_MS).unwrap();
        let expected = format!(
            "{place} warning: the certificate in `/cert.pem` expires on 2026-12-20, in 9 days; renew it; new files are taken without a restart\n"
        );
        assert_eq!(print(&warned.warnings), expected);
        let ended = compile(&pair, text, ends).unwrap_err();
        let expected =
            format!("{place} error: the certificate in `/cert.pem` has expired on 2026-12-20; renew it\n");
        assert_eq!(print(&ended), expected);
    }
    let authorities = "egress: { ca_file: /cert.pem }";
    assert_eq!(print(&compile(&pair, authorities, ends - 1).unwrap().warnings), "");
    let ended = print(&compile(&pair, authorities, ends).unwrap_err());
    assert!(
        ended.contains("gatewright.yaml:1:20: error: every certificate in `/cert.pem` has expired"),
        "{ended}"
    );
}

#[test]
fn a_key_of_somebody_else_is_no_key() {
    let other = Pair { cert: pair(2040, 1, 1).cert, key: good().key.clone() };
    let text = "server: { tls: { cert: /cert.pem, key: /key.pem } }";
    let found = print(&compile(&other, text, NOW_MS).unwrap_err());
    assert!(found.contains("`/cert.pem` and `/key.pem` cannot be used: the key does not belong"), "{found}");
    assert!(!found.contains("PRIVATE"), "{found}");
}

#[test]
fn with_a_certificate_the_gateway_may_be_open() {
    let text = "server: { listen: 0.0.0.0:4242, anonymous: never, tls: { cert: /cert.pem, key: /key.pem } }";
    let snapshot = compile(good(), text, NOW_MS).unwrap().snapshot;
    assert_eq!(snapshot.server.tls.unwrap().cert.to_str(), Some("/cert.pem"));
    let nobody = text.replace("anonymous: never, ", "");
    assert_eq!(compile(good(), &nobody, NOW_MS).unwrap_err().len(), 1);
}
