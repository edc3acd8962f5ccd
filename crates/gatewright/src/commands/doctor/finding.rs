//! What the doctor found: one line for each thing that was looked at, with what to do where it is not well.

use serde_json::{Value, json};

use crate::output::{self, count, harmless};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Ok,
    Warn,
    Fail,
}

#[derive(Debug)]
pub(super) struct Finding {
    pub(super) level: Level,
    /// What was looked at.
    about: &'static str,
    text: String,
    /// What to do.
    help: Option<String>,
}

impl Level {
    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

impl Finding {
    pub(super) fn ok(about: &'static str, text: impl Into<String>) -> Self {
        Self { level: Level::Ok, about, text: text.into(), help: None }
    }

    pub(super) fn warn(about: &'static str, text: impl Into<String>, help: impl Into<String>) -> Self {
        Self { level: Level::Warn, about, text: text.into(), help: Some(help.into()) }
    }

    pub(super) fn fail(about: &'static str, text: impl Into<String>, help: impl Into<String>) -> Self {
        Self { level: Level::Fail, about, text: text.into(), help: Some(help.into()) }
    }

    pub(super) fn json(&self) -> Value {
        json!({ "level": self.level.name(), "about": self.about, "text": self.text, "help": self.help })
    }
}

pub(super) fn print(findings: &[Finding]) {
    let width = findings.iter().map(|finding| finding.about.len()).max().unwrap_or(0);
    let mut last = "";
    for finding in findings {
        let about = if finding.about == last { "" } else { finding.about };
        last = finding.about;
        output::line(&format!("{:<4}  {about:width$}  {}", finding.level.name(), harmless(&finding.text)));
        for line in finding.help.iter().flat_map(|help| help.lines()) {
            output::line(&format!("      {:width$}  -> {}", "", harmless(line)));
        }
    }
    let number = |level| findings.iter().filter(|finding| finding.level == level).count();
    output::line("");
    output::line(&match (number(Level::Fail), number(Level::Warn)) {
        (0, 0) => "all is well".to_owned(),
        (0, warnings) => format!("works, with {}", count(warnings, "warning")),
        (failed, 0) => format!("{failed} failed"),
        (failed, warnings) => format!("{failed} failed, and {}", count(warnings, "warning")),
    });
}
