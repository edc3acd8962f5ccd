//! Credentials, endpoints, keys and prices from the command line: what is typed becomes what the gateway does, what is
//! printed is fit to read, and no secret comes out again.

use serde_json::Value;

use crate::program::{Program, ask};
use crate::scene::Scene;

const PROVIDER_KEY: &str = "sk-canary-typed-91d2";

async fn scene() -> Scene {
    Scene::start("endpoints: [ { name: declared, targets: [ { credential: openai, model: gpt-4o } ] } ]\n")
        .await
}

/// A credential `openai-main` and an endpoint `chat`, made as a person makes them.
async fn scene_with_objects() -> Scene {
    let scene = scene().await;
    let base = scene.provider.openai_url();
    let create = ["credential", "create", "openai-main", "--provider", "openai", "--base-url", &base];
    let credential = Program::of(&scene.gateway, &[&create[..], &["--api-key-file", "-"]].concat());
    let said = credential.input(&format!("{PROVIDER_KEY}\n")).ask().await;
    assert!(said.starts_with("created credential `openai-main` (s-"), "{said}");
    ask(&scene.gateway, &["endpoint", "create", "chat", "--target", "openai-main:gpt-4o", "--alias", "talk"])
        .await;
    scene
}

async fn document(scene: &Scene, arguments: &[&str]) -> Value {
    serde_json::from_str(&ask(&scene.gateway, &[arguments, &["--json"]].concat()).await).unwrap()
}

#[tokio::test]
async fn a_secret_never_comes_out_again() {
    let scene = scene_with_objects().await;
    let secret = ask(&scene.gateway, &["key", "create", "ci", "--quiet"]).await;
    for kind in ["credential", "key"] {
        for json in [&[][..], &["--json"]] {
            let name = if kind == "key" { "ci" } else { "openai-main" };
            let mut printed = ask(&scene.gateway, &[&[kind, "list"], json].concat()).await;
            printed.push_str(&ask(&scene.gateway, &[&[kind, "show", name], json].concat()).await);
            assert!(!printed.contains(PROVIDER_KEY) && !printed.contains(secret.trim()), "{printed}");
        }
    }
    assert!(!scene.gateway.log().contains(PROVIDER_KEY) && !scene.gateway.log().contains(secret.trim()));
}

#[tokio::test]
async fn a_new_key_is_told_from_its_words() {
    let scene = scene().await;
    let said = ask(&scene.gateway, &["key", "create", "ci"]).await;
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("created key `ci` (k-") && lines[1].starts_with("  gw_"), "{said}");
    assert_eq!(lines[2], "store it now: it is not shown again");
    let created = document(&scene, &["key", "create", "other"]).await;
    assert!(created["secret"].as_str().unwrap().starts_with("gw_"), "{created}");
}

#[tokio::test]
async fn set_changes_what_is_written_and_nothing_else() {
    let scene = scene_with_objects().await;
    ask(&scene.gateway, &["endpoint", "set", "chat", "--max-attempts", "3", "--strict"]).await;
    let endpoint = document(&scene, &["endpoint", "show", "chat"]).await;
    assert_eq!((&endpoint["max_attempts"], &endpoint["strict"]), (&3.into(), &true.into()));
    assert_eq!(endpoint["aliases"][0], "talk");
    ask(&scene.gateway, &["endpoint", "set", "chat", "--unset", "max_attempts"]).await;
    assert!(document(&scene, &["endpoint", "show", "chat"]).await.get("max_attempts").is_none());

    ask(&scene.gateway, &["credential", "set", "openai-main", "--description", "for all"]).await;
    let credential = document(&scene, &["credential", "show", "openai-main"]).await;
    assert_eq!(credential["secrets"]["api_key"]["masked"], "…91d2");

    let refused = Program::of(&scene.gateway, &["endpoint", "set", "chat"]).refused().await;
    assert!(refused.contains("nothing to set"), "{refused}");
}

#[tokio::test]
async fn set_creates_what_is_not_there_yet() {
    let scene = scene().await;
    let price = ["price", "set", "openai/gpt-unheard-of", "--input", "1.25", "--output", "10"];
    let said = ask(&scene.gateway, &price).await;
    assert!(said.starts_with("created price `openai/gpt-unheard-of`"), "{said}");
    let said = ask(&scene.gateway, &["price", "set", "openai/gpt-unheard-of", "--output", "12"]).await;
    assert!(said.starts_with("changed price"), "{said}");
    let price = document(&scene, &["price", "show", "openai/gpt-unheard-of"]).await;
    assert_eq!((&price["input"], &price["output"]), (&"1.25".into(), &"12".into()), "{price}");
    let refused = Program::of(&scene.gateway, &["price", "set", "gpt-5", "--input", "1"]).refused().await;
    assert!(refused.contains("write `provider/model`"), "{refused}");
}

