//! Logging in: by a link, by the token in a form, and what a cookie is good for.

use http::Method;
use serde_json::{Value, json};
use testkit::gateway::Setup;
use testkit::{Client, Gateway, Reply};

use crate::scene::BINARY;

async fn gateway() -> Gateway {
    Setup::new(BINARY).start().await
}

fn admin(gateway: &Gateway) -> Client {
    gateway.client().bearer(&gateway.admin_token())
}

/// The value that a reply sets, as a browser sends it back.
fn cookie(reply: &Reply) -> String {
    let set = reply.header("set-cookie");
    for part in ["; Path=/", "; HttpOnly", "; SameSite=Strict"] {
        assert!(set.contains(part), "{set}");
    }
    assert!(!set.contains("Secure"), "nobody here speaks https: {set}");
    set.split(';').next().unwrap().to_owned()
}

async fn login_path(gateway: &Gateway) -> String {
    let link = admin(gateway).post("/api/v1/login-links", &json!({})).await.expect_json(201).await;
    let path = link["path"].as_str().unwrap().to_owned();
    assert_eq!(link["url"], format!("{}{path}", gateway.url()));
    path
}

#[tokio::test]
async fn a_link_logs_in_once() {
    let gateway = gateway().await;
    let path = login_path(&gateway).await;
    // A preview of the link does not use it up.
    let preview = gateway.client().send(Method::HEAD, &path, &[], "").await;
    assert_eq!((preview.status, preview.header("set-cookie")), (204, ""));
    let reply = gateway.client().get(&path).await;
    assert_eq!((reply.status, reply.header("location")), (303, "/ui/"));
    assert_eq!(reply.header("referrer-policy"), "no-referrer");
    let browser = gateway.client().header("cookie", &cookie(&reply));
    let me = browser.get("/api/v1/session").await.expect_json(200).await;
    assert_eq!((&me["via"], &me["administrator"]), (&json!("session"), &json!(true)));
    assert!(me["expires_at"].is_string() && me["permissions"].as_array().unwrap().len() > 10, "{me}");
    assert_eq!(browser.get("/api/v1/calls").await.status, 200);
    for path in [path.as_str(), "/login?code=wrong", "/login"] {
        let again = gateway.client().get(path).await;
        assert_eq!((again.status, again.header("set-cookie")), (401, ""), "{path}");
        assert!(again.text().await.contains("gatewright login"), "{path}");
    }
}

#[tokio::test]
async fn a_form_takes_the_token_or_a_code() {
    let gateway = gateway().await;
    let client = gateway.client();
    let code = login_path(&gateway).await.split_once('=').unwrap().1.to_owned();
    for body in [json!({ "token": gateway.admin_token() }), json!({ "code": code })] {
        let reply = client.post("/api/v1/session", &body).await;
        let browser = client.clone().header("cookie", &cookie(&reply));
        assert_eq!(reply.expect_json(200).await["actor"], "administrator");
        assert_eq!(browser.get("/api/v1/usage").await.status, 200);
    }
    for (body, status) in [
        (json!({ "token": "wrong" }), 401),
        (json!({ "code": code }), 401),
        (json!({}), 422),
        (json!({ "token": "a", "code": "b" }), 422),
        (json!({ "token": 7 }), 422),
        (json!({ "token": "x".repeat(201) }), 422),
        (json!({ "tokn": "a" }), 422),
        (json!("token"), 400),
    ] {
        let reply = client.post("/api/v1/session", &body).await;
        assert_eq!(reply.header("set-cookie"), "", "{body}");
        reply.expect_json(status).await;
    }
}

