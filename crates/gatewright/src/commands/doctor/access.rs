//! Who may call, and what secrets are encrypted with.

use serde_json::Value;

use super::{Finding, ask};
use crate::api::Api;
use crate::output::count;

pub(super) async fn look(api: &Api, findings: &mut Vec<Finding>) {
    match api.status_without_token("/v1/models").await {
        Ok(200) => findings.push(anonymous(api.is_local())),
        Ok(_) => findings.push(Finding::ok("callers", "need a key")),
        // Whoever answered before and does not now is told of elsewhere.
        Err(_) => {}
    }
    if let Some(vault) = ask(api, "/api/v1/vault").await {
        findings.push(judge_vault(&vault));
    }
}

fn anonymous(local: bool) -> Finding {
    const ABOUT: &str = "callers";
    if local {
        return Finding::ok(
            ABOUT,
            "on this machine need no key; unless configured otherwise, the first key ends that",
        );
    }
    let help = "write `server.anonymous: never`, unless the network asks who they are";
    Finding::warn(ABOUT, "need no key, whoever they are", help)
}

fn judge_vault(vault: &Value) -> Finding {
    const ABOUT: &str = "vault";
    let current = vault.get("key_id").and_then(Value::as_str).unwrap_or_default();
    let sealed = vault.get("sealed").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let secrets = |under: &Value| {
        let number = under.get("secrets").and_then(Value::as_u64).unwrap_or(0);
        usize::try_from(number).unwrap_or(usize::MAX)
    };
    let old = sealed.iter().filter(|under| under.get("key_id").and_then(Value::as_str) != Some(current));
    let old: usize = old.map(secrets).sum();
    if old > 0 {
        let text = format!("{} encrypted with a key that is not the current one", count(old, "secret"));
        return Finding::warn(ABOUT, text, "`gatewright vault rotate` encrypts them with the current one");
    }
    let all: usize = sealed.iter().map(secrets).sum();
    let origin = if vault.get("configured") == Some(&Value::Bool(true)) {
        "a configured key"
    } else {
        "the key in the file `vault-key`: a copy of it belongs somewhere else"
    };
    Finding::ok(ABOUT, format!("{} encrypted with {origin}", count(all, "secret")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Level;
    use super::*;

    #[test]
    fn secrets_under_an_old_key_are_told() {
        let vault = |key_id: &str| json!({ "key_id": "new", "sealed": [{ "key_id": key_id, "secrets": 3 }] });
        assert_eq!(judge_vault(&vault("new")).level, Level::Ok);
        assert_eq!(judge_vault(&vault("old")).level, Level::Warn);
    }
}
