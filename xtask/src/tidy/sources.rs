//! Source files: short, named after what they hold, opened by a sentence, free of unfinished work and of sleeps in
//! tests; pure crates free of clocks, randomness and async.

use super::File;
use super::crates::PURE;

const LINES: usize = 500;

/// A name that fits anything collects everything.
const BANNED_NAMES: &[&str] = &["utils", "util", "common", "helpers", "helper", "manager", "core", "misc"];

/// A text that may not stand in code, and what to do instead.
struct Banned {
    text: &'static str,
    advice: &'static str,
}

const ANYWHERE: &[Banned] = &[
    Banned { text: concat!("TO", "DO"), advice: "finish it, or file it" },
    Banned { text: concat!("FIX", "ME"), advice: "fix it, or file it" },
    Banned { text: concat!("#[ign", "ore"), advice: "a test that does not run is none" },
    Banned { text: concat!("unbounded_", "channel"), advice: "every queue has a limit" },
    Banned { text: concat!("allow(dead_", "code"), advice: "delete what nobody calls" },
];

/// In tests only: a sleep is either too short on a slow machine or too long on all others.
const IN_TESTS: &[Banned] = &[
    Banned { text: concat!("thread::", "sleep("), advice: "wait for a condition" },
    Banned { text: concat!("time::", "sleep("), advice: "wait for a condition, or pause the clock" },
];

const IN_PURE: &[Banned] = &[
    Banned { text: "SystemTime", advice: "take the time as an argument" },
    Banned { text: "Instant::", advice: "take the time as an argument" },
    Banned { text: "async fn", advice: "nothing here waits" },
    Banned { text: "std::fs", advice: "nothing here reads or writes" },
    Banned { text: "std::net::Tcp", advice: "nothing here connects" },
    Banned { text: "std::env", advice: "take it as an argument" },
];

/// One HTTP client: egress rules hold because there is no other way out.
const CLIENT: Banned = Banned {
    text: concat!("hyper::", "client"),
    advice: "outbound HTTP lives in `upstream`, behind the egress guard",
};

pub(super) fn check(files: &[File]) -> Vec<String> {
    files.iter().filter(|file| file.path.ends_with(".rs")).flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<String> {
    let path = file.path.as_str();
    let mut findings = Vec::new();
    let lines = file.text.lines().count();
    if lines > LINES && !is_test(path) {
        findings.push(format!("{path}: {lines} lines; past {LINES}, split it along its seam"));
    }
    if let Some(name) =
        path.split('/').map(|part| part.trim_end_matches(".rs")).find(|n| BANNED_NAMES.contains(n))
    {
        findings.push(format!("{path}: `{name}` fits anything; name it after what it holds"));
    }
    if !file.text.starts_with("//!") && !is_test(path) {
        findings.push(format!("{path}: open it with a `//!` sentence that says what it does"));
    }
    findings.extend(banned_lines(file));
    findings
}

fn banned_lines(file: &File) -> Vec<String> {
    let path = file.path.as_str();
    let pure = PURE.iter().any(|name| path.strip_prefix("crates/").is_some_and(|rest| in_crate(rest, name)));
    let client_is_home = ["upstream", "testkit"].iter().any(|name| path.contains(&format!("crates/{name}/")))
        || path.starts_with("bench/");
    // Mock providers stall and trickle on purpose.
    let may_sleep = path.starts_with("crates/testkit/") || path.starts_with("bench/");
    let mut in_tests = is_test(path);
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        // By house order the tests are the end of a file.
        in_tests |= line.trim() == "#[cfg(test)]";
        let mut look = |banned: &Banned| {
            if line.contains(banned.text) {
                findings.push(format!("{path}:{number}: `{}`: {}", banned.text, banned.advice));
            }
        };
        ANYWHERE.iter().for_each(&mut look);
        if in_tests && !may_sleep {
            IN_TESTS.iter().for_each(&mut look);
        }
        if pure && !in_tests && !line.trim_start().starts_with("//") {
            IN_PURE.iter().for_each(&mut look);
        }
        if !client_is_home {
            look(&CLIENT);
        }
    }
    findings
}

fn in_crate(path: &str, name: &str) -> bool {
    path.strip_prefix(name).is_some_and(|rest| rest.starts_with("/src/"))
}

fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/") || path.starts_with("tests/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        check_file(&File { path: path.to_owned(), text: text.to_owned() })
    }

    #[test]
    fn a_tidy_file_passes() {
        assert_eq!(findings("crates/wire/src/sse.rs", "//! Server-sent events.\n\nfn cut() {}\n"), [""; 0]);
    }

    #[test]
    fn each_habit_is_checked() {
        let long = format!("//! Long.\n{}", "\n".repeat(600));
        let sleep =
            ["//! Tests.\n#[cfg(test)]\nmod tests {\n    tokio::time::", "sleep(x).await;\n}\n"].concat();
        let ignored = ["//! Tests.\n#[ign", "ore]\n"].concat();
        let client = ["//! Calls.\nuse hyper::", "client::conn;\n"].concat();
        let table = [
            ("crates/store/src/rows.rs", long.as_str(), 1),
            ("crates/store/src/rows/tests.rs", &long, 0),
            ("crates/store/src/utils.rs", "//! Things.\n", 1),
            ("crates/store/src/rows.rs", "fn undocumented() {}\n", 1),
            ("crates/store/src/rows.rs", &sleep, 1),
            ("crates/testkit/src/provider.rs", &sleep, 0),
            ("crates/store/src/rows.rs", &ignored, 1),
            ("crates/wire/src/sse.rs", "//! Pure.\nlet now = std::time::Instant::now();\n", 1),
            ("crates/store/src/rows.rs", "//! Impure.\nlet now = std::time::Instant::now();\n", 0),
            ("crates/wire/src/sse.rs", "//! Pure.\n// an Instant::now() in a comment\n", 0),
            ("crates/pipeline/src/attempt.rs", &client, 1),
            ("crates/upstream/src/client.rs", &client, 0),
        ];
        for (path, text, expected) in table {
            let found = findings(path, text);
            assert_eq!(found.len(), expected, "{path}: {found:?}");
        }
    }
}
