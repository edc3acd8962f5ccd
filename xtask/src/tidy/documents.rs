//! Documents: links lead somewhere, and the map stays small enough to read.

use std::path::Path;

use super::File;

const ARCHITECTURE_LINES: usize = 250;

pub(super) fn check(root: &Path, files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".md")) {
        let lines = file.text.lines().count();
        if file.path == "ARCHITECTURE.md" && lines > ARCHITECTURE_LINES {
            findings.push(format!(
                "{}: {lines} lines; a map of more than {ARCHITECTURE_LINES} is not read",
                file.path
            ));
        }
        let folder = root.join(&file.path).parent().map(Path::to_owned).unwrap_or_default();
        for target in links(&file.text) {
            if !folder.join(target).exists() {
                findings.push(format!("{}: the link to `{target}` leads nowhere", file.path));
            }
        }
    }
    findings
}

/// Relative link targets, without their fragment, outside of code.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    let prose = text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        !in_code && !fence
    });
    let targets =
        prose.flat_map(|line| line.split("](").skip(1)).filter_map(|rest| rest.split([')', ' ']).next());
    targets
        .map(|target| target.split('#').next().unwrap_or_default())
        .filter(|target| !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_links_are_found_outside_of_code() {
        let text = "See [a](docs/a.md#part) and [b](https://example.com), [c](#here).\n```\n[d](no.md)\n```\n[e](e.md)";
        assert_eq!(links(text).collect::<Vec<_>>(), ["docs/a.md", "e.md"]);
    }
}
