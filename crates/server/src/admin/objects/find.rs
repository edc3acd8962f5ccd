//! One object, by its id or its name. What the file declares is found before what is stored: it is what is in force.

use config::objects::Declared;
use domain::{ObjectKind, Scope};
use store::StoredObject;

use super::super::problem::{Code, Problem};
use super::asked::Asked;

/// What there is of that id or name.
#[derive(Debug, Clone)]
pub(in crate::admin) struct Found {
    pub(in crate::admin) declared: Option<Declared>,
    pub(in crate::admin) stored: Option<StoredObject>,
}

/// The object that the path of a request names; neither declared nor stored where there is none.
pub(in crate::admin) async fn look(kind: ObjectKind, asked: &Asked) -> Result<Found, Problem> {
    let within = asked.principal.within;
    if let Some(id) = kind.parse(&asked.target) {
        let found = Found {
            declared: asked.state.declared_one(asked.principal.within, kind, |object| object.id == id),
            stored: asked.state.control.get(within, kind, id).await?,
        };
        // A name may look like an id.
        if found.exists() {
            return Ok(found);
        }
    }
    by_name(kind, asked, asked.scope()?, &asked.target).await
}

/// The object of this name in a project.
pub(in crate::admin) async fn by_name(
    kind: ObjectKind,
    asked: &Asked,
    scope: Scope,
    name: &str,
) -> Result<Found, Problem> {
    let everywhere = matches!(kind, ObjectKind::Team | ObjectKind::Project);
    let declared = asked.state.declared_one(asked.principal.within, kind, |object| {
        object.name == name && (everywhere || object.scope.project == scope.project)
    });
    let stored = asked.state.control.find(asked.principal.within, kind, scope, name).await?;
    Ok(Found { declared, stored })
}

/// The object that the path names, or a 404.
pub(in crate::admin) async fn find(kind: ObjectKind, asked: &Asked) -> Result<Found, Problem> {
    let found = look(kind, asked).await?;
    if found.exists() { Ok(found) } else { Err(asked.missing(kind)) }
}

impl Found {
    pub(in crate::admin) const fn exists(&self) -> bool {
        self.declared.is_some() || self.stored.is_some()
    }

    /// The stored object, to change it. What the file declares cannot be changed here.
    pub(in crate::admin) fn writable(self) -> Result<Option<StoredObject>, Problem> {
        match self.declared {
            None => Ok(self.stored),
            Some(declared) => Err(declared_elsewhere(&declared)),
        }
    }
}

pub(in crate::admin) fn declared_elsewhere(declared: &Declared) -> Problem {
    let Declared { kind, name, .. } = declared;
    let detail = match &declared.declared_at {
        Some(place) => format!("{kind} `{name}` is declared in {place}; change it there"),
        None => format!("{kind} `{name}` is built in, and stays as it is"),
    };
    Problem::new(Code::DeclaredInFile, detail)
}
