//! What a person or a script reads: results on standard output, everything else on standard error.

use std::io::{self, Write};

/// Prints a line of a result. A reader that went away (`| head`) is no error of ours.
pub(crate) fn line(text: &str) {
    let _ = line_to_reader(text);
}

/// The same for output without an end: says whether somebody still reads.
pub(crate) fn line_to_reader(text: &str) -> bool {
    writeln!(io::stdout().lock(), "{text}").is_ok()
}

/// Prints a line for a person.
pub(crate) fn error(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints rows under their headings, as wide as they need to be; numbers to the right.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>]) {
    let mut widths: Vec<usize> = headings.iter().map(|heading| heading.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let numeric: Vec<bool> = (0..headings.len())
        .map(|column| {
            rows.iter().all(|row| row.get(column).is_none_or(|cell| is_numeric(cell))) && !rows.is_empty()
        })
        .collect();
    let print = |cells: &[String]| {
        let mut text = String::new();
        for (column, cell) in cells.iter().enumerate() {
            let width = widths.get(column).copied().unwrap_or(0);
            let padding = " ".repeat(width.saturating_sub(cell.chars().count()));
            let right = numeric.get(column).copied().unwrap_or(false);
            let (before, after) = if right { (padding.as_str(), "") } else { ("", padding.as_str()) };
            text.push_str(&format!("{before}{cell}{after}  "));
        }
        line(text.trim_end());
    };
    print(&headings.iter().map(|heading| (*heading).to_owned()).collect::<Vec<_>>());
    for row in rows {
        print(row);
    }
}

fn is_numeric(cell: &str) -> bool {
    cell.is_empty() || cell == "unknown" || cell.bytes().all(|b| b.is_ascii_digit() || b".,-$".contains(&b))
}
