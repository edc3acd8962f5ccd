//! Reading values out of the tree: one place that knows the path, resolves references and words the refusals.

use vault::Environment;

use super::{Field, Shape};
use crate::diagnostic::{At, Findings};
use crate::tree::{Content, Entry, Kind, Node, Place, Scalar};

/// The state of a walk over the tree.
pub(crate) struct Reading<'a> {
    /// What references are resolved with. `None` for a document: there, text is what it says, and places are JSON
    /// pointers.
    environment: Option<&'a Environment>,
    pub(crate) findings: &'a mut Findings,
    path: String,
}

/// A scalar after its references were replaced.
pub(crate) struct Written {
    pub(crate) value: String,
    /// What the file says, which is what a diagnostic may show.
    pub(crate) shown: String,
    /// `None` where a reference decided the value: then it is whatever the field wants.
    kind: Option<Kind>,
}

impl Written {
    pub(crate) fn is_number(&self) -> bool {
        self.kind == Some(Kind::Number)
    }
}

/// Whether diagnostics may show what was written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    Yes,
    /// It is a secret, or may well be one.
    Never,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(environment: &'a Environment, findings: &'a mut Findings) -> Self {
        Self { environment: Some(environment), findings, path: String::new() }
    }

    /// For one object as a client sends it or the store keeps it.
    pub(crate) fn document(findings: &'a mut Findings) -> Self {
        Self { environment: None, findings, path: String::new() }
    }

    pub(crate) const fn is_document(&self) -> bool {
        self.environment.is_none()
    }

    pub(crate) fn at(&self, node: &Node) -> At {
        self.at_place(node.place)
    }

    fn at_place(&self, place: Place) -> At {
        At { path: self.path.clone(), line: place.line, column: place.column }
    }

    pub(crate) fn error(&mut self, node: &Node, message: impl Into<String>) {
        let at = self.at(node);
        self.findings.error(&at, message);
    }

    pub(crate) fn error_with(&mut self, node: &Node, message: impl Into<String>, help: impl Into<String>) {
        let at = self.at(node);
        self.findings.error_with(&at, message, help);
    }

    /// Checks that `node` is a section, and that its keys are known.
    pub(crate) fn section(&mut self, node: &Node, title: &str, known: &[&str], later: &[&str]) -> Option<()> {
        let Content::Section(entries) = &node.content else {
            if !node.is_null() {
                let found = describe(node, Shown::Never);
                let fields =
                    known.iter().take(3).map(|key| format!("`{key}:`")).collect::<Vec<_>>().join(", ");
                self.error(node, format!("expected {title} with fields such as {fields}, found {found}"));
                return None;
            }
            return Some(());
        };
        for entry in entries {
            let key = entry.key.as_str();
            let place_for_anchors = self.is_top_of_file() && key.starts_with("x-");
            if !place_for_anchors && !known.contains(&key) {
                self.unknown_key(entry, title, known, later);
            }
        }
        Some(())
    }

    fn unknown_key(&mut self, entry: &Entry, title: &str, known: &[&str], later: &[&str]) {
        let key = entry.key.as_str();
        let place =
            if self.is_top_of_file() { "at the top of the file".to_owned() } else { format!("in {title}") };
        let before = self.enter_key(key);
        let at = self.at_place(entry.place);
        self.leave(before);
        if later.contains(&key) {
            let message = format!("`{key}` is not available in this version");
            self.findings.error_with(&at, message, "remove it");
            return;
        }
        let message = format!("unknown key `{}` {place}", shorten(key));
        let help = match nearest(key, known.iter().chain(later).copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are {}", list(known, "and")),
        };
        self.findings.error_with(&at, message, help);
    }

    /// The value of a field that has to be there. Silent where the plural of a later version stands in its place.
    pub(crate) fn required<T: Field>(
        &mut self,
        node: &Node,
        title: &str,
        key: &str,
        later: &[&str],
    ) -> Option<T> {
        if node.get(key).is_none() {
            let in_its_place = |later: &&str| later.starts_with(key) && node.get(later).is_some();
            // A document may leave out a secret that is kept already.
            let kept = self.is_document() && matches!(T::shape(), Shape::Secret { .. });
            if !kept && !later.iter().any(in_its_place) {
                self.missing(node, title, key);
            }
            return None;
        }
        self.optional(node, key)
    }

    fn missing(&mut self, node: &Node, title: &str, key: &str) {
        let message = format!("missing `{key}` in {title}");
        if !self.is_document() {
            return self.error(node, message);
        }
        // A form shows it at the field; in a file there is only the section to point at.
        let before = self.enter_key(key);
        self.error(node, message);
        self.leave(before);
    }

    pub(crate) fn optional<T: Field>(&mut self, node: &Node, key: &str) -> Option<T> {
        let value = node.get(key)?;
        let before = self.enter_key(key);
        let read = T::read(value, self);
        self.path.truncate(before);
        read
    }

    /// `most` is how many items there may be.
    pub(crate) fn items<T: Field>(
        &mut self,
        node: &Node,
        filled: bool,
        most: Option<usize>,
    ) -> Option<Vec<T>> {
        let Content::List(items) = &node.content else {
            let found = describe(node, Shown::Never);
            self.error_with(
                node,
                format!("expected a list, found {found}"),
                "write `[…]`, or lines that begin with `-`",
            );
            return None;
        };
        if filled && items.is_empty() {
            self.error(node, "expected at least one item, found an empty list");
            return None;
        }
        if let Some(most) = most.filter(|most| items.len() > *most) {
            self.error(node, format!("expected at most {most} items, found {}", items.len()));
            return None;
        }
        let mut read = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let before = self.path.len();
            let step = if self.is_document() { format!("/{index}") } else { format!("[{index}]") };
            self.path.push_str(&step);
            read.extend(T::read(item, self));
            self.path.truncate(before);
        }
        Some(read)
    }

    /// A scalar of any kind.
    pub(crate) fn scalar(&mut self, node: &Node, expected: &str, shown: Shown) -> Option<Written> {
        let Content::Scalar(scalar) = &node.content else {
            self.error(node, format!("expected {expected}, found {}", describe(node, shown)));
            return None;
        };
        if scalar.kind() == Kind::Null {
            self.error(node, format!("expected {expected}, found nothing"));
            return None;
        }
        let Some(environment) = self.environment else {
            let (value, shown) = (scalar.text.clone(), shorten(&scalar.text));
            return Some(Written { value, shown, kind: Some(scalar.kind()) });
        };
        match vault::resolve(&scalar.text, environment) {
            Ok(resolved) => {
                let kind = (!resolved.referenced).then(|| scalar.kind());
                let shown = if resolved.referenced { scalar.text.clone() } else { resolved.value.clone() };
                Some(Written { value: resolved.value, shown: shorten(&shown), kind })
            }
            Err(errors) => {
                for error in errors {
                    self.error(node, error.to_string());
                }
                None
            }
        }
    }

    /// A scalar that is text: one that YAML takes for a number or a boolean is refused, because `1.10` and `on` would
    /// not mean what they look like.
    pub(crate) fn text(&mut self, node: &Node, expected: &str, shown: Shown) -> Option<Written> {
        let written = self.scalar(node, expected, shown)?;
        if matches!(written.kind, Some(Kind::Number | Kind::Boolean(_))) {
            let found = describe(node, shown);
            self.error_with(node, format!("expected {expected}, found {found}"), "put text in quotes");
            return None;
        }
        Some(written)
    }

    fn is_top_of_file(&self) -> bool {
        self.path.is_empty() && !self.is_document()
    }

    /// A scalar that is a number.
    pub(crate) fn number(&mut self, node: &Node, expected: &str) -> Option<Written> {
        let written = self.scalar(node, expected, Shown::Yes)?;
        if matches!(written.kind, Some(Kind::Text | Kind::Boolean(_))) {
            let unquoted = Scalar { text: written.value.clone(), quoted: false };
            if unquoted.kind() == Kind::Number {
                let message = format!("expected {expected}, found text");
                self.error_with(node, message, "remove the quotes");
            } else {
                self.refuse(node, expected, &written);
            }
            return None;
        }
        Some(written)
    }

    pub(crate) fn boolean(&mut self, node: &Node) -> Option<bool> {
        let expected = "`true` or `false`";
        let written = self.scalar(node, expected, Shown::Yes)?;
        let value = match (written.kind, written.value.as_str()) {
            (Some(Kind::Boolean(value)), _) => Some(value),
            (None, "true" | "on") => Some(true),
            (None, "false" | "off") => Some(false),
            _ => None,
        };
        if value.is_none() {
            self.refuse(node, expected, &written);
        }
        value
    }

    /// One of some words.
    pub(crate) fn choice(&mut self, node: &Node, words: &[&str], later: &[&str]) -> Option<String> {
        let expected =
            if words.len() == 1 { list(words, "or") } else { format!("one of {}", list(words, "or")) };
        let written = self.scalar(node, &expected, Shown::Yes)?;
        let word = written.value.as_str();
        if words.contains(&word) {
            return Some(written.value);
        }
        if later.contains(&word) {
            let message = format!("`{word}` is not available in this version");
            self.error_with(node, message, format!("choose {expected}"));
        } else if let Some(near) = nearest(word, words.iter().copied()) {
            let message = format!("expected {expected}, found `{}`", written.shown);
            self.error_with(node, message, format!("did you mean `{near}`?"));
        } else {
            self.refuse(node, &expected, &written);
        }
        None
    }

    /// Reports that a scalar is not what its field wants.
    pub(crate) fn refuse(&mut self, node: &Node, expected: &str, written: &Written) {
        self.error(node, format!("expected {expected}, found `{}`", written.shown));
    }

    pub(crate) fn enter_key(&mut self, key: &str) -> usize {
        let before = self.path.len();
        if self.is_document() {
            self.path.push('/');
            self.path.push_str(&key.replace('~', "~0").replace('/', "~1"));
            return before;
        }
        if before > 0 {
            self.path.push('.');
        }
        self.path.push_str(key);
        before
    }

    pub(crate) fn leave(&mut self, before: usize) {
        self.path.truncate(before);
    }
}

fn describe(node: &Node, shown: Shown) -> String {
    match &node.content {
        Content::List(_) => "a list".to_owned(),
        Content::Section(_) => "a section".to_owned(),
        Content::Scalar(scalar) => match (scalar.kind(), shown) {
            (Kind::Null, _) => "nothing".to_owned(),
            (Kind::Number, Shown::Yes) => format!("the number `{}`", shorten(&scalar.text)),
            (Kind::Number, Shown::Never) => "a number".to_owned(),
            (Kind::Boolean(value), _) => format!("the boolean `{value}`"),
            (Kind::Text, _) => "text".to_owned(),
        },
    }
}

/// Text of a person, fit for one line of a diagnostic.
fn shorten(text: &str) -> String {
    const LONGEST: usize = 64;
    let mut short: String =
        text.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    short
}

/// The known word that a person most probably meant, if any is near enough to be meant at all.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = known.into_iter().map(|known| (strsim::normalized_damerau_levenshtein(word, known), known));
    scored
        .filter(|(score, _)| *score >= 0.6)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, known)| known)
}

/// `a`, `b` and `c`.
fn list(words: &[&str], last: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((end, rest)) if !rest.is_empty() => format!("{} {last} {end}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
