//! What is stored as a file and a file as what is stored: export, diff, apply and reload from the command line.

use serde_json::Value;

use crate::program::{Program, ask};
use crate::scene::Scene;
use crate::talk::chat;

const PROVIDER_KEY: &str = "sk-canary-exported-5c07";

/// One object of each kind, with a secret among them.
async fn scene_with_objects() -> Scene {
    let scene = Scene::start("").await;
    let base = scene.provider.openai_url();
    let create = ["credential", "create", "own", "--provider", "openai-compatible", "--base-url", &base];
    let create = [&create[..], &["--api-key-env", "PROVIDER_KEY"]].concat();
    Program::of(&scene.gateway, &create).variable("PROVIDER_KEY", PROVIDER_KEY).ask().await;
    for command in [
        &["team", "create", "platform"][..],
        &["project", "create", "web", "--team", "platform"],
        &["target", "create", "fast", "--credential", "own", "--model", "gpt-4o"],
        &[
            "endpoint",
            "create",
            "talk",
            "--target",
            "fast=3",
            "--target",
            "own:gpt-4.1=1",
            "--alias",
            "speak",
        ],
        &["price", "set", "openai/gpt-unheard-of", "--input", "1.25", "--output", "10"],
    ] {
        ask(&scene.gateway, command).await;
    }
    scene
}

async fn export(scene: &Scene) -> String {
    ask(&scene.gateway, &["export"]).await
}

fn write(scene: &Scene, text: &str) {
    std::fs::write(scene.gateway.directory().join("stored.yaml"), text).unwrap();
}

fn run<'a>(scene: &'a Scene, command: &[&str]) -> Program<'a> {
    let command = [command, &["-f", "stored.yaml"]].concat();
    Program::of(&scene.gateway, &command).variable("CREDENTIAL_OWN_API_KEY", PROVIDER_KEY)
}

#[tokio::test]
async fn what_is_exported_makes_the_same_elsewhere() {
    let scene = scene_with_objects().await;
    let exported = export(&scene).await;
    assert!(!exported.contains(PROVIDER_KEY) && exported.contains("${CREDENTIAL_OWN_API_KEY}"), "{exported}");
    let fresh = Scene::start("").await;
    write(&fresh, &exported);
    let plan = run(&fresh, &["diff"]).ask().await;
    assert!(plan.contains("+ credential own\n") && plan.ends_with("6 to create\n"), "{plan}");
    let done = run(&fresh, &["apply"]).ask().await;
    assert!(done.contains("+ endpoint talk\n") && done.ends_with("6 created\n"), "{done}");
    assert_eq!(run(&fresh, &["diff"]).ask().await, "nothing to do, 6 unchanged\n");
    assert_eq!(run(&fresh, &["diff", "--prune"]).ask().await, "nothing to do, 6 unchanged\n");
    assert_eq!(export(&fresh).await, exported);
    let reply = fresh.openai().post("/v1/chat/completions", &chat("speak", "hello")).await;
    reply.expect_json(200).await;
}

#[tokio::test]
async fn changes_are_told_by_field_and_never_by_value() {
    let scene = scene_with_objects().await;
    let exported = export(&scene).await.replace("gpt-4.1", "gpt-4.1-mini");
    write(
        &scene,
        &exported.replace("name: platform", "name: other").replace("team: platform", "team: other"),
    );
    let plan =
        run(&scene, &["apply", "--dry-run"]).variable("CREDENTIAL_OWN_API_KEY", "sk-another-one").ask().await;
    let lines: Vec<&str> = plan.lines().collect();
    assert!(lines.contains(&"+ team other") && lines.contains(&"~ endpoint talk (targets)"), "{plan}");
    assert!(lines.contains(&"~ credential own (api_key)"), "{plan}");
    assert!(!plan.contains("sk-") && plan.ends_with("1 to create, 3 to change, 2 unchanged\n"), "{plan}");
    // It was only asked.
    write(&scene, &export(&scene).await);
    assert_eq!(run(&scene, &["diff"]).ask().await, "nothing to do, 6 unchanged\n");
}

