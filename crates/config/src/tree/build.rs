//! From parser events to the located tree. The parser stops at the first error of syntax; everything else is collected.
//!
//! What aliases repeat is counted and bounded, so that a small file cannot become a large tree.

use std::collections::HashMap;

use granit_parser::{Event, Marker, Options, Parser, ScalarStyle, ScanError, Span, Tag};

use super::merge::{MERGE_KEY, merge};
use super::{Content, Entry, Node, Place, Problem, Scalar};

/// How many bytes of memory, roughly, all aliases of a file may add.
const LARGEST_EXPANSION: usize = 16 * 1024 * 1024;

/// The tree of a document, and what is wrong with it. An empty document is an empty section.
pub(crate) fn parse(text: &str) -> (Node, Vec<Problem>) {
    let mut options = Options::default();
    options.emit_unresolved_aliases = true;
    let mut builder = Builder::default();
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => {
                if !builder.take(event, span) {
                    break;
                }
            }
            Err(error) => {
                builder.problems.push(syntax_problem(&error, text));
                break;
            }
        }
    }
    let root = builder.root.filter(|root| !root.is_null());
    let empty = || Node { place: Place { line: 1, column: 1 }, content: Content::Section(Vec::new()) };
    (root.unwrap_or_else(empty), builder.problems)
}

fn syntax_problem(error: &ScanError, text: &str) -> Problem {
    let place = place(error.marker());
    let line = text.lines().nth((place.line as usize).saturating_sub(1)).unwrap_or_default();
    let problem = Problem::new(place, format!("this is not valid YAML: {}", error.info()));
    // The braces of a reference are syntax inside `{ }` and `[ ]`.
    if line.contains("${") { problem.help("put references in quotes: `\"${NAME}\"`") } else { problem }
}

fn place(marker: &Marker) -> Place {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Place { line: count(marker.line()), column: count(marker.col()).saturating_add(1) }
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    anchors: HashMap<usize, Node>,
    expanded: usize,
    problems: Vec<Problem>,
}

/// A list or section whose end has not come yet.
struct Open {
    place: Place,
    anchor: usize,
    kind: OpenKind,
}

enum OpenKind {
    List(Vec<Node>),
    Section { entries: Vec<Entry>, seen: HashMap<String, u32>, merged: Vec<Node>, key: PendingKey },
}

/// What the last node of a section was.
enum PendingKey {
    /// A value, or nothing yet: a key comes next.
    None,
    Text(String, Place),
    Merge,
    /// A key that cannot be one, or was there before; its value is dropped.
    Dropped,
}

impl Builder {
    /// Whether to go on.
    fn take(&mut self, event: Event<'_>, span: Span) -> bool {
        let place = place(&span.start);
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    let problem = Problem::new(place, "a second document begins here");
                    self.problems.push(problem.help("a configuration is one document; remove the `---`"));
                    return false;
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let mut quoted = style != ScalarStyle::Plain;
                quoted |= self.check_tag(tag.as_deref(), place);
                let scalar = Scalar { text: text.into_owned(), quoted };
                self.complete(Node { place, content: Content::Scalar(scalar) }, anchor);
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), place);
                self.open.push(Open { place, anchor, kind: OpenKind::List(Vec::new()) });
            }
            Event::MappingStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), place);
                let kind = OpenKind::Section {
                    entries: Vec::new(),
                    seen: HashMap::new(),
                    merged: Vec::new(),
                    key: PendingKey::None,
                };
                self.open.push(Open { place, anchor, kind });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => self.expand(anchor, place),
            Event::UnresolvedAlias(name) => {
                self.problems
                    .push(Problem::new(place, format!("no anchor `&{name}` comes before this alias")));
                self.complete(null(place), 0);
            }
            _ => {}
        }
        self.expanded <= LARGEST_EXPANSION
    }

    /// Whether the tag makes a scalar text.
    fn check_tag(&mut self, tag: Option<&Tag>, place: Place) -> bool {
        let Some(tag) = tag else { return false };
        match tag.core_suffix() {
            Some("str") => return true,
            Some("seq" | "map" | "int" | "float" | "bool" | "null") => {}
            _ => self.problems.push(Problem::new(place, "tags mean nothing here").help("remove the `!…`")),
        }
        false
    }

    fn close(&mut self) {
        let Some(Open { place, anchor, kind }) = self.open.pop() else {
            return;
        };
        let content = match kind {
            OpenKind::List(items) => Content::List(items),
            OpenKind::Section { mut entries, merged, .. } => {
                merge(&mut entries, merged, &mut self.problems);
                Content::Section(entries)
            }
        };
        self.complete(Node { place, content }, anchor);
    }

    /// Puts a finished node where it belongs: into the list, or as a key or value into the section, that is open.
    fn complete(&mut self, node: Node, anchor: usize) {
        if anchor != 0 && self.spend(cost(&node), node.place) {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => self.root = Some(node),
            Some(OpenKind::List(items)) => items.push(node),
            Some(OpenKind::Section { entries, seen, merged, key }) => {
                match std::mem::replace(key, PendingKey::None) {
                    PendingKey::None => *key = read_key(node, seen, &mut self.problems),
                    PendingKey::Text(key, place) => entries.push(Entry { key, place, value: node }),
                    PendingKey::Merge => merged.push(node),
                    PendingKey::Dropped => {}
                }
            }
        }
    }

    fn expand(&mut self, anchor: usize, place: Place) {
        let node = match self.anchors.get(&anchor).map(cost) {
            Some(bytes) if self.spend(bytes, place) => self.anchors.get(&anchor).cloned(),
            Some(_) => None,
            None => {
                // Only an anchor that has not ended yet is unknown here.
                self.problems.push(Problem::new(place, "this alias is inside of what it stands for"));
                None
            }
        };
        self.complete(node.unwrap_or_else(|| null(place)), 0);
    }

    fn spend(&mut self, bytes: usize, place: Place) -> bool {
        let before = self.expanded;
        self.expanded = before.saturating_add(bytes);
        if self.expanded > LARGEST_EXPANSION && before <= LARGEST_EXPANSION {
            self.problems.push(Problem::new(place, "the aliases up to here stand for more than 16 MiB"));
        }
        self.expanded <= LARGEST_EXPANSION
    }
}

fn null(place: Place) -> Node {
    Node { place, content: Content::Scalar(Scalar { text: String::new(), quoted: false }) }
}

fn read_key(node: Node, seen: &mut HashMap<String, u32>, problems: &mut Vec<Problem>) -> PendingKey {
    let place = node.place;
    let Content::Scalar(scalar) = node.content else {
        problems
            .push(Problem::new(place, "a key has to be text").help("is a reference without quotes here?"));
        return PendingKey::Dropped;
    };
    if scalar.text == MERGE_KEY && !scalar.quoted {
        return PendingKey::Merge;
    }
    if let Some(first) = seen.get(&scalar.text) {
        let message = format!("`{}` is written twice in this section, first in line {first}", scalar.text);
        problems.push(Problem::new(place, message).help("remove one of them"));
        return PendingKey::Dropped;
    }
    seen.insert(scalar.text.clone(), place.line);
    PendingKey::Text(scalar.text, place)
}

/// About how much memory a copy takes.
fn cost(node: &Node) -> usize {
    const NODE: usize = 96;
    NODE + match &node.content {
        Content::Scalar(scalar) => scalar.text.len(),
        Content::List(items) => items.iter().map(cost).sum(),
        Content::Section(entries) => {
            entries.iter().map(|entry| NODE + entry.key.len() + cost(&entry.value)).sum()
        }
    }
}

#[cfg(test)]
mod tests;
