//! Deleting an object. That nobody uses it is checked when all writes of the transaction are made.

use domain::{ObjectId, ObjectKind};

use super::apply::{Writer, changed, expect_revision, is_built_in};
use super::audit::{self, Done};
use super::put::retire_hash;
use super::rows::{called, printed};
use super::{Refused, read};
use crate::{Expect, StoreError};

pub(super) async fn delete(
    writer: &mut Writer<'_>,
    kind: ObjectKind,
    id: ObjectId,
    expect: Expect,
) -> Result<(), Refused> {
    if is_built_in(kind, id) {
        let object = printed(kind, id);
        return Err(StoreError::InUse { object, by: Vec::new(), elsewhere: 1 }.into());
    }
    let found = read::load_here(writer.connection, &[id]).await?.pop();
    let old = found.filter(|old| old.kind == kind && writer.within.contains(old.scope));
    let Some(old) = old else {
        return match expect {
            // It is as it was expected to be.
            Expect::Absent => Ok(()),
            Expect::Anything | Expect::Revision(_) => {
                Err(StoreError::NotFound { object: printed(kind, id) }.into())
            }
        };
    };
    let called = called(kind, &old.name);
    match expect {
        Expect::Anything => {}
        Expect::Absent => return Err(StoreError::Exists { object: called }.into()),
        Expect::Revision(expected) => expect_revision(called.clone(), expected, old.revision)?,
    }
    retire_hash(writer, id).await?;
    // Secrets and the object's own references go with the row.
    for sql in ["DELETE FROM objects WHERE id = ?", "DELETE FROM key_uses WHERE key = ?"] {
        sqlx::query(sql).bind(id.to_bytes().to_vec()).execute(&mut *writer.connection).await?;
    }
    let revision = changed(writer.connection, kind, id, true).await?;
    writer.deleted.push((id, called));
    let done = Done { action: "delete", kind, id, name: &old.name, scope: old.scope };
    audit::record(writer, done, revision, "").await.map_err(Refused::from)
}
