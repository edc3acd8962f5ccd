//! What the admin API is sent wrong: every field of every object with every kind of nonsense, bodies that are no JSON,
//! names that are no names. Each is refused with its place, and nothing of it is stored.

use http::Method;
use serde_json::{Value, json};
use testkit::Gateway;
use testkit::gateway::Setup;

use crate::admin::{Admin, examples, pointers, stored};
use crate::scene::BINARY;

async fn gateway() -> Gateway {
    Setup::new(BINARY).start().await
}

/// What no field of any object takes.
fn nonsense() -> Vec<Value> {
    vec![
        json!(-7.5),
        json!(true),
        json!([]),
        json!(["\u{0}", 7, { "a": null }]),
        json!({ "nonsense": 1 }),
        json!("x".repeat(100_000)),
        json!("\u{0}\u{202e}ä"),
        json!(""),
        json!(i64::MAX),
    ]
}

#[tokio::test]
async fn every_field_is_refused_by_its_place_or_makes_sense() {
    let gateway = gateway().await;
    let admin = Admin::of(&gateway);
    let document = admin.get("openapi.json").await.expect_json(200).await;
    let mut refused = 0;
    for (kind, _, example, _) in examples() {
        let schema = &document["components"]["schemas"][capitalized(&kind[..kind.len() - 1])];
        for field in schema["properties"].as_object().unwrap().keys() {
            for value in nonsense() {
                let mut body = example.clone();
                body[field] = value.clone();
                let reply = admin.post(kind, &body).await;
                let status = reply.status;
                let told = reply.json().await;
                let shown: String = value.to_string().chars().take(40).collect();
                if status == 201 {
                    // Some texts and numbers are right in some fields; as a list or a flag they may be, too.
                    let id = told["id"].as_str().unwrap();
                    assert_eq!(admin.delete(&format!("{kind}/{id}")).await.status, 204);
                    continue;
                }
                refused += 1;
                assert!([409, 422].contains(&status), "{kind} {field} {shown}: {status} {told}");
                let at = format!("/{field}");
                assert!(
                    pointers(&told).iter().any(|pointer| pointer.starts_with(&at)),
                    "{kind} {field} {shown}: {told}"
                );
                assert!(told.to_string().len() < 4_000, "{kind} {field}: the problem repeats what was sent");
            }
        }
        // For those that follow.
        admin.post(kind, &example).await.expect_json(201).await;
    }
    assert!(refused > 250, "{refused}");
}

fn capitalized(word: &str) -> String {
    format!("{}{}", word[..1].to_uppercase(), &word[1..])
}

#[tokio::test]
async fn unknown_fields_and_missing_ones_are_named() {
    let gateway = gateway().await;
    let admin = Admin::of(&gateway);
    for (kind, _, example, _) in examples() {
        for unknown in ["nonsense", "id", "status", "created_at", "a/b~c"] {
            let mut body = example.clone();
            body[unknown] = json!(1);
            let problem = admin.post(kind, &body).await.expect_json(422).await;
            let pointer = format!("/{}", unknown.replace('~', "~0").replace('/', "~1"));
            assert!(pointers(&problem).contains(&pointer.as_str()), "{kind} {unknown}: {problem}");
        }
        let empty = admin.post(kind, &json!({})).await.expect_json(422).await;
        assert!(!empty["errors"].as_array().unwrap().is_empty(), "{kind}: {empty}");
        admin.post(kind, &example).await.expect_json(201).await;
    }
}

#[tokio::test]
async fn what_is_no_json_object_is_a_400() {
    let gateway = gateway().await;
    let client = gateway.client().bearer(&gateway.admin_token());
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    let bodies: [&[u8]; 11] = [
        b"",
        b"{",
        b"[]",
        b"7",
        b"\"name\"",
        b"null",
        b"{\"name\": \"a\", \"name\": \"b\"}",
        b"{\"name\": \"a\"} {}",
        b"{\"name\": \"\xff\"}",
        b"{\"name\": NaN}",
        deep.as_bytes(),
    ];
    for body in bodies {
        let reply = client.post_bytes("/api/v1/teams", body.to_vec()).await;
        let problem = reply.expect_json(400).await;
        assert_eq!(problem["code"], "malformed_request", "{problem}");
    }
    let twice =
        client.post_bytes("/api/v1/teams", "{\"a\": {\"b\": 1, \"b\": 2}}").await.expect_json(400).await;
    assert_eq!(pointers(&twice), ["/a/b"]);
    let large = format!("{{\"name\": \"{}\"}}", "x".repeat(1024 * 1024));
    assert_eq!(
        client.post_bytes("/api/v1/teams", large).await.expect_json(413).await["code"],
        "body_too_large"
    );
    for media in ["text/plain", "application/x-www-form-urlencoded", "application/yaml", ""] {
        let headers = [("content-type", media)];
        let reply = client.send(Method::POST, "/api/v1/teams", &headers, "{\"name\": \"a\"}").await;
        assert_eq!(reply.expect_json(415).await["code"], "unsupported_media_type", "{media}");
    }
    assert!(stored(&Admin::of(&gateway).get("teams").await.expect_json(200).await, "teams").is_empty());
}

