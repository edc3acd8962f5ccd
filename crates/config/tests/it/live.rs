//! The file under way.

use std::time::Duration;

use config::Severity;
use domain::{ObjectKind, Scope};
use runtime::Shutdown;
use serde_json::json;

use super::fixture::{Gate, run};

const ONE: &str = "
server: { listen: 127.0.0.1:4242, executors: 1 }
credentials: [{ name: a, provider: openai, api_key: \"${OPENAI_API_KEY}\" }]
endpoints: [{ name: one, targets: [{ credential: a, model: m }] }]
";
const TWO: &str = "
server: { listen: 127.0.0.1:5555, executors: 3 }
storage: { data_dir: /elsewhere }
credentials: [{ name: a, provider: openai, api_key: \"${OPENAI_API_KEY}\" }]
endpoints: [{ name: two, targets: [{ credential: a, model: m }] }]
";

#[test]
fn a_reload_swaps_everything_and_keeps_ids() {
    run(async {
        let gate = Gate::start(Some(ONE)).await;
        let before = gate.live.snapshot.load_full();
        gate.write(TWO);
        let report = gate.live.reload().await;
        assert!(report.applied && !report.unchanged);
        assert!(gate.resolve("one").is_none() && gate.resolve("two").is_some());
        let after = gate.live.snapshot.load_full();
        assert_eq!(before.credentials["a"].id, after.credentials["a"].id);
        assert_eq!(before.endpoints["one"].targets[0].id, after.endpoints["two"].targets[0].id);
        assert!(before.endpoints.contains_key("one"), "whoever pinned the old one goes on with it");
        // Sockets and threads are what they are.
        assert_eq!((after.server.listen, after.server.executors), (before.server.listen, 1));
        let notes: Vec<_> = report.restart.iter().map(|note| (note.setting, note.written.as_str())).collect();
        assert_eq!(
            notes,
            [
                ("server.listen", "127.0.0.1:5555"),
                ("server.executors", "3"),
                ("storage.data_dir", "/elsewhere")
            ]
        );
        assert_eq!(gate.live.status().restart, report.restart);
        assert!(gate.live.reload().await.unchanged);
        assert_eq!((gate.live.status().reloads, gate.live.status().reload_failures), (2, 0));
    });
}

#[test]
fn an_invalid_file_keeps_what_runs_and_stored_changes_go_on() {
    run(async {
        let gate = Gate::start(Some(ONE)).await;
        for wrong in
            ["endpoints: 5", "{", "credentials: [{ name: a, provider: openai, api_key: \"${GONE}\" }]"]
        {
            gate.write(wrong);
            let report = gate.live.reload().await;
            assert!(!report.applied && report.diagnostics[0].severity == Severity::Error);
            assert!(gate.resolve("one").is_some());
            assert_eq!(gate.live.status().failure.as_ref().unwrap().diagnostics, report.diagnostics);
        }
        gate.put(ObjectKind::Endpoint, json!({ "name": "stored", "targets": ["openai/m"] })).await;
        assert!(gate.resolve("stored").is_some() && gate.resolve("one").is_some());
        std::fs::remove_file(gate.path()).unwrap();
        assert!(gate.live.reload().await.diagnostics[0].message.contains("there is no such file"));
        assert!(gate.resolve("one").is_some());
        assert_eq!(gate.live.status().reload_failures, 4);
        gate.write(TWO);
        assert!(gate.live.reload().await.applied);
        assert_eq!(gate.live.status().failure, None);
        assert!(gate.resolve("stored").is_some());
    });
}

#[test]
fn what_the_file_declares_can_be_shown() {
    run(async {
        let gate = Gate::start(Some(
            "projects: [{ name: web }]\n\
             credentials: [{ name: a, project: web, provider: openai, api_key: \"${OPENAI_API_KEY}\", base_url: \"http://${PORT}/v1\" }]\n\
             keys:\n  - { name: k, project: web, secret: canary-key-written-out }\n\
             endpoints: [{ name: e, project: web, max_attempts: \"${FOUR}\", targets: [{ credential: a, model: m }] }]\n",
        ))
        .await;
        let status = gate.live.status();
        let find = |kind, name: &str| {
            status.declared.iter().find(|one| one.kind == kind && one.name == name).unwrap()
        };
        assert_eq!(find(ObjectKind::Project, "default").declared_at, None);
        let credential = find(ObjectKind::Credential, "a");
        assert_eq!(credential.secrets, [("api_key".to_owned(), "${OPENAI_API_KEY}".to_owned())]);
        assert_eq!(credential.body["base_url"], "http://${PORT}/v1");
        assert!(credential.declared_at.as_ref().unwrap().ends_with("gatewright.yaml:2"));
        let snapshot = gate.live.snapshot.load_full();
        let web = snapshot.projects["web"].project;
        assert_eq!(credential.id.0, snapshot.credentials.get(web, "a").unwrap().id.0);
        let endpoint = find(ObjectKind::Endpoint, "e");
        assert_eq!(
            (endpoint.id.0, &endpoint.body["max_attempts"]),
            (snapshot.endpoints.get(web, "e").unwrap().id.0, &json!(4))
        );
        assert_eq!(find(ObjectKind::Key, "k").secrets[0].1, "…-out");
        assert_eq!(find(ObjectKind::Project, "web").id.0, web.0);
        assert!(!format!("{:?}", status.declared).contains("canary"));
        assert_ne!(web, Scope::DEFAULT.project);
    });
}

/// Follows in the background while `what` happens, until `seen`.
async fn follow(gate: &Gate, what: impl Future<Output = ()>, seen: impl Fn() -> bool) {
    let shutdown = Shutdown::new();
    let wait = async {
        what.await;
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        let mut look = tokio::time::interval(Duration::from_millis(10));
        while !seen() && tokio::time::Instant::now() < deadline {
            look.tick().await;
        }
        shutdown.stop();
    };
    tokio::join!(gate.live.follow(shutdown.clone()), wait);
    assert!(seen());
}

#[test]
fn a_written_file_is_noticed() {
    run(async {
        let gate = Gate::start(Some(ONE)).await;
        follow(&gate, async { gate.write(TWO) }, || gate.resolve("two").is_some()).await;
    });
}

/// Editors write another file and rename it.
#[test]
fn a_renamed_file_is_noticed() {
    run(async {
        let gate = Gate::start(Some(ONE)).await;
        let rename = async {
            let new = gate.dir.path().join(".gatewright.yaml.swp");
            std::fs::write(&new, TWO).unwrap();
            std::fs::rename(new, gate.path()).unwrap();
        };
        follow(&gate, rename, || gate.resolve("two").is_some()).await;
    });
}

/// Kubernetes mounts a link to a link to a directory, and swaps the middle one.
#[cfg(unix)]
#[test]
fn a_swapped_link_is_noticed() {
    use std::os::unix::fs::symlink;

    run(async {
        let gate = Gate::start(Some(ONE)).await;
        let at = |name: &str| gate.dir.path().join(name);
        for (directory, text) in [("v1", ONE), ("v2", TWO)] {
            std::fs::create_dir(at(directory)).unwrap();
            std::fs::write(at(directory).join("gatewright.yaml"), text).unwrap();
        }
        symlink("v1", at("..data")).unwrap();
        std::fs::remove_file(gate.path()).unwrap();
        symlink("..data/gatewright.yaml", gate.path()).unwrap();
        let swap = async {
            symlink("v2", at("..data_tmp")).unwrap();
            std::fs::rename(at("..data_tmp"), at("..data")).unwrap();
        };
        follow(&gate, swap, || gate.resolve("two").is_some()).await;
    });
}

/// What another process stored.
#[test]
fn the_store_is_followed() {
    run(async {
        let gate = Gate::start(Some(ONE)).await;
        let store = async {
            let draft = super::fixture::of(
                ObjectKind::Endpoint,
                &json!({ "name": "later", "targets": ["openai/m"] }),
            );
            let checked = gate.live.check(&draft, None, &[]).unwrap();
            let object = store::NewObject {
                kind: draft.kind,
                id: checked.id,
                name: draft.name.clone(),
                scope: checked.scope,
                body: serde_json::Value::Object(draft.body.clone()).to_string(),
                secrets: Vec::new(),
                keep_secrets: Vec::new(),
                references: Vec::new(),
                key: None,
            };
            gate.apply_quietly(store::ControlWrite::Put { object, expect: store::Expect::Absent }).await;
        };
        follow(&gate, store, || gate.resolve("later").is_some()).await;
    });
}
