//! `gatewright doctor`: what it says about a gateway that runs, one that does not, and one that cannot.

use std::fs::{Permissions, create_dir, set_permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::program::{Program, Ran};
use crate::scene::{ENDPOINTS, Scene};

/// The lines of one level: `fail`, `warn` or `ok`.
fn lines<'a>(ran: &'a Ran, level: &str) -> Vec<&'a str> {
    ran.out.lines().filter(|line| line.starts_with(level)).collect()
}

#[tokio::test]
async fn a_gateway_that_runs_is_well() {
    let scene = Scene::start(ENDPOINTS).await;
    let ran = Program::of(&scene.gateway, &["doctor"]).run().await;
    assert_eq!((ran.code, lines(&ran, "fail").len()), (0, 0), "{}", ran.out);
    assert!(ran.out.contains(&format!("answers at {}", scene.gateway.url())), "{}", ran.out);
    for about in
        ["configuration", "objects", "callers", "vault", "usage records", "data directory", "disk space"]
    {
        assert!(
            ran.out.lines().any(|line| line.starts_with(&format!("ok    {about}"))),
            "{about}: {}",
            ran.out
        );
    }
    let json = Program::of(&scene.gateway, &["doctor", "--json"]).ask().await;
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["well"], true);
    assert!(report["findings"].as_array().unwrap().iter().all(|finding| finding["level"].is_string()));
}

#[tokio::test]
async fn before_the_first_start_there_is_nothing_wrong() {
    let directory = tempfile::TempDir::new().unwrap();
    let ran = Program::new(directory.path(), &["doctor", "--url", "http://127.0.0.1:9"]).run().await;
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(ran.out.contains("none runs at http://127.0.0.1:9"), "{}", ran.out);
    assert!(ran.out.contains("is not there yet") && ran.out.contains("`gatewright serve`"), "{}", ran.out);
}

#[tokio::test]
async fn what_keeps_a_gateway_from_starting_fails() {
    let directory = tempfile::TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    std::fs::write(directory.path().join("good.yaml"), format!("server: {{ listen: \"{address}\" }}\n"))
        .unwrap();
    std::fs::write(directory.path().join("bad.yaml"), "server:\n  lisen: 127.0.0.1:1\n").unwrap();
    create_dir(directory.path().join("open")).unwrap();
    set_permissions(directory.path().join("open"), Permissions::from_mode(0o777)).unwrap();
    let doctor = |rest: &'static [&str]| {
        let arguments = [&["doctor", "--url", "http://127.0.0.1:9"], rest].concat();
        Program::new(directory.path(), &arguments)
    };
    let bad = doctor(&["--config", "bad.yaml"]).run().await;
    assert_eq!((bad.code, lines(&bad, "fail").len()), (1, 1), "{}", bad.out);
    assert!(bad.out.contains("bad.yaml:2:3") && bad.out.contains("did you mean `listen`?"), "{}", bad.out);
    let taken = doctor(&["--config", "good.yaml"]).run().await;
    assert!(taken.code == 1 && lines(&taken, "fail")[0].contains("cannot be used"), "{}", taken.out);
    let open = doctor(&["--data-dir", "open"]).run().await;
    assert!(open.code == 1 && open.out.contains("chmod 700 open"), "{}", open.out);
}

#[tokio::test]
async fn a_token_of_another_gateway_fails() {
    let scene = Scene::start(ENDPOINTS).await;
    std::fs::write(scene.gateway.directory().join("token"), "gwadmin_of-another-gateway").unwrap();
    let ran = Program::of(&scene.gateway, &["doctor", "--token-file", "token"]).run().await;
    assert!(ran.code == 1 && lines(&ran, "fail")[0].contains("admin token"), "{}", ran.out);
}
