//! What a person or a script reads: results on standard output, everything else on standard error.

mod fields;
mod table;
pub(crate) mod time;

use std::io::{self, IsTerminal, Write};

pub(crate) use fields::{fields, flow};
pub(crate) use table::table;

use anyhow::Result;
use serde_json::Value;

/// Prints a line of a result. A reader that went away (`| head`) is no error of ours.
pub(crate) fn line(text: &str) {
    let _ = line_to_reader(text);
}

/// The same for output without an end: says whether somebody still reads.
pub(crate) fn line_to_reader(text: &str) -> bool {
    writeln!(io::stdout().lock(), "{text}").is_ok()
}

/// Prints a document for programs.
pub(crate) fn json(document: &Value) -> Result<()> {
    line(&serde_json::to_string_pretty(document)?);
    Ok(())
}

/// Prints a line for a person.
pub(crate) fn error(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// How wide lines may be; `None` where no person looks at them, so that nothing is cut off for a program.
pub(crate) fn width() -> Option<usize> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(&stdout).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}

/// Text of a foreign origin on its way to a terminal: control characters would be commands to it.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// `1 key`, `3 keys`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
