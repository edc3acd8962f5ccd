//! Which other objects an object names.

use domain::{DEFAULT_NAME, ObjectKind};
use serde_json::{Map, Value};

use super::Reference;

/// Every object that this one names, each once, with the place of the name. `provider/model` names no object, and the
/// team and the project `default` are always there.
pub(super) fn named(kind: ObjectKind, body: &Map<String, Value>) -> Vec<Reference> {
    let mut names = Names::default();
    match kind {
        ObjectKind::Team | ObjectKind::Price => {}
        ObjectKind::Project => names.field(body, "team", ObjectKind::Team, ""),
        ObjectKind::Credential => names.field(body, "project", ObjectKind::Project, ""),
        ObjectKind::Target => {
            names.field(body, "project", ObjectKind::Project, "");
            names.field(body, "credential", ObjectKind::Credential, "");
        }
        ObjectKind::Endpoint => {
            names.field(body, "project", ObjectKind::Project, "");
            names.targets(body, "targets");
            names.targets(body, "fallbacks");
        }
        ObjectKind::Key => {
            names.field(body, "project", ObjectKind::Project, "");
            for (index, text) in texts(body.get("endpoints")) {
                if !text.contains('/') {
                    names.add(ObjectKind::Endpoint, text, format!("/endpoints/{index}"));
                }
            }
        }
    }
    names.found
}

#[derive(Default)]
struct Names {
    found: Vec<Reference>,
}

impl Names {
    fn field(&mut self, section: &Map<String, Value>, key: &str, kind: ObjectKind, at: &str) {
        let Some(name) = section.get(key).and_then(Value::as_str) else { return };
        let built_in = matches!(kind, ObjectKind::Team | ObjectKind::Project) && name == DEFAULT_NAME;
        if !built_in {
            self.add(kind, name, format!("{at}/{key}"));
        }
    }

    fn targets(&mut self, body: &Map<String, Value>, key: &str) {
        let targets = body.get(key).and_then(Value::as_array).into_iter().flatten();
        for (index, target) in targets.enumerate() {
            let Some(target) = target.as_object() else { continue };
            let at = format!("/{key}/{index}");
            self.field(target, "credential", ObjectKind::Credential, &at);
            self.field(target, "target", ObjectKind::Target, &at);
        }
    }

    fn add(&mut self, kind: ObjectKind, name: &str, pointer: String) {
        if !self.found.iter().any(|known| known.kind == kind && known.name == name) {
            self.found.push(Reference { kind, name: name.to_owned(), pointer });
        }
    }
}

fn texts(list: Option<&Value>) -> impl Iterator<Item = (usize, &str)> {
    let items = list.and_then(Value::as_array).into_iter().flatten().enumerate();
    items.filter_map(|(index, item)| Some((index, item.as_str()?)))
}
