//! The gateway fixture, against a script that behaves like a gateway as far as the fixture can see.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use testkit::gateway::Setup;

const SOON: Duration = Duration::from_secs(20);

/// Writes an executable script and returns it with the directory that holds it.
fn script(text: &str) -> (PathBuf, TempDir) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("gatewright");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    (path, directory)
}

/// Serves until it is told to stop, and counts its starts in the data directory.
const WELL_BEHAVED: &str = r#"
while [ "$1" != "--data-dir" ]; do shift; done
mkdir -p "$2"; echo start >> "$2/starts"
echo "starting $(wc -l < "$2/starts") with ${OPENAI_API_KEY:-no key}" >&2
waiter=
trap 'kill -9 $waiter; echo drained >&2; exit 0' TERM
tail -f /dev/null > /dev/null 2>&1 &
waiter=$!
echo "chatter"
echo "listening on http://127.0.0.1:4242"
wait $waiter
"#;

#[tokio::test]
async fn starts_stops_and_restarts_on_the_same_directory() {
    let (binary, _directory) = script(WELL_BEHAVED);
    let mut gateway = Setup::new(binary).config("a: 1").variable("GREETING", "hi").start().await;
    assert_eq!(gateway.url(), "http://127.0.0.1:4242");
    assert_eq!(std::fs::read_to_string(gateway.config_file()).unwrap(), "a: 1");
    gateway.wait_for_log("starting 1 with no key", SOON).await;
    assert!(gateway.stop().await.success());
    assert!(gateway.log().ends_with("drained\n"), "{}", gateway.log());
    gateway.restart().await;
    gateway.wait_for_log("starting 2", SOON).await;
    assert!(gateway.stop().await.success());
}

#[tokio::test]
async fn a_start_that_fails_shows_status_and_log() {
    let (binary, _directory) = script("echo 'cannot bind' >&2; exit 2");
    let failed = Setup::new(binary).try_start().await.unwrap_err();
    assert_eq!((failed.status.unwrap().code(), failed.log.as_str()), (Some(2), "cannot bind\n"));
}

#[tokio::test]
async fn killing_leaves_no_time_to_drain() {
    let (binary, _directory) = script("echo 'listening on http://127.0.0.1:1'; exec tail -f /dev/null");
    let mut gateway = Setup::new(binary).start().await;
    gateway.kill().await;
    assert!(gateway.process_id().is_none());
    assert_eq!(gateway.log(), "");
}
