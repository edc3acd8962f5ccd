//! The life of every kind of object over the admin API: created, read, listed, replaced, changed and deleted, each write
//! once, by its revision, and under one name.

use http::Method;
use serde_json::{Value, json};
use testkit::Gateway;
use testkit::gateway::Setup;

use crate::admin::{Admin, examples, pointers, stored};
use crate::scene::BINARY;

/// The name of an example; that of a price is what it is for, escaped for a path.
fn name_of(example: &Value) -> String {
    example["name"].as_str().unwrap_or("openai%2Fgpt-5").to_owned()
}

async fn gateway() -> Gateway {
    Setup::new(BINARY).start().await
}

#[tokio::test]
async fn every_kind_of_object_has_the_same_life() {
    let gateway = gateway().await;
    let admin = Admin::of(&gateway);
    for (kind, prefix, example, patch) in examples() {
        let reply = admin.post(kind, &example).await;
        let (location, tag) = (reply.header("location").to_owned(), reply.header("etag").to_owned());
        let created = reply.expect_json(201).await;
        let id = created["id"].as_str().unwrap();
        assert!(id.starts_with(prefix) && id.len() == prefix.len() + 32, "{created}");
        assert_eq!(location, format!("/api/v1/{kind}/{id}"));
        assert_eq!(tag, format!("\"{}\"", created["revision"]));
        assert_eq!(
            (&created["source"], &created["status"]),
            (&json!("store"), &json!("active")),
            "{created}"
        );
        let mut known = created.clone();
        // The secret of a key is shown once.
        let secret = known.as_object_mut().unwrap().remove("secret");
        assert_eq!(secret.is_some(), kind == "keys");
        for handle in [id, &name_of(&example)] {
            assert_eq!(admin.get(&format!("{kind}/{handle}")).await.expect_json(200).await, known);
        }
        let page = admin.get(kind).await.expect_json(200).await;
        assert!(page[kind].as_array().unwrap().contains(&known), "{page}");
        // Replaced by itself, it is what it was.
        let path = format!("{kind}/{}", name_of(&example));
        assert_eq!(admin.put(&path, &example).await.expect_json(200).await["revision"], created["revision"]);
        let changed = admin.patch(&path, &created["revision"], &patch).await.expect_json(200).await;
        assert!(changed["revision"].as_i64() > created["revision"].as_i64(), "{changed}");
        assert_eq!(changed["id"], created["id"]);
        let again = admin.patch(&path, &created["revision"], &patch).await.expect_json(412).await;
        assert_eq!((&again["code"], &again["revision"]), (&json!("stale_revision"), &changed["revision"]));
        let twice = admin.post(kind, &example).await.expect_json(409).await;
        assert_eq!((&twice["code"], &twice["revision"]), (&json!("already_exists"), &changed["revision"]));
    }
    for (kind, _, example, _) in examples().into_iter().rev() {
        let path = format!("{kind}/{}", name_of(&example));
        assert_eq!(admin.delete(&path).await.status, 204, "{path}");
        for reply in [admin.get(&path).await, admin.delete(&path).await] {
            assert_eq!(reply.expect_json(404).await["code"], "not_found", "{path}");
        }
    }
}

#[tokio::test]
async fn a_put_creates_or_replaces_and_keeps_the_secret() {
    let gateway = gateway().await;
    let admin = Admin::of(&gateway);
    let body = json!({ "provider": "openai", "api_key": "sk-0123456789abcdef" });
    let created = admin.put("credentials/main", &body).await.expect_json(201).await;
    assert_eq!(created["name"], "main");
    assert_eq!(created["secrets"], json!({ "api_key": { "masked": "…cdef" } }));
    let body = json!({ "name": "main", "provider": "openai", "base_url": "https://api.openai.com/v1" });
    let replaced = admin.put("credentials/main", &body).await.expect_json(200).await;
    assert_eq!(replaced["secrets"], created["secrets"]);
    assert_eq!((&replaced["id"], &replaced["created_at"]), (&created["id"], &created["created_at"]));
    // What is left out is at its default again.
    let replaced =
        admin.put("credentials/main", &json!({ "provider": "openai" })).await.expect_json(200).await;
    assert_eq!(replaced.get("base_url"), None);
    let other = json!({ "name": "other", "provider": "openai" });
    let problem = admin.put("credentials/main", &other).await.expect_json(409).await;
    assert_eq!(pointers(&problem), ["/name"]);
    for (headers, status) in [
        (("if-none-match", "*"), 412),
        (("if-match", "\"1\""), 412),
        (("if-match", "*"), 200),
        (("if-match", "seven"), 400),
    ] {
        let body = json!({ "provider": "openai" });
        let reply = admin.ask(Method::PUT, "credentials/main", &[headers], Some(&body)).await;
        assert_eq!(reply.status, status, "{headers:?}");
    }
    let absent = admin.ask(Method::PUT, "teams/new", &[("if-match", "*")], Some(&json!({}))).await;
    assert_eq!(absent.status, 412);
}

