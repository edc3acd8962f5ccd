//! Whoever kills the process in the middle of a change finds every change that was acknowledged, and no half of one.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use domain::ObjectKind;
use sqlx::{ConnectOptions, Connection};
use store::{AuditQuery, ControlStore, ControlWrite, NewObject};

use super::{ALL, apply, credential, delete, object, put, sealed};
use crate::backend::run;

/// Where the process that is killed finds its data.
const DIR: &str = "GATEWRIGHT_TEST_KILLED_IN";
const ACKNOWLEDGED: &str = "acknowledged ";

/// The process that is killed. Ends with the test, however that ends.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn no_acknowledged_change_is_lost_and_none_is_half_there() {
    if let Some(dir) = std::env::var_os(DIR) {
        return run(change_for_ever(Path::new(&dir)));
    }
    let rounds = if std::env::var_os("GATEWRIGHT_LONG").is_some() { 200 } else { 10 };
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for round in 0..rounds {
        acknowledged = kill_after(dir.path(), 1 + round % 7, delay(round)).unwrap_or(acknowledged);
        let found = run(look(dir.path()));
        assert!(
            found == acknowledged || found == acknowledged + 1,
            "{acknowledged} changes were acknowledged and {found} are there"
        );
        acknowledged = found;
    }
    assert!(acknowledged >= rounds);
}

/// Between none and about what a change takes, spread over the rounds.
fn delay(round: u64) -> Duration {
    Duration::from_micros(round.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32 & 0x3fff)
}

/// Lets a process make so many changes, kills it a moment later and returns the last one that it was told of.
fn kill_after(dir: &Path, changes: u64, delay: Duration) -> Option<u64> {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg("control::kills::no_acknowledged_change_is_lost_and_none_is_half_there")
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut killed = Killed(child);
    let lines = BufReader::new(killed.0.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut numbers = lines.filter_map(|line| line.strip_prefix(ACKNOWLEDGED)?.parse().ok());
    let mut last = None;
    for _ in 0..changes {
        last = Some(numbers.next().expect("the process goes on until it is killed"));
    }
    let end = Instant::now() + delay;
    while Instant::now() < end {
        std::hint::spin_loop();
    }
    killed.0.kill().unwrap();
    // What it said before it died counts.
    numbers.last().or(last)
}

/// One change after the other, each of three objects: the credential of the number before goes, one with this number
/// comes, and the endpoint turns to it.
async fn change_for_ever(dir: &Path) {
    let stores = store::sqlite::open(dir).await.unwrap();
    let mut number = count(&*stores.control).await;
    // The runner's own words stand on the line before.
    println!();
    loop {
        number += 1;
        let mut writes: Vec<ControlWrite> = Vec::new();
        if number > 1 {
            writes.push(delete(&numbered(number - 1)));
        }
        writes.extend([put(&numbered(number)), put(&endpoint(number))]);
        apply(&*stores.control, &writes).await.unwrap();
        println!("{ACKNOWLEDGED}{number}");
    }
}

fn numbered(number: u64) -> NewObject {
    let mut credential = credential(&format!("c{number}"));
    credential.secrets = vec![sealed("api_key", &number.to_be_bytes(), "m1")];
    credential
}

fn endpoint(number: u64) -> NewObject {
    let mut endpoint = object(ObjectKind::Endpoint, "chat");
    endpoint.body = format!(r#"{{"n":{number}}}"#);
    endpoint.references = vec![numbered(number).id];
    endpoint
}

async fn count(control: &dyn ControlStore) -> u64 {
    let endpoint = object(ObjectKind::Endpoint, "chat");
    let found = control.get(ALL, endpoint.kind, endpoint.id).await.unwrap();
    let body = found.map(|endpoint| endpoint.body).unwrap_or_default();
    body.trim_matches(|letter: char| !letter.is_ascii_digit()).parse().unwrap_or_default()
}

/// Holds what is there to be whole, and returns the number of the last change.
async fn look(dir: &Path) -> u64 {
    let stores = store::sqlite::open(dir).await.unwrap();
    let number = count(&*stores.control).await;
    if number > 0 {
        let objects = stores.control.all(None, 100).await.unwrap();
        let [credential, chat] = &objects[..] else { panic!("{objects:?}") };
        assert_eq!(credential.name, format!("c{number}"));
        assert_eq!(credential.secrets, numbered(number).secrets);
        assert_eq!(chat.references, [credential.id]);
        // The first change has two parts, each later one three, and each part a line in both logs.
        let parts = i64::try_from(number * 3 - 1).unwrap();
        assert_eq!(stores.control.revision().await.unwrap(), parts);
        let last =
            stores.control.audit(ALL, &AuditQuery { limit: 1, ..AuditQuery::default() }).await.unwrap();
        assert_eq!((last.entries[0].seq, last.entries[0].revision), (parts, Some(parts)));
    }
    stores.close().await.unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(dir.join("control.db"));
    let mut connection = options.connect().await.unwrap();
    for (pragma, sound) in
        [("PRAGMA integrity_check", vec!["ok".to_owned()]), ("PRAGMA foreign_key_check", vec![])]
    {
        let said: Vec<String> = sqlx::query_scalar(pragma).fetch_all(&mut connection).await.unwrap();
        assert_eq!(said, sound, "{pragma}");
    }
    connection.close().await.unwrap();
    number
}
