//! A stored object, read once: its body in the form of the file, with its secrets put back into their places.

use domain::{ObjectId, ObjectKind, Scope, Secret};
use serde_json::{Map, Value};
use store::{SealedField, StoredObject};

use crate::diagnostic::Findings;
use crate::objects::{FieldProblem, WrittenObject, problems, read};
use crate::schema::Reading;
use crate::tree;

/// Opens a secret of a stored object, or says why it cannot.
pub(crate) type Opener<'a> = &'a dyn Fn(ObjectId, &SealedField) -> Result<Secret<String>, String>;

#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) kind: ObjectKind,
    pub(crate) id: ObjectId,
    pub(crate) name: String,
    pub(crate) scope: Scope,
    /// `None` where it could not be read at all.
    pub(crate) written: Option<WrittenObject>,
    /// What is wrong with it by itself.
    pub(crate) problems: Vec<FieldProblem>,
}

impl Row {
    pub(crate) fn read(object: &StoredObject, open: Opener<'_>) -> Self {
        let mut row = Self {
            kind: object.kind,
            id: object.id,
            name: object.name.clone(),
            scope: object.scope,
            written: None,
            problems: Vec::new(),
        };
        match document(object, open) {
            Ok(document) => {
                let mut findings = Findings::new("");
                let node = tree::document(&document);
                row.written = read(object.kind, &node, &mut Reading::document(&mut findings));
                row.problems = problems(findings);
            }
            Err(problem) => row.problems.push(problem),
        }
        row
    }
}

fn document(object: &StoredObject, open: Opener<'_>) -> Result<Map<String, Value>, FieldProblem> {
    let mut document: Map<String, Value> = serde_json::from_str(&object.body).map_err(|_| FieldProblem {
        pointer: String::new(),
        message: format!("what is stored of this {} is not a JSON object", object.kind),
        help: Some(format!("write the {} anew", object.kind)),
    })?;
    if object.kind != ObjectKind::Price {
        document.insert("name".to_owned(), object.name.as_str().into());
    }
    for sealed in &object.secrets {
        let secret = open(object.id, sealed).map_err(|error| FieldProblem {
            pointer: format!("/{}", sealed.field.replace('.', "/")),
            message: error,
            help: None,
        })?;
        put(&mut document, &sealed.field, secret.expose().as_str().into());
    }
    Ok(document)
}

/// Puts a value where `a.b.c` says.
pub(crate) fn put(document: &mut Map<String, Value>, field: &str, value: Value) {
    match field.split_once('.') {
        None => {
            document.insert(field.to_owned(), value);
        }
        Some((section, rest)) => {
            let section = document.entry(section).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(section) = section {
                put(section, rest, value);
            }
        }
    }
}
