//! One run of the command line.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use testkit::Gateway;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::scene::{BINARY, SOON};

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A run to come.
pub(crate) struct Program<'a> {
    directory: &'a Path,
    arguments: Vec<String>,
    environment: Vec<(&'a str, &'a str)>,
    input: Option<&'a str>,
}

impl<'a> Program<'a> {
    pub(crate) fn new(directory: &'a Path, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Self { directory, arguments, environment: Vec::new(), input: None }
    }

    /// With the arguments that reach this gateway.
    pub(crate) fn of(gateway: &'a Gateway, arguments: &[&str]) -> Self {
        let data_dir = gateway.data_dir();
        let reach = ["--url", gateway.url(), "--data-dir", data_dir.to_str().unwrap()];
        Self::new(gateway.directory(), &[arguments, &reach].concat())
    }

    pub(crate) fn variable(mut self, name: &'a str, value: &'a str) -> Self {
        self.environment.push((name, value));
        self
    }

    /// What stands on standard input.
    pub(crate) fn input(mut self, text: &'a str) -> Self {
        self.input = Some(text);
        self
    }

    /// Runs the binary without the developer's environment.
    pub(crate) async fn run(self) -> Ran {
        let mut command = Command::new(BINARY);
        command.args(&self.arguments).current_dir(self.directory).env_clear().env("HOME", self.directory);
        // Times are printed as they are where the reader is.
        command.env("TZ", "UTC").envs(self.environment);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        if let Some(input) = self.input {
            stdin.write_all(input.as_bytes()).await.unwrap();
        }
        drop(stdin);
        let output = tokio::time::timeout(SOON, child.wait_with_output()).await;
        let output =
            output.unwrap_or_else(|_| panic!("{:?} did not end within {SOON:?}", self.arguments)).unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs it; it must succeed. Returns what it printed.
    pub(crate) async fn ask(self) -> String {
        let arguments = self.arguments.join(" ");
        let ran = self.run().await;
        assert_eq!(ran.code, 0, "{arguments}: {}", ran.err);
        ran.out
    }

    /// Runs it; it must fail. Returns what it said.
    pub(crate) async fn refused(self) -> String {
        let arguments = self.arguments.join(" ");
        let ran = self.run().await;
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{arguments}: {}", ran.err);
        ran.err
    }
}

/// Runs the binary in this directory, without the developer's environment.
pub(crate) async fn run_in(directory: &Path, arguments: &[&str]) -> Ran {
    Program::new(directory, arguments).run().await
}

/// Runs a command against a gateway, which must succeed, and returns what it printed.
pub(crate) async fn ask(gateway: &Gateway, arguments: &[&str]) -> String {
    Program::of(gateway, arguments).ask().await
}

/// Takes out what differs from run to run: ids, times and durations.
pub(crate) fn redacted(text: &str) -> String {
    text.lines().map(|line| redacted_line(line) + "\n").collect()
}

fn redacted_line(line: &str) -> String {
    if let Ok(mut document @ Value::Object(_)) = serde_json::from_str(line.trim()) {
        if document.get("created").is_some() {
            document["created"] = "[created]".into();
        }
        // The dialect's prefix stays.
        if let Some((prefix, _)) =
            document["id"].as_str().and_then(|id| id.split_at_checked(id.len().checked_sub(36)?))
        {
            document["id"] = format!("{prefix}[id]").into();
        }
        return format!("    {document}");
    }
    let mut words: Vec<String> = Vec::new();
    for word in line.split(' ') {
        let bare = word.trim_end_matches([',', ';', ':']);
        let rest = &word[bare.len()..];
        let is_duration = bare == "ms" && words.last().is_some_and(|last| last.parse::<f64>().is_ok());
        if is_duration {
            words.pop();
            // A duration is padded to the left.
            while words.len() > 1 && words.last().is_some_and(String::is_empty) {
                words.pop();
            }
            words.push(format!("[duration]{rest}"));
        } else {
            words.push(kind(bare).map_or_else(|| word.to_owned(), |kind| format!("[{kind}]{rest}")));
        }
    }
    words.join(" ")
}

fn kind(word: &str) -> Option<&'static str> {
    let hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let looks_like_time = word.len() >= 19 && word.as_bytes()[10] == b'T' && word.as_bytes()[13] == b':';
    if word.len() == 36 && word.split('-').count() == 5 && word.split('-').all(hex) {
        Some("id")
    } else if word.len() == 32 && hex(word) {
        Some("trace")
    } else if looks_like_time {
        Some("time")
    } else {
        None
    }
}
