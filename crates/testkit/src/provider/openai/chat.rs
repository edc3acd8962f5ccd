//! A chat completion: the request becomes a conversation, the conversation's answer becomes a whole reply or a stream.

use serde_json::{Value, json};

use super::{check_model, messages, parameters, reasons, shows_reasoning, stream, tools};
use crate::provider::refusal::{Checked, Refusal};
use crate::provider::reply::Reply;
use crate::provider::script::{self, Answer, Conversation, Stop};
use crate::provider::serve::Shared;

/// What both forms of a reply are made of.
pub(super) struct Completion {
    pub(super) id: String,
    pub(super) model: String,
    pub(super) answers: Vec<Answer>,
    pub(super) usage: Value,
    pub(super) shows_reasoning: bool,
    /// Makes ids of tool calls unique between requests.
    pub(super) number: usize,
}

pub(super) fn answer(shared: &Shared, body: &Value, number: usize) -> Checked<Reply> {
    let Some(members) = body.as_object() else {
        return Err(Refusal::invalid("We could not parse the JSON body of your request."));
    };
    let Some(model) = body["model"].as_str().filter(|model| !model.is_empty()) else {
        return Err(Refusal::invalid("you must provide a model parameter"));
    };
    check_model(shared, model)?;
    parameters::check(members, model)?;
    let mut conversation = Conversation::default();
    messages::read(members.get("messages"), model, &mut conversation)?;
    tools::read(members, &mut conversation)?;
    conversation.thinks = reasons(model) && body["reasoning_effort"] != "none" || shows_reasoning(model);
    conversation.most_tokens = body["max_completion_tokens"].as_u64().or(body["max_tokens"].as_u64());
    conversation.stops = stops(&body["stop"]);
    conversation.prompt_tokens = script::prompt_tokens(&[&body["messages"], &body["tools"]]);
    let completion = complete(&conversation, model, body["n"].as_u64().unwrap_or(1), number);
    if body["stream"] == true {
        return Ok(Reply::events(stream::events(&completion, &body["stream_options"])));
    }
    Ok(Reply::json(200, &whole(&completion)))
}

fn complete(conversation: &Conversation, model: &str, count: u64, number: usize) -> Completion {
    let answers: Vec<Answer> = (0..count).map(|_| conversation.answer()).collect();
    let spoken: u64 = answers.iter().map(|answer| answer.output_tokens).sum();
    let thought: u64 = answers.iter().map(|answer| answer.thinking_tokens).sum();
    let prompt = conversation.prompt_tokens;
    let usage = json!({
        "prompt_tokens": prompt,
        "completion_tokens": spoken,
        "total_tokens": prompt + spoken,
        "prompt_tokens_details": { "cached_tokens": cached(prompt), "audio_tokens": 0 },
        "completion_tokens_details": {
            "reasoning_tokens": thought,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    });
    Completion {
        id: format!("chatcmpl-mock{number:024}"),
        model: model.to_owned(),
        answers,
        usage,
        shows_reasoning: shows_reasoning(model),
        number,
    }
}

/// Half of a long prompt, in the API's steps of 128.
fn cached(prompt_tokens: u64) -> u64 {
    if prompt_tokens < 1024 { 0 } else { prompt_tokens / 2 / 128 * 128 }
}

fn stops(stop: &Value) -> Vec<String> {
    match stop {
        Value::String(word) => vec![word.clone()],
        Value::Array(words) => words.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn whole(completion: &Completion) -> Value {
    let choices = completion.answers.iter().enumerate().map(|(index, answer)| {
        json!({
            "index": index,
            "message": message(completion, index, answer),
            "logprobs": null,
            "finish_reason": finish_reason(&answer.stop),
        })
    });
    json!({
        "id": completion.id,
        "object": "chat.completion",
        "created": CREATED,
        "model": completion.model,
        "choices": choices.collect::<Vec<_>>(),
        "usage": completion.usage,
        "service_tier": "default",
        "system_fingerprint": FINGERPRINT,
    })
}

fn message(completion: &Completion, index: usize, answer: &Answer) -> Value {
    let refuses = answer.stop == Stop::Refusal;
    let silent = refuses || answer.text.is_empty() && !answer.calls.is_empty();
    let content = if silent { Value::Null } else { json!(answer.text) };
    let refusal = if refuses { json!(answer.text) } else { Value::Null };
    let mut message =
        json!({ "role": "assistant", "content": content, "refusal": refusal, "annotations": [] });
    if let Some(thinking) = answer.thinking.as_deref().filter(|_| completion.shows_reasoning) {
        message["reasoning_content"] = json!(thinking);
    }
    if !answer.calls.is_empty() {
        let calls = answer.calls.iter().enumerate().map(|(at, call)| {
            let function = json!({ "name": call.name, "arguments": call.arguments.to_string() });
            json!({ "id": call_id(completion, index, at), "type": "function", "function": function })
        });
        message["tool_calls"] = calls.collect();
    }
    message
}

pub(super) fn call_id(completion: &Completion, choice: usize, at: usize) -> String {
    format!("call_mock{:08}x{choice:03}x{at:04}", completion.number)
}

pub(super) fn finish_reason(stop: &Stop) -> &'static str {
    match stop {
        Stop::End | Stop::Sequence(_) | Stop::Refusal => "stop",
        Stop::Length => "length",
        Stop::Calls => "tool_calls",
    }
}

/// Replies are the same on every run, the moment of their creation included.
pub(super) const CREATED: u64 = 1_790_000_000;
pub(super) const FINGERPRINT: &str = "fp_mock";