#[tokio::test]
async fn names_that_are_no_names_are_refused_and_found_nowhere() {
    let gateway = gateway().await;
    let admin = Admin::of(&gateway);
    let long = "a".repeat(64);
    let odd = [
        "",
        " ",
        "A",
        "a b",
        "a/b",
        "../../etc/passwd",
        "a\u{0}b",
        "ä",
        "a'; DROP TABLE objects;--",
        "%",
        "_",
        "-a",
        ".",
        "..",
        "a\n",
        "<script>",
        "${HOME}",
        "\u{202e}a",
        long.as_str(),
    ];
    for name in odd {
        let problem = admin.post("teams", &json!({ "name": name })).await.expect_json(422).await;
        assert_eq!(pointers(&problem), ["/name"], "{name:?}");
        let escaped: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        if name.is_empty() {
            continue;
        }
        for path in [format!("teams/{escaped}"), format!("teams/x?project={escaped}")] {
            let reply = admin.get(&path).await;
            assert_eq!(reply.expect_json(404).await["code"], "not_found", "{name:?}");
        }
        // Part of a name in a list is text, whatever it looks like to a database.
        let page = admin.get(&format!("teams?name={escaped}")).await.expect_json(200).await;
        assert!(stored(&page, "teams").is_empty(), "{name:?}");
    }
    let exact = "a".repeat(63);
    admin.post("teams", &json!({ "name": exact })).await.expect_json(201).await;
}

#[tokio::test]
async fn ids_of_others_and_of_nobody_are_404() {
    let gateway = gateway().await;
    let admin = Admin::of(&gateway);
    let mut ids = Vec::new();
    for (kind, _, example, _) in examples() {
        let created = admin.post(kind, &example).await.expect_json(201).await;
        ids.push(created["id"].as_str().unwrap().to_owned());
    }
    for (kind, prefix, ..) in examples() {
        let foreign =
            ids.iter().filter(|id| !id.starts_with(prefix) || (prefix == "p-" && id.starts_with("pr-")));
        let nobody = format!("{prefix}00000000000000000000000000000bad");
        for id in foreign.chain([&nobody]) {
            let path = format!("{kind}/{id}");
            for reply in [
                admin.get(&path).await,
                admin.delete(&path).await,
                admin.patch(&path, &json!(1), &json!({})).await,
            ] {
                reply.expect_json(404).await;
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_method_says_which_are_right() {
    let gateway = gateway().await;
    let admin = Admin::of(&gateway);
    for (path, method, allowed) in [
        ("teams", Method::PUT, "GET,HEAD,POST"),
        ("teams/x", Method::POST, "DELETE,GET,HEAD,PATCH,PUT"),
        ("calls", Method::DELETE, "GET,HEAD"),
        ("vault/rotate", Method::GET, "POST"),
    ] {
        let reply = admin.ask(method, path, &[], None).await;
        let mut allow: Vec<&str> = reply.header("allow").split(',').collect();
        allow.sort_unstable();
        assert_eq!(allow.join(","), allowed, "{path}");
        assert_eq!(reply.expect_json(405).await["code"], "method_not_allowed");
    }
}

#[tokio::test]
async fn nothing_secret_comes_back() {
    let secrets = ["sk-canary-first-0f1e2d3c", "sk-canary-second-4b5a6978", "canary-imported-key-8796a5b4"];
    let gateway = Setup::new(BINARY).variable("GATEWRIGHT_LOG", "trace").start().await;
    let admin = Admin::of(&gateway);
    let mut said = String::new();
    let credential = json!({ "name": "main", "provider": "openai", "api_key": secrets[0] });
    let created = admin.post("credentials", &credential).await.expect_json(201).await;
    said.push_str(&created.to_string());
    let changed =
        admin.patch("credentials/main", &created["revision"], &json!({ "api_key": secrets[1] })).await;
    said.push_str(&changed.text().await);
    // Wrong in other fields, or as a whole: the problem says nothing of the secret.
    for body in [
        json!({ "name": "x", "provider": "nothing", "api_key": secrets[0] }),
        json!({ "name": "x", "provider": "openai", "api_key": [secrets[0]] }),
        json!({ "name": "x", "provider": "openai", "api_key": format!("{} {}", secrets[0], secrets[1]) }),
        json!({ "name": "x", "provider": "openai", "api_kee": secrets[0] }),
    ] {
        said.push_str(&admin.post("credentials", &body).await.text().await);
    }
    let imported = json!({ "name": "ci", "secret": secrets[2] });
    said.push_str(&admin.post("keys", &imported).await.text().await);
    said.push_str(&admin.post("keys", &json!({ "name": "cd", "secret": secrets[2] })).await.text().await);
    let objects = json!({ "objects": { "credentials": [{ "name": "main", "provider": "openai", "api_key": secrets[0] }] } });
    said.push_str(&admin.post("configuration/diff", &objects).await.text().await);
    said.push_str(&admin.post("configuration/apply", &objects).await.text().await);
    for path in ["credentials", "credentials/main", "keys", "keys/ci", "audit", "vault"] {
        said.push_str(&admin.get(path).await.text().await);
    }
    said.push_str(&gateway.log());
    for secret in secrets {
        assert!(!said.contains(secret), "`{secret}` is in {said}");
    }
    assert!(said.contains("…2d3c") && said.contains("…6978"), "{said}");
}
