//! What holds between messages: who begins, that every tool use is answered at once and only once, and how many cache
//! marks there may be. Neighbours of one role count as one message; system messages in between are looked through.

use std::collections::HashSet;

use serde_json::Value;

use crate::provider::refusal::{Checked, Refusal};

/// A message as the API sees it, neighbours of one role merged.
pub(super) struct Turn<'a> {
    pub(super) role: &'a str,
    pub(super) blocks: Vec<&'a Value>,
    /// Where the first of its messages stands in the request.
    at: usize,
    /// Plain string contents, which are text blocks to the API.
    texts: Vec<&'a str>,
    starts_with_text: bool,
}

pub(super) fn turns(messages: &[Value]) -> Vec<Turn<'_>> {
    let mut turns: Vec<Turn<'_>> = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let role = message["role"].as_str().unwrap_or_default();
        if role == "system" {
            continue;
        }
        if turns.last().is_none_or(|turn| turn.role != role) {
            let starts_with_text = message["content"].is_string();
            turns.push(Turn { role, blocks: Vec::new(), at, texts: Vec::new(), starts_with_text });
        }
        if let Some(turn) = turns.last_mut() {
            turn.texts.extend(message["content"].as_str());
            turn.blocks.extend(message["content"].as_array().into_iter().flatten());
        }
    }
    turns
}

impl Turn<'_> {
    /// What the turn says in text, one block a line.
    pub(super) fn text(&self) -> String {
        let blocks = self
            .blocks
            .iter()
            .filter(|block| block["type"] == "text")
            .filter_map(|block| block["text"].as_str());
        self.texts.iter().copied().chain(blocks).collect::<Vec<_>>().join("\n")
    }

    fn ids(&self, kind: &str, member: &str) -> Vec<&str> {
        let blocks = self.blocks.iter().filter(|block| block["type"] == kind);
        blocks.filter_map(|block| block[member].as_str()).collect()
    }

    fn results_come_first(&self) -> bool {
        let is_result = |block: &&Value| block["type"] == "tool_result";
        let after_results = self.blocks.iter().copied().skip_while(is_result);
        !self.starts_with_text && !after_results.into_iter().any(|block| is_result(&block))
    }
}

pub(super) fn check(turns: &[Turn<'_>], can_prefill: bool) -> Checked {
    match turns.first() {
        None => return Err(Refusal::invalid("messages: at least one message is required")),
        Some(first) if first.role != "user" => {
            return Err(Refusal::invalid("messages: first message must use the \"user\" role"));
        }
        Some(_) => {}
    }
    if !can_prefill && turns.last().is_some_and(|last| last.role == "assistant") {
        let message = "This model does not support assistant message prefill. The conversation must end with a user message.";
        return Err(Refusal::invalid(message));
    }
    let mut seen = HashSet::new();
    let mut asked: Vec<&str> = Vec::new();
    for (number, turn) in turns.iter().enumerate() {
        let answered = turn.ids("tool_result", "tool_use_id");
        if let Some(stranger) = answered.iter().find(|id| !asked.contains(id)) {
            return Err(Refusal::invalid(format!(
                "messages.{}.content.0: unexpected `tool_use_id` found in `tool_result` blocks: {stranger}. Each \
                 `tool_result` block must have a corresponding `tool_use` block in the previous message.",
                turn.at
            )));
        }
        if let Some(twice) = answered.iter().enumerate().find(|(at, id)| answered[..*at].contains(id)) {
            return Err(Refusal::invalid(format!(
                "messages.{}.content: each tool_use must have a single result. Found multiple `tool_result` blocks with id: {}",
                turn.at, twice.1
            )));
        }
        let open: Vec<&str> = asked.iter().copied().filter(|id| !answered.contains(id)).collect();
        if !open.is_empty() || !answered.is_empty() && !turn.results_come_first() {
            let named = if open.is_empty() { answered } else { open };
            return Err(unanswered(turns, number, &named));
        }
        asked = turn.ids("tool_use", "id");
        if asked.iter().any(|id| !seen.insert(*id)) {
            return Err(Refusal::invalid("messages: `tool_use` ids must be unique"));
        }
    }
    if asked.is_empty() { Ok(()) } else { Err(unanswered(turns, turns.len(), &asked)) }
}

fn unanswered(turns: &[Turn<'_>], number: usize, ids: &[&str]) -> Refusal {
    let at = number.checked_sub(1).and_then(|before| turns.get(before)).map_or(0, |turn| turn.at);
    Refusal::invalid(format!(
        "messages.{at}: `tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` \
         block must have a corresponding `tool_result` block in the next message.",
        ids.join(", ")
    ))
}

/// At most four cache marks, wherever they stand.
pub(super) fn count_cache_marks(values: &[&Value]) -> Checked<usize> {
    let found = values.iter().map(|value| marks(value)).sum();
    if found > MOST_CACHE_MARKS {
        let message = format!(
            "A maximum of {MOST_CACHE_MARKS} blocks with cache_control may be provided. Found {found}."
        );
        return Err(Refusal::invalid(message));
    }
    Ok(found)
}

fn marks(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(marks).sum(),
        Value::Object(members) => {
            let own = usize::from(members.get("cache_control").is_some_and(Value::is_object));
            own + members.values().map(marks).sum::<usize>()
        }
        _ => 0,
    }
}

const MOST_CACHE_MARKS: usize = 4;
