//! What all configured objects have in common on the admin API: they are listed, created, read, replaced, changed and
//! deleted in the same way. A kind of object is a [`Resource`], in a file of its own next to this folder.
//!
//! An object has the form that it has in `gatewright.yaml`, with what the gateway knows about it besides. What the file
//! declares can be read here and changed only there.

mod asked;
mod change;
mod commit;
mod create;
mod describe;
mod find;
mod idempotency;
mod list;
mod names;
mod precondition;
mod prepare;
mod read;
mod remove;
mod replace;
mod standing;
mod view;

use domain::{ObjectKind, Permission};

pub(super) use asked::Asked;
pub(super) use commit::{answer, commit};
pub(super) use describe::{describe, schema_name};
pub(super) use find::{by_name, declared_elsewhere, find};
pub(super) use idempotency::{Answer, Idempotent};
pub(super) use names::contradicting;
pub(super) use prepare::Writer;
pub(super) use standing::Standing;
pub(super) use view::{Views, body_of, has_project};

use super::access::{Access, Routes};
use super::body::Document;

/// One kind of object on the admin API.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resource {
    pub(super) kind: ObjectKind,
    /// `/api/v1/<plural>`.
    pub(super) all: &'static str,
    /// `/api/v1/<plural>/{id}`.
    pub(super) one: &'static str,
    /// What it is, in a sentence for the document.
    pub(super) about: &'static str,
    /// What a client may send, as JSON.
    pub(super) example: &'static str,
    /// A change that fits the example, as JSON.
    pub(super) patch: &'static str,
}

impl Resource {
    /// Declares the routes of this kind.
    pub(super) fn declare(self, routes: Routes) -> Routes {
        let see = Access::May(Permission::Read(self.kind));
        let write = Access::May(Permission::Write(self.kind));
        routes
            .get(self.all, see, move |state, principal, query| list::list(self, state, principal, query))
            .post(self.all, write, move |asked: Asked, body: Document| create::create(self, asked, body))
            .get(self.one, see, move |asked: Asked| read::read(self, asked))
            .put(self.one, write, move |asked: Asked, body: Document| replace::replace(self, asked, body))
            .patch(self.one, write, move |asked: Asked, body: Document| change::change(self, asked, body))
            .delete(self.one, write, move |asked: Asked| remove::remove(self, asked))
    }
}
