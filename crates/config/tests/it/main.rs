//! The crate as its users see it: files in, snapshots or diagnostics out.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod bad_files;
mod canary;
mod direct;
mod documents;
mod editors;
mod export;
mod fixture;
mod good_files;
mod identities;
mod live;
mod no_panic;
mod objects;
mod stored;
mod without_file;

use config::{Compiled, Diagnostic, Source};
use vault::{Environment, KeyHasher};

/// 2026-11-22T00:00:00Z
const NOW_MS: i64 = 1_795_305_600_000;

fn environment() -> Environment {
    Environment::fixed([
        ("OPENAI_API_KEY", "sk-canary-openai"),
        ("ANTHROPIC_API_KEY", "sk-canary-anthropic"),
        ("CI_KEY", "canary-key-of-the-ci-job"),
        ("GATEWRIGHT_VAULT_KEY", "canary-vault"),
        ("TRACKER_TOKEN", "canary-tracker"),
        ("AWS_ACCESS_KEY_ID", "AKIACANARY"),
        ("AWS_SECRET_ACCESS_KEY", "canary-aws"),
        ("ADMIN", "canary-admin-token-1"),
        ("SHORT", "canary-short"),
        ("TWO_LINES", "canary\nsecond"),
        ("EMPTY", ""),
        ("PORT", "canary-port"),
        ("FOUR", "4"),
    ])
    .with_files([
        ("/run/secrets/key", b"canary-from-a-file\n".as_slice()),
        ("/etc/gw/cert.pem", identities::good().cert.as_bytes()),
        ("/etc/gw/key.pem", identities::good().key.as_bytes()),
        ("/etc/gw/ca.pem", identities::good().cert.as_bytes()),
    ])
    .at_ms(NOW_MS)
}

fn hasher() -> KeyHasher {
    KeyHasher::new(&[7; 32])
}

fn compile(text: &str) -> Result<Compiled, Vec<Diagnostic>> {
    config::compile(&Source::new("gatewright.yaml", text), &environment(), &hasher())
}

/// A snapshot, from a file that must have no error.
fn snapshot(text: &str) -> config::Snapshot {
    compile(text).unwrap_or_else(|diagnostics| panic!("{}", print(&diagnostics))).snapshot
}

fn print(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(|diagnostic| format!("{diagnostic}\n")).collect()
}

/// The files of a folder beside this one, by name.
fn files(folder: &str) -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}