#[tokio::test]
async fn deleting_needs_two_words() {
    let scene = scene_with_objects().await;
    let exported = export(&scene).await;
    let without_prices = exported.split("prices:").next().unwrap();
    write(&scene, without_prices);
    assert_eq!(run(&scene, &["apply"]).ask().await, "nothing to do, 5 unchanged\n");
    let asked = run(&scene, &["apply", "--prune"]).run().await;
    assert!(asked.code == 1 && asked.out.contains("- price openai/gpt-unheard-of"), "{asked:?}");
    assert!(asked.err.contains("`--yes`"), "{}", asked.err);
    let done = run(&scene, &["apply", "--prune", "--yes"]).ask().await;
    assert!(done.contains("- price openai/gpt-unheard-of\n1 deleted, 5 unchanged"), "{done}");
    let report: Value =
        serde_json::from_str(&run(&scene, &["diff", "--prune", "--json"]).ask().await).unwrap();
    let changes = report["changes"].as_array().unwrap();
    assert!(changes.iter().all(|change| change["action"] == "unchanged"), "{report}");
}

#[tokio::test]
async fn secrets_that_are_not_at_hand_stay() {
    let scene = scene_with_objects().await;
    write(&scene, &export(&scene).await);
    let without = |command: &[&str]| Program::of(&scene.gateway, &[command, &["-f", "stored.yaml"]].concat());
    let refused = without(&["apply"]).refused().await;
    assert!(refused.contains("`CREDENTIAL_OWN_API_KEY` is not set"), "{refused}");
    assert!(refused.contains("`--keep-secrets` leaves"), "{refused}");
    let ran = without(&["apply", "--keep-secrets"]).run().await;
    assert_eq!((ran.code, ran.out.as_str()), (0, "nothing to do, 6 unchanged\n"), "{}", ran.err);
    assert!(ran.err.contains("the secret stays as it is stored"), "{}", ran.err);
    scene.openai().post("/v1/chat/completions", &chat("talk", "hello")).await.expect_json(200).await;
}

#[tokio::test]
async fn a_file_that_is_wrong_changes_nothing() {
    let scene = scene_with_objects().await;
    for (text, said) in [
        ("endpoints: [", "stored.yaml:1:"),
        ("server: { listen: \"127.0.0.1:1\" }", "holds no objects"),
        ("teams: [ { name: new } ]\nendpoints: [ { name: x, targets: [ { target: nobody } ] } ]", "`nobody`"),
        ("teams: [ { name: new, colour: red } ]", "colour"),
    ] {
        write(&scene, text);
        let refused = run(&scene, &["apply"]).run().await;
        assert!(refused.code == 1 && refused.err.contains(said), "{text}: {refused:?}");
    }
    assert!(!ask(&scene.gateway, &["team", "list"]).await.contains("new"));
}

#[tokio::test]
async fn reload_says_what_became_of_the_file() {
    let mut scene =
        Scene::start("endpoints: [ { name: one, targets: [ { credential: openai, model: a } ] } ]").await;
    assert_eq!(ask(&scene.gateway, &["reload"]).await, "the file has not changed\n");
    let good = crate::scene::config(
        &scene.provider,
        "endpoints: [ { name: two, targets: [ { credential: openai, model: a } ] } ]",
    );
    scene.gateway.write_config(&good);
    // The watcher may have been quicker.
    let said = ask(&scene.gateway, &["reload"]).await;
    assert!(said == "the file is in force now\n" || said == "the file has not changed\n", "{said}");
    assert!(ask(&scene.gateway, &["endpoint", "list"]).await.contains("two"));
    scene.gateway.write_config(&good.replace("targets", "tragets"));
    let refused = Program::of(&scene.gateway, &["reload"]).refused().await;
    assert!(refused.contains("the one from before stays"), "{refused}");
    assert!(
        refused.contains("gatewright.yaml:4") && refused.contains("did you mean `targets`?"),
        "{refused}"
    );
    assert!(ask(&scene.gateway, &["endpoint", "list"]).await.contains("two"));
}
