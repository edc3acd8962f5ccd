//! Reads a whole reply. <https://docs.anthropic.com/en/api/messages>

use domain::{CallError, Dialect};

use super::stop::decode_stop_reason;
use super::{blocks, usage};
use crate::fields::{Path, Value};
use crate::hub::{Choice, Reply};

pub(crate) fn decode_reply(body: Value<'_>) -> Result<Reply, CallError> {
    let root = Path::Root;
    let mut fields = body.need_fields(&root)?;
    let mut reply = Reply::new(Dialect::AnthropicMessages);
    let at = fields.at.member("content");
    let parts = blocks::decode_blocks(fields.need_items("content")?, &at)?;
    reply.id = fields.text("id")?.unwrap_or_default();
    reply.model = fields.text("model")?.unwrap_or_default();
    let stop = fields.text("stop_reason")?.as_deref().map(decode_stop_reason);
    reply.choices.push(Choice {
        parts,
        stop,
        stop_sequence: fields.text("stop_sequence")?,
        stop_details: fields.object("stop_details")?.map(Value::to_json),
        ..Choice::default()
    });
    if let Some(report) = fields.object("usage")? {
        let usage_at = fields.at.member("usage");
        reply.service_tier = report.need_fields(&usage_at)?.text("service_tier")?;
        reply.usage = serde_json::from_str(report.raw()).ok().map(|report| usage::read_usage(&report));
        reply.usage_written = Some(report.to_json());
    }
    // Written anew for every reply.
    fields.take("type");
    fields.take("role");
    reply.extra = fields.rest();
    Ok(reply)
}
