//! Reasoning in messages. OpenAI's format has no field for it; the customary ones are `reasoning_content` (DeepSeek,
//! xAI and many) or `reasoning` (vLLM, OpenRouter) for the text, and `reasoning_details` (OpenRouter) for what must
//! come back unchanged: `{type: reasoning.text, text, signature}` and `{type: reasoning.encrypted, data}`.
//!
//! Gatewright writes `reasoning_content` always, and one entry of `reasoning_details` for each block of thinking that
//! its provider signed or sealed. A client that sends these fields back in the assistant message keeps the thinking
//! of a tool loop valid.

use domain::CallError;

use crate::fields::{Fields, Path, Value};
use crate::hub::{Part, PartKind, TurnSpelling};
use crate::writer::{Array, Object};

/// What OpenRouter calls thinking signed by Anthropic.
const SIGNED_FORMAT: &str = "anthropic-claude-v1";

/// Reads whichever of the fields are there, of a message in a request or in a reply.
pub(crate) fn decode_reasoning(
    fields: &mut Fields<'_, '_>,
    spelling: &mut TurnSpelling,
) -> Result<Vec<Part>, CallError> {
    let content = fields.text("reasoning_content")?;
    let reasoning = fields.text("reasoning")?;
    spelling.reasoning_content = content.is_some();
    spelling.reasoning = reasoning.is_some();
    let details = decode_details(fields)?;
    if !details.is_empty() {
        spelling.reasoning_details = true;
        return Ok(details);
    }
    let text = content.or(reasoning);
    Ok(text.map(|text| PartKind::Thinking { text, signature: None }.into()).into_iter().collect())
}

fn decode_details(fields: &mut Fields<'_, '_>) -> Result<Vec<Part>, CallError> {
    let at = fields.at.member("reasoning_details");
    let Some(details) = fields.peek("reasoning_details").and_then(Value::items) else {
        return Ok(Vec::new());
    };
    if details.is_empty() {
        return Ok(Vec::new());
    }
    fields.take("reasoning_details");
    details.into_iter().enumerate().map(|(index, detail)| decode_detail(detail, &at.item(index))).collect()
}

fn decode_detail(detail: Value<'_>, at: &Path<'_>) -> Result<Part, CallError> {
    let mut fields = detail.need_fields(at)?;
    let name = fields.need_text("type")?;
    let kind = match name.as_str() {
        "reasoning.text" => PartKind::Thinking {
            text: fields.text("text")?.unwrap_or_default(),
            signature: fields.text("signature")?,
        },
        "reasoning.encrypted" => PartKind::RedactedThinking { data: fields.need_text("data")? },
        _ => {
            return Ok(PartKind::Native { name, json: detail.to_json() }.into());
        }
    };
    Ok(Part { extra: fields.rest(), ..kind.into() })
}

/// Whether a part belongs to `reasoning_details`, given that the message had them.
pub(crate) fn is_detail(part: &Part) -> bool {
    part.is_thinking()
        || matches!(&part.kind, PartKind::Native { name, .. } if name.starts_with("reasoning."))
}

/// Writes the fields as the same dialect had them.
pub(crate) fn encode_same_reasoning(object: &mut Object<'_>, parts: &[Part], spelling: &TurnSpelling) {
    let text = thinking_text(parts);
    if spelling.reasoning_content {
        object.string("reasoning_content", &text);
    }
    if spelling.reasoning {
        object.string("reasoning", &text);
    }
    if spelling.reasoning_details {
        object.array("reasoning_details", |list| {
            parts.iter().filter(|part| is_detail(part)).for_each(|part| encode_same_detail(list, part));
        });
    }
}

fn encode_same_detail(list: &mut Array<'_>, part: &Part) {
    match &part.kind {
        PartKind::Thinking { text, signature } => list.object(|detail| {
            detail.string("type", "reasoning.text");
            detail.string("text", text);
            detail.optional_string("signature", signature.as_deref());
            detail.extra(&part.extra);
        }),
        PartKind::RedactedThinking { data } => list.object(|detail| {
            detail.string("type", "reasoning.encrypted");
            detail.string("data", data);
            detail.extra(&part.extra);
        }),
        PartKind::Native { json, .. } => list.json(json),
        _ => {}
    }
}

/// Writes the fields of a reply from another dialect.
pub(crate) fn encode_reasoning(object: &mut Object<'_>, parts: &[Part]) {
    if !parts.iter().any(Part::is_thinking) {
        return;
    }
    let text = thinking_text(parts);
    if !text.is_empty() {
        object.string("reasoning_content", &text);
    }
    let proofs: Vec<_> = parts.iter().filter_map(Proof::of).collect();
    if !proofs.is_empty() {
        object.array("reasoning_details", |list| {
            for (index, proof) in proofs.into_iter().enumerate() {
                list.object(|detail| proof.encode(detail, index));
            }
        });
    }
}

/// What a provider wants back unchanged.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Proof<'p> {
    Signed { text: &'p str, signature: &'p str },
    Sealed { data: &'p str },
}

impl<'p> Proof<'p> {
    fn of(part: &'p Part) -> Option<Self> {
        match &part.kind {
            PartKind::Thinking { text, signature: Some(signature) } if !signature.is_empty() => {
                Some(Self::Signed { text, signature })
            }
            PartKind::RedactedThinking { data } => Some(Self::Sealed { data }),
            _ => None,
        }
    }

    /// Writes the entry; `index` counts the entries of its message.
    pub(crate) fn encode(self, detail: &mut Object<'_>, index: usize) {
        match self {
            Self::Signed { text, signature } => {
                detail.string("type", "reasoning.text");
                detail.string("text", text);
                detail.string("signature", signature);
            }
            Self::Sealed { data } => {
                detail.string("type", "reasoning.encrypted");
                detail.string("data", data);
            }
        }
        detail.string("format", SIGNED_FORMAT);
        detail.raw("index", &index.to_string());
    }
}

fn thinking_text(parts: &[Part]) -> String {
    let texts = parts.iter().filter_map(|part| match &part.kind {
        PartKind::Thinking { text, .. } => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}
