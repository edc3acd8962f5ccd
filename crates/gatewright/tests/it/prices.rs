//! What a call cost is exact where the price is known, and unknown where it is not: never nothing.

use serde_json::{Value, json};

use crate::books::group;
use crate::scene::Scene;
use crate::talk::{Told, chat, message, streamed, streamed_with_usage};

const SETUP: &str = "
endpoints:
  - { name: priced, targets: [ { credential: openai, model: gpt-mine } ] }
  - { name: claude, targets: [ { credential: anthropic, model: claude-mine } ] }
  - { name: unpriced, targets: [ { credential: openai, model: gpt-unheard-of } ] }
  - { name: catalogue, targets: [ { credential: openai, model: gpt-4o } ] }
prices:
  - { provider: openai, model: gpt-mine, input: 0.0375, output: 12.5 }
  - { provider: anthropic, model: \"claude-m*\", input: 3, output: 15 }
";

/// Tokens times dollars per million, in the exact decimals of the API.
fn usd((input, output): (u64, u64), input_price_pico: u128, output_price_pico: u128) -> String {
    let pico = u128::from(input) * input_price_pico + u128::from(output) * output_price_pico;
    let (whole, fraction) = (pico / 1_000_000_000_000, pico % 1_000_000_000_000);
    let decimals = format!("{fraction:012}");
    format!("{whole}.{}", decimals.trim_end_matches('0'))
}

#[tokio::test]
async fn a_known_price_is_exact_to_the_last_digit() {
    let scene = Scene::start(SETUP).await;
    let reply = scene.openai().post("/v1/chat/completions", &chat("priced", "what does it cost")).await;
    let (cost, id) =
        (reply.header("x-gatewright-cost-usd").to_owned(), reply.header("x-gatewright-call-id").to_owned());
    let told = Told::by_chat(&reply.expect_json(200).await);
    let expected = usd(told.tokens, 37_500, 12_500_000);
    assert_eq!(cost, expected);
    let body = streamed_with_usage(chat("priced", "what does it cost"));
    let events = scene.openai().post("/v1/chat/completions", &body).await.events().collect().await;
    assert_eq!(Told::by_chat_stream(&events).tokens, told.tokens);
    let books = scene.books();
    let call = books.call(&id).await;
    assert_eq!(
        (&call["cost_usd"], &call["attempt_list"][0]["cost_source"]),
        (&json!(expected), &json!("configured"))
    );
    let report = books.usage("endpoint", 2).await;
    let twice = usd((told.tokens.0 * 2, told.tokens.1 * 2), 37_500, 12_500_000);
    assert_eq!(group(&report, "priced")["cost_usd"], twice, "a stream costs what a whole reply does");
}

#[tokio::test]
async fn a_translated_call_costs_what_its_provider_counts() {
    let scene = Scene::start(SETUP).await;
    let reply = scene.openai().post("/v1/chat/completions", &chat("claude", "hello")).await;
    let cost = reply.header("x-gatewright-cost-usd").to_owned();
    let told = Told::by_chat(&reply.expect_json(200).await);
    assert_eq!(cost, usd(told.tokens, 3_000_000, 15_000_000));
    let reply = scene.anthropic().post("/v1/messages", &message("priced", "hello")).await;
    let cost = reply.header("x-gatewright-cost-usd").to_owned();
    let told = Told::by_message(&reply.expect_json(200).await);
    assert_eq!(cost, usd(told.tokens, 37_500, 12_500_000));
}

#[tokio::test]
async fn an_unknown_price_is_unknown_and_not_nothing() {
    let scene = Scene::start(SETUP).await;
    let reply = scene.openai().post("/v1/chat/completions", &chat("unpriced", "hello")).await;
    assert_eq!(reply.header("x-gatewright-cost-usd"), "unknown");
    scene
        .openai()
        .post("/v1/chat/completions", &streamed(chat("unpriced", "hello")))
        .await
        .events()
        .collect()
        .await;
    scene.openai().post("/v1/chat/completions", &chat("priced", "hello")).await.expect_json(200).await;
    let books = scene.books();
    for call in books.calls("endpoint=unpriced", 2).await {
        let call = books.call(call["id"].as_str().unwrap()).await;
        let attempt = &call["attempt_list"][0];
        assert_eq!(
            (&call["cost_usd"], &attempt["cost_usd"], &attempt["cost_source"]),
            (&Value::Null, &Value::Null, &json!("unknown"))
        );
        assert_eq!(attempt["usage_source"], "reported", "the tokens are known all the same");
    }
    let report = books.usage("endpoint", 3).await;
    let unpriced = group(&report, "unpriced");
    assert_eq!((&unpriced["unknown_cost_attempts"], &unpriced["cost_usd"]), (&json!(2), &json!("0")));
    assert_eq!(
        (&report["total"]["unknown_cost_attempts"], &group(&report, "priced")["unknown_cost_attempts"]),
        (&json!(2), &json!(0))
    );
}

#[tokio::test]
async fn current_models_have_a_price_without_any_configuration() {
    let scene = Scene::start(SETUP).await;
    let reply = scene.openai().post("/v1/chat/completions", &chat("catalogue", "hello")).await;
    let id = reply.header("x-gatewright-call-id").to_owned();
    let cost: f64 = reply.header("x-gatewright-cost-usd").parse().unwrap();
    assert!(cost > 0.0);
    assert_eq!(scene.books().call(&id).await["attempt_list"][0]["cost_source"], "catalogue");
}