#[tokio::test]
async fn a_change_needs_the_revision_it_changes() {
    let gateway = gateway().await;
    let admin = Admin::of(&gateway);
    let team =
        admin.post("teams", &json!({ "name": "platform", "description": "x" })).await.expect_json(201).await;
    let unsure =
        admin.ask(Method::PATCH, "teams/platform", &[], Some(&json!({}))).await.expect_json(428).await;
    assert_eq!((&unsure["code"], &unsure["revision"]), (&json!("revision_required"), &team["revision"]));
    let by_body = json!({ "revision": team["revision"], "description": "y" });
    let changed =
        admin.ask(Method::PATCH, "teams/platform", &[], Some(&by_body)).await.expect_json(200).await;
    assert_eq!(changed["description"], "y");
    assert_eq!(admin.ask(Method::PATCH, "teams/platform", &[], Some(&by_body)).await.status, 412);
    let taken = admin.patch("teams/platform", &changed["revision"], &json!({ "description": null })).await;
    assert_eq!(taken.expect_json(200).await.get("description"), None);
    let disagree = json!({ "revision": 1 });
    assert_eq!(admin.patch("teams/platform", &json!(2), &disagree).await.status, 412);
    let stale = admin.ask(Method::DELETE, "teams/platform", &[("if-match", "\"1\"")], None).await;
    assert_eq!(stale.expect_json(412).await["code"], "stale_revision");
}

#[tokio::test]
async fn what_is_used_stays_and_says_by_whom() {
    let gateway = gateway().await;
    let admin = Admin::of(&gateway);
    for (kind, _, example, _) in examples() {
        admin.post(kind, &example).await.expect_json(201).await;
    }
    for (path, users) in [
        ("credentials/main", vec!["endpoint talk", "target fast"]),
        ("targets/fast", vec!["endpoint talk"]),
        ("endpoints/talk", vec!["key ci"]),
        ("teams/platform", vec!["project web"]),
    ] {
        let problem = admin.delete(path).await.expect_json(409).await;
        assert_eq!(problem["code"], "in_use", "{problem}");
        let mut named: Vec<String> = problem["used_by"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| format!("{} {}", user["kind"].as_str().unwrap(), user["name"].as_str().unwrap()))
            .collect();
        named.sort();
        assert_eq!(named, users, "{path}");
        assert_eq!(admin.get(path).await.status, 200);
    }
    let credential = admin.get("credentials/main").await.expect_json(200).await;
    let renamed = admin.patch("credentials/main", &credential["revision"], &json!({ "name": "other" })).await;
    assert_eq!(renamed.expect_json(409).await["code"], "in_use");
    let key = admin.get("keys/ci").await.expect_json(200).await;
    let renamed =
        admin.patch("keys/ci", &key["revision"], &json!({ "name": "cd" })).await.expect_json(200).await;
    assert_eq!((&renamed["id"], &renamed["name"]), (&key["id"], &json!("cd")));
    assert_eq!(admin.get("keys/ci").await.status, 404);
}