#[tokio::test]
async fn a_cookie_changes_something_only_from_our_own_pages() {
    let gateway = gateway().await;
    let reply = gateway.client().get(&login_path(&gateway).await).await;
    let browser = gateway.client().header("cookie", &cookie(&reply));
    let path = "/api/v1/login-links";
    let foreign: [&[(&str, &str)]; 3] =
        [&[], &[("origin", "http://evil.example")], &[("sec-fetch-site", "cross-site")]];
    for headers in foreign {
        let reply = browser.send(Method::POST, path, headers, "").await;
        assert_eq!(reply.expect_json(403).await["code"], "cross_site", "{headers:?}");
    }
    let own: [&[(&str, &str)]; 2] = [&[("origin", gateway.url())], &[("sec-fetch-site", "same-origin")]];
    for headers in own {
        browser.send(Method::POST, path, headers, "").await.expect_json(201).await;
    }
}

#[tokio::test]
async fn logging_out_ends_a_session_wherever_its_cookie_is() {
    let gateway = gateway().await;
    let reply = gateway.client().get(&login_path(&gateway).await).await;
    let browser = gateway.client().header("cookie", &cookie(&reply));
    let own = [("sec-fetch-site", "same-origin")];
    let reply = browser.send(Method::DELETE, "/api/v1/session", &own, "").await;
    assert_eq!(reply.status, 204);
    assert!(reply.header("set-cookie").contains("Max-Age=0"), "{}", reply.header("set-cookie"));
    assert_eq!(browser.get("/api/v1/session").await.status, 401);
    // With the token there is nothing to end.
    assert_eq!(admin(&gateway).send(Method::DELETE, "/api/v1/session", &[], "").await.status, 204);
}

#[tokio::test]
async fn a_session_survives_a_restart() {
    let mut gateway = gateway().await;
    let reply = gateway.client().get(&login_path(&gateway).await).await;
    let cookie = cookie(&reply);
    gateway.restart().await;
    assert_eq!(gateway.client().header("cookie", &cookie).get("/api/v1/session").await.status, 200);
}

#[tokio::test]
async fn whoever_guesses_is_not_listened_to_and_locks_nobody_out() {
    let gateway = gateway().await;
    let known = admin(&gateway);
    assert_eq!(known.get("/api/v1/version").await.status, 200);
    let mut statuses = Vec::new();
    for at in 0..610 {
        let guess = gateway.client().bearer(&format!("guess-{at}")).get("/api/v1/version").await;
        statuses.push(guess.status);
        if guess.status == 429 {
            assert!(guess.header("retry-after").parse::<u64>().unwrap() <= 60);
            assert_eq!(guess.json().await["code"], "too_many_attempts");
        }
    }
    assert_eq!(
        (statuses[0], statuses[599], statuses[600], statuses[609]),
        (401, 401, 429, 429),
        "{statuses:?}"
    );
    assert_eq!(known.get("/api/v1/version").await.status, 200);
}

#[tokio::test]
async fn logins_are_in_the_audit_log_and_no_secret_is() {
    let gateway = gateway().await;
    let path = login_path(&gateway).await;
    let reply = gateway.client().get(&path).await;
    let cookie = cookie(&reply);
    let browser = gateway.client().header("cookie", &cookie);
    browser.send(Method::DELETE, "/api/v1/session", &[("sec-fetch-site", "same-origin")], "").await;
    let log = admin(&gateway).get("/api/v1/audit").await.expect_json(200).await;
    let actions: Vec<&Value> =
        log["entries"].as_array().unwrap().iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, [&json!("logout"), &json!("login"), &json!("login-link")]);
    assert_eq!(log["entries"][1]["address"], "127.0.0.1");
    let all = format!("{log}{}", gateway.log());
    for secret in [path.split_once('=').unwrap().1, cookie.split_once('=').unwrap().1] {
        assert!(!all.contains(secret), "{all}");
    }
    for (query, count) in
        [("?action=login", 1), ("?actor=administrator", 2), ("?kind=key", 0), ("?limit=1", 1)]
    {
        let page = admin(&gateway).get(&format!("/api/v1/audit{query}")).await.expect_json(200).await;
        assert_eq!(page["entries"].as_array().unwrap().len(), count, "{query}");
    }
    for query in ["?kind=thing", "?object=x", "?cursor=x", "?limit=0", "?nothing=1"] {
        admin(&gateway).get(&format!("/api/v1/audit{query}")).await.expect_json(400).await;
    }
}
