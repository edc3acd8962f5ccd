//! Gives what repeats on many rows a short number: tenants, callers and labels.

use std::collections::HashMap;

use domain::Scope;
use sqlx::sqlite::SqliteConnection;

use super::labels;
use crate::UsageFrame;
use crate::codec::{CallerPart, CodecError, LabelV1};

/// Entries kept per kind. A table that outgrows this is looked up in the file more often, nothing else.
const CACHE_ENTRIES: usize = 65_536;

/// Outcomes from here on are failures: only after one of those may a call be tried again.
const FIRST_FAILURE: u8 = 10;

/// The numbers under which a record's repeating parts are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Dimensions {
    pub(super) organization: i64,
    pub(super) team: i64,
    pub(super) project: i64,
    pub(super) caller: i64,
    pub(super) label: i64,
}

#[derive(Debug, Clone, Copy)]
struct Label {
    id: i64,
    failed: bool,
}

/// What the numbers of this file are, as far as they have been needed. Filled inside a transaction: whoever rolls
/// one back clears it.
#[derive(Debug, Default)]
pub(super) struct Cache {
    scopes: HashMap<Scope, (i64, i64, i64)>,
    callers: HashMap<Box<[u8]>, i64>,
    labels: HashMap<Box<[u8]>, Label>,
}

/// Why a record has no numbers.
#[derive(Debug)]
pub(super) enum Unnumbered {
    Unreadable,
    Database(sqlx::Error),
}

impl From<CodecError> for Unnumbered {
    fn from(_: CodecError) -> Self {
        Self::Unreadable
    }
}

impl From<sqlx::Error> for Unnumbered {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl Cache {
    pub(super) fn clear(&mut self) {
        self.scopes.clear();
        self.callers.clear();
        self.labels.clear();
    }

    /// The numbers of a record, and whether its attempt failed.
    pub(super) async fn number(
        &mut self,
        connection: &mut SqliteConnection,
        frame: &UsageFrame<'_>,
    ) -> Result<(Dimensions, bool), Unnumbered> {
        let scope = frame.scope();
        let (organization, team, project) = match self.scopes.get(&scope) {
            Some(&known) => known,
            None => {
                let numbers = (
                    tenant(connection, "organization", scope.organization.to_bytes()).await?,
                    tenant(connection, "team", scope.team.to_bytes()).await?,
                    tenant(connection, "project", scope.project.to_bytes()).await?,
                );
                bound(&mut self.scopes);
                self.scopes.insert(scope, numbers);
                numbers
            }
        };
        let caller = match self.callers.get(frame.caller) {
            Some(&known) => known,
            None => {
                let id = insert_caller(connection, &CallerPart::parse(frame.caller)?).await?;
                bound(&mut self.callers);
                self.callers.insert(frame.caller.into(), id);
                id
            }
        };
        let label = match self.labels.get(frame.label) {
            Some(&known) => known,
            None => {
                let parsed = LabelV1::parse(frame.label)?;
                let id = insert_label(connection, &parsed).await?;
                let label = Label { id, failed: parsed.outcome >= FIRST_FAILURE };
                bound(&mut self.labels);
                self.labels.insert(frame.label.into(), label);
                label
            }
        };
        Ok((Dimensions { organization, team, project, caller, label: label.id }, label.failed))
    }
}

fn bound<K, V>(cache: &mut HashMap<K, V>) {
    if cache.len() >= CACHE_ENTRIES {
        cache.clear();
    }
}

async fn tenant(
    connection: &mut SqliteConnection,
    kind: &'static str,
    id: [u8; 16],
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "INSERT INTO tenants (kind, object) VALUES (?1, ?2)
         ON CONFLICT DO UPDATE SET kind = kind RETURNING id",
    )
    .bind(kind)
    .bind(id.to_vec())
    .fetch_one(connection)
    .await
}

async fn insert_caller(
    connection: &mut SqliteConnection,
    caller: &CallerPart<'_>,
) -> Result<i64, sqlx::Error> {
    let labels = caller.labels.as_deref().map(labels::to_json).unwrap_or_default();
    sqlx::query_scalar(
        "INSERT INTO callers (key, name, labels) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET name = name RETURNING id",
    )
    .bind(caller.who.key.map(Vec::from).unwrap_or_default())
    .bind(caller.who.name.to_owned())
    .bind(labels)
    .fetch_one(connection)
    .await
}

async fn insert_label(connection: &mut SqliteConnection, label: &LabelV1<'_>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "INSERT INTO usage_labels (endpoint, endpoint_name, target, credential, provider, model, api,
                                   usage_source, cost_source, price, outcome)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET model = model RETURNING id",
    )
    .bind(label.endpoint.to_vec())
    .bind(label.endpoint_name.to_owned())
    .bind(label.target.to_vec())
    .bind(label.credential.to_vec())
    .bind(label.provider.to_owned())
    .bind(label.model.to_owned())
    .bind(label.api)
    .bind(label.usage_source)
    .bind(label.cost_source)
    .bind(label.price.unwrap_or_default().to_owned())
    .bind(label.outcome)
    .fetch_one(connection)
    .await
}
