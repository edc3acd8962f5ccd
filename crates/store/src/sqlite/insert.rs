//! Inserts many rows with few statements. Each statement is a trip to the connection's own thread, which costs more
//! than the rows it carries.

use std::sync::Arc;

use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Arguments, AssertSqlSafe, Encode, Sqlite, Type};

/// Rows per statement, tried from the largest. Few sizes, so that each statement is prepared once; 64 rows were
/// measured to be as fast as any more.
const SIZES: [usize; 3] = [64, 8, 1];

/// An insert whose rows look alike.
#[derive(Debug)]
pub(super) struct Insert {
    statements: [Arc<str>; SIZES.len()],
}

impl Insert {
    /// `into` is everything before `VALUES`, `row` one row of placeholders, `rest` what stands behind the rows.
    pub(super) fn new(into: &str, row: &str, rest: &str) -> Self {
        Self {
            statements: SIZES
                .map(|rows| format!("{into} VALUES {} {rest}", [row].repeat(rows).join(",")).into()),
        }
    }

    /// Inserts `rows`, each bound by `bind`. Returns how many were new.
    pub(super) async fn run<R>(
        &self,
        connection: &mut SqliteConnection,
        mut rows: &[R],
        bind: impl Fn(&R, &mut Row<'_>),
    ) -> Result<u64, sqlx::Error> {
        let mut added = 0;
        for (size, statement) in SIZES.iter().zip(&self.statements) {
            while rows.len() >= *size {
                let (now, later) = rows.split_at(*size);
                rows = later;
                let mut row = Row { arguments: &mut SqliteArguments::default(), error: None };
                for each in now {
                    bind(each, &mut row);
                }
                if let Some(error) = row.error.take() {
                    return Err(sqlx::Error::Encode(error));
                }
                let arguments = std::mem::take(row.arguments);
                let query = sqlx::query_with(AssertSqlSafe(Arc::clone(statement)), arguments);
                added += query.execute(&mut *connection).await?.rows_affected();
            }
        }
        Ok(added)
    }
}

/// Takes the values of one row after the other.
pub(super) struct Row<'a> {
    arguments: &'a mut SqliteArguments,
    error: Option<sqlx::error::BoxDynError>,
}

impl Row<'_> {
    pub(super) fn value<'v, T: Encode<'v, Sqlite> + Type<Sqlite>>(&mut self, value: T) -> &mut Self {
        if let Err(error) = self.arguments.add(value) {
            self.error = Some(error);
        }
        self
    }
}
