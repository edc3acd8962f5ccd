//! What a command asks for besides its arguments: files, standard input, variables, and a person at the terminal. A
//! secret comes in here, and in no other way.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use domain::Secret;
use rustix::termios::{self, LocalModes, OptionalActions, Termios};
use serde_json::Value;

use crate::api::Api;

/// No document or secret that is typed or piped is larger.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Where a command gets the rest from.
#[derive(Debug)]
pub(crate) struct Inputs<'a> {
    api: &'a Api,
    /// What standard input was read for: there is only one.
    standard_input: Option<&'static str>,
}

impl<'a> Inputs<'a> {
    pub(crate) const fn new(api: &'a Api) -> Self {
        Self { api, standard_input: None }
    }

    /// A secret in a file, or on standard input where that is `-`. At a terminal it is asked for and not shown.
    pub(crate) fn secret_file(&mut self, path: &Path, what: &str) -> Result<Secret<String>> {
        let text = if path.as_os_str() != "-" {
            read(File::open(path)).with_context(|| format!("cannot read `{}`", path.display()))?
        } else if io::stdin().is_terminal() {
            return prompt(what)?.with_context(|| format!("no {what} was typed"));
        } else {
            self.standard_input("a secret")?
        };
        trimmed(&text).with_context(|| format!("`{}` holds no {what}", path.display()))
    }

    /// A secret in an environment variable.
    pub(crate) fn secret_variable(name: &str) -> Result<Secret<String>> {
        let value = std::env::var(name).ok().map(Secret::new);
        value
            .and_then(|value| trimmed(&value))
            .with_context(|| format!("the environment variable `{name}` is not set; set it, or name another"))
    }

    /// A document in a file, or on standard input where that is `-`.
    pub(crate) fn document(&mut self, path: &Path) -> Result<Secret<String>> {
        if path.as_os_str() == "-" {
            return self.standard_input("a document");
        }
        read(File::open(path)).with_context(|| format!("cannot read `{}`", path.display()))
    }

    fn standard_input(&mut self, reason: &'static str) -> Result<Secret<String>> {
        if let Some(taken) = self.standard_input.replace(reason) {
            bail!("standard input holds {taken} already; give one of the two in a file");
        }
        read(Ok(io::stdin().lock())).context("cannot read standard input")
    }

    /// The only credential of a provider, for targets that are written `provider/model`.
    pub(crate) async fn credential_of(&self, provider: &str) -> Result<String> {
        let credentials = super::objects::all(self.api, domain::ObjectKind::Credential, "").await?;
        let text = |credential: &Value, name: &str| {
            credential.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let names: Vec<String> = credentials
            .iter()
            .filter(|credential| text(credential, "provider") == provider)
            .map(|credential| text(credential, "name"))
            .collect();
        match names.as_slice() {
            [only] => Ok(only.clone()),
            [] => bail!(
                "there is no credential for `{provider}`; make one with `gatewright credential create NAME \
                 --provider {provider}`"
            ),
            several => bail!(
                "`{provider}` has several credentials ({}); name one of them, as in `{}:MODEL`",
                several.join(", "),
                names[0]
            ),
        }
    }
}

/// Asks a person for a secret without showing it; nothing typed is `None`.
pub(crate) fn prompt(what: &str) -> Result<Option<Secret<String>>> {
    let mut terminal =
        File::options().read(true).write(true).open("/dev/tty").context("there is no terminal")?;
    write!(terminal, "{what} (it is not shown): ")?;
    let hidden = Hidden::start(&terminal)?;
    let mut line = Secret::new(String::with_capacity(1024));
    let typed = read_line(&terminal, &mut line);
    drop(hidden);
    writeln!(terminal)?;
    typed.context("cannot read what is typed")?;
    Ok(trimmed(&line))
}

/// Asks a person yes or no. Where there is nobody to ask, `--yes` has to be there.
pub(crate) fn confirm(question: &str, yes: bool) -> Result<bool> {
    if yes {
        return Ok(true);
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        bail!("nobody can be asked whether to {question}; repeat the command with `--yes`");
    }
    let mut stderr = io::stderr().lock();
    write!(stderr, "{question}? [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().lock().take(1024).read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

fn read_line(terminal: &File, line: &mut Secret<String>) -> io::Result<()> {
    let mut typed = String::with_capacity(1024);
    let read = BufReader::new(terminal).take(LARGEST).read_line(&mut typed);
    *line = Secret::new(typed);
    read.map(drop)
}

/// While it lives, the terminal shows nothing of what is typed.
struct Hidden<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Hidden<'a> {
    fn start(terminal: &'a File) -> Result<Self> {
        let before =
            termios::tcgetattr(terminal).context("the terminal cannot be asked to hide what is typed")?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        termios::tcsetattr(terminal, OptionalActions::Flush, &hidden)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        // There is nothing to be done about a terminal that went away.
        let _ = termios::tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}

fn read(source: io::Result<impl Read>) -> Result<Secret<String>> {
    let mut text = String::new();
    let read = source?.take(LARGEST + 1).read_to_string(&mut text);
    let text = Secret::new(text);
    read?;
    if text.expose().len() as u64 > LARGEST {
        bail!("it is larger than 16 MiB");
    }
    Ok(text)
}

fn trimmed(text: &Secret<String>) -> Option<Secret<String>> {
    let text = text.expose().trim();
    (!text.is_empty()).then(|| Secret::new(text.to_owned()))
}
