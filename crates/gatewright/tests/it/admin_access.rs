//! Who may do what on the admin API: a walk over every route that the document knows, with no login, with the wrong
//! permission, and from another project.

use http::Method;
use serde_json::{Value, json};
use testkit::Gateway;
use testkit::gateway::Setup;

use crate::admin::{Admin, examples};
use crate::scene::BINARY;

const CONFIG: &str = "
server: { anonymous: loopback }
keys:
  - { name: app, secret: a-key-for-model-routes }
  - { name: calls-only, secret: a-key-that-reads-calls, permissions: [\"calls:read\"] }
  - { name: web-all, secret: a-key-that-does-all-in-web, project: web, permissions: [ALL] }
  - { name: ended, secret: a-key-that-has-ended, expires: 2020-01-01, permissions: [\"calls:read\"] }
";

const EVERY: [&str; 24] = [
    "teams:read",
    "teams:write",
    "projects:read",
    "projects:write",
    "credentials:read",
    "credentials:write",
    "targets:read",
    "targets:write",
    "endpoints:read",
    "endpoints:write",
    "keys:read",
    "keys:write",
    "prices:read",
    "prices:write",
    "calls:read",
    "content:read",
    "usage:read",
    "configuration:read",
    "configuration:write",
    "diagnostics:read",
    "metrics:read",
    "audit:read",
    "vault:rotate",
    "backup:create",
];

async fn gateway() -> Gateway {
    let all = EVERY.map(|name| format!("\"{name}\"")).join(", ");
    Setup::new(BINARY).config(CONFIG.replace("ALL", &all)).start().await
}

struct Route {
    method: Method,
    path: String,
    /// `None` for a route that takes anybody who is somebody; `open` for one that is open.
    permission: Option<String>,
}

async fn routes(gateway: &Gateway) -> Vec<Route> {
    let document = Admin::of(gateway).get("openapi.json").await.expect_json(200).await;
    let mut routes = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let open = operation["security"] == json!([]);
            let permission = operation["x-permission"].as_str().map(str::to_owned);
            routes.push(Route {
                method: method.to_uppercase().parse().unwrap(),
                path: path.trim_start_matches("/api/v1/").replace("{id}", "x"),
                permission: if open { Some("open".to_owned()) } else { permission },
            });
        }
    }
    assert!(routes.len() > 50, "{}", routes.len());
    routes
}

#[tokio::test]
async fn every_route_wants_a_login_and_the_permission_that_it_declares() {
    let gateway = gateway().await;
    let anonymous = gateway.client();
    let plain = Admin::with(&gateway, "a-key-for-model-routes");
    let one = Admin::with(&gateway, "a-key-that-reads-calls");
    for Route { method, path, permission } in routes(&gateway).await {
        let at = format!("{method} {path}");
        if permission.as_deref() == Some("open") {
            continue;
        }
        let reply = anonymous.send(method.clone(), &format!("/api/v1/{path}"), &[], "").await;
        assert_eq!(reply.expect_json(401).await["code"], "unauthenticated", "{at}");
        let reply = plain.ask(method.clone(), &path, &[], None).await;
        assert_eq!(reply.expect_json(403).await["code"], "not_permitted", "{at}");
        let reply = one.ask(method.clone(), &path, &[], None).await;
        match permission.as_deref() {
            None | Some("calls:read") => assert!(reply.status < 300, "{at}: {}", reply.status),
            Some(needed) => {
                let problem = reply.expect_json(403).await;
                let named = problem["detail"].as_str().unwrap().contains(&format!("`{needed}`"));
                assert!(named || needed == "administrator", "{at}: {problem}");
            }
        }
    }
    assert_eq!(gateway.client().get("/metrics").await.status, 401);
    let ended = Admin::with(&gateway, "a-key-that-has-ended").get("calls").await.expect_json(401).await;
    assert!(ended["detail"].as_str().unwrap().contains("expired"), "{ended}");
}

#[tokio::test]
async fn every_permission_is_asked_for_somewhere() {
    let gateway = gateway().await;
    let mut asked: Vec<String> =
        routes(&gateway).await.into_iter().filter_map(|route| route.permission).collect();
    // `/metrics` is no part of the document, and backups are made on the command line.
    asked.extend(["metrics:read", "backup:create"].map(str::to_owned));
    for permission in EVERY {
        assert!(asked.iter().any(|name| name == permission), "no route wants {permission}");
    }
}

#[tokio::test]
async fn what_is_in_another_project_does_not_exist() {
    let gateway = gateway().await;
    let admin = Admin::of(&gateway);
    let stranger = Admin::with(&gateway, "a-key-that-does-all-in-web");
    let me = stranger.get("session").await.expect_json(200).await;
    assert_eq!((&me["via"], &me["administrator"]), (&json!("service_key"), &json!(false)));
    let mut handles = Vec::new();
    for (kind, _, mut example, _) in examples() {
        if kind == "projects" {
            example["name"] = json!("shop");
        }
        let created = admin.post(kind, &example).await.expect_json(201).await;
        handles.push((kind, created["id"].as_str().unwrap().to_owned()));
        handles.push((kind, created["name"].as_str().unwrap().replace('/', "%2F")));
    }
    for (kind, handle) in &handles {
        let path = format!("{kind}/{handle}");
        assert_eq!(stranger.get(&path).await.status, 404, "{path}");
        assert_eq!(stranger.delete(&path).await.status, 404, "{path}");
        assert_eq!(stranger.patch(&path, &json!(1), &json!({})).await.status, 404, "{path}");
        if *kind == "keys" {
            assert_eq!(stranger.post(&format!("{path}/revoke"), &json!({})).await.status, 404, "{path}");
        }
        assert_eq!(stranger.get(&format!("{path}?project=default")).await.status, 404, "{path}");
        // Nothing of it happened.
        assert_eq!(admin.get(&path).await.status, 200, "{path}");
    }
    for kind in ["credentials", "targets", "endpoints", "prices", "teams"] {
        let page = stranger.get(kind).await.expect_json(200).await;
        assert_eq!(page[kind], json!([]), "{page}");
    }
    let export = stranger.get("configuration/export").await.text().await;
    assert!(!export.contains("main") && !export.contains("talk"), "{export}");
    let audit = stranger.get("audit").await.expect_json(200).await;
    assert_eq!(audit["entries"], json!([]), "{audit}");
    let prune = json!({ "objects": {}, "prune": true });
    assert_eq!(
        stranger.post("configuration/apply", &prune).await.expect_json(200).await["changes"],
        json!([])
    );
    assert_eq!(admin.get("credentials/main").await.status, 200);
}

#[tokio::test]
async fn a_service_key_writes_in_its_own_project_and_gives_no_more_than_it_has() {
    let gateway = gateway().await;
    let admin = Admin::of(&gateway);
    let web = Admin::with(&gateway, "a-key-that-does-all-in-web");
    let body = json!({ "name": "main", "provider": "openai", "api_key": "sk-0123456789abcdef" });
    let created = web.post("credentials", &body).await.expect_json(201).await;
    assert_eq!(created["project"], "web");
    assert_eq!(admin.get("credentials/main").await.status, 404);
    assert_eq!(admin.get("credentials/main?project=web").await.expect_json(200).await["id"], created["id"]);
    let elsewhere = json!({ "name": "other", "project": "default", "provider": "openai", "api_key": "sk-0123456789abcdef" });
    assert_eq!(web.post("credentials", &elsewhere).await.status, 409);
    for (kind, body) in [
        ("teams", json!({ "name": "mine" })),
        ("prices", json!({ "provider": "openai", "model": "gpt-5", "input": 1, "output": 1 })),
    ] {
        assert_eq!(web.post(kind, &body).await.expect_json(403).await["code"], "not_permitted", "{kind}");
    }
    // A key with fewer permissions makes no key with more, and touches none.
    let few = json!({ "name": "few", "permissions": ["keys:write", "keys:read"] });
    let few = web.post("keys", &few).await.expect_json(201).await;
    let few = Admin::with(&gateway, few["secret"].as_str().unwrap());
    assert_eq!(few.get("keys").await.status, 200);
    let more = json!({ "name": "more", "permissions": ["keys:read", "vault:rotate"] });
    let problem = few.post("keys", &more).await.expect_json(403).await;
    assert!(problem["detail"].as_str().unwrap().contains("`vault:rotate`"), "{problem}");
    let strong = web.post("keys", &more).await.expect_json(201).await;
    let taken =
        few.patch("keys/more", &strong["revision"], &json!({ "secret": "a-secret-that-few-knows" })).await;
    assert_eq!(taken.status, 403);
    assert_eq!(few.post("keys", &json!({ "name": "equal", "permissions": ["keys:read"] })).await.status, 201);
    assert_eq!(few.post("login-links", &json!({})).await.status, 403);
}

#[tokio::test]
async fn what_the_file_declares_is_read_here_and_changed_there() {
    let gateway = gateway().await;
    let admin = Admin::of(&gateway);
    let key = admin.get("keys/app").await.expect_json(200).await;
    assert_eq!(
        (&key["source"], &key["status"], &key["revision"]),
        (&json!("file"), &json!("active"), &json!(0))
    );
    assert!(key["declared_at"].as_str().unwrap().ends_with("gatewright.yaml:4"), "{key}");
    assert_eq!(admin.get("keys/ended").await.expect_json(200).await["status"], "expired");
    let replies = [
        admin.put("keys/app", &json!({})).await,
        admin.patch("keys/app", &json!(0), &json!({})).await,
        admin.delete("keys/app").await,
        admin.post("keys", &json!({ "name": "app" })).await,
        admin.post("keys/app/revoke", &json!({})).await,
        admin.post("configuration/apply", &json!({ "objects": { "keys": [{ "name": "app" }] } })).await,
    ];
    for reply in replies {
        let problem: Value = reply.expect_json(409).await;
        assert_eq!(problem["code"], "declared_in_file", "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("gatewright.yaml:4"), "{problem}");
    }
    let page = admin.get("keys?limit=2").await.expect_json(200).await;
    let names: Vec<&Value> = page["keys"].as_array().unwrap().iter().map(|key| &key["name"]).collect();
    assert_eq!(names, ["app", "calls-only"]);
    let built_in = admin.delete("teams/default").await.expect_json(409).await;
    assert!(built_in["detail"].as_str().unwrap().contains("built in"), "{built_in}");
}
