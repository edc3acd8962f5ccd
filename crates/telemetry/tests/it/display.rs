//! Captured replies as a person reads them.

use domain::{Capture, Dialect};
use serde_json::Value;
use telemetry::display_reply;

fn capture(body: &str) -> Capture {
    Capture { body: body.as_bytes().to_vec(), size: body.len() as u64 }
}

const STREAM: &str = concat!(
    "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-5\",\"choices\":[{\"index\":0,",
    "\"delta\":{\"role\":\"assistant\",\"content\":\"Hel\"},\"finish_reason\":null}]}\n\n",
    "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-5\",\"choices\":[{\"index\":0,",
    "\"delta\":{\"content\":\"lo\"},\"finish_reason\":\"stop\"}]}\n\n",
    "data: [DONE]\n\n"
);

#[test]
fn a_stream_is_put_together() {
    let shown = display_reply(Dialect::OpenaiChat, true, &capture(STREAM)).unwrap();
    let reply: Value = serde_json::from_slice(&shown).unwrap();
    assert_eq!(reply["choices"][0]["message"]["content"], "Hello");
    assert_eq!(reply["choices"][0]["finish_reason"], "stop");
    assert_eq!(reply["model"], "gpt-5");
}

#[test]
fn what_is_no_whole_stream_is_left_as_it_is() {
    assert_eq!(display_reply(Dialect::OpenaiChat, true, &capture(&STREAM[..STREAM.len() / 2])), None);
    assert_eq!(display_reply(Dialect::OpenaiChat, true, &capture("data: {")), None);
    assert_eq!(display_reply(Dialect::OpenaiChat, false, &Capture::default()), None);
    assert_eq!(display_reply(Dialect::OpenaiChat, false, &capture("{}")), Some(b"{}".to_vec()));
}
