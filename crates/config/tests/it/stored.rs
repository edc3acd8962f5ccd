//! Stored objects in the running configuration.

use domain::{ObjectId, ObjectKind, Permission, Scope};
use serde_json::json;
use store::{ControlWrite, Expect, NewObject};

use super::fixture::{Gate, key_row, of, run};

const FILE: &str = "
credentials: [{ name: declared, provider: openai, api_key: \"${OPENAI_API_KEY}\" }]
endpoints: [{ name: chat, aliases: [gpt], targets: [{ credential: declared, model: gpt-5 }] }]
";

#[test]
fn what_is_stored_is_used_at_once_and_keeps_its_id() {
    run(async {
        let gate = Gate::start(Some(FILE)).await;
        let id = gate
            .put(
                ObjectKind::Credential,
                json!({ "name": "a", "provider": "anthropic", "api_key": "sk-canary-a" }),
            )
            .await;
        gate.put(ObjectKind::Target, json!({ "name": "t", "credential": "a", "model": "claude" })).await;
        let endpoint = gate.put(ObjectKind::Endpoint, json!({
            "name": "stored", "aliases": ["s"], "targets": [{ "target": "t", "weight": 9 }], "fallbacks": [{ "credential": "declared", "model": "m" }],
        })).await;
        assert_eq!(gate.resolve("stored").as_deref(), Some("anthropic/claude"));
        assert_eq!(gate.resolve("s"), gate.resolve("stored"));
        assert_eq!(gate.resolve("anthropic/other").as_deref(), Some("anthropic/other"));
        let snapshot = gate.live.snapshot.load_full();
        assert_eq!(snapshot.credentials["a"].id.0, id.0);
        assert_eq!(snapshot.endpoints["stored"].id.0, endpoint.0);
        assert_eq!(id.0, vault::stable_id("credential", &Scope::DEFAULT, "a"));
        assert_eq!(snapshot.credentials["a"].carriages[0].auth.as_ref().unwrap().1, "sk-canary-a");
        assert!(!format!("{snapshot:?}{:?}", gate.live.status()).contains("canary"));
        // A gateway that starts later sees the same.
        assert!(gate.another().await.snapshot.load().endpoints.contains_key("stored"));
        gate.delete(ObjectKind::Endpoint, endpoint).await;
        assert_eq!(gate.resolve("stored"), None);
    });
}

#[test]
fn the_declared_object_wins_and_both_are_named() {
    run(async {
        let gate = Gate::start(Some("")).await;
        gate.put(ObjectKind::Credential, json!({ "name": "declared", "provider": "groq", "api_key": "x" }))
            .await;
        let chat = gate.put(ObjectKind::Endpoint, json!({ "name": "chat", "targets": ["groq/llama"] })).await;
        gate.put(
            ObjectKind::Endpoint,
            json!({ "name": "other", "aliases": ["gpt"], "targets": ["groq/llama"] }),
        )
        .await;
        assert_eq!(gate.resolve("chat").as_deref(), Some("groq/llama"));
        gate.write(FILE);
        assert!(gate.live.reload().await.applied);
        assert_eq!(gate.resolve("chat").as_deref(), Some("openai/gpt-5"));
        assert_eq!(gate.resolve("gpt").as_deref(), Some("openai/gpt-5"));
        let status = gate.live.status();
        let shadowed: Vec<_> =
            status.shadowed.iter().map(|one| (one.kind, one.name.as_str(), one.taken.as_str())).collect();
        assert!(shadowed.contains(&(ObjectKind::Credential, "declared", "declared")), "{shadowed:?}");
        assert!(shadowed.contains(&(ObjectKind::Endpoint, "chat", "chat")), "{shadowed:?}");
        assert!(
            status.shadowed.iter().all(|one| one
                .declared_at
                .as_deref()
                .unwrap()
                .contains("gatewright.yaml:"))
        );
        // What needed the shadowed credential is judged by what is there now: nobody has a key for groq.
        assert_eq!(
            gate.quarantined(),
            ["endpoint other: /targets/0: there is no credential for the provider `groq`"]
        );
        assert_eq!(
            gate.live.snapshot.load().endpoints["chat"].id.0,
            chat.0,
            "history goes on under the same id"
        );
        gate.write("");
        assert!(gate.live.reload().await.applied);
        assert_eq!(gate.resolve("chat").as_deref(), Some("groq/llama"));
        assert!(gate.live.status().shadowed.is_empty() && gate.quarantined().is_empty());
    });
}

#[test]
fn an_invalid_row_is_set_aside_with_what_needs_it_and_nothing_else() {
    run(async {
        let gate = Gate::start(Some(FILE)).await;
        gate.put(ObjectKind::Credential, json!({ "name": "good", "provider": "groq", "api_key": "x" })).await;
        gate.put(ObjectKind::Endpoint, json!({ "name": "fine", "targets": ["groq/llama"] })).await;
        gate.put_raw(ObjectKind::Credential, "broken", "{\"provider\":\"nowhere\",\"surprise\":1}").await;
        gate.put_raw(
            ObjectKind::Endpoint,
            "needs",
            "{\"targets\":[{\"credential\":\"broken\",\"model\":\"m\"}]}",
        )
        .await;
        gate.put_raw(ObjectKind::Team, "odd", "[]").await;
        gate.put_raw(ObjectKind::Key, "lost", "{\"project\":\"nowhere\"}").await;
        assert_eq!(
            gate.quarantined(),
            [
                "team odd: : what is stored of this team is not a JSON object",
                "credential broken: /surprise: unknown key `surprise` in a credential; /provider: there is no provider `nowhere`",
                "endpoint needs: /targets/0/credential: the credential `broken` that this needs cannot be used itself",
                "key lost: /project: there is no project `nowhere`",
            ]
        );
        assert!(gate.resolve("chat").is_some() && gate.resolve("fine").is_some());
        assert!(gate.resolve("needs").is_none() && gate.key("canary-key-that-is-broken").is_none());
        gate.put_raw(ObjectKind::Credential, "broken", "{\"provider\":\"vllm\"}").await;
        assert_eq!(gate.resolve("needs").as_deref(), Some("vllm/m"), "mended");
        assert_eq!(gate.quarantined().len(), 2);
    });
}

#[test]
fn a_project_sees_its_own_first_and_then_what_is_everybody_s() {
    run(async {
        let gate = Gate::start(Some(FILE)).await;
        gate.put(ObjectKind::Team, json!({ "name": "search" })).await;
        gate.put(ObjectKind::Project, json!({ "name": "web", "team": "search" })).await;
        gate.put(ObjectKind::Project, json!({ "name": "other" })).await;
        gate.put(
            ObjectKind::Credential,
            json!({ "name": "mine", "project": "web", "provider": "groq", "api_key": "x" }),
        )
        .await;
        gate.put(
            ObjectKind::Endpoint,
            json!({ "name": "chat", "project": "web", "targets": ["groq/llama"] }),
        )
        .await;
        gate.put(ObjectKind::Endpoint, json!({ "name": "both", "project": "web", "targets": [{ "credential": "declared", "model": "m" }] })).await;
        assert_eq!(gate.resolve_in("web", "chat").as_deref(), Some("groq/llama"));
        assert_eq!(gate.resolve_in("other", "chat").as_deref(), Some("openai/gpt-5"));
        assert_eq!(gate.resolve("chat").as_deref(), Some("openai/gpt-5"));
        assert_eq!(gate.resolve_in("web", "both").as_deref(), Some("openai/m"));
        assert_eq!(gate.resolve_in("other", "both"), None);
        assert_eq!(gate.resolve_in("web", "groq/x").as_deref(), Some("groq/x"));
        assert_eq!(gate.resolve("groq/x"), None, "a foreign credential is not there");
        let foreign = gate.check(
            ObjectKind::Endpoint,
            &json!({ "name": "x", "targets": [{ "credential": "mine", "model": "m" }] }),
        );
        assert_eq!(foreign.unwrap_err()[0].message, "there is no credential `mine`");
        let snapshot = gate.live.snapshot.load_full();
        let own = snapshot.projects["web"];
        assert_ne!(own.team, Scope::DEFAULT.team);
        assert_eq!(snapshot.endpoints.get(own.project, "chat").unwrap().scope, own);
    });
}

#[test]
fn a_key_is_found_until_it_is_revoked_or_deleted() {
    run(async {
        let gate = Gate::start(Some(FILE)).await;
        let secret = "canary-imported-key";
        assert!(gate.live.snapshot.load().keys.is_empty());
        let id = gate.put(ObjectKind::Key, json!({
            "name": "ci", "secret": secret, "endpoints": ["gpt", "openai/*"], "tags": ["a"], "permissions": ["calls:read"], "expires": "2030-01-01",
        })).await;
        let key = gate.key(secret).unwrap();
        assert_eq!((&*key.name, key.id.0), ("ci", id.0));
        assert_eq!(
            key.endpoints.as_ref().unwrap().iter().map(|name| &**name).collect::<Vec<_>>(),
            ["chat", "openai/*"]
        );
        assert!(key.labels.as_ref().unwrap().has_tag("a") && key.permissions.contains(Permission::ReadCalls));
        let generation = gate.live.snapshot.load().keys.generation();
        let snapshot = gate.live.snapshot.load_full();
        let other = gate.another().await;

        key.last_used.touch(1_000);
        assert_eq!(gate.live.stored_keys().last_used_ms(id), Some(1_000));
        assert_eq!(gate.live.stored_keys().take_used(), [(id, 1_000)]);
        assert!(gate.live.stored_keys().take_used().is_empty(), "told once");

        let draft = of(ObjectKind::Key, &json!({ "name": "ci", "endpoints": ["chat"] }));
        let revoked = store::KeyRow { revoked_at_ms: Some(5), ..key_row(secret) };
        let object = NewObject {
            kind: ObjectKind::Key,
            id,
            name: draft.name,
            scope: Scope::DEFAULT,
            body: "{}".to_owned(),
            secrets: Vec::new(),
            keep_secrets: Vec::new(),
            references: Vec::new(),
            key: Some(revoked),
        };
        gate.apply(ControlWrite::Put { object, expect: Expect::Anything }).await;
        assert!(gate.key(secret).is_none());
        assert!(
            snapshot.keys.get(&super::hasher().hash(secret.as_bytes())).is_none(),
            "also for who pinned an old snapshot"
        );
        assert_ne!(gate.live.snapshot.load().keys.generation(), generation);
        assert!(other.snapshot.load().keys.get(&super::hasher().hash(secret.as_bytes())).is_some());
        other.advance().await.unwrap();
        assert!(
            other.snapshot.load().keys.get(&super::hasher().hash(secret.as_bytes())).is_none(),
            "another process follows"
        );

        gate.delete(ObjectKind::Key, id).await;
        let keys = &gate.live.snapshot.load_full().keys;
        assert!(keys.resembles("canary-imported-kez"), "it is not forgotten what keys looked like");
        assert!(!keys.is_empty(), "the first key has ended anonymous calls");
        assert!(
            gate.another().await.snapshot.load().keys.resembles("canary-imported-kez"),
            "nor after a restart"
        );
    });
}

#[test]
fn keys_move_with_their_project() {
    run(async {
        let gate = Gate::start(Some("")).await;
        gate.put(ObjectKind::Team, json!({ "name": "one" })).await;
        gate.put(ObjectKind::Project, json!({ "name": "web", "team": "one" })).await;
        gate.put(ObjectKind::Key, json!({ "name": "ci", "project": "web", "secret": "canary-key-of-web" }))
            .await;
        let before = gate.key("canary-key-of-web").unwrap().scope;
        gate.write("projects: [{ name: web }]");
        gate.live.reload().await;
        let after = gate.key("canary-key-of-web").unwrap().scope;
        assert_eq!(before.project, after.project);
        assert_eq!(after.team, Scope::DEFAULT.team);
        assert_ne!(before.team, after.team);
    });
}

#[test]
fn a_draft_is_judged_in_its_context() {
    run(async {
        let gate = Gate::start(Some(FILE)).await;
        let a = gate
            .put(ObjectKind::Credential, json!({ "name": "a", "provider": "groq", "api_key": "x" }))
            .await;
        let endpoint =
            json!({ "name": "e", "targets": ["groq/llama", { "credential": "declared", "model": "m" }] });
        let checked = gate.check(ObjectKind::Endpoint, &endpoint).unwrap();
        assert_eq!(
            (checked.scope, checked.references),
            (Scope::DEFAULT, vec![a]),
            "what is declared is no row"
        );
        assert_eq!(checked.id.0, vault::stable_id("endpoint", &Scope::DEFAULT, "e"));

        let wrong = |kind, document| {
            let problems = gate.check(kind, &document).unwrap_err();
            problems
                .iter()
                .map(|one| format!("{}: {}", one.pointer, one.message))
                .collect::<Vec<_>>()
                .join("; ")
        };
        assert_eq!(
            wrong(ObjectKind::Credential, json!({ "name": "b", "provider": "groq" })),
            ": missing `api_key` for the provider `groq`"
        );
        assert!(
            wrong(ObjectKind::Credential, json!({ "name": "declared", "provider": "vllm" }))
                .contains("is declared in")
        );
        assert_eq!(
            wrong(ObjectKind::Team, json!({ "name": "default" })),
            "/name: the team `default` is built in"
        );
        assert!(
            wrong(ObjectKind::Endpoint, json!({ "name": "v1", "targets": ["groq/x"] })).contains("routes")
        );
        assert!(
            wrong(ObjectKind::Endpoint, json!({ "name": "e", "aliases": ["gpt"], "targets": ["groq/x"] }))
                .contains("is taken by")
        );
        assert!(
            wrong(ObjectKind::Endpoint, json!({ "name": "e", "project": "wen", "targets": ["groq/x"] }))
                .starts_with("/project")
        );
        assert!(
            wrong(ObjectKind::Key, json!({ "name": "k", "endpoints": ["chta"] })).starts_with("/endpoints/0")
        );
        assert!(
            wrong(ObjectKind::Price, json!({ "provider": "opneai", "model": "*x", "input": 1, "output": 1 }))
                .contains("/provider")
        );

        // A secret that is kept need not be sent again.
        let draft =
            of(ObjectKind::Credential, &json!({ "name": "a", "provider": "groq", "description": "new" }));
        assert!(gate.live.check(&draft, Some(a), &["api_key".to_owned()]).is_ok());
        assert!(gate.live.check(&draft, Some(a), &[]).is_err());
    });
}

#[test]
fn objects_that_name_each_other_are_judged_together() {
    run(async {
        let gate = Gate::start(Some("")).await;
        let credential =
            of(ObjectKind::Credential, &json!({ "name": "a", "provider": "groq", "api_key": "x" }));
        let endpoint = of(
            ObjectKind::Endpoint,
            &json!({ "name": "e", "targets": [{ "credential": "a", "model": "m" }] }),
        );
        let dangling = of(
            ObjectKind::Endpoint,
            &json!({ "name": "f", "targets": [{ "credential": "b", "model": "m" }] }),
        );
        let item =
            |draft, id| config::live::BatchItem { draft, id: ObjectId(id), scope: Scope::DEFAULT, kept: &[] };
        let wrong =
            gate.live.check_batch(&[item(&credential, 1), item(&endpoint, 2), item(&dangling, 3)], &[]);
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        assert_eq!((wrong[0].0, wrong[0].1[0].pointer.as_str()), (2, "/targets/0/credential"));
    });
}

#[test]
fn without_a_file_the_stored_credential_takes_the_place_of_the_variable() {
    run(async {
        let gate = Gate::start(None).await;
        assert_eq!(gate.resolve("openai/gpt-5").as_deref(), Some("openai/gpt-5"));
        assert!(gate.resolve("demo").is_some());
        let id = gate
            .put(
                ObjectKind::Credential,
                json!({ "name": "mine", "provider": "openai", "api_key": "sk-canary-mine" }),
            )
            .await;
        let snapshot = gate.live.snapshot.load_full();
        assert_eq!(gate.resolve("openai/gpt-5").as_deref(), Some("openai/gpt-5"), "and is not ambiguous");
        assert!(!snapshot.credentials.contains_key("openai"));
        assert_eq!(snapshot.credentials["mine"].id.0, id.0);
    });
}
