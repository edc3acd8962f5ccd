//! Thinking: which modes a model knows, what they rule out, and signatures. A signature is a function of the text it
//! signs, so a replayed block can be checked without remembering anything.

use serde_json::{Map, Value};

use super::fields::{Kind, at_least, only, required};
use super::generation;
use super::pairing::Turn;
use crate::provider::refusal::{Checked, Refusal};
use crate::provider::script::digest;

/// What a request wants to see of the thinking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thinking {
    Off,
    Shown,
    /// Only its signature.
    Omitted,
}

pub(super) fn read(body: &Map<String, Value>, model: &str, turns: &[Turn<'_>]) -> Checked<Thinking> {
    let Some(thinking) = body.get("thinking").and_then(Value::as_object) else {
        return Ok(Thinking::Off);
    };
    let kind = required(thinking, "thinking", "type", &Kind::Text)?.as_str().unwrap_or_default();
    let place = format!("thinking.{kind}");
    match kind {
        "disabled" | "between_tools" => {
            only(&place, thinking, &["type"])?;
            return Ok(Thinking::Off);
        }
        "enabled" => check_budget(&place, thinking, body, model)?,
        "adaptive" => {
            only(&place, thinking, &["type", "display"])?;
            if generation(model) < (4, 6) {
                return Err(Refusal::invalid("adaptive thinking is not supported on this model"));
            }
        }
        _ => {
            let message = format!(
                "thinking: Input tag '{kind}' found using 'type' does not match any of the expected tags: 'adaptive', 'between_tools', 'disabled', 'enabled'"
            );
            return Err(Refusal::invalid(message));
        }
    }
    check_company(body, turns)?;
    match thinking.get("display").and_then(Value::as_str) {
        Some("omitted") => Ok(Thinking::Omitted),
        None | Some("summarized") => Ok(Thinking::Shown),
        Some(_) => {
            Err(Refusal::invalid(format!("{place}.display: Input should be 'summarized' or 'omitted'")))
        }
    }
}

fn check_budget(
    place: &str,
    thinking: &Map<String, Value>,
    body: &Map<String, Value>,
    model: &str,
) -> Checked {
    only(place, thinking, &["type", "budget_tokens", "display"])?;
    if generation(model) >= (4, 7) {
        let message = "\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking behavior.";
        return Err(Refusal::invalid(message));
    }
    let budget = required(thinking, place, "budget_tokens", &Kind::Integer)?;
    at_least(&format!("{place}.budget_tokens"), budget, 1024)?;
    let most = body.get("max_tokens").and_then(Value::as_i64).unwrap_or(i64::MAX);
    if budget.as_i64().is_some_and(|budget| budget >= most) {
        return Err(Refusal::invalid("`max_tokens` must be greater than `thinking.budget_tokens`."));
    }
    Ok(())
}

/// What thinking rules out elsewhere.
fn check_company(body: &Map<String, Value>, turns: &[Turn<'_>]) -> Checked {
    let choice = body.get("tool_choice").and_then(|choice| choice["type"].as_str());
    if matches!(choice, Some("any" | "tool")) {
        return Err(Refusal::invalid("Thinking may not be enabled when tool_choice forces tool use."));
    }
    let temperature = body.get("temperature").and_then(Value::as_f64);
    if temperature.is_some_and(|temperature| (temperature - 1.0).abs() > f64::EPSILON) {
        return Err(Refusal::invalid("`temperature` may only be set to 1 when thinking is enabled."));
    }
    let last_assistant = turns.iter().rev().find(|turn| turn.role == "assistant");
    let Some(turn) =
        last_assistant.filter(|turn| turn.blocks.iter().any(|block| block["type"] == "tool_use"))
    else {
        return Ok(());
    };
    let first = turn.blocks.first().and_then(|block| block["type"].as_str()).unwrap_or_default();
    // Only a tool loop that is still going on must show its thinking again.
    let goes_on =
        turns.last().is_some_and(|last| last.blocks.iter().any(|block| block["type"] == "tool_result"));
    if goes_on && !["thinking", "redacted_thinking"].contains(&first) {
        return Err(Refusal::invalid(format!(
            "messages: Expected `thinking` or `redacted_thinking`, but found `{first}`. When `thinking` is enabled, a final \
             `assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and \
             `tool_result` blocks)."
        )));
    }
    Ok(())
}

/// A replayed block must carry the signature that was issued for it.
pub(super) fn check_block(place: &str, kind: &str, members: &Map<String, Value>) -> Checked {
    let inner = format!("{place}.{kind}");
    let (signed, refused) = if kind == "thinking" {
        only(&inner, members, &["type", "thinking", "signature"])?;
        let text = required(members, &inner, "thinking", &Kind::Text)?.as_str().unwrap_or_default();
        let signature = required(members, &inner, "signature", &Kind::Text)?.as_str().unwrap_or_default();
        (is_signature(signature, text), "Invalid `signature` in `thinking` block")
    } else {
        only(&inner, members, &["type", "data"])?;
        let data = required(members, &inner, "data", &Kind::Text)?.as_str().unwrap_or_default();
        (is_signature(data, ""), "Invalid `data` in `redacted_thinking` block")
    };
    if signed { Ok(()) } else { Err(Refusal::invalid(format!("{place}: {refused}"))) }
}

/// The proof that goes with a thinking text.
pub(super) fn signature(text: &str) -> String {
    let of_text = digest(text.as_bytes());
    format!("mock+{of_text:016x}/{:016x}==", seal(of_text))
}

/// Whether a signature is one of ours and, where the text is shown, belongs to it.
fn is_signature(signature: &str, text: &str) -> bool {
    let parts = signature
        .strip_prefix("mock+")
        .and_then(|rest| rest.strip_suffix("=="))
        .and_then(|rest| rest.split_once('/'));
    let Some((of_text, sealed)) = parts else {
        return false;
    };
    let Ok(of_text) = u64::from_str_radix(of_text, 16) else {
        return false;
    };
    sealed == format!("{:016x}", seal(of_text)) && (text.is_empty() || of_text == digest(text.as_bytes()))
}

fn seal(of_text: u64) -> u64 {
    digest(format!("sealed by the mock: {of_text}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_issued_signature_is_accepted() {
        let issued = signature("deep thought");
        assert!(is_signature(&issued, "deep thought"));
        assert!(is_signature(&issued, ""), "omitted thinking keeps its signature");
        assert!(!is_signature(&issued, "another thought"));
        assert!(!is_signature(&issued.replace('=', ""), "deep thought"));
        assert!(!is_signature("mock+0000000000000000/0000000000000000==", ""));
    }
}
