//! The description as a reference document.

use std::fmt::Write as _;

use super::json_schema::sentence;
use super::root::File;
use super::{Description, Field, FieldDescription, Presence, Shape};
use crate::catalogue::Catalogue;
use crate::compile::RESERVED_NAMES;

const HEAD: &str = "\
# Configuration

This document is generated from the code that reads the file (`crates/config/src/schema/`); change that and run
`cargo xtask docs`.

`gatewright.yaml` is one YAML document. `gatewright check` reports everything that is wrong with it at once.

- **References.** `\"${NAME}\"` is an environment variable and `\"${file:/path}\"` the content of a file, anywhere in a
  value; `$${` is a literal `${`. They are replaced after parsing, so a value never becomes syntax. Put them in quotes.
- **Anchors.** Anchors, aliases and `<<` merge keys work. A key at the top of the file that begins with `x-` is ignored:
  a place for anchors.
- **Names** match `[a-z0-9][a-z0-9._-]{0,62}`.
- `on` and `true` mean the same, so do `off` and `false`. A key with nothing after it counts as not written.
";

/// `docs/reference/configuration.md`, as text.
pub fn reference_markdown() -> String {
    let mut text = HEAD.to_owned();
    let mut written = Vec::new();
    let root = File::shape();
    write_section(&root, "", &mut text, &mut written);
    write_catalogue(&mut text);
    let _ = writeln!(
        text,
        "\n## Reserved names\n\nEndpoints and aliases cannot have these names, which are words of routes: {}.",
        RESERVED_NAMES.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    );
    text
}

/// Writes a section and, after it, those that its fields hold. `path` is where it stands: `endpoints[].retry`.
fn write_section(shape: &Shape, path: &str, text: &mut String, written: &mut Vec<&'static str>) {
    for description in described(shape) {
        write_description(&description, path, text, written);
    }
}

fn write_description(
    description: &Description,
    path: &str,
    text: &mut String,
    written: &mut Vec<&'static str>,
) {
    if written.contains(&description.name) {
        return;
    }
    written.push(description.name);
    let heading = if path.is_empty() { "The file".to_owned() } else { format!("`{path}`") };
    let _ = write!(text, "\n## {heading}\n\n{}\n\n", sentence(description.docs));
    text.push_str("| field | value | default | meaning |\n|---|---|---|---|\n");
    for field in &description.fields {
        write_field(field, text);
    }
    if !description.later.is_empty() {
        let later = description.later.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "\nNot available in this version: {later}.");
    }
    for field in &description.fields {
        let dot = if path.is_empty() { "" } else { "." };
        let list = if matches!(field.shape, Shape::List { .. }) { "[]" } else { "" };
        write_section(&field.shape, &format!("{path}{dot}{}{list}", field.key), text, written);
    }
}

/// The sections that a field may hold, in whatever form.
fn described(shape: &Shape) -> Vec<Description> {
    match shape {
        Shape::Section(describe) => vec![describe()],
        Shape::List { of, .. } | Shape::Table { of, .. } | Shape::Map { of, .. } => described(of),
        Shape::Either(forms) => forms.iter().flat_map(described).collect(),
        _ => Vec::new(),
    }
}

fn write_field(field: &FieldDescription, text: &mut String) {
    let default = match &field.presence {
        Presence::Required => "**required**".to_owned(),
        Presence::Optional | Presence::Default(None) => String::new(),
        Presence::Default(Some(value)) => format!("`{}`", value.to_string().replace('"', "")),
    };
    let _ =
        writeln!(text, "| `{}` | {} | {default} | {} |", field.key, name(&field.shape), sentence(field.docs));
}

/// A form in a few words.
fn name(shape: &Shape) -> String {
    match shape {
        Shape::Text { what, .. } => (*what).to_owned(),
        Shape::Secret { .. } => "secret, best as a reference".to_owned(),
        Shape::Map { of, .. } => format!("section of keys of your own, each with: {}", name(of)),
        Shape::Boolean => "`true` or `false`".to_owned(),
        Shape::Whole { least, most } if least == most => format!("`{least}`"),
        Shape::Whole { least, most } => format!("whole number, {least} to {most}"),
        Shape::Decimal => "decimal number".to_owned(),
        Shape::Choice(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        Shape::List { of, .. } => format!("list of: {}", name(of)),
        Shape::Table { keys, of } => format!("{} for each of `{}`", name(of), keys.join("`, `")),
        Shape::Section(_) => "section".to_owned(),
        Shape::Either(forms) => forms.iter().map(name).collect::<Vec<_>>().join(" or "),
    }
}

fn write_catalogue(text: &mut String) {
    text.push_str(
        "\n## Built-in providers\n\nThe key variable counts where there is no file: then each provider whose variable \
         is set is reachable as\n`provider/model`.\n\n| provider | dialects and base URLs | key | key variable |\n|---|---|---|---|\n",
    );
    let catalogue = Catalogue::built_in();
    for provider in catalogue.iter() {
        let dialects: Vec<String> = provider
            .dialects
            .iter()
            .map(|(dialect, url)| match url {
                Some(url) => format!("{dialect}: `{url}`"),
                None => format!("{dialect}: `base_url` of the credential"),
            })
            .collect();
        let variable = provider.key_variable.as_deref().map(|name| format!("`{name}`")).unwrap_or_default();
        let auth = Field::written(&provider.auth);
        let auth = auth.as_ref().and_then(|auth| auth.as_str()).unwrap_or_default();
        let _ = writeln!(text, "| `{}` | {} | {auth} | {variable} |", provider.name, dialects.join("<br>"));
    }
    let _ = writeln!(
        text,
        "| `simulator` | every dialect, without a network: `latency` and `failures` of its credential say how it \
         behaves | none | |"
    );
}
