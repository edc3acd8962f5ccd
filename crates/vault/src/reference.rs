//! References in configuration: `${NAME}` is an environment variable, `${file:/path}` the content of a file, and `$${`
//! a literal `${`. They are resolved in one scalar at a time, after parsing, so a value can never become syntax.

use std::fmt;
use std::io;
use std::path::Path;

use zeroize::Zeroize;

use crate::{Environment, file_reason};

/// A scalar after its references were replaced.
pub struct Resolved {
    pub value: String,
    /// Whether a reference was in it: then the value must not be shown, only what was written.
    pub referenced: bool,
}

/// Why a reference could not be replaced. Never carries a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceError {
    pub problem: ReferenceProblem,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReferenceProblem {
    /// `${` without its `}`.
    Unterminated,
    /// What is between the braces is neither a variable name nor a file.
    Malformed,
    /// A variable that is not set.
    Unset {
        variable: String,
    },
    /// A path that depends on where the process was started.
    RelativePath {
        path: String,
    },
    Unreadable {
        path: String,
        kind: io::ErrorKind,
    },
    /// A file that holds something else than text.
    NotText {
        path: String,
    },
}

impl fmt::Display for ReferenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            ReferenceProblem::Unterminated => {
                f.write_str("a reference begins with `${` but has no `}`; write `$${` for a literal `${`")
            }
            ReferenceProblem::Malformed => f.write_str(
                "a reference is `${NAME}` for a variable or `${file:/path}` for a file; write `$${` for a literal `${`",
            ),
            ReferenceProblem::Unset { variable } => {
                write!(f, "the environment variable `{variable}` is not set; set it or write the value another way")
            }
            ReferenceProblem::RelativePath { path } => {
                write!(f, "the path `{path}` of a file reference is not absolute; begin it with `/`")
            }
            ReferenceProblem::Unreadable { path, kind } => {
                write!(f, "the file `{path}` of a reference cannot be read: {}", file_reason(*kind))
            }
            ReferenceProblem::NotText { path } => {
                write!(f, "the file `{path}` of a reference is not UTF-8 text")
            }
        }
    }
}

impl std::error::Error for ReferenceError {}

/// Replaces every reference of one scalar; reports each that cannot be replaced.
pub fn resolve(text: &str, environment: &Environment) -> Result<Resolved, Vec<ReferenceError>> {
    let mut value = String::with_capacity(text.len());
    let mut referenced = false;
    let mut errors = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, from_dollar) = rest.split_at(at);
        if let Some(literal) = before.strip_suffix('$') {
            value.push_str(literal);
            value.push_str("${");
            rest = &from_dollar[2..];
            continue;
        }
        value.push_str(before);
        let Some((inside, after)) = from_dollar[2..].split_once('}') else {
            errors.push(ReferenceError { problem: ReferenceProblem::Unterminated });
            rest = "";
            break;
        };
        referenced = true;
        match look_up(inside, environment) {
            Ok(mut found) => {
                value.push_str(&found);
                found.zeroize();
            }
            Err(problem) => errors.push(ReferenceError { problem }),
        }
        rest = after;
    }
    value.push_str(rest);
    if errors.is_empty() { Ok(Resolved { value, referenced }) } else { Err(errors) }
}

fn look_up(inside: &str, environment: &Environment) -> Result<String, ReferenceProblem> {
    if let Some(path) = inside.strip_prefix("file:") {
        return read_file(path, environment);
    }
    if !is_variable_name(inside) {
        return Err(ReferenceProblem::Malformed);
    }
    environment.variable(inside).ok_or_else(|| ReferenceProblem::Unset { variable: inside.to_owned() })
}

fn read_file(path: &str, environment: &Environment) -> Result<String, ReferenceProblem> {
    if !Path::new(path).is_absolute() {
        return Err(ReferenceProblem::RelativePath { path: path.to_owned() });
    }
    let content = environment
        .read(Path::new(path))
        .map_err(|error| ReferenceProblem::Unreadable { path: path.to_owned(), kind: error.kind() })?;
    let mut text = String::from_utf8(content).map_err(|error| {
        error.into_bytes().zeroize();
        ReferenceProblem::NotText { path: path.to_owned() }
    })?;
    // Editors and `echo` end a file with a line break that is no part of the secret.
    text.truncate(text.trim_end_matches(['\n', '\r']).len());
    Ok(text)
}

fn is_variable_name(name: &str) -> bool {
    name.bytes().next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> Environment {
        Environment::fixed([("KEY", "sk-canary"), ("HOST", "${KEY}"), ("EMPTY", "")])
            .with_files([("/run/key", b"from-file\r\n".as_slice()), ("/run/binary", [0xff, 0xfe].as_slice())])
    }

    fn check(text: &str, expected: Result<(&str, bool), &[ReferenceProblem]>) {
        match (resolve(text, &environment()), expected) {
            (Ok(resolved), Ok((value, referenced))) => {
                assert_eq!((resolved.value.as_str(), resolved.referenced), (value, referenced), "{text}");
            }
            (Err(errors), Err(problems)) => {
                let found: Vec<_> = errors.into_iter().map(|error| error.problem).collect();
                assert_eq!(found, problems, "{text}");
            }
            (Ok(_), Err(_)) => panic!("{text} resolved"),
            (Err(errors), Ok(_)) => panic!("{text}: {errors:?}"),
        }
    }

    #[test]
    fn references_are_replaced_in_place() {
        check("plain", Ok(("plain", false)));
        check("${KEY}", Ok(("sk-canary", true)));
        check("Bearer ${KEY}-${EMPTY}-${file:/run/key}!", Ok(("Bearer sk-canary--from-file!", true)));
        check("5$ and $KEY", Ok(("5$ and $KEY", false)));
    }

    #[test]
    fn an_escape_stays_literal_and_a_value_is_not_looked_at_again() {
        check("$${KEY}", Ok(("${KEY}", false)));
        check("$$${KEY}", Ok(("$${KEY}", false)));
        check("${HOST}", Ok(("${KEY}", true)));
    }

    #[test]
    fn every_problem_is_named_without_a_value() {
        use ReferenceProblem::{Malformed, NotText, RelativePath, Unreadable, Unset, Unterminated};

        let unset = |name: &str| Unset { variable: name.to_owned() };
        check("${A}${B}", Err(&[unset("A"), unset("B")]));
        check("${KEY", Err(&[Unterminated]));
        check("${}", Err(&[Malformed]));
        check("${KEY:-x}", Err(&[Malformed]));
        check("${file:key}", Err(&[RelativePath { path: "key".to_owned() }]));
        check("${file:/run/binary}", Err(&[NotText { path: "/run/binary".to_owned() }]));
        let missing = Unreadable { path: "/nowhere".to_owned(), kind: io::ErrorKind::NotFound };
        check("${file:/nowhere}", Err(&[missing]));
    }

    #[test]
    fn the_message_says_which_variable() {
        let Err(errors) = resolve("${OPENAI_API_KEY} ${KEY}", &environment()) else { panic!("resolved") };
        let text = errors[0].to_string();
        assert!(text.contains("`OPENAI_API_KEY` is not set") && !text.contains("canary"), "{text}");
    }
}
