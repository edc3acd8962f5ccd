//! For whoever operates a gateway, from the command line: login links, the vault's key, and who changed what.

use serde_json::Value;

use crate::program::{Program, ask};
use crate::scene::Scene;

const PROVIDER_KEY: &str = "sk-canary-rotated-77aa";

async fn scene_with_a_secret() -> Scene {
    let scene = Scene::start("").await;
    let create = ["credential", "create", "own", "--provider", "openai", "--api-key-file", "-"];
    Program::of(&scene.gateway, &create).input(PROVIDER_KEY).ask().await;
    scene
}

#[tokio::test]
async fn a_login_link_goes_to_a_person_and_works_once() {
    let scene = Scene::start("").await;
    let refused = Program::of(&scene.gateway, &["login"]).refused().await;
    assert!(refused.contains("no terminal") && refused.contains("`--print`"), "{refused}");
    let link = ask(&scene.gateway, &["login", "--print"]).await;
    let path = link.trim().strip_prefix(scene.gateway.url()).unwrap_or_else(|| panic!("{link}"));
    let first = scene.gateway.client().get(path).await;
    assert!(
        first.status == 303 && first.header("set-cookie").contains("SameSite=Strict"),
        "{}",
        first.status
    );
    assert_eq!(scene.gateway.client().get(path).await.status, 401);
    let log = scene.gateway.log();
    assert!(!log.contains(path.rsplit('=').next().unwrap()), "{log}");
}

#[tokio::test]
async fn the_vault_says_its_key_and_takes_another() {
    let scene = scene_with_a_secret().await;
    let status = ask(&scene.gateway, &["vault", "status"]).await;
    assert!(status.contains("made by the gateway") && status.contains("secrets  1 under "), "{status}");
    let said = ask(&scene.gateway, &["vault", "rotate"]).await;
    assert!(said.starts_with("encrypted 1 secret with key "), "{said}");
    let after: Value =
        serde_json::from_str(&ask(&scene.gateway, &["vault", "status", "--json"]).await).unwrap();
    assert!(!status.contains(after["key_id"].as_str().unwrap()), "{after}");
    let shown = ask(&scene.gateway, &["credential", "show", "own"]).await;
    assert!(shown.contains("…77aa (it is never shown)"), "{shown}");
}

#[tokio::test]
async fn the_audit_log_says_who_did_what() {
    let scene = scene_with_a_secret().await;
    ask(&scene.gateway, &["credential", "set", "own", "--description", "for all"]).await;
    let printed = ask(&scene.gateway, &["audit", "list"]).await;
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[0].starts_with("when") && lines[1].contains("update"), "{printed}");
    assert!(lines[1].contains("credential own") && lines[1].contains("description"), "{printed}");
    assert!(lines[2].contains("create") && !printed.contains(PROVIDER_KEY), "{printed}");
    let last = ask(&scene.gateway, &["audit", "list", "-n", "1", "--json"]).await;
    let last: Value = serde_json::from_str(&last).unwrap();
    let entries = last["entries"].as_array().unwrap();
    assert_eq!((entries.len(), &entries[0]["action"]), (1, &"update".into()));
}
