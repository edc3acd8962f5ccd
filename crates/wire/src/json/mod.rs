//! JSON as bytes: where things are in a document, without building a tree of it, and splices that keep every other
//! byte.

mod scanner;
mod text;

use std::ops::Range;

pub(crate) use scanner::{Kind, NotJson, Scanner};
pub(crate) use text::{Text, escape_into, string_into};

/// Where the value at `path` is, walking objects from the top of the document. What follows it is not looked at.
pub(crate) fn find(document: &[u8], path: &[&str]) -> Option<Range<usize>> {
    let mut found = 0..document.len();
    for name in path {
        found = member(document, found.start, name)?;
    }
    Some(found)
}

/// Where the value of the member `name` is, in the object that begins at `at`.
pub(crate) fn member(document: &[u8], at: usize, name: &str) -> Option<Range<usize>> {
    let mut found = None;
    let mut scanner = Scanner::starting_at(document, at);
    // Stopping at the member is an error on purpose: the rest need not be read.
    let _ = scanner.object(|scanner, key| {
        if key.is(document, name) {
            found = Some(scanner.skip()?);
            return Err(scanner.fault("found"));
        }
        Ok(())
    });
    found
}

/// Replaces ranges of a document and keeps every other byte. A range that overlaps an earlier one or lies outside is
/// skipped: the document is worth more than the edit.
pub(crate) fn splice(document: &[u8], edits: &mut [(Range<usize>, Vec<u8>)]) -> Vec<u8> {
    edits.sort_by_key(|(range, _)| range.start);
    let added: usize = edits.iter().map(|(_, text)| text.len()).sum();
    let mut out = Vec::with_capacity(document.len() + added);
    let mut from = 0;
    for (range, text) in edits {
        if let (true, Some(kept)) =
            (range.start <= range.end && range.end <= document.len(), document.get(from..range.start))
        {
            out.extend_from_slice(kept);
            out.extend_from_slice(text);
            from = range.end;
        }
    }
    out.extend_from_slice(&document[from..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_by_path() {
        let document = br#"{"a":{"c":0}, "\u0062": {"x":[{"c":9}], "c" : [1, 2]}, broken"#;
        assert_eq!(find(document, &["b", "c"]).map(|range| &document[range]), Some(b"[1, 2]".as_slice()));
        assert_eq!(find(document, &["a", "x"]), None);
        assert_eq!(find(document, &["c"]), None);
    }
}
