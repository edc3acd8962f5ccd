//! What is written over the admin API is in force when the reply has come: calls are made with it, and stop with it.

use serde_json::{Value, json};
use testkit::gateway::Setup;
use testkit::{Client, Gateway, MockProvider};

use crate::admin::Admin;
use crate::scene::BINARY;
use crate::talk::chat;

async fn call(gateway: &Gateway, key: &str, model: &str) -> u16 {
    let client: Client = gateway.client().bearer(key);
    client.post("/v1/chat/completions", &chat(model, "hello")).await.status
}

#[tokio::test]
async fn a_credential_an_endpoint_and_a_key_serve_a_call() {
    let provider = MockProvider::start().await;
    let gateway = Setup::new(BINARY).start().await;
    let admin = Admin::of(&gateway);
    let credential = json!({
        "name": "main", "provider": "openai", "base_url": provider.openai_url(), "api_key": "sk-0123456789abcdef",
    });
    admin.post("credentials", &credential).await.expect_json(201).await;
    let endpoint = json!({ "name": "talk", "targets": [{ "credential": "main", "model": "gpt-4o" }] });
    admin.post("endpoints", &endpoint).await.expect_json(201).await;
    let key =
        admin.post("keys", &json!({ "name": "ci", "endpoints": ["talk"] })).await.expect_json(201).await;
    let secret = key["secret"].as_str().unwrap();
    assert_eq!(call(&gateway, secret, "talk").await, 200);
    let used = admin.get("keys/ci").await.expect_json(200).await;
    assert!(used["last_used_at"].is_string(), "{used}");
    assert_eq!(used["secrets"]["secret"]["masked"], format!("{}…", &secret[..16]));

    let revoked = admin.post("keys/ci/revoke", &json!({})).await.expect_json(200).await;
    assert_eq!(revoked["status"], "revoked");
    assert!(revoked["revoked_at"].is_string());
    assert_eq!(call(&gateway, secret, "talk").await, 401);
    let again = admin.post("keys/ci/revoke", &json!({})).await.expect_json(200).await;
    assert_eq!(again["revision"], revoked["revision"]);

    let imported = json!({ "name": "imported", "secret": "an-imported-secret-of-our-own" });
    assert_eq!(admin.post("keys", &imported).await.expect_json(201).await.get("secret"), None);
    assert_eq!(call(&gateway, "an-imported-secret-of-our-own", "talk").await, 200);
    let twice = json!({ "name": "twice", "secret": "an-imported-secret-of-our-own" });
    assert_eq!(admin.post("keys", &twice).await.status, 409);
    let endpoint = admin.get("endpoints/talk").await.expect_json(200).await;
    let renamed = admin.patch("endpoints/talk", &endpoint["revision"], &json!({ "name": "speak" })).await;
    assert_eq!(renamed.expect_json(409).await["code"], "in_use");
    assert_eq!(admin.delete("keys/ci").await.status, 204);
    assert_eq!(admin.delete("endpoints/talk").await.status, 204);
    assert_eq!(call(&gateway, "an-imported-secret-of-our-own", "talk").await, 404);
}

#[tokio::test]
async fn the_configuration_is_shown_exported_and_read_again() {
    let mut gateway = Setup::new(BINARY)
        .config("server: { anonymous: loopback }\nendpoints: [ { name: demo, targets: [simulator/echo] } ]\ncredentials: [ { name: sim, provider: simulator } ]\n")
        .start()
        .await;
    let admin = Admin::of(&gateway);
    let body = json!({ "name": "main", "provider": "openai", "api_key": "sk-0123456789abcdef" });
    admin.post("credentials", &body).await.expect_json(201).await;
    let running = admin.get("configuration").await.expect_json(200).await;
    assert!(running["file"].as_str().unwrap().ends_with("gatewright.yaml"), "{running}");
    assert_eq!(running["declared"]["endpoints"][0]["name"], "demo");
    assert_eq!((&running["failure"], &running["quarantined"]), (&Value::Null, &json!([])));
    let export = admin.get("configuration/export").await;
    assert_eq!(export.header("content-type"), "application/yaml");
    let export = export.text().await;
    assert!(export.contains("name: main") && export.contains("${CREDENTIAL_MAIN_API_KEY}"), "{export}");
    assert!(!export.contains("sk-0123456789abcdef"));

    gateway.write_config("endpoints: [ { name: } ]\n");
    let refused = admin.post("configuration/reload", &json!({})).await.expect_json(409).await;
    assert_eq!(refused["code"], "invalid_file");
    assert!(refused["errors"][0]["message"].as_str().unwrap().contains("gatewright.yaml:1:"), "{refused}");
    let diagnostics = admin.get("diagnostics").await.expect_json(200).await;
    assert_eq!(diagnostics["configuration"]["current"], false);
    assert_eq!(diagnostics["banners"][0]["about"], "configuration");
    assert_eq!(call(&gateway, "dummy", "demo").await, 200);

    let shadowing = "server: { anonymous: loopback }\ncredentials: [ { name: main, provider: openai, api_key: sk-of-the-file-0123 } ]\n";
    gateway.write_config(shadowing);
    admin.post("configuration/reload", &json!({})).await.expect_json(200).await;
    let page = admin.get("credentials").await.expect_json(200).await;
    let seen: Vec<(&Value, &Value)> =
        page["credentials"].as_array().unwrap().iter().map(|one| (&one["source"], &one["status"])).collect();
    assert_eq!(seen, [(&json!("file"), &json!("active")), (&json!("store"), &json!("shadowed"))]);
    // What is shadowed can go; what shadows it stays.
    assert_eq!(admin.delete("credentials/main").await.status, 204);
    assert_eq!(admin.delete("credentials/main").await.expect_json(409).await["code"], "declared_in_file");
    let metrics = gateway.client().bearer(&gateway.admin_token()).get("/metrics").await;
    assert!(metrics.header("content-type").starts_with("application/openmetrics-text"));
    assert!(metrics.text().await.ends_with("# EOF\n"));
}
