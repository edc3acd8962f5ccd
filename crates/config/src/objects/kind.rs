//! Which section of the file describes which kind of object.

use domain::ObjectKind;
use serde_json::{Value, json};

use crate::schema::credentials::Credential;
use crate::schema::endpoints::Endpoint;
use crate::schema::keys::Key;
use crate::schema::prices::Price;
use crate::schema::targets::NamedTarget;
use crate::schema::tenants::{Project, Team};
use crate::schema::{Description, Field, Reading, Shape, document_schema};
use crate::tree::Node;

/// An object as it was written.
#[derive(Debug)]
pub(crate) enum WrittenObject {
    Team(Team),
    Project(Project),
    Credential(Credential),
    Target(NamedTarget),
    Endpoint(Endpoint),
    Key(Key),
    Price(Price),
}

/// Reads one object; what is wrong with it is in the findings of `reading`.
pub(crate) fn read(kind: ObjectKind, node: &Node, reading: &mut Reading<'_>) -> Option<WrittenObject> {
    match kind {
        ObjectKind::Team => Team::read(node, reading).map(WrittenObject::Team),
        ObjectKind::Project => Project::read(node, reading).map(WrittenObject::Project),
        ObjectKind::Credential => Credential::read(node, reading).map(WrittenObject::Credential),
        ObjectKind::Target => NamedTarget::read(node, reading).map(WrittenObject::Target),
        ObjectKind::Endpoint => Endpoint::read(node, reading).map(WrittenObject::Endpoint),
        ObjectKind::Key => Key::read(node, reading).map(WrittenObject::Key),
        ObjectKind::Price => Price::read(node, reading).map(WrittenObject::Price),
    }
}

pub(crate) fn shape(kind: ObjectKind) -> Shape {
    match kind {
        ObjectKind::Team => Team::shape(),
        ObjectKind::Project => Project::shape(),
        ObjectKind::Credential => Credential::shape(),
        ObjectKind::Target => NamedTarget::shape(),
        ObjectKind::Endpoint => Endpoint::shape(),
        ObjectKind::Key => Key::shape(),
        ObjectKind::Price => Price::shape(),
    }
}

/// The JSON Schema (draft 2020-12) of what a client of the admin API sends for one object: what [`super::draft`] takes.
/// It refers to nothing outside of itself. Secrets are never required, because one that is kept may be left out.
pub fn json_schema(kind: ObjectKind) -> Value {
    let mut schema = document_schema(&shape(kind));
    schema["title"] = json!(kind.name());
    schema
}

/// The fields of a kind that are secret, as [`super::Draft::secrets`] names them.
pub fn secret_fields(kind: ObjectKind) -> Vec<String> {
    let mut fields = Vec::new();
    if let Shape::Section(describe) = shape(kind) {
        collect(&describe(), "", &mut fields);
    }
    fields
}

fn collect(description: &Description, path: &str, fields: &mut Vec<String>) {
    for field in &description.fields {
        let path = format!("{path}{}", field.key);
        in_shape(&field.shape, &path, fields);
    }
}

fn in_shape(shape: &Shape, path: &str, fields: &mut Vec<String>) {
    match shape {
        Shape::Secret { .. } => fields.push(path.to_owned()),
        Shape::Section(describe) => collect(&describe(), &format!("{path}."), fields),
        Shape::Either(forms) => forms.iter().for_each(|form| in_shape(form, path, fields)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_type() {
        assert_eq!(secret_fields(ObjectKind::Credential), ["api_key"]);
        assert_eq!(secret_fields(ObjectKind::Key), ["secret"]);
        assert!(secret_fields(ObjectKind::Endpoint).is_empty());
    }
}
