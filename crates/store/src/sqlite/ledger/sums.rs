//! Exact sums over a range of time: whole hours from the hourly sums, what is left at either end from the records.

use std::collections::HashMap;

use domain::{EndpointId, KeyId, PicoUsd, ProjectId, Usage};
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Connection, Row};

use crate::sqlite::database::Database;
use crate::{StoreError, UsageBy, UsageGroup, UsageQuery, UsageReport, UsageTotals, Within};

const MS_PER_HOUR: i64 = 3_600_000;

/// Whole hours that no record lies beyond, some hundred thousand years from the epoch.
const FAR_MS: i64 = 1_000_000_000 * MS_PER_HOUR;

/// More groups than a report shows are left out of the list, the cheapest first; the total has them all.
const MAX_GROUPS: usize = 10_000;

pub(super) async fn report(
    database: &Database,
    within: Within,
    query: UsageQuery,
) -> Result<UsageReport, StoreError> {
    read(database, within, query).await.map_err(|error| database.because(error))
}

async fn read(database: &Database, within: Within, query: UsageQuery) -> Result<UsageReport, sqlx::Error> {
    let mut groups = Groups::default();
    let mut reader = database.readers().acquire().await?;
    // One snapshot for all parts.
    let mut transaction = reader.begin().await?;
    for part in parts(query.since_ms, query.until_ms) {
        add_part(&mut transaction, within, query.by, part, &mut groups).await?;
    }
    transaction.commit().await?;
    Ok(groups.report())
}

/// A stretch of time and where its sums come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Whole hours, the end excluded.
    Hours(i64, i64),
    /// Part of an hour, in milliseconds, the end excluded.
    Records(i64, i64),
}

fn parts(since_ms: Option<i64>, until_ms: Option<i64>) -> Vec<Part> {
    let since = since_ms.unwrap_or(-FAR_MS).clamp(-FAR_MS, FAR_MS);
    let until = until_ms.unwrap_or(FAR_MS).clamp(-FAR_MS, FAR_MS);
    if since >= until {
        return Vec::new();
    }
    let first_hour = -(-since).div_euclid(MS_PER_HOUR);
    let end_hour = until.div_euclid(MS_PER_HOUR);
    if first_hour > end_hour {
        return vec![Part::Records(since, until)];
    }
    let (first_whole, end_whole) = (first_hour * MS_PER_HOUR, end_hour * MS_PER_HOUR);
    let mut parts = Vec::new();
    if since < first_whole {
        parts.push(Part::Records(since, first_whole));
    }
    if first_hour < end_hour {
        parts.push(Part::Hours(first_hour, end_hour));
    }
    if end_whole < until {
        parts.push(Part::Records(end_whole, until));
    }
    parts
}

async fn add_part(
    connection: &mut SqliteConnection,
    within: Within,
    by: UsageBy,
    part: Part,
    groups: &mut Groups,
) -> Result<(), sqlx::Error> {
    let (dimension, table, identity) = match by {
        UsageBy::Endpoint => ("label", "usage_labels", "endpoint, endpoint_name, ''"),
        UsageBy::Model => ("label", "usage_labels", "x'', model, provider"),
        UsageBy::Provider => ("label", "usage_labels", "x'', provider, ''"),
        UsageBy::Key => ("caller", "callers", "key, name, ''"),
        UsageBy::Project => ("project", "tenants", "object, '', ''"),
    };
    let mut arguments = SqliteArguments::default();
    let (sums, source) = match part {
        Part::Hours(from, to) => {
            bind(&mut arguments, from)?;
            bind(&mut arguments, to)?;
            (HOUR_SUMS, "usage_hours WHERE hour >= ? AND hour < ?")
        }
        Part::Records(from, to) => {
            bind(&mut arguments, from.div_euclid(MS_PER_HOUR))?;
            bind(&mut arguments, (to - 1).div_euclid(MS_PER_HOUR))?;
            bind(&mut arguments, from)?;
            bind(&mut arguments, to)?;
            (RECORD_SUMS, RECORDS)
        }
    };
    let tenant = within_sql(within, &mut arguments)?;
    let sql = format!(
        "SELECT sums.*, {identity} FROM (
            SELECT {dimension} AS number, {sums} FROM {source} AND {tenant} GROUP BY {dimension}
         ) AS sums JOIN {table} AS named ON named.id = sums.number"
    );
    let rows = sqlx::query_with(AssertSqlSafe(sql), arguments).fetch_all(&mut *connection).await?;
    for row in rows {
        groups.add(identify(by, &row)?, row.try_get(0)?, &totals(&row)?);
    }
    Ok(())
}

const HOUR_SUMS: &str = "SUM(calls), SUM(attempts), SUM(input), SUM(cache_read), SUM(cache_write),
    SUM(cache_write_1h), SUM(audio_input), SUM(output), SUM(reasoning), SUM(audio_output),
    SUM(cost_micro), SUM(cost_pico), SUM(unknown_cost)";

const RECORD_SUMS: &str = "SUM(first), COUNT(*), SUM(input), SUM(cache_read), SUM(cache_write),
    SUM(cache_write_1h), SUM(audio_input), SUM(output), SUM(reasoning), SUM(audio_output),
    COALESCE(SUM(cost / 1000000), 0), COALESCE(SUM(cost % 1000000), 0), SUM(cost IS NULL)";

const RECORDS: &str = "(
    SELECT u.* FROM (
        SELECT MIN(first_attempt) AS first_attempt, MAX(last_attempt) AS last_attempt
        FROM usage_spans WHERE hour BETWEEN ? AND ?
    ) AS span JOIN usage_records AS u ON u.attempt BETWEEN span.first_attempt AND span.last_attempt
) WHERE settled_at_ms >= ? AND settled_at_ms < ?";

