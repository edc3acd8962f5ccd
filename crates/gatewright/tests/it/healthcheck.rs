//! What a container asks itself with.

use testkit::Authority;
use testkit::gateway::Setup;

use crate::program::run_in;
use crate::scene::{BINARY, ENDPOINTS, SOON, Scene};

#[tokio::test]
async fn it_tells_a_ready_gateway_from_one_that_is_not() {
    let directory = tempfile::TempDir::new().unwrap();
    let mut scene = Scene::start(&format!("{ENDPOINTS}server: {{ caps: {{ lame_duck: 60s }} }}\n")).await;
    let url = scene.gateway.url().to_owned();
    let ask = async || run_in(directory.path(), &["healthcheck", "--url", &url]).await;
    let ran = ask().await;
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
    scene.gateway.terminate();
    scene.gateway.wait_for_log("stopping", SOON).await;
    let ran = ask().await;
    assert!(ran.code == 1 && ran.err.contains("is not ready: it answered 503"), "{ran:?}");
    scene.gateway.kill().await;
    let ran = ask().await;
    assert!(ran.code == 1 && ran.err.contains("cannot connect"), "{ran:?}");
}

#[tokio::test]
async fn it_speaks_https_to_a_gateway_that_does() {
    let (authority, directory) = (Authority::new(), tempfile::TempDir::new().unwrap());
    let files = authority.issue(&["localhost"]).write(directory.path());
    std::fs::write(directory.path().join("ca.pem"), authority.pem()).unwrap();
    let tls =
        format!("server: {{ tls: {{ cert: {}, key: {} }} }}\n", files.cert.display(), files.key.display());
    let gateway = Setup::new(BINARY).config(tls).start().await;
    let url = gateway.url().replace("127.0.0.1", "localhost");
    let ran = run_in(directory.path(), &["healthcheck", "--url", &url, "--ca-file", "ca.pem"]).await;
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let ran = run_in(directory.path(), &["healthcheck", "--url", &url]).await;
    assert!(ran.code == 1 && ran.err.contains("nobody whom we trust"), "{ran:?}");
    let plain = url.replace("https:", "http:");
    let ran = run_in(directory.path(), &["healthcheck", "--url", &plain]).await;
    assert!(ran.code == 1 && ran.err.contains("400"), "{ran:?}");
}
