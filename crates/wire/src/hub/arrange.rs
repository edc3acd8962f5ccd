//! Puts turns into the order that every strict target wants: system turns never stand between a call and its result,
//! results come first in their message, and neighbours of one role are one message.

use super::part::{Part, PartKind};
use super::prompt::{Role, Turn};

/// Who speaks, for a target that knows three roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaker {
    System,
    User,
    Assistant,
}

/// A message to be written: the parts of one turn, or of several.
#[derive(Debug)]
pub(crate) struct Message<'p> {
    pub(crate) speaker: Speaker,
    pub(crate) role: Role,
    pub(crate) parts: Vec<Placed<'p>>,
}

/// A part and where its sender put it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placed<'p> {
    pub(crate) part: &'p Part,
    pub(crate) turn: usize,
    pub(crate) index: usize,
}

/// Arranges `turns`, of which the first has the number `first`.
pub(crate) fn arrange(turns: &[Turn], first: usize) -> Vec<Message<'_>> {
    let before_results = before_results(turns);
    let mut messages = Vec::new();
    let mut waiting = Vec::new();
    for (offset, turn) in turns.iter().enumerate() {
        let here = (first + offset, turn);
        if before_results[offset] {
            waiting.push(here);
            continue;
        }
        if !turn.has_tool_results() {
            append_all(&mut messages, &mut waiting);
        }
        append(&mut messages, here.0, here.1);
    }
    append_all(&mut messages, &mut waiting);
    for message in &mut messages {
        message.parts.sort_by_key(|placed| !matches!(placed.part.kind, PartKind::ToolResult(_)));
    }
    messages
}

/// For each turn, whether it is a system turn and the next that is none holds tool results.
fn before_results(turns: &[Turn]) -> Vec<bool> {
    let mut next_has_results = false;
    let mut flags: Vec<_> = turns
        .iter()
        .rev()
        .map(|turn| {
            let is_system = speaker(turn.role) == Speaker::System;
            if !is_system {
                next_has_results = turn.has_tool_results();
            }
            is_system && next_has_results
        })
        .collect();
    flags.reverse();
    flags
}

fn append_all<'p>(messages: &mut Vec<Message<'p>>, waiting: &mut Vec<(usize, &'p Turn)>) {
    for (number, turn) in waiting.drain(..) {
        append(messages, number, turn);
    }
}

fn append<'p>(messages: &mut Vec<Message<'p>>, number: usize, turn: &'p Turn) {
    let speaker = speaker(turn.role);
    let parts = turn.parts.iter().enumerate().map(|(index, part)| Placed { part, turn: number, index });
    match messages.last_mut() {
        Some(last) if last.speaker == speaker && speaker != Speaker::System => last.parts.extend(parts),
        _ => messages.push(Message { speaker, role: turn.role, parts: parts.collect() }),
    }
}

pub(crate) const fn speaker(role: Role) -> Speaker {
    match role {
        Role::System | Role::Developer => Speaker::System,
        Role::User | Role::Tool => Speaker::User,
        Role::Assistant => Speaker::Assistant,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::{ToolCall, ToolResult};

    fn text(role: Role, text: &str) -> Turn {
        Turn::new(role, vec![Part::text(text)])
    }

    fn result(id: &str) -> Part {
        PartKind::ToolResult(ToolResult {
            call_id: id.to_owned(),
            name: None,
            parts: Vec::new(),
            bare: true,
            is_error: None,
        })
        .into()
    }

    fn show(turns: &[Turn]) -> Vec<String> {
        let name = |placed: &Placed<'_>| match &placed.part.kind {
            PartKind::Text { text, .. } => text.clone(),
            PartKind::ToolCall(call) => format!("call {}", call.id),
            PartKind::ToolResult(result) => format!("result {}", result.call_id),
            other => format!("{other:?}"),
        };
        arrange(turns, 0)
            .iter()
            .map(|message| {
                let parts: Vec<_> = message.parts.iter().map(name).collect();
                format!("{:?}: {}", message.speaker, parts.join(", "))
            })
            .collect()
    }

    #[test]
    fn a_system_turn_does_not_come_between_call_and_result() {
        let call = PartKind::ToolCall(ToolCall::function("a", "f", "{}"));
        let turns = [
            text(Role::User, "q"),
            Turn::new(Role::Assistant, vec![call.into()]),
            text(Role::System, "s"),
            Turn::new(Role::Tool, vec![result("a")]),
            text(Role::Developer, "d"),
            Turn::new(Role::User, vec![Part::text("t"), result("b")]),
        ];
        assert_eq!(
            show(&turns),
            ["User: q", "Assistant: call a", "User: result a, result b, t", "System: s", "System: d"]
        );
    }

    #[test]
    fn neighbours_of_one_role_are_one_message() {
        let turns = [
            text(Role::User, "a"),
            text(Role::User, "b"),
            text(Role::Assistant, "c"),
            text(Role::Assistant, "d"),
            text(Role::System, "e"),
            text(Role::System, "f"),
        ];
        assert_eq!(show(&turns), ["User: a, b", "Assistant: c, d", "System: e", "System: f"]);
    }
}
