//! From a JSON document to an object that is right by itself: its form is checked, its secrets are set apart. Whether
//! what it names exists is for those who know the other objects.

use domain::{ObjectKind, Secret};
use serde_json::{Map, Value};

use super::body::{Splitter, Texts};
use super::kind::{self, WrittenObject};
use super::names::named;
use crate::diagnostic::Findings;
use crate::row::put;
use crate::schema::Reading;
use crate::tree::{self, Node, Scalar};

/// An object whose form is right.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub kind: ObjectKind,
    /// Of a price, which has no name of its own: `provider/model`.
    pub name: String,
    /// The project that it names; `None` is `default`.
    pub project: Option<String>,
    /// The file's form in one spelling, without `name` and without secrets.
    pub body: Map<String, Value>,
    /// Each with the path of its field: `api_key`.
    pub secrets: Vec<(String, Secret<String>)>,
    /// The objects that this one names.
    pub names: Vec<Reference>,
}

/// Another object that one names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub kind: ObjectKind,
    pub name: String,
    /// Where the name stands, as a JSON pointer.
    pub pointer: String,
}

/// What is wrong with one field of a document. Never holds the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// A JSON pointer: `/targets/0/weight`; empty for the document as a whole.
    pub pointer: String,
    pub message: String,
    /// What to do, where the message does not say it already.
    pub help: Option<String>,
}

/// Reads a document. Its text is what it says: `${` has no meaning here. An error is everything that is wrong with it.
pub fn draft(kind: ObjectKind, document: &Map<String, Value>) -> Result<Draft, Vec<FieldProblem>> {
    let node = tree::document(document);
    let mut findings = Findings::new("");
    kind::read(kind, &node, &mut Reading::document(&mut findings));
    let problems = problems(findings);
    if problems.is_empty() { Ok(split(kind, &node, &Literal)) } else { Err(problems) }
}

/// Findings about a document.
pub(crate) fn problems(findings: Findings) -> Vec<FieldProblem> {
    let errors = findings.into_sorted().into_iter().filter(crate::Diagnostic::is_error);
    errors
        .map(|found| FieldProblem { pointer: found.path, message: found.message, help: found.help })
        .collect()
}

/// The object that a node says, which its reader has found right.
pub(super) fn split(kind: ObjectKind, node: &Node, texts: &dyn Texts) -> Draft {
    let mut splitter = Splitter::new(texts);
    let mut body = splitter.body(&kind::shape(kind), node);
    let text = |body: &Map<String, Value>, key: &str| {
        body.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let name = match kind {
        ObjectKind::Price => format!("{}/{}", text(&body, "provider"), text(&body, "model")),
        _ => match body.shift_remove("name") {
            Some(Value::String(name)) => name,
            _ => String::new(),
        },
    };
    let project = Some(text(&body, "project")).filter(|project| !project.is_empty());
    let names = named(kind, &body);
    Draft { kind, name, project, body, secrets: splitter.secrets, names }
}

/// Text that is what it says.
pub(super) struct Literal;

impl Texts for Literal {
    fn text(&self, scalar: &Scalar) -> String {
        scalar.text.clone()
    }
}

/// A draft as it would be read back: with its name and its secrets in their places, and something in the place of the
/// secrets that are kept.
pub(crate) fn written(draft: &Draft, kept: &[String], findings: &mut Findings) -> Option<WrittenObject> {
    /// Long enough for any field.
    const KEPT: &str = "0000000000000000000000000000000000000000000";
    let mut document = draft.body.clone();
    if draft.kind != ObjectKind::Price {
        document.insert("name".to_owned(), draft.name.as_str().into());
    }
    for field in kept {
        put(&mut document, field, KEPT.into());
    }
    for (field, secret) in &draft.secrets {
        put(&mut document, field, secret.expose().as_str().into());
    }
    kind::read(draft.kind, &tree::document(&document), &mut Reading::document(findings))
}
