//! Token counts where nobody reported any. Rough on purpose and marked as estimated wherever they appear.

use domain::{Capture, Dialect};
use wire::{Delta, Media, Part, PartKind, Prompt, ReplyEvent, StreamDecoder, Tool};

/// English prose and source code run at three to four bytes a token; four keeps an estimate below most bills rather
/// than above.
const BYTES_PER_TOKEN: u64 = 4;

/// Tokens in so many bytes of text.
pub(crate) const fn tokens(bytes: u64) -> u64 {
    bytes.div_ceil(BYTES_PER_TOKEN)
}

/// Tokens in the text of a prompt: instructions, messages, calls and their results, and the tools. Images, files and
/// sound count nothing: what they cost depends on the model.
pub(crate) fn prompt_tokens(prompt: &Prompt) -> u64 {
    let instructions = prompt.instructions.iter().flat_map(|content| &content.parts);
    let parts = prompt.turns.iter().flat_map(|turn| &turn.parts).chain(instructions);
    let said: u64 = parts.map(part_bytes).sum();
    tokens(said + prompt.tools.iter().map(tool_bytes).sum::<u64>())
}

fn part_bytes(part: &Part) -> u64 {
    let all = |parts: &[Part]| parts.iter().map(part_bytes).sum();
    match &part.kind {
        PartKind::Text { text, .. } | PartKind::Refusal { text } => text.len() as u64,
        PartKind::ToolCall(call) => (call.name.len() + call.arguments.len()) as u64,
        PartKind::ToolResult(result) => all(&result.parts),
        PartKind::Document { source: Media::Text(text), .. } => text.len() as u64,
        PartKind::Document { source: Media::Parts { parts, .. }, .. } => all(parts),
        PartKind::Document { .. }
        | PartKind::Image { .. }
        | PartKind::Audio { .. }
        // Thinking of earlier turns is not sent on.
        | PartKind::Thinking { .. }
        | PartKind::RedactedThinking { .. }
        | PartKind::Native { .. } => 0,
    }
}

fn tool_bytes(tool: &Tool) -> u64 {
    let bytes = match tool {
        Tool::Function(function) => {
            function.name.len()
                + function.description.as_ref().map_or(0, String::len)
                + function.parameters.as_ref().map_or(0, |schema| schema.as_str().len())
        }
        Tool::Native { json, .. } => json.as_str().len(),
    };
    bytes as u64
}

fn content_bytes(event: &ReplyEvent) -> u64 {
    match event {
        ReplyEvent::BlockDelta {
            delta: Delta::Text(text) | Delta::Thinking(text) | Delta::Arguments(text),
            ..
        } => text.len() as u64,
        _ => 0,
    }
}

/// Generated tokens in the part of a stream that was delivered: counts the text of its deltas, not their framing. Where
/// the capture was cut, the rest is taken to have been alike.
pub(crate) fn streamed_tokens(dialect: Dialect, delivered: &Capture) -> u64 {
    let mut events = Vec::new();
    StreamDecoder::new(dialect).push(&delivered.body, &mut events);
    let text: u64 = events.iter().map(content_bytes).sum();
    let kept = (delivered.body.len() as u64).max(1);
    let whole = u128::from(text) * u128::from(delivered.size) / u128::from(kept);
    tokens(u64::try_from(whole).unwrap_or(u64::MAX))
}
