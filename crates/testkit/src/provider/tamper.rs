//! Faults of content: replaces or edits a reply before it is delivered.

use bytes::{Bytes, BytesMut};
use serde_json::Value;

use super::behaviour::Fault;
use super::reply::{Body, Plan, Reply, Vendor};
use super::{anthropic, openai};

/// The reply with its fault of content, and the extra headers the behaviour asks for.
pub(super) fn apply(plan: Plan) -> Reply {
    let Plan { vendor, reply, behaviour, key } = plan;
    let mut reply = match &behaviour.fault {
        Fault::EchoKey => error_reply(vendor, 400, Some(format!("request failed for {key}"))),
        fault => tampered(vendor, reply, fault),
    };
    for (name, value) in behaviour.headers {
        reply.set_header(&name, value);
    }
    reply
}

fn tampered(vendor: Vendor, reply: Reply, fault: &Fault) -> Reply {
    match fault {
        Fault::Status { status, body: None } => error_reply(vendor, *status, None),
        Fault::Status { status, body: Some(body) } => {
            Reply::whole(*status, content_type(body), Bytes::copy_from_slice(body.as_bytes()))
        }
        Fault::LargeError(bytes) => error_reply(vendor, 500, Some("x".repeat(*bytes))),
        Fault::Redirect(to) => Reply::whole(307, "text/plain", "moved").header("location", to.clone()),
        Fault::Html(status) => Reply::whole(*status, "text/html", html(*status)),
        Fault::Garbage => garbage(reply),
        Fault::HugeLine(bytes) => huge_line(reply, *bytes),
        Fault::ErrorFirst => with_error(vendor, reply, 0),
        Fault::ErrorAfter(events) => with_error(vendor, reply, *events),
        Fault::NoDone => edit_events(reply, |events| drop(events.pop())),
        Fault::AfterDone => edit_events(reply, |events| events.extend(events.first().cloned())),
        Fault::Framing => edit_events(reply, |events| odd_framing(events)),
        Fault::NoUsage => without_usage(reply),
        _ => reply,
    }
}

/// The vendor's own error for a status.
fn error_reply(vendor: Vendor, status: u16, message: Option<String>) -> Reply {
    match vendor {
        Vendor::OpenAi => openai::error_for_status(status, message),
        Vendor::Anthropic => anthropic::error_for_status(status, message),
    }
}

fn content_type(body: &str) -> &'static str {
    match body.trim_start().as_bytes().first() {
        Some(b'{' | b'[') => "application/json",
        Some(b'<') => "text/html",
        _ => "text/plain",
    }
}

fn html(status: u16) -> String {
    format!(
        "<html>\r\n<head><title>{status}</title></head>\r\n<body><h1>{status}</h1><hr>proxy</body>\r\n</html>\r\n"
    )
}

fn garbage(mut reply: Reply) -> Reply {
    match &mut reply.body {
        Body::Whole(bytes) => bytes.truncate(bytes.len() / 2),
        Body::Events(events) => {
            let middle = events.len() / 2;
            if let Some(event) = events.get_mut(middle) {
                let mut half = BytesMut::from(&event[..event.len() / 2]);
                half.extend_from_slice(b"\n\n");
                *event = half.freeze();
            }
        }
    }
    reply
}

fn huge_line(mut reply: Reply, bytes: usize) -> Reply {
    let mut line = BytesMut::from(&b"data: {\"huge\":\""[..]);
    line.resize(line.len() + bytes, b'x');
    match &mut reply.body {
        Body::Whole(body) => *body = line.freeze(),
        Body::Events(events) => {
            let rest = line.split_off(64.min(line.len()));
            let cut = rest.freeze();
            events.truncate(1);
            events.push(line.freeze());
            events.extend(
                (0..cut.len()).step_by(HUGE_PIECE).map(|at| cut.slice(at..cut.len().min(at + HUGE_PIECE))),
            );
        }
    }
    reply
}

fn with_error(vendor: Vendor, mut reply: Reply, after: usize) -> Reply {
    let (whole, event) = match vendor {
        Vendor::OpenAi => openai::overloaded(),
        Vendor::Anthropic => anthropic::overloaded(),
    };
    match &mut reply.body {
        Body::Whole(body) => *body = whole,
        Body::Events(events) => {
            events.truncate(after);
            events.push(event);
        }
    }
    reply
}

fn edit_events(mut reply: Reply, edit: impl FnOnce(&mut Vec<Bytes>)) -> Reply {
    if let Body::Events(events) = &mut reply.body {
        edit(events);
    }
    reply
}

/// Every liberty the event-stream format allows.
fn odd_framing(events: &mut [Bytes]) {
    for (number, event) in events.iter_mut().enumerate() {
        let lead = if number == 0 { "\u{feff}: comment\r\n\r\n" } else { ":\r\n" };
        let mut odd = lead.to_owned();
        for line in String::from_utf8_lossy(event).lines() {
            odd.push_str(&line.replacen(": ", ":", 1));
            odd.push_str("\r\n");
        }
        *event = Bytes::from(odd);
    }
}

fn without_usage(mut reply: Reply) -> Reply {
    match &mut reply.body {
        Body::Whole(bytes) => {
            if let Ok(mut value) = serde_json::from_slice::<Value>(bytes) {
                strip_usage(&mut value);
                *bytes = Bytes::from(value.to_string());
            }
        }
        Body::Events(events) => {
            for event in events {
                *event = event_without_usage(event);
            }
        }
    }
    reply
}

fn event_without_usage(event: &Bytes) -> Bytes {
    let text = String::from_utf8_lossy(event);
    let Some((lead, data)) = text.split_once("data: ") else {
        return event.clone();
    };
    let Ok(mut value) = serde_json::from_str::<Value>(data) else {
        return event.clone();
    };
    strip_usage(&mut value);
    if value["choices"].as_array().is_some_and(Vec::is_empty) {
        return Bytes::new();
    }
    Bytes::from(format!("{lead}data: {value}\n\n"))
}

fn strip_usage(value: &mut Value) {
    if let Some(members) = value.as_object_mut() {
        members.shift_remove("usage");
    }
    if let Some(message) = value.get_mut("message").and_then(Value::as_object_mut) {
        message.shift_remove("usage");
    }
}

const HUGE_PIECE: usize = 64 << 10;
