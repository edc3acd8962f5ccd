//! What bytes that pass through cost: peeking at a request, patching it, watching a stream.

use bytes::Bytes;
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use domain::{Api, Dialect};
use wire::{Patch, StreamWatch};

fn main() {
    divan::main();
}

/// A chat request of about that many bytes, with an escape every few dozen.
fn request(size: usize) -> Vec<u8> {
    let prose =
        "The quick brown fox said: \\\"jumps over the lazy dog\\\",\\nand went home to write it down. ";
    let text = prose.repeat(size.saturating_sub(200) / prose.len() + 1);
    format!(
        "{{\"model\":\"prod-chat\",\"stream\":true,\"temperature\":0.7,\"max_completion_tokens\":512,\"messages\":[\
         {{\"role\":\"system\",\"content\":\"Be brief.\"}},{{\"role\":\"user\",\"content\":\"{text}\"}}]}}"
    )
    .into_bytes()
}

#[divan::bench(args = [500, 8_000, 200_000])]
fn peek(bencher: Bencher<'_, '_>, size: usize) {
    let body = request(size);
    bencher.counter(BytesCount::new(body.len())).bench(|| wire::peek(black_box(&body)).is_ok());
}

#[divan::bench(args = [500, 200_000])]
fn patch(bencher: Bencher<'_, '_>, size: usize) {
    let body = request(size);
    let Ok(peek) = wire::peek(&body) else { return };
    let change = Patch { model: Some("gpt-5"), include_usage: true, max_output_tokens: None };
    bencher.bench(|| wire::patch(Dialect::OpenaiChat, black_box(&body), &peek, &change));
}

#[divan::bench]
fn reply_usage(bencher: Bencher<'_, '_>) {
    let reply = br#"{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"gpt-5","choices":[{"index":0,"message":{"role":"assistant","content":"Hello there, how can I help you today?","refusal":null},"finish_reason":"stop"}],"usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}}}"#;
    bencher.bench(|| wire::reply_usage(Dialect::OpenaiChat, Api::Chat, black_box(reply)));
}

const OPENAI: &str = "data: {\"id\":\"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG\",\"object\":\"chat.completion.chunk\",\"created\":1741570283,\"model\":\"gpt-5\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_10c08bf97d\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" tiger\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n";
const ANTHROPIC: &str = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" tiger\"}}\n\n";

/// One event per read, as providers send them.
fn watch(bencher: Bencher<'_, '_>, dialect: Dialect, event: &'static str, strip_usage: bool) {
    let chunk = Bytes::from_static(event.as_bytes());
    let mut watch = StreamWatch::new(dialect, strip_usage);
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| watch.push(chunk.clone()));
}

#[divan::bench(sample_size = 1_000)]
fn watch_openai(bencher: Bencher<'_, '_>) {
    watch(bencher, Dialect::OpenaiChat, OPENAI, false);
}

#[divan::bench(sample_size = 1_000)]
fn watch_openai_and_strip(bencher: Bencher<'_, '_>) {
    watch(bencher, Dialect::OpenaiChat, OPENAI, true);
}

#[divan::bench(sample_size = 1_000)]
fn watch_anthropic(bencher: Bencher<'_, '_>) {
    watch(bencher, Dialect::AnthropicMessages, ANTHROPIC, false);
}

/// Every event cut over two reads.
#[divan::bench(sample_size = 1_000)]
fn watch_cut_events(bencher: Bencher<'_, '_>) {
    let (head, tail) = OPENAI.as_bytes().split_at(OPENAI.len() / 2);
    let chunk = Bytes::from([tail, head].concat());
    let mut watch = StreamWatch::new(Dialect::OpenaiChat, false);
    let begun = watch.push(Bytes::from_static(head)).is_ok();
    bencher.counter(ItemsCount::new(usize::from(begun))).bench_local(|| watch.push(chunk.clone()));
}
