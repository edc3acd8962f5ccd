//! Everything at once: what is stored compared with what is wanted, and made so in one step.

use serde_json::{Value, json};
use testkit::Gateway;
use testkit::gateway::Setup;

use crate::admin::{Admin, examples, pointers, stored};
use crate::scene::BINARY;

async fn gateway() -> Gateway {
    Setup::new(BINARY).start().await
}

/// All examples, by kind.
fn objects() -> Value {
    let sections = examples().into_iter().map(|(kind, _, example, _)| (kind.to_owned(), json!([example])));
    Value::Object(sections.collect())
}

/// `create team platform`, …
fn lines(answer: &Value) -> Vec<String> {
    let changes = answer["changes"].as_array().unwrap();
    let text = |change: &Value, name: &str| change[name].as_str().unwrap().to_owned();
    changes
        .iter()
        .map(|change| format!("{} {} {}", text(change, "action"), text(change, "kind"), text(change, "name")))
        .collect()
}

#[tokio::test]
async fn objects_that_refer_to_each_other_are_stored_in_one_step() {
    let gateway = gateway().await;
    let admin = Admin::of(&gateway);
    let wanted = json!({ "objects": objects() });
    let created = [
        "create team platform",
        "create project web",
        "create credential main",
        "create target fast",
        "create endpoint talk",
        "create key ci",
        "create price openai/gpt-5",
    ];
    let compared = admin.post("configuration/diff", &wanted).await.expect_json(200).await;
    assert_eq!(lines(&compared), created);
    assert!(compared["changes"].as_array().unwrap().iter().all(|change| change.get("secret").is_none()));
    assert!(stored(&admin.get("teams").await.expect_json(200).await, "teams").is_empty());

    let applied = admin.post("configuration/apply", &wanted).await.expect_json(200).await;
    assert_eq!(lines(&applied), created);
    assert!(applied["changes"][5]["secret"].as_str().unwrap().starts_with("gw_"), "{applied}");
    let again = admin.post("configuration/apply", &wanted).await.expect_json(200).await;
    assert!(lines(&again).iter().all(|line| line.starts_with("unchanged ")), "{again}");

    let mut changed = objects();
    changed["endpoints"][0]["max_output_tokens"] = json!(7);
    changed["credentials"][0]["api_key"] = json!("sk-another-0123456789");
    changed.as_object_mut().unwrap().remove("keys");
    let wanted = json!({ "objects": changed, "prune": true });
    let applied = admin.post("configuration/apply", &wanted).await.expect_json(200).await;
    let changes: Vec<String> =
        lines(&applied).into_iter().filter(|line| !line.starts_with("unchanged ")).collect();
    assert_eq!(changes, ["update credential main", "update endpoint talk", "delete key ci"]);
    let fields = |at: usize| applied["changes"][at]["fields"].clone();
    assert_eq!((fields(2), fields(4)), (json!(["api_key"]), json!(["max_output_tokens"])));
}

#[tokio::test]
async fn one_wrong_object_stops_all() {
    let gateway = gateway().await;
    let admin = Admin::of(&gateway);
    let mut wrong = objects();
    wrong["endpoints"][0]["targets"][1]["model"] = json!(7.5);
    wrong["targets"][0]["credential"] = json!("nowhere");
    wrong["keys"] = json!({});
    wrong["things"] = json!([]);
    let problem =
        admin.post("configuration/apply", &json!({ "objects": wrong })).await.expect_json(422).await;
    let at = pointers(&problem);
    for pointer in ["/objects/targets/0/credential", "/objects/keys", "/objects/things"] {
        assert!(at.contains(&pointer), "{pointer} is not in {at:?}");
    }
    assert!(at.iter().any(|pointer| pointer.starts_with("/objects/endpoints/0")), "{at:?}");
    for kind in ["teams", "credentials", "endpoints"] {
        assert!(stored(&admin.get(kind).await.expect_json(200).await, kind).is_empty(), "{kind}");
    }
    let twice = json!({ "objects": { "teams": [{ "name": "a" }, { "name": "a" }] } });
    let problem = admin.post("configuration/apply", &twice).await.expect_json(409).await;
    assert_eq!(pointers(&problem), ["/objects/teams/1/name"]);
    let missing = json!({ "objects": { "projects": [{ "name": "web", "team": "nobody" }] } });
    let problem = admin.post("configuration/diff", &missing).await.expect_json(409).await;
    assert_eq!(
        (&problem["code"], pointers(&problem)),
        (&json!("contradiction"), vec!["/objects/projects/0/team"])
    );
    for wrong in [
        json!({}),
        json!({ "objects": [] }),
        json!({ "objects": {}, "prune": 1 }),
        json!({ "objects": {}, "x": 1 }),
    ] {
        admin.post("configuration/apply", &wrong).await.expect_json(422).await;
    }
}
