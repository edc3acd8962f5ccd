use super::*;

/// A tree as one line, with the place of each scalar.
fn show(node: &Node) -> String {
    match &node.content {
        Content::Scalar(scalar) => format!("{}@{}:{}", scalar.text, node.place.line, node.place.column),
        Content::List(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
        Content::Section(entries) => {
            let entries: Vec<_> = entries.iter().map(|e| format!("{}: {}", e.key, show(&e.value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

fn check(text: &str, tree: &str, problems: &[&str]) {
    let (node, found) = parse(text);
    assert_eq!(show(&node), tree, "{text}");
    let found: Vec<_> =
        found.iter().map(|p| format!("{}:{} {}", p.place.line, p.place.column, p.message)).collect();
    assert_eq!(found, problems, "{text}");
}

#[test]
fn every_node_knows_its_place() {
    check("a: 1\nb:\n  - x\n  - {c: 'ü', d: 2}\n", "{a: 1@1:4, b: [x@3:5, {c: ü@4:9, d: 2@4:17}]}", &[]);
    check("", "{}", &[]);
    check("# only a comment\n", "{}", &[]);
    check("\u{feff}a: 1", "{a: 1@1:4}", &[]);
}

#[test]
fn aliases_stand_for_what_they_name() {
    check("a: &x {p: 1}\nb: *x\n", "{a: {p: 1@1:11}, b: {p: 1@1:11}}", &[]);
    check("a: *x\n", "{a: @1:4}", &["1:4 no anchor `&x` comes before this alias"]);
    check("a: &x [*x]\n", "{a: [@1:8]}", &["1:8 this alias is inside of what it stands for"]);
}

#[test]
fn merged_keys_fill_in() {
    let text = "base: &b {p: 1, q: 2}\nmore: &m {q: 3, r: 4}\none: {<<: *b, p: 9}\ntwo: {<<: [*b, *m]}\n";
    let (tree, problems) = parse(text);
    assert!(problems.is_empty());
    assert_eq!(show(tree.get("one").unwrap()), "{p: 9@3:18, q: 2@1:20}");
    assert_eq!(show(tree.get("two").unwrap()), "{p: 1@1:14, q: 2@1:20, r: 4@2:20}");
    check("a: {<<: 1}", "{a: {}}", &["1:9 `<<` merges sections, and this is not one"]);
}

#[test]
fn what_is_no_configuration_is_named() {
    check(
        "a: 1\nb: 2\na: 3\n",
        "{a: 1@1:4, b: 2@2:4}",
        &["3:1 `a` is written twice in this section, first in line 1"],
    );
    check("{[1]: 2}", "{}", &["1:2 a key has to be text"]);
    check("a: !secret x", "{a: x@1:12}", &["1:12 tags mean nothing here"]);
    check("a: !!str 5", "{a: 5@1:10}", &[]);
    check("a: 1\n---\nb: 2\n", "{a: 1@1:4}", &["2:1 a second document begins here"]);
}

#[test]
fn an_unquoted_reference_gets_a_hint() {
    let (_, problems) = parse("credentials:\n  - { name: a, api_key: ${KEY} }\n");
    assert_eq!(problems[0].help, Some("put references in quotes: `\"${NAME}\"`"));
    assert_eq!(problems[0].place.line, 2);
}

#[test]
fn aliases_of_aliases_are_bounded() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let (_, problems) = parse(&text);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].message, "the aliases up to here stand for more than 16 MiB");
}

#[test]
fn depth_is_bounded() {
    let (_, problems) = parse(&"[".repeat(100_000));
    assert_eq!(problems.len(), 1);
}
