//! Every configuration that a document shows is one that works.

use std::fs;
use std::path::{Path, PathBuf};

use config::Source;
use vault::Environment;

use super::{NOW_MS, hasher, identities, print};

#[test]
fn every_configuration_in_a_document_compiles() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut seen = 0;
    for path in documents(&root) {
        let text = fs::read_to_string(&path).unwrap();
        for (line, block) in yaml_blocks(&text) {
            if !is_configuration(&block) {
                continue;
            }
            seen += 1;
            let place = format!("{}:{line}", path.display());
            let (names, files) = references(&block);
            let content = files.iter().map(|file| (*file, b"a-value-of-16-or-more".as_slice()));
            let environment = Environment::fixed(names.iter().map(|name| (*name, "a-value-of-16-or-more")))
                .with_files(content.chain(identities::named_in(&block)))
                .at_ms(NOW_MS);
            if let Err(diagnostics) = config::compile(&Source::new(place, &*block), &environment, &hasher()) {
                panic!("{}", print(&diagnostics));
            }
        }
    }
    assert!(seen > 0, "the README shows a configuration");
}

/// Markdown files at the root and below `docs` and `examples`, and the example files themselves.
fn documents(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.join("docs"), root.join("examples")];
    found.extend(files_of(root).into_iter().filter(|path| !path.is_dir()));
    while let Some(folder) = folders.pop() {
        for path in files_of(&folder) {
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    found
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
}

/// The fenced blocks of YAML, each with the line where it begins.
fn yaml_blocks(text: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, line) in text.lines().enumerate() {
        match &mut open {
            None if line.trim() == "```yaml" => open = Some((index + 1, String::new())),
            None => {}
            Some(_) if line.trim() == "```" => blocks.extend(open.take()),
            Some((_, block)) => {
                block.push_str(line);
                block.push('\n');
            }
        }
    }
    blocks
}

/// Other YAML (a compose file, a pipeline) has none of these keys at its top.
fn is_configuration(block: &str) -> bool {
    const KEYS: [&str; 5] = ["server:", "credentials:", "endpoints:", "keys:", "prices:"];
    block.lines().any(|line| KEYS.iter().any(|key| line.starts_with(key)))
}

/// The variables and the files that a block refers to.
fn references(block: &str) -> (Vec<&str>, Vec<&str>) {
    let all = block.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
    let (files, names): (Vec<&str>, Vec<&str>) = all.partition(|name| name.starts_with("file:"));
    (names, files.into_iter().filter_map(|file| file.strip_prefix("file:")).collect())
}
