//! Stage *decode*: bytes → what the gateway must know of a request. A body that will pass through is only peeked at;
//! the canonical parse happens when somebody needs it, and at most once.

use std::cell::OnceCell;
use std::sync::Arc;

use bytes::Bytes;
use domain::{Api, CallError, Dialect, ErrorKind};
use wire::{Patch, Peek, Prompt};

use crate::Ingress;

/// A request whose body is sound.
#[derive(Debug)]
pub(crate) struct Decoded<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) api: Api,
    pub(crate) body: &'a Bytes,
    pub(crate) peek: Peek<'a>,
    /// The public name that was asked for.
    pub(crate) model: Arc<str>,
    prompt: OnceCell<Result<Prompt, CallError>>,
}

pub(crate) fn decode(ingress: &Ingress) -> Result<Decoded<'_>, CallError> {
    let peek = wire::peek(&ingress.body)
        .map_err(|bad| CallError::new(ErrorKind::InvalidRequest, format!("the body is not usable: {bad}")))?;
    let model = model(ingress, &peek)?;
    let api = api(ingress, &peek)?;
    Ok(Decoded { dialect: ingress.dialect, api, body: &ingress.body, peek, model, prompt: OnceCell::new() })
}

impl Decoded<'_> {
    pub(crate) const fn streamed(&self) -> bool {
        self.peek.stream && !matches!(self.api, Api::CountTokens)
    }

    /// Whether the client wants the usage chunk that OpenAI's streams have on request only.
    pub(crate) fn wants_usage(&self) -> bool {
        self.peek.include_usage.unwrap_or(false)
    }

    /// The full canonical form.
    pub(crate) fn prompt(&self) -> Result<&Prompt, CallError> {
        let parsed = self.prompt.get_or_init(|| {
            if self.peek.model.is_some() {
                return wire::decode_request(self.dialect, self.body);
            }
            // The path named the model, and the canonical form has it in the body.
            let patch = Patch { model: Some(&self.model), ..Patch::default() };
            wire::decode_request(self.dialect, &wire::patch(self.dialect, self.body, &self.peek, &patch))
        });
        parsed.as_ref().map_err(Clone::clone)
    }
}

fn model(ingress: &Ingress, peek: &Peek<'_>) -> Result<Arc<str>, CallError> {
    if let Some(model) = &ingress.path_model {
        return Ok(Arc::clone(model));
    }
    match peek.model.as_deref() {
        Some(model) if !model.is_empty() => Ok(model.into()),
        _ => Err(CallError::new(
            ErrorKind::InvalidRequest,
            "`model` is missing; name an endpoint, or `provider/model`",
        )
        .param("model")),
    }
}

fn api(ingress: &Ingress, peek: &Peek<'_>) -> Result<Api, CallError> {
    match ingress.api {
        Some(api) => Ok(api),
        None if peek.has_messages => Ok(Api::Chat),
        None if peek.has_input => Ok(Api::Embeddings),
        None => Err(CallError::new(
            ErrorKind::InvalidRequest,
            "the body has neither `messages` (chat) nor `input` (embeddings)",
        )),
    }
}