#[tokio::test]
async fn a_request_that_is_sent_again_is_done_once() {
    let gateway = gateway().await;
    let admin = Admin::of(&gateway);
    let once = [("idempotency-key", "7f3a")];
    let body = json!({ "name": "ci" });
    let first = admin.ask(Method::POST, "keys", &once, Some(&body)).await;
    assert_eq!(first.header("idempotency-replayed"), "");
    let first = first.expect_json(201).await;
    let again = admin.ask(Method::POST, "keys", &once, Some(&body)).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.header("location"), format!("/api/v1/keys/{}", first["id"].as_str().unwrap()));
    assert_eq!(again.header("etag"), format!("\"{}\"", first["revision"]));
    // The client that got no answer has its secret now.
    assert_eq!(again.expect_json(201).await, first);
    let other = json!({ "name": "cd" });
    let reused = admin.ask(Method::POST, "keys", &once, Some(&other)).await.expect_json(409).await;
    assert_eq!(reused["code"], "idempotency_key_reused");
    for at in 0..2 {
        let reply = admin.ask(Method::DELETE, "keys/ci", &[("idempotency-key", "gone")], None).await;
        assert_eq!(reply.status, 204, "{at}");
    }
    assert_eq!(admin.delete("keys/ci").await.status, 404);
    let long = "x".repeat(201);
    for wrong in ["", "a b", &long] {
        let reply = admin.ask(Method::POST, "keys", &[("idempotency-key", wrong)], Some(&other)).await;
        assert_eq!(reply.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn lists_have_filters_and_pages() {
    let gateway = gateway().await;
    let admin = Admin::of(&gateway);
    for at in 0..12 {
        admin.post("teams", &json!({ "name": format!("team-{at:02}") })).await.expect_json(201).await;
    }
    let mut names = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = admin.get(&format!("teams?limit=5{cursor}")).await.expect_json(200).await;
        assert!(page["teams"].as_array().unwrap().len() <= 5);
        names.extend(stored(&page, "teams").into_iter().map(|team| team["name"].clone()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(names, (0..12).map(|at| json!(format!("team-{at:02}"))).collect::<Vec<_>>());
    let page = admin.get("teams?name=M-1").await.expect_json(200).await;
    assert_eq!(page["teams"].as_array().unwrap().len(), 2);
    assert_eq!(
        admin.get("keys?project=nowhere").await.expect_json(200).await,
        json!({ "keys": [], "next": null })
    );
    for wrong in ["limit=0", "limit=501", "cursor=x", "nothing=1", "limit=1&limit=2"] {
        assert_eq!(
            admin.get(&format!("teams?{wrong}")).await.expect_json(400).await["code"],
            "malformed_request"
        );
    }
}

#[tokio::test]
async fn two_hundred_writers_at_once_lose_nothing() {
    let gateway = gateway().await;
    let admin = Admin::of(&gateway);
    let mut writers = tokio::task::JoinSet::new();
    for at in 0..200 {
        let admin = admin.clone();
        writers.spawn(async move {
            match at % 4 {
                // Names of their own, one name for all, and one name by PUT.
                0 | 1 => admin.post("teams", &json!({ "name": format!("team-{at}") })).await.status,
                2 => admin.post("teams", &json!({ "name": "contended" })).await.status,
                _ => admin.put("teams/put", &json!({ "description": format!("{at}") })).await.status,
            }
        });
    }
    let mut counts = std::collections::BTreeMap::new();
    while let Some(status) = writers.join_next().await {
        *counts.entry(status.unwrap()).or_insert(0) += 1;
    }
    // 100 of their own, one of the contended, one PUT that created; 49 conflicts and 49 replacements.
    assert_eq!(counts, [(200, 49), (201, 102), (409, 49)].into_iter().collect());
    let page = admin.get("teams?limit=500").await.expect_json(200).await;
    let teams = stored(&page, "teams");
    assert_eq!(teams.len(), 102);
    let mut revisions: Vec<i64> = teams.iter().map(|team| team["revision"].as_i64().unwrap()).collect();
    revisions.sort_unstable();
    revisions.dedup();
    assert_eq!(revisions.len(), 102);
    let audit = admin.get("audit?kind=team&action=create&limit=500").await.expect_json(200).await;
    assert_eq!(audit["entries"].as_array().unwrap().len(), 102);
}
