//! Every golden file says what the code does.

use std::fs;

use serde::de::IgnoredAny;
use serde_json::json;
use wire::{decode_reply, encode_reply, fold, read_error, write_error};

use crate::cases::{self, Case, decode_stream};

#[test]
fn every_case_is_as_recorded() {
    let update = std::env::var_os("UPDATE_GOLDENS").is_some();
    let mut wrong = Vec::new();
    for case in cases::all() {
        for (file, content) in outputs(&case) {
            let path = case.folder.join(&file);
            match content {
                _ if update => write(&path, content.as_deref()),
                None if !path.exists() => {}
                content => {
                    let recorded = fs::read_to_string(&path).ok();
                    if recorded != content {
                        wrong.push(format!("{}/{file}:\n{}", case.name, content.unwrap_or_default()));
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} files differ from what is made now; `UPDATE_GOLDENS=1` records it:\n\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn write(path: &std::path::Path, content: Option<&str>) {
    match content {
        Some(content) => fs::write(path, content).unwrap(),
        None if path.exists() => fs::remove_file(path).unwrap(),
        None => {}
    }
}

/// Every file that is made, `None` where the case has none of it.
fn outputs(case: &Case) -> Vec<(String, Option<String>)> {
    let mut notes = Vec::new();
    let request = case.encode(&case.prompt());
    notes.extend(request.headers.iter().map(|(name, value)| format!("header {name}: {value}")));
    notes.extend(request.notes.iter().map(|note| format!("request {}", note.short())));

    let reply = case.provider_reply().map(|body| {
        let reply = decode_reply(case.to, &body).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let encoded = case.with_context(|context| encode_reply(case.from, &reply, context));
        notes.extend(encoded.notes.iter().map(|note| format!("reply {}", note.short())));
        (pretty(&encoded.body), reply.usage)
    });
    let stream = case.provider_stream().map(|body| {
        let events = decode_stream(case.to, [body.as_slice()]);
        let (out, lost) = case.translate_stream(&events);
        notes.extend(lost.iter().map(|note| format!("stream {note}")));
        (String::from_utf8(out).unwrap(), fold(&events).ok().and_then(|reply| reply.usage))
    });
    let error = case.settings.status.map(|status| {
        let body = case.read(&format!("error.{}.json", case.to)).unwrap();
        assert!(decode_reply(case.to, &body).is_err(), "{}: an error is not a reply", case.name);
        let failure = read_error(case.to, Some(status), &body);
        pretty(&write_error(case.from, &(&failure).into(), "019aa3f0c4d27c6e"))
    });

    let usage =
        reply.as_ref().and_then(|(_, usage)| *usage).or(stream.as_ref().and_then(|(_, usage)| *usage));
    vec![
        (format!("request.{}.json", case.to), Some(pretty(&request.body))),
        ("notes.txt".to_owned(), (!notes.is_empty()).then(|| notes.join("\n") + "\n")),
        ("reply.json".to_owned(), reply.map(|(body, _)| body)),
        ("stream.sse".to_owned(), stream.map(|(body, _)| body)),
        ("error.json".to_owned(), error),
        ("usage.json".to_owned(), usage.map(|usage| pretty(json!(usage).to_string().as_bytes()))),
    ]
}

/// The document with line breaks, and every token as it is: parsing would change the numbers.
fn pretty(body: &[u8]) -> String {
    let body = std::str::from_utf8(body).unwrap();
    if let Err(error) = serde_json::from_str::<IgnoredAny>(body) {
        panic!("{error}: {body}");
    }
    let mut out = String::new();
    let (mut depth, mut in_string, mut escaped) = (0, false, false);
    let mut rest = body.chars().peekable();
    while let Some(character) = rest.next() {
        if in_string {
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
            out.push(character);
            continue;
        }
        let line = |depth: usize| format!("\n{}", "  ".repeat(depth));
        match character {
            ' ' | '\n' | '\r' | '\t' => {}
            '{' | '[' => {
                out.push(character);
                while rest.next_if(char::is_ascii_whitespace).is_some() {}
                if let Some(close) = rest.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(close);
                } else {
                    depth += 1;
                    out.push_str(&line(depth));
                }
            }
            '}' | ']' => {
                depth -= 1;
                out.push_str(&line(depth));
                out.push(character);
            }
            ',' => {
                out.push(',');
                out.push_str(&line(depth));
            }
            ':' => out.push_str(": "),
            other => {
                in_string = other == '"';
                out.push(other);
            }
        }
    }
    out + "\n"
}

#[test]
fn every_case_names_its_source() {
    for case in cases::all() {
        let source = case.read("source.txt").unwrap_or_default();
        assert!(source.starts_with(b"https://"), "{}: source.txt names no source", case.name);
    }
}
