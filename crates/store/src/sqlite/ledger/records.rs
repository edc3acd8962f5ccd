//! Usage records, read back one page at a time.

use domain::{
    Api, AttemptId, CallId, CostSource, CredentialId, EndpointId, KeyId, OrganizationId, Outcome, PicoUsd,
    ProjectId, Scope, TargetId, TeamId, TraceId, Usage, UsageRecord, UsageSource,
};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Row};

use super::labels;
use super::sums::{bind, within_sql};
use crate::codec::Code;
use crate::sqlite::database::Database;
use crate::{StoreError, UsagePage, Within};

const PAGE_LIMIT: usize = 500;

pub(super) async fn page(
    database: &Database,
    within: Within,
    after: Option<AttemptId>,
    limit: usize,
) -> Result<UsagePage, StoreError> {
    let because = |error| database.because(error);
    let limit = limit.clamp(1, PAGE_LIMIT);
    let mut arguments = SqliteArguments::default();
    bind(&mut arguments, after.map(|after| after.to_bytes().to_vec()).unwrap_or_default())
        .map_err(because)?;
    let tenant = within_sql(within, &mut arguments).map_err(because)?;
    bind(&mut arguments, i64::try_from(limit).unwrap_or(i64::MAX)).map_err(because)?;
    let sql = format!("{SELECT} WHERE u.attempt > ? AND {tenant} ORDER BY u.attempt LIMIT ?");
    let rows = sqlx::query_with(AssertSqlSafe(sql), arguments)
        .fetch_all(database.readers())
        .await
        .map_err(because)?;
    let mut page = UsagePage::default();
    for row in &rows {
        page.records.push(record(row).map_err(because)?);
    }
    page.next = page.records.last().filter(|_| rows.len() == limit).map(|record| record.attempt);
    Ok(page)
}

const SELECT: &str = "SELECT u.*, o.object AS organization_id, t.object AS team_id, p.object AS project_id,
        c.key, c.name, c.labels, l.*
    FROM usage_records AS u
    JOIN tenants AS o ON o.id = u.organization
    JOIN tenants AS t ON t.id = u.team
    JOIN tenants AS p ON p.id = u.project
    JOIN callers AS c ON c.id = u.caller
    JOIN usage_labels AS l ON l.id = u.label";

fn record(row: &SqliteRow) -> Result<UsageRecord, sqlx::Error> {
    let call = CallId::from_bytes(id(row, "call")?);
    let trace: Option<Vec<u8>> = row.try_get("trace")?;
    let trace = trace.and_then(|bytes| bytes.try_into().ok()).unwrap_or(call.to_bytes());
    let price: String = row.try_get("price")?;
    let cost: Option<i64> = row.try_get("cost")?;
    Ok(UsageRecord {
        attempt: AttemptId::from_bytes(id(row, "attempt")?),
        call,
        trace: TraceId::from_bytes(trace),
        settled_at_ms: row.try_get("settled_at_ms")?,
        scope: Scope {
            organization: OrganizationId::from_bytes(id(row, "organization_id")?),
            team: TeamId::from_bytes(id(row, "team_id")?),
            project: ProjectId::from_bytes(id(row, "project_id")?),
        },
        key: row.try_get::<Vec<u8>, _>("key")?.try_into().ok().map(KeyId::from_bytes),
        caller: row.try_get::<String, _>("name")?.into(),
        labels: labels::from_json(row.try_get("labels")?),
        endpoint: EndpointId::from_bytes(id(row, "endpoint")?),
        endpoint_name: row.try_get::<String, _>("endpoint_name")?.into(),
        target: TargetId::from_bytes(id(row, "target")?),
        credential: CredentialId::from_bytes(id(row, "credential")?),
        provider: row.try_get::<String, _>("provider")?.into(),
        model: row.try_get::<String, _>("model")?.into(),
        api: code::<Api>(row, "api")?,
        usage: Usage {
            input: count(row, "input")?,
            cache_read: count(row, "cache_read")?,
            cache_write: count(row, "cache_write")?,
            cache_write_1h: count(row, "cache_write_1h")?,
            audio_input: count(row, "audio_input")?,
            output: count(row, "output")?,
            reasoning: count(row, "reasoning")?,
            audio_output: count(row, "audio_output")?,
        },
        usage_source: code::<UsageSource>(row, "usage_source")?,
        cost: cost.map(|cost| PicoUsd(i128::from(cost))),
        cost_source: code::<CostSource>(row, "cost_source")?,
        price: (!price.is_empty()).then(|| price.into()),
        outcome: code::<Outcome>(row, "outcome")?,
        duration_ms: count(row, "duration_ms")?,
    })
}

fn id(row: &SqliteRow, column: &str) -> Result<[u8; 16], sqlx::Error> {
    let bytes: Vec<u8> = row.try_get(column)?;
    bytes.try_into().map_err(|_| unreadable(column))
}

fn count(row: &SqliteRow, column: &str) -> Result<u64, sqlx::Error> {
    Ok(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or(0))
}

fn code<T: Code>(row: &SqliteRow, column: &str) -> Result<T, sqlx::Error> {
    T::from_code(row.try_get(column)?).ok_or_else(|| unreadable(column))
}

fn unreadable(column: &str) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: "not a value of this version".into() }
}
