//! What is configured: objects that are kept out of use, credentials that nothing uses, keys that end soon.

use std::collections::HashSet;

use domain::ObjectKind;
use jiff::Timestamp;
use serde_json::Value;

use super::Finding;
use crate::api::Api;
use crate::commands::objects::all;
use crate::output::{count, flow, time};

const ABOUT: &str = "objects";
const DAY_S: i64 = 86_400;
/// Long enough to bring a new key to everybody who has the old one.
const SOON_S: i64 = 14 * DAY_S;

pub(super) async fn look(api: &Api, findings: &mut Vec<Finding>) {
    let mut counts = Vec::new();
    let mut credentials = Vec::new();
    let mut users = Vec::new();
    for kind in ObjectKind::ALL {
        let Ok(objects) = all(api, kind, "").await else {
            let help = "the gateway's log says why";
            findings.push(Finding::fail(ABOUT, format!("the {} cannot be listed", kind.plural()), help));
            continue;
        };
        counts.extend((!objects.is_empty()).then(|| count(objects.len(), kind.name())));
        findings.extend(objects.iter().filter_map(|object| kept_out(kind, object)));
        match kind {
            ObjectKind::Credential => credentials = objects,
            ObjectKind::Target | ObjectKind::Endpoint => users.extend(objects),
            ObjectKind::Key => findings.extend(objects.iter().filter_map(|key| ends(key, Timestamp::now()))),
            _ => {}
        }
    }
    let text = if counts.is_empty() { "nothing is configured".to_owned() } else { counts.join(", ") };
    findings.push(Finding::ok(ABOUT, text));
    findings.extend(unused(&credentials, &users));
}

/// Objects that are not in force.
fn kept_out(kind: ObjectKind, object: &Value) -> Option<Finding> {
    let name = text(object, "name");
    match text(object, "status") {
        "quarantined" => {
            let problems = object.get("problems").map(flow).unwrap_or_default();
            let help = format!("{problems}\nchange it with `gatewright {kind} set {name}`");
            Some(Finding::fail(
                ABOUT,
                format!("{kind} `{name}` is not in use: it is not valid"),
                help.trim().to_owned(),
            ))
        }
        "shadowed" => {
            let help =
                format!("delete the stored one, or take {} out of the file", text(object, "declared_at"));
            Some(Finding::warn(
                ABOUT,
                format!("stored {kind} `{name}` is not in use: the file has one"),
                help,
            ))
        }
        _ => None,
    }
}

fn ends(key: &Value, now: Timestamp) -> Option<Finding> {
    let end = time::read(text(key, "expires"))?;
    let left = end.duration_since(now).as_secs();
    let soon = text(key, "status") == "active" && (0..SOON_S).contains(&left);
    let name = text(key, "name");
    soon.then(|| {
        let text = format!("key `{name}` ends {}", time::relative(text(key, "expires")));
        Finding::warn("keys", text, format!("make another, or `gatewright key set {name} --expires 90d`"))
    })
}

/// Credentials that no endpoint and no target names. The only one of its provider may still be called as
/// `provider/model`.
fn unused(credentials: &[Value], users: &[Value]) -> Option<Finding> {
    let targets = users.iter().flat_map(|user| {
        let lists = ["targets", "fallbacks"].into_iter().filter_map(|field| user.get(field)?.as_array());
        lists.flatten().chain(std::iter::once(user))
    });
    let mut named: HashSet<&str> = HashSet::new();
    for target in targets {
        named.extend(target.get("credential").and_then(Value::as_str));
        let several = target.get("credentials").and_then(Value::as_array);
        named.extend(several.into_iter().flatten().filter_map(Value::as_str));
    }
    let alone = |credential: &Value| {
        let provider = text(credential, "provider");
        credentials.iter().filter(|other| text(other, "provider") == provider).count() == 1
    };
    let unused: Vec<String> = credentials
        .iter()
        .filter(|credential| !named.contains(text(credential, "name")) && !alone(credential))
        .map(|credential| format!("`{}`", text(credential, "name")))
        .collect();
    (!unused.is_empty()).then(|| {
        let help = "delete it, or name it in an endpoint: a secret that nobody needs can only be lost";
        Finding::warn("credentials", format!("nothing uses {}", unused.join(", ")), help)
    })
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Level;
    use super::*;

    #[test]
    fn credentials_without_use_are_named() {
        let credentials = ["a", "b", "c"].map(|name| json!({ "name": name, "provider": "openai" }));
        let alone = json!({ "name": "alone", "provider": "anthropic" });
        let all = [&credentials[..], &[alone]].concat();
        let endpoint = json!({ "targets": [{ "credential": "a" }], "fallbacks": [{ "credentials": ["b"] }] });
        let found = unused(&all, &[endpoint]).unwrap();
        assert_eq!(found.json()["text"], "nothing uses `c`");
        let target = json!({ "name": "fast", "credential": "c" });
        let endpoint = json!({ "targets": [{ "credential": "a" }, { "credential": "b" }] });
        assert!(unused(&all, &[endpoint, target]).is_none());
    }

    #[test]
    fn keys_that_end_soon_are_named() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let key = |expires: &str, status: &str| json!({ "name": "ci", "expires": expires, "status": status });
        assert!(ends(&key("2026-11-30", "active"), now).is_some());
        assert!(ends(&key("2026-11-30", "revoked"), now).is_none());
        assert!(ends(&key("2027-11-30", "active"), now).is_none());
        assert!(ends(&json!({ "name": "ci", "status": "active" }), now).is_none());
    }

    #[test]
    fn what_is_kept_out_of_use_is_told() {
        let object =
            json!({ "name": "chat", "status": "quarantined", "problems": ["there is no credential `x`"] });
        assert_eq!(kept_out(ObjectKind::Endpoint, &object).unwrap().level, Level::Fail);
        let object = json!({ "name": "chat", "status": "shadowed", "declared_at": "gatewright.yaml:3" });
        assert_eq!(kept_out(ObjectKind::Endpoint, &object).unwrap().level, Level::Warn);
        assert!(kept_out(ObjectKind::Endpoint, &json!({ "name": "chat", "status": "active" })).is_none());
    }
}
