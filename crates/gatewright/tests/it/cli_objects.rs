//! Credentials, endpoints, keys and prices from the command line: what is typed becomes what the gateway does, what is
//! printed is fit to read, and no secret comes out again.

use serde_json::Value;

use crate::program::{Program, ask};
use crate::scene::Scene;
use crate::talk::chat;

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

/// The words of a table's line, so that widths and distances in time do not matter.
fn words(line: &str) -> Vec<&str> {
    line.split("  ").map(str::trim).filter(|word| !word.is_empty()).collect()
}

#[tokio::test]
async fn from_nothing_to_an_answer() {
    let scene = scene_with_objects().await;
    let create = ["key", "create", "ci", "--endpoint", "chat", "--expires", "90d", "--tag", "nightly"];
    let secret = ask(&scene.gateway, &[&create[..], &["--metadata", "owner=ann", "--quiet"]].concat()).await;
    let secret = secret.strip_suffix('\n').unwrap();
    assert!(secret.starts_with("gw_") && !secret.contains(char::is_whitespace), "{secret}");
    let client = scene.gateway.client().bearer(secret);
    client.post("/v1/chat/completions", &chat("talk", "hello")).await.expect_json(200).await;
    let asked = scene.provider.requests();
    assert_eq!(asked[0].header("authorization"), format!("Bearer {PROVIDER_KEY}"));
    let key = document(&scene, &["key", "show", "ci"]).await;
    assert_eq!((&key["tags"][0], &key["metadata"]["owner"]), (&"nightly".into(), &"ann".into()));

    let said = ask(&scene.gateway, &["key", "revoke", "ci", "--yes"]).await;
    assert!(said.starts_with("revoked key `ci` (k-"), "{said}");
    let refused = client.post("/v1/chat/completions", &chat("talk", "hello")).await;
    assert_eq!(refused.status, 401);
    assert_eq!(document(&scene, &["key", "show", "ci"]).await["status"], "revoked");
}

#[tokio::test]
async fn lists_are_tables_with_what_matters() {
    let scene = scene_with_objects().await;
    let printed = ask(&scene.gateway, &["credential", "list"]).await;
    let lines: Vec<Vec<&str>> = printed.lines().map(words).collect();
    assert_eq!(lines[0], ["name", "provider", "key", "status", "from", "changed"], "{printed}");
    let own = lines.iter().find(|line| line[0] == "openai-main").unwrap();
    assert_eq!(own[..5], ["openai-main", "openai", "…91d2", "active", "store"], "{printed}");
    let declared = lines.iter().find(|line| line[0] == "openai").unwrap();
    assert!(declared.contains(&"gatewright.yaml:2"), "{printed}");

    let printed = ask(&scene.gateway, &["endpoint", "list", "--name", "chat"]).await;
    let lines: Vec<Vec<&str>> = printed.lines().map(words).collect();
    assert_eq!(lines[1][..4], ["chat", "openai-main:gpt-4o", "active", "store"], "{printed}");
    assert_eq!(lines.len(), 2);
    let nothing = ask(&scene.gateway, &["target", "list"]).await;
    assert!(nothing.starts_with("no targets yet; `gatewright target create --help`"), "{nothing}");
}

#[tokio::test]
async fn a_file_describes_one_object() {
    let scene = scene_with_objects().await;
    let file = scene.gateway.directory().join("endpoint.yaml");
    std::fs::write(
        &file,
        "targets:\n  - { credential: openai-main, model: \"${MODEL}\", weight: 9 }\n  - openai/gpt-4.1\n",
    )
    .unwrap();
    let set = ["endpoint", "set", "chat", "-f", "endpoint.yaml"];
    let refused = Program::of(&scene.gateway, &set).refused().await;
    assert!(refused.contains("endpoint.yaml:2:") && refused.contains("`MODEL` is not set"), "{refused}");
    // `openai/…` is ambiguous now: the answer says which field, and what to do.
    let refused = Program::of(&scene.gateway, &set).variable("MODEL", "gpt-4o").refused().await;
    assert!(refused.contains("targets[1]: ") && refused.contains("has 2 credentials"), "{refused}");
    let create = ["endpoint", "create", "piped", "-f", "-", "--max-attempts", "2"];
    let document = "{\"targets\": [{\"credential\": \"openai\", \"model\": \"gpt-4o\"}]}";
    Program::of(&scene.gateway, &create).input(document).ask().await;
    scene.openai().post("/v1/chat/completions", &chat("piped", "hello")).await.expect_json(200).await;
}

#[tokio::test]
async fn what_the_file_declares_is_changed_there() {
    let scene = scene().await;
    for command in [&["set", "declared", "--max-attempts", "2"][..], &["delete", "declared", "--yes"]] {
        let refused = Program::of(&scene.gateway, &[&["endpoint"], command].concat()).refused().await;
        assert!(refused.contains("gatewright.yaml:4; change it there"), "{refused}");
    }
}

#[tokio::test]
async fn a_name_is_found_in_whichever_project_it_is() {
    let scene = scene().await;
    for project in ["web", "api"] {
        ask(&scene.gateway, &["project", "create", project]).await;
    }
    ask(&scene.gateway, &["key", "create", "ci", "--project", "web"]).await;
    let said = ask(&scene.gateway, &["key", "set", "ci", "--description", "nightly"]).await;
    assert!(said.starts_with("changed key `ci`"), "{said}");
    assert_eq!(document(&scene, &["key", "show", "ci"]).await["project"], "web");
    ask(&scene.gateway, &["key", "create", "ci", "--project", "api"]).await;
    let refused = Program::of(&scene.gateway, &["key", "revoke", "ci", "--yes"]).refused().await;
    assert!(refused.contains("`web`") && refused.contains("say which with `--project`"), "{refused}");
    ask(&scene.gateway, &["key", "delete", "ci", "--project", "api", "--yes"]).await;
    assert_eq!(document(&scene, &["key", "show", "ci"]).await["description"], "nightly");
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
