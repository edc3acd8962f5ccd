//! A backup is made while the gateway serves, and another one goes on from it.

use crate::program::run_in;
use crate::scene::Scene;
use crate::talk::chat;

const SETUP: &str = "
endpoints: [ { name: chat, targets: [ { credential: openai, model: gpt-4o } ] } ]
server: { anonymous: loopback, executors: 1 }
";

#[tokio::test]
async fn a_gateway_goes_on_from_a_backup() {
    let mut scene = Scene::start(SETUP).await;
    let calls = 5;
    for _ in 0..calls {
        scene.openai().post("/v1/chat/completions", &chat("chat", "hello")).await.expect_json(200).await;
    }
    // The last records may be in the journal only.
    let directory = scene.gateway.directory().to_owned();
    let data_dir = scene.gateway.data_dir();
    let data = data_dir.to_str().unwrap();
    let made = run_in(&directory, &["backup", "--to", "backup.tar", "--data-dir", data]).await;
    assert_eq!(made.code, 0, "{}", made.err);
    assert!(made.out.starts_with("backup.tar: "), "{}", made.out);
    let again = run_in(&directory, &["backup", "--to", "backup.tar", "--data-dir", data]).await;
    assert!(again.code == 1 && again.err.contains("backup.tar"), "{}", again.err);

    let running = run_in(&directory, &["restore", "backup.tar", "--data-dir", data]).await;
    assert!(running.code == 1 && running.err.contains("locked by another process"), "{}", running.err);
    scene.gateway.kill().await;
    let used = run_in(&directory, &["restore", "backup.tar", "--data-dir", data]).await;
    assert!(used.code == 1 && used.err.contains("is not empty"), "{}", used.err);
    std::fs::remove_dir_all(&data_dir).unwrap();
    let restored = run_in(&directory, &["restore", "backup.tar", "--data-dir", data]).await;
    assert_eq!(restored.code, 0, "{}", restored.err);

    let checked = run_in(&directory, &["serve", "--check", "--data-dir", data]).await;
    assert_eq!(checked.code, 0, "{}", checked.err);
    assert!(
        checked.out.contains("ledger.db: schema") && checked.out.contains("up to date"),
        "{}",
        checked.out
    );

    scene.gateway.restart().await;
    let usage = scene.books().usage("endpoint", calls).await;
    assert_eq!(usage["total"]["calls"], calls);
}
