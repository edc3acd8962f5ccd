//! Rows under their headings: aligned, numbers to the right, and no wider than the terminal.

use super::{harmless, line, width};

/// What separates two columns.
const GAP: usize = 2;
/// A column is not made narrower than this: less than that says nothing.
const NARROWEST: usize = 8;

/// Prints rows under their headings.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>]) {
    for text in lines(headings, rows, width()) {
        line(&text);
    }
}

fn lines(headings: &[&str], rows: &[Vec<String>], width: Option<usize>) -> Vec<String> {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| harmless(cell)).collect()).collect();
    let mut widths: Vec<usize> = headings.iter().map(|heading| length(heading)).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(length(cell));
        }
    }
    if let Some(width) = width {
        fit(&mut widths, width);
    }
    let numeric = |column: usize| {
        !rows.is_empty() && rows.iter().all(|row| row.get(column).is_none_or(|cell| is_numeric(cell)))
    };
    let right: Vec<bool> = (0..headings.len()).map(numeric).collect();
    let headings: Vec<String> = headings.iter().map(|heading| (*heading).to_owned()).collect();
    std::iter::once(&headings).chain(&rows).map(|cells| one_line(cells, &widths, &right)).collect()
}

fn one_line(cells: &[String], widths: &[usize], right: &[bool]) -> String {
    let mut text = String::new();
    for (column, cell) in cells.iter().enumerate() {
        let width = widths.get(column).copied().unwrap_or(0);
        let cell = shortened(cell, width);
        let padding = " ".repeat(width.saturating_sub(length(&cell)));
        let to_the_right = right.get(column).copied().unwrap_or(false);
        let (before, after) = if to_the_right { (padding.as_str(), "") } else { ("", padding.as_str()) };
        text.push_str(&format!("{before}{cell}{after}{:GAP$}", ""));
    }
    text.trim_end().to_owned()
}

/// Takes from the widest column until all fit.
fn fit(widths: &mut [usize], terminal: usize) {
    loop {
        let total = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
        let widest = widths.iter_mut().max_by_key(|width| **width);
        match widest {
            Some(widest) if total > terminal && *widest > NARROWEST => *widest -= 1,
            _ => return,
        }
    }
}

fn shortened(cell: &str, width: usize) -> String {
    if length(cell) <= width {
        return cell.to_owned();
    }
    let kept: String = cell.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}

fn length(text: &str) -> usize {
    text.chars().count()
}

fn is_numeric(cell: &str) -> bool {
    cell.is_empty()
        || cell == "unknown"
        || cell == "-"
        || cell.bytes().all(|b| b.is_ascii_digit() || b".,-$".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<String>> {
        [["a", "1"], ["a-rather-long-name-of-something", "1200"]]
            .map(|row| row.map(str::to_owned).to_vec())
            .to_vec()
    }

    #[test]
    fn columns_are_as_wide_as_needed_and_numbers_stand_right() {
        let expected = [
            "name                             calls",
            "a                                    1",
            "a-rather-long-name-of-something   1200",
        ];
        assert_eq!(lines(&["name", "calls"], &rows(), None), expected);
    }

    #[test]
    fn a_narrow_terminal_shortens_the_widest_column() {
        let expected = ["name           calls", "a                  1", "a-rather-lon…   1200"];
        assert_eq!(lines(&["name", "calls"], &rows(), Some(20)), expected);
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        let rows = vec![vec!["\u{1b}[2Jgone".to_owned()]];
        assert_eq!(lines(&["name"], &rows, None), ["name", " [2Jgone"]);
    }
}
