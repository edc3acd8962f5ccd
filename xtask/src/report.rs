//! What the gate found: the count of tests, the steps that failed, and, by name, whatever could not run.

use std::io::Write;
use std::time::{Duration, Instant};

/// How a step ended.
pub(crate) enum Outcome {
    /// A check that counts nothing.
    Fine,
    Tests(Count),
    /// It cannot run here; why, and what to do about it.
    NotRun(String),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

#[derive(Default)]
pub(crate) struct Report {
    count: Count,
    rows: Vec<String>,
    notes: Vec<String>,
}

impl Report {
    /// Runs one step, shows it and remembers how it ended.
    pub(crate) fn step(&mut self, name: &str, run: impl FnOnce() -> anyhow::Result<Outcome>) {
        say(&format!("\n==> {name}"));
        let began = Instant::now();
        let outcome = run();
        let took = began.elapsed();
        let result = match outcome {
            Ok(Outcome::Fine) => "fine".to_owned(),
            Ok(Outcome::Tests(count)) => {
                self.count.passed += count.passed;
                self.count.failed += count.failed;
                format!("{} passed, {} failed", count.passed, count.failed)
            }
            Ok(Outcome::NotRun(reason)) => {
                self.notes.push(format!("not run: {name}: {reason}"));
                "not run".to_owned()
            }
            Err(error) => {
                // Nothing may fail and still leave a total of 0 failed.
                self.count.failed += 1;
                self.notes.push(format!("failed: {name}: {error:#}"));
                "FAILED".to_owned()
            }
        };
        say(&format!("<== {name}: {result} ({})", seconds(took)));
        self.rows.push(format!("  {name:<16} {:>8}  {result}", seconds(took)));
    }

    /// Prints the summary; the last line is the count. True where nothing failed.
    pub(crate) fn finish(self) -> bool {
        say("");
        for line in self.rows.iter().chain(&self.notes) {
            say(line);
        }
        say(&format!("{} passed, {} failed", self.count.passed, self.count.failed));
        self.count.failed == 0
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// One line to standard output. A closed pipe is no reason to stop a check.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
