//! Merge keys: `<<: *defaults`, or a list of aliases. What a section writes itself wins, then the earlier alias.

use super::{Content, Entry, Node, Problem};

pub(super) const MERGE_KEY: &str = "<<";

/// Adds to `entries` what each of `merged` has and they have not.
pub(super) fn merge(entries: &mut Vec<Entry>, merged: Vec<Node>, problems: &mut Vec<Problem>) {
    for node in merged {
        let place = node.place;
        match node.content {
            Content::Section(added) => {
                for entry in added {
                    if !entries.iter().any(|own| own.key == entry.key) {
                        entries.push(entry);
                    }
                }
            }
            // The list form is one level deep; a list inside it is as wrong as a scalar.
            Content::List(items) if items.iter().all(|item| matches!(item.content, Content::Section(_))) => {
                merge(entries, items, problems);
            }
            Content::List(_) | Content::Scalar(_) => problems.push(
                Problem::new(place, "`<<` merges sections, and this is not one")
                    .help("write an alias of a section, such as `<<: *defaults`"),
            ),
        }
    }
}
