//! The mock provider and the fixtures are what other tests believe, so they are tested themselves.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "in a test a missing value is a failure")]

mod faults;
mod gateway;
mod refusals;
mod replies;

use serde_json::{Value, json};
use testkit::{Client, MockProvider};

/// An OpenAI chat call with these members beside a model and a greeting.
fn chat(members: &Value) -> Value {
    merged(json!({ "model": "gpt-4o", "messages": [{ "role": "user", "content": "hello" }] }), members)
}

/// An Anthropic message call with these members beside what is required.
fn message(members: &Value) -> Value {
    let base = json!({
        "model": "claude-sonnet-4-5",
        "max_tokens": 2000,
        "messages": [{ "role": "user", "content": "hello" }],
    });
    merged(base, members)
}

/// Members that are null are taken out.
fn merged(mut base: Value, members: &Value) -> Value {
    for (name, value) in members.as_object().expect("members form an object") {
        if value.is_null() {
            base.as_object_mut().expect("the base is an object").remove(name);
        } else {
            base[name] = value.clone();
        }
    }
    base
}

fn openai(provider: &MockProvider) -> Client {
    Client::new(&provider.url()).bearer("sk-test")
}

fn anthropic(provider: &MockProvider) -> Client {
    Client::new(&provider.url()).anthropic("sk-ant-test")
}
