//! Objects as the admin API shows them: the form of the file, with what the gateway knows about them around it. Of a
//! secret there is its end, and of the secret of a key not even that.

use std::collections::HashMap;

use config::objects::Declared;
use domain::{ObjectId, ObjectKind, Scope};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use store::{KeyRow, StoredObject};

use super::super::problem::Problem;
use super::super::state::Inner;
use super::super::views::timestamp_ms;

/// What is known about objects from elsewhere, gathered once for all of a page.
pub(in crate::admin) struct Views<'a> {
    state: &'a Inner,
    last_used: HashMap<ObjectId, i64>,
    now_ms: i64,
}

impl<'a> Views<'a> {
    /// For these objects.
    pub(in crate::admin) async fn gather(
        state: &'a Inner,
        kind: ObjectKind,
        ids: &[ObjectId],
        now_ms: i64,
    ) -> Result<Self, Problem> {
        let last_used = match kind {
            ObjectKind::Key => state.last_used(ids).await?,
            _ => HashMap::new(),
        };
        Ok(Self { state, last_used, now_ms })
    }

    pub(in crate::admin) fn stored(&self, object: &StoredObject) -> Value {
        let mut view = self.head(object.kind, object.id, &object.name, object.scope, "store");
        view.insert("revision".to_owned(), object.revision.into());
        let standing = self.state.standing(object);
        view.insert("status".to_owned(), standing.status(self.key_status(object)).into());
        view.insert("problems".to_owned(), json!(standing.problems));
        view.insert("declared_at".to_owned(), json!(standing.shadowed_by));
        view.insert("created_at".to_owned(), timestamp_ms(object.created_at_ms).into());
        view.insert("updated_at".to_owned(), timestamp_ms(object.updated_at_ms).into());
        self.key_fields(&mut view, object.kind, object.id);
        let secrets =
            object.secrets.iter().map(|secret| (secret.field.clone(), json!({ "masked": secret.tail })));
        let mut secrets: Map<String, Value> = secrets.collect();
        if let Some(key) = &object.key {
            secrets.insert("secret".to_owned(), json!({ "masked": masked_key(object.id, key) }));
            let revoked = key.revoked_at_ms.map(timestamp_ms);
            view.insert("revoked_at".to_owned(), json!(revoked));
        }
        view.insert("secrets".to_owned(), secrets.into());
        extend(&mut view, body_of(&object.body));
        Value::Object(view)
    }

    pub(in crate::admin) fn declared(&self, object: &Declared) -> Value {
        let mut view = self.head(object.kind, object.id, &object.name, object.scope, source(object));
        view.insert("revision".to_owned(), 0.into());
        view.insert("status".to_owned(), self.declared_status(object).into());
        view.insert("problems".to_owned(), json!([]));
        view.insert("declared_at".to_owned(), json!(object.declared_at));
        view.insert("created_at".to_owned(), Value::Null);
        view.insert("updated_at".to_owned(), Value::Null);
        self.key_fields(&mut view, object.kind, object.id);
        if object.kind == ObjectKind::Key {
            view.insert("revoked_at".to_owned(), Value::Null);
        }
        let secrets = object.secrets.iter().map(|(field, shown)| (field.clone(), json!({ "masked": shown })));
        view.insert("secrets".to_owned(), secrets.collect::<Map<_, _>>().into());
        extend(&mut view, object.body.clone());
        Value::Object(view)
    }

    fn head(
        &self,
        kind: ObjectKind,
        id: ObjectId,
        name: &str,
        scope: Scope,
        source: &str,
    ) -> Map<String, Value> {
        let mut view = Map::new();
        view.insert("id".to_owned(), kind.print(id).into());
        view.insert("name".to_owned(), name.into());
        view.insert("source".to_owned(), source.into());
        if has_project(kind) {
            view.insert("project".to_owned(), self.state.project_name(scope.project).into());
            view.insert("project_id".to_owned(), scope.project.to_string().into());
        }
        view
    }

    fn key_fields(&self, view: &mut Map<String, Value>, kind: ObjectKind, id: ObjectId) {
        if kind == ObjectKind::Key {
            let last_used = self.last_used.get(&id).copied().map(timestamp_ms);
            view.insert("last_used_at".to_owned(), json!(last_used));
        }
    }

    /// `revoked`, `expired` or `active`.
    fn key_status(&self, object: &StoredObject) -> &'static str {
        if object.key.is_some_and(|key| key.revoked_at_ms.is_some()) {
            return "revoked";
        }
        self.expiry_status(&body_of(&object.body))
    }

    fn declared_status(&self, object: &Declared) -> &'static str {
        self.expiry_status(&object.body)
    }

    fn expiry_status(&self, body: &Map<String, Value>) -> &'static str {
        let expires = body.get("expires").and_then(Value::as_str).and_then(unix_ms);
        if expires.is_some_and(|expires| expires <= self.now_ms) { "expired" } else { "active" }
    }
}

/// A date means its first moment, in UTC.
fn unix_ms(expires: &str) -> Option<i64> {
    let time = expires.parse::<Timestamp>().ok().or_else(|| {
        let date: Date = expires.parse().ok()?;
        Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
    });
    time.map(Timestamp::as_millisecond)
}

const fn source(object: &Declared) -> &'static str {
    if object.declared_at.is_some() { "file" } else { "built_in" }
}

/// Whether objects of this kind lie in a project.
pub(in crate::admin) const fn has_project(kind: ObjectKind) -> bool {
    !matches!(kind, ObjectKind::Team | ObjectKind::Project | ObjectKind::Price)
}

fn extend(view: &mut Map<String, Value>, body: Map<String, Value>) {
    for (field, value) in body {
        // What the object's place says is shown already.
        view.entry(field).or_insert(value);
    }
}

/// A stored body is JSON that was checked when it was written.
pub(in crate::admin) fn body_of(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}

/// A minted key begins with its id, which is no secret; of any other there is nothing to show.
fn masked_key(id: ObjectId, key: &KeyRow) -> String {
    const DIGITS: usize = 12;
    let id = format!("{:032x}", id.0);
    let begins = format!("gw_{}", &id[..DIGITS]);
    if begins.as_bytes().starts_with(&key.prefix) { format!("{begins}_…") } else { "…".to_owned() }
}