/// The condition that keeps the rows of `within`.
pub(super) fn within_sql(within: Within, arguments: &mut SqliteArguments) -> Result<String, sqlx::Error> {
    let levels = [
        ("organization", Some(within.organization.to_bytes())),
        ("team", within.team.map(domain::TeamId::to_bytes)),
        ("project", within.project.map(ProjectId::to_bytes)),
    ];
    let mut conditions = Vec::new();
    for (level, id) in levels {
        if let Some(id) = id {
            bind(arguments, id.to_vec())?;
            conditions
                .push(format!("{level} = (SELECT id FROM tenants WHERE kind = '{level}' AND object = ?)"));
        }
    }
    Ok(conditions.join(" AND "))
}

pub(super) fn bind<'v, T>(arguments: &mut SqliteArguments, value: T) -> Result<(), sqlx::Error>
where
    T: sqlx::Encode<'v, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    arguments.add(value).map_err(sqlx::Error::Encode)
}

/// The id and the name of a group.
fn identify(by: UsageBy, row: &SqliteRow) -> Result<(Option<String>, String), sqlx::Error> {
    let id: Vec<u8> = row.try_get(14)?;
    let (name, provider): (String, String) = (row.try_get(15)?, row.try_get(16)?);
    let id = <[u8; 16]>::try_from(id).ok();
    Ok(match by {
        UsageBy::Endpoint => (id.map(|id| EndpointId::from_bytes(id).to_string()), name),
        UsageBy::Key => (id.map(|id| KeyId::from_bytes(id).to_string()), name),
        UsageBy::Project => (id.map(|id| ProjectId::from_bytes(id).to_string()), name),
        UsageBy::Model => (None, format!("{provider}/{name}")),
        UsageBy::Provider => (None, name),
    })
}

fn totals(row: &SqliteRow) -> Result<UsageTotals, sqlx::Error> {
    let count = |column: usize| {
        let count: i64 = row.try_get(column)?;
        Ok::<u64, sqlx::Error>(u64::try_from(count).unwrap_or(0))
    };
    let (micro, pico): (i64, i64) = (row.try_get(11)?, row.try_get(12)?);
    Ok(UsageTotals {
        calls: count(1)?,
        attempts: count(2)?,
        usage: Usage {
            input: count(3)?,
            cache_read: count(4)?,
            cache_write: count(5)?,
            cache_write_1h: count(6)?,
            audio_input: count(7)?,
            output: count(8)?,
            reasoning: count(9)?,
            audio_output: count(10)?,
        },
        cost: PicoUsd(i128::from(micro) * 1_000_000 + i128::from(pico)),
        unknown_cost: count(13)?,
    })
}

/// Groups by what they stand for. An object that was renamed is one group under its newest name; where there is no
/// id, the name is the identity.
#[derive(Debug, Default)]
struct Groups {
    groups: HashMap<(Option<String>, String), (i64, UsageGroup)>,
}

impl Groups {
    fn add(&mut self, (id, name): (Option<String>, String), number: i64, totals: &UsageTotals) {
        let key = (id.clone(), if id.is_some() { String::new() } else { name.clone() });
        let (newest, group) = self.groups.entry(key).or_insert_with(|| {
            (number, UsageGroup { id, name: name.clone(), totals: UsageTotals::default() })
        });
        if number > *newest {
            *newest = number;
            group.name = name;
        }
        group.totals.add(totals);
    }

    fn report(self) -> UsageReport {
        let mut groups: Vec<_> = self.groups.into_values().map(|(_, group)| group).collect();
        let mut total = UsageTotals::default();
        for group in &groups {
            total.add(&group.totals);
        }
        groups.sort_by(|a, b| {
            let by_size = b.totals.cost.cmp(&a.totals.cost).then(b.totals.attempts.cmp(&a.totals.attempts));
            by_size.then_with(|| a.name.cmp(&b.name)).then_with(|| a.id.cmp(&b.id))
        });
        groups.truncate(MAX_GROUPS);
        UsageReport { groups, total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const H: i64 = MS_PER_HOUR;

    #[track_caller]
    fn check(since: Option<i64>, until: Option<i64>, expected: &[Part]) {
        assert_eq!(parts(since, until), expected);
    }

    #[test]
    fn a_range_is_covered_once() {
        let far = FAR_MS / H;
        check(None, None, &[Part::Hours(-far, far)]);
        check(Some(i64::MIN), Some(i64::MAX), &[Part::Hours(-far, far)]);
        check(Some(2 * H), Some(4 * H), &[Part::Hours(2, 4)]);
        check(
            Some(2 * H - 1),
            Some(4 * H + 1),
            &[Part::Records(2 * H - 1, 2 * H), Part::Hours(2, 4), Part::Records(4 * H, 4 * H + 1)],
        );
        check(Some(2 * H + 5), Some(2 * H + 9), &[Part::Records(2 * H + 5, 2 * H + 9)]);
        check(Some(2 * H + 5), Some(3 * H), &[Part::Records(2 * H + 5, 3 * H)]);
        check(Some(2 * H), Some(2 * H + 9), &[Part::Records(2 * H, 2 * H + 9)]);
        check(
            Some(2 * H - 5),
            Some(2 * H + 9),
            &[Part::Records(2 * H - 5, 2 * H), Part::Records(2 * H, 2 * H + 9)],
        );
        check(Some(5), Some(5), &[]);
        check(None, Some(-1), &[Part::Hours(-far, -1), Part::Records(-H, -1)]);
    }
}
