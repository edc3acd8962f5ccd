//! A request in the form of one target: the caller's own bytes with declared patches where the dialects match, a
//! translation where they do not.

use std::borrow::Cow;

use bytes::Bytes;
use config::snapshot::{Carriage, Endpoint, Target};
use domain::{Api, CallError, Dialect, ErrorKind};
use http::{HeaderMap, HeaderName, HeaderValue};
use wire::{EncodeOptions, Loss, Note, Patch};

use crate::Ingress;
use crate::decode::Decoded;
use crate::headers;

/// Where a dialect demands a maximum and neither the caller nor the endpoint names one. Every current model of
/// Anthropic allows it.
const DEFAULT_MAX_OUTPUT_TOKENS: u64 = 8192;

/// What goes to the provider.
#[derive(Debug)]
pub(crate) struct Encoded {
    pub(crate) body: Bytes,
    pub(crate) headers: HeaderMap,
    pub(crate) notes: Vec<Note>,
    /// We asked for the usage chunk and the client did not: it is cut out of the reply.
    pub(crate) strip_usage: bool,
}

pub(crate) fn encode(
    ingress: &Ingress,
    request: &Decoded<'_>,
    endpoint: &Endpoint,
    target: &Target,
    carriage: &Carriage,
) -> Result<Encoded, CallError> {
    if carriage.dialect == request.dialect {
        Ok(passed_through(ingress, request, endpoint, target))
    } else {
        translated(request, endpoint, target, carriage.dialect)
    }
}

fn passed_through(ingress: &Ingress, request: &Decoded<'_>, endpoint: &Endpoint, target: &Target) -> Encoded {
    let peek = &request.peek;
    let chat_stream =
        request.dialect == Dialect::OpenaiChat && request.api == Api::Chat && request.streamed();
    // Without a usage chunk a stream has no exact tokens, and so no exact cost.
    let include_usage = chat_stream && !request.wants_usage();
    let renamed = peek.model.as_deref() != Some(&*target.model);
    let capped = endpoint
        .max_output_tokens
        .filter(|cap| request.api == Api::Chat && peek.max_output_tokens.is_none_or(|asked| asked > *cap));
    let mut notes = Vec::new();
    if let (Some(cap), Some(_)) = (capped, peek.max_output_tokens) {
        let field = format!("max_output_tokens (to {cap})");
        notes.push(Note { field, what: Loss::Clamped, target: request.dialect });
    }
    let patch = Patch { model: renamed.then_some(&*target.model), include_usage, max_output_tokens: capped };
    let body = if renamed || include_usage || capped.is_some() {
        Bytes::from(wire::patch(request.dialect, request.body, peek, &patch))
    } else {
        request.body.clone()
    };
    let headers = headers::outbound(request.dialect, Some(&ingress.headers));
    Encoded { body, headers, notes, strip_usage: include_usage }
}

fn translated(
    request: &Decoded<'_>,
    endpoint: &Endpoint,
    target: &Target,
    to: Dialect,
) -> Result<Encoded, CallError> {
    if request.api != Api::Chat {
        let message =
            format!("`{}` has no {} in {to}; choose another model", target.label, request.api.name());
        return Err(CallError::new(ErrorKind::InvalidRequest, message).param("model"));
    }
    let mut prompt = Cow::Borrowed(request.prompt()?);
    if prompt.streams() && !prompt.include_usage {
        // Whether the client sees it is decided when the reply is encoded for it.
        prompt.to_mut().include_usage = true;
    }
    let mut options = EncodeOptions::new(&target.model);
    options.default_max_output_tokens = endpoint.max_output_tokens.unwrap_or(DEFAULT_MAX_OUTPUT_TOKENS);
    options.max_output_tokens = endpoint.max_output_tokens;
    let translated = wire::encode_request(to, &prompt, &options)?;
    let notes = translated.notes;
    if endpoint.strict && !notes.is_empty() {
        let lost: Vec<String> = notes.iter().map(ToString::to_string).collect();
        let message = format!(
            "the endpoint `{}` is strict and `{}` speaks {to}, which cannot express: {}; leave that out, or set \
             `strict: false`",
            endpoint.name,
            target.label,
            lost.join(", "),
        );
        return Err(CallError::new(ErrorKind::InvalidRequest, message));
    }
    let mut headers = headers::outbound(to, None);
    for (name, value) in translated.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    Ok(Encoded { body: translated.body.into(), headers, notes, strip_usage: false })
}