#[tokio::test]
async fn a_stale_revision_changes_nothing() {
    let scene = scene_with_objects().await;
    let revision = document(&scene, &["endpoint", "show", "chat"]).await["revision"].to_string();
    ask(&scene.gateway, &["endpoint", "set", "chat", "--max-attempts", "3", "--if-revision", &revision])
        .await;
    for command in [&["set", "chat", "--max-attempts", "5"][..], &["delete", "chat", "--yes"]] {
        let command = [&["endpoint"], command, &["--if-revision", &revision]].concat();
        let refused = Program::of(&scene.gateway, &command).refused().await;
        assert!(refused.contains("somebody has changed endpoint `chat`"), "{refused}");
    }
    assert_eq!(document(&scene, &["endpoint", "show", "chat"]).await["max_attempts"], 3);
}

#[tokio::test]
async fn delete_asks_first_and_names_who_uses_it() {
    let scene = scene_with_objects().await;
    let refused = Program::of(&scene.gateway, &["credential", "delete", "openai-main"]).refused().await;
    assert!(refused.contains("repeat the command with `--yes`"), "{refused}");
    let delete = ["credential", "delete", "openai-main", "--yes"];
    let refused = Program::of(&scene.gateway, &delete).refused().await;
    assert!(refused.contains("endpoint") && refused.contains("`chat`"), "{refused}");
    let said = ask(&scene.gateway, &["endpoint", "delete", "chat", "--yes"]).await;
    assert_eq!(said, "deleted endpoint `chat`\n");
    ask(&scene.gateway, &delete).await;
    // The others go even where one is missing, and the exit code tells.
    ask(&scene.gateway, &["team", "create", "one"]).await;
    let both = Program::of(&scene.gateway, &["team", "delete", "nobody", "one", "--yes"]).run().await;
    assert_eq!((both.code, both.out.as_str()), (1, "deleted team `one`\n"));
    assert!(both.err.contains("there is no team `nobody`"), "{}", both.err);
}

#[tokio::test]
async fn a_refusal_names_the_field_and_what_to_do() {
    let scene = scene().await;
    let create = ["endpoint", "create", "chat", "--target", "opnai:gpt-4o", "--capture", "everything"];
    let refused = Program::of(&scene.gateway, &create).refused().await;
    assert!(refused.starts_with("error: ") && refused.contains("capture"), "{refused}");
    let create = ["endpoint", "create", "chat", "--target", "opnai:gpt-4o"];
    let refused = Program::of(&scene.gateway, &create).refused().await;
    assert!(refused.contains("targets[0].credential") && refused.contains("`opnai`"), "{refused}");
    let create = ["endpoint", "create", "chat", "--target", "mistral/large=3"];
    let refused = Program::of(&scene.gateway, &create).refused().await;
    assert!(refused.contains("gatewright credential create NAME --provider mistral"), "{refused}");
    let missing = Program::of(&scene.gateway, &["key", "show", "nobody"]).refused().await;
    assert_eq!(missing, "error: there is no key `nobody`; `gatewright key list` shows all\n");
}

#[tokio::test]
async fn a_missing_secret_is_said_before_anything_is_sent() {
    let scene = scene().await;
    let create = ["credential", "create", "x", "--provider", "openai"];
    for (from, said) in [
        (&["--api-key-env", "NOT_THERE"][..], "the environment variable `NOT_THERE` is not set"),
        (&["--api-key-file", "/nowhere/key"], "cannot read `/nowhere/key`"),
        (&["--api-key-file", "-"], "holds no API key"),
    ] {
        let refused = Program::of(&scene.gateway, &[&create[..], from].concat()).refused().await;
        assert!(refused.contains(said), "{refused}");
    }
    let empty = [&create[..], &["--api-key-env", "EMPTY"]].concat();
    let refused = Program::of(&scene.gateway, &empty).variable("EMPTY", " ").refused().await;
    assert!(refused.contains("`EMPTY` is not set"), "{refused}");
    let both = [&create[..], &["--api-key-file", "-", "-f", "-"]].concat();
    let refused = Program::of(&scene.gateway, &both).input("{}").refused().await;
    assert!(refused.contains("standard input holds a document already"), "{refused}");
}
