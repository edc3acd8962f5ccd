//! Credentials, endpoints, keys and prices from the command line: what is typed becomes what the gateway does, what is
//! printed is fit to read, and no secret comes out again.

use crate::program::Program;
use crate::scene::Scene;

async fn scene() -> Scene {
    Scene::start("endpoints: [ { name: declared, targets: [ { credential: openai, model: gpt-4o } ] } ]\n")
        .await
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
