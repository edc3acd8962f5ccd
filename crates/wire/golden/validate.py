"""Checks the goldens against the vendors' own SDKs (PyPI `openai` and `anthropic`).

What goes to a provider must fit the SDK's request types, and what goes to a client must fit its reply types: every
name known, every required field there, every literal one of those listed. Streams are read by the SDK's own event
decoder and put together by its own accumulator. What a provider answers in a golden is held to the same types, since
it was written by hand.

    python validate.py            # exits 1 and lists what does not fit
"""

import json
import pathlib
import sys
import types
import typing

import anthropic
import openai
import pydantic
import typing_extensions
from anthropic import types as anthropic_types
from anthropic.lib.streaming import _messages as anthropic_accumulator
from anthropic.types import message_create_params as anthropic_request
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types import chat as openai_types
from openai.types.chat import completion_create_params as openai_request

ROOT = pathlib.Path(__file__).parent
OPENAI, ANTHROPIC = "openai-chat", "anthropic-messages"

# Customary fields that the vendor's types do not have; `openai_chat/reasoning.rs` says why we write them.
EXTENSIONS = {
    "ChatCompletionMessage": {"reasoning_content", "reasoning", "reasoning_details"},
    "ChoiceDelta": {"reasoning_content", "reasoning", "reasoning_details", "annotations"},
}

# Goldens in which a provider deviates from its vendor on purpose.
DEVIATIONS = {"azure-first-chunk", "tools-all-numbered-zero"}


class Misfit(Exception):
    """A value that its type does not allow."""


def check(value, annotation, at):
    """Checks a JSON value against a type of an SDK, to the last name."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Annotated, typing_extensions.Required, typing_extensions.NotRequired):
        return check(value, arguments[0], at)
    if origin is typing.Literal:
        if value not in arguments:
            raise Misfit(f"{at}: {value!r} is none of {arguments}")
        return None
    if origin in (typing.Union, types.UnionType):
        return check_union(value, arguments, at)
    if annotation in (object, typing.Any):
        return None
    if origin is dict or annotation is dict:
        expect(isinstance(value, dict), value, "an object", at)
        for name, item in value.items():
            check(item, arguments[1] if arguments else object, f"{at}.{name}")
        return None
    if is_list(annotation, origin):
        expect(isinstance(value, list), value, "an array", at)
        for index, item in enumerate(value):
            check(item, arguments[0] if arguments else object, f"{at}[{index}]")
        return None
    if typing_extensions.is_typeddict(annotation):
        return check_fields(value, annotation, typed_dict_fields(annotation), at)
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return check_fields(value, annotation, model_fields(annotation), at)
    return check_plain(value, annotation, at)


def check_union(value, members, at):
    misfits = []
    for member in members:
        try:
            return check(value, member, at)
        except Misfit as misfit:
            misfits.append(str(misfit))
    # The member that got furthest is the one that was meant.
    raise Misfit(max(misfits, key=lambda text: text.split(":")[0].count(".") + text.count("is not known")))


def is_list(annotation, origin):
    names = {"Iterable", "List", "list", "Sequence", "SequenceNotStr"}
    return getattr(origin, "__name__", None) in names or getattr(annotation, "__name__", None) in names


def check_plain(value, annotation, at):
    if annotation is type(None):
        return expect(value is None, value, "null", at)
    if annotation is str:
        return expect(isinstance(value, str), value, "a string", at)
    if annotation is bool:
        return expect(isinstance(value, bool), value, "a boolean", at)
    if annotation is int:
        return expect(isinstance(value, int) and not isinstance(value, bool), value, "an integer", at)
    if annotation is float:
        return expect(isinstance(value, (int, float)) and not isinstance(value, bool), value, "a number", at)
    # Files and buffers, which no JSON holds.
    raise Misfit(f"{at}: {value!r} is not a {annotation}")


def expect(fits, value, what, at):
    if not fits:
        raise Misfit(f"{at}: {value!r} is not {what}")


def typed_dict_fields(annotation):
    for name, hint in typing_extensions.get_type_hints(annotation, include_extras=True).items():
        yield name, hint, typing.get_origin(hint) is typing_extensions.Required


def model_fields(annotation):
    annotation.model_rebuild()
    for name, field in annotation.model_fields.items():
        yield field.alias or name, field.annotation, field.is_required()


def check_fields(value, annotation, fields, at):
    expect(isinstance(value, dict), value, f"an object ({annotation.__name__})", at)
    known = {name: (hint, required) for name, hint, required in fields}
    allowed = EXTENSIONS.get(annotation.__name__, set())
    for name in value:
        if name not in known and name not in allowed:
            raise Misfit(f"{at}.{name}: is not known to {annotation.__name__}")
    for name, (hint, required) in known.items():
        if name in value:
            check(value[name], hint, f"{at}.{name}")
        elif required:
            raise Misfit(f"{at}.{name}: is missing from {annotation.__name__}")


def check_request(dialect, body, notes):
    if "anthropic-version: 2023-06-01" in notes:
        # The SDK's types are those of the newer version, which has no sampling parameters.
        body = {name: value for name, value in body.items() if name not in ("temperature", "top_p", "top_k")}
    if dialect == OPENAI:
        kind = openai_request.CompletionCreateParamsStreaming if body.get("stream") else (
            openai_request.CompletionCreateParamsNonStreaming)
    else:
        kind = anthropic_request.MessageCreateParamsStreaming if body.get("stream") else (
            anthropic_request.MessageCreateParamsNonStreaming)
    check(body, kind, "request")


def check_reply(dialect, body):
    kind = openai_types.ChatCompletion if dialect == OPENAI else anthropic_types.Message
    check(body, kind, "reply")
    kind.model_validate(body)


def check_error(dialect, body):
    error = body.get("error")
    names = {"message", "type", "param", "code"} if dialect == OPENAI else {"type", "message", "code", "details"}
    if not isinstance(error, dict) or set(error) != names or not error["message"] or not error["type"]:
        raise Misfit(f"error: {body}")
    if dialect == ANTHROPIC and (body.get("type") != "error" or set(body) != {"type", "error", "request_id"}):
        raise Misfit(f"error: {body}")


def check_stream(dialect, data, ours):
    """Reads a stream as the SDK does and returns the reply that the SDK makes of it, or nothing after an error."""
    read = check_openai_stream if dialect == OPENAI else check_anthropic_stream
    return read(data, ours)


def check_openai_stream(data, ours):
    state, ended = ChatCompletionStreamState(), False
    for event in openai._streaming.SSEDecoder().iter_bytes(iter([data])):
        if event.data.startswith("[DONE]"):
            ended = True
            continue
        expect(not ended and event.event is None, event.data, "a chunk before the end", "stream")
        chunk = parse(event.data)
        if chunk is None or "error" in chunk:
            if ours:
                check_error(OPENAI, chunk)
            return None
        check(chunk, openai_types.ChatCompletionChunk, "chunk")
        state.handle_chunk(openai_types.ChatCompletionChunk.model_validate(chunk))
    if ended and any(choice.finish_reason for choice in state.current_completion_snapshot.choices):
        return json.loads(state.current_completion_snapshot.model_dump_json())
    expect(not ours, "the stream", "ended by `[DONE]` or an error", "stream")
    return None


def check_anthropic_stream(data, ours):
    snapshot, buffers, ended = None, {}, False
    for event in anthropic._streaming.SSEDecoder().iter_bytes(iter([data])):
        # The SDK skips every record without an event line.
        expect(bool(event.event), event.data, "a named event", "stream")
        if event.event == "ping":
            continue
        if event.event == "error":
            if ours:
                check_error(ANTHROPIC, parse(event.data))
            return None
        body = parse(event.data)
        expect(body["type"] == event.event, body, f"of type {event.event}", "stream")
        check(body, anthropic_types.RawMessageStreamEvent, event.event)
        typed = pydantic.TypeAdapter(anthropic_types.RawMessageStreamEvent).validate_python(body)
        snapshot = anthropic_accumulator.accumulate_event(
            event=typed, current_snapshot=snapshot, json_bufs=buffers)
        ended = event.event == "message_stop"
    if ended:
        return json.loads(snapshot.model_dump_json(warnings=False))
    expect(not ours, "the stream", "ended by `message_stop` or an error", "stream")
    return None


def parse(data):
    try:
        return json.loads(data)
    except ValueError:
        return None


def check_same(dialect, streamed, whole):
    """The text, calls and reason to stop that the SDK's accumulator has seen are those of the whole reply."""
    seen, expected = gist(dialect, streamed), gist(dialect, whole)
    if seen != expected:
        raise Misfit(f"stream: {seen} is not what the whole reply says: {expected}")


def gist(dialect, reply):
    if dialect == ANTHROPIC:
        names = ("type", "text", "thinking", "signature", "data", "id", "name", "input")
        blocks = [{name: block[name] for name in names if name in block} for block in reply["content"]]
        return blocks, reply["stop_reason"], reply.get("stop_sequence"), reply["usage"]["output_tokens"]
    choice = reply["choices"][0]
    message = choice["message"]
    calls = [
        (call["id"], call["function"]["name"], parse(call["function"]["arguments"]))
        for call in message.get("tool_calls") or []
    ]
    call = message.get("function_call") or {}
    call = (call.get("name"), parse(call.get("arguments") or "null"))
    return message.get("content"), message.get("refusal"), calls, call, choice["finish_reason"]


def check_case(folder, client, provider):
    """Yields what does not fit, by file."""
    def load(name):
        path = folder / name
        return json.loads(path.read_text()) if path.exists() else None

    def attempt(name, checker, *arguments):
        try:
            return None, checker(*arguments)
        except (Misfit, pydantic.ValidationError, ValueError, KeyError) as misfit:
            return f"{folder.relative_to(ROOT)}/{name}: {misfit}", None

    checks = []
    if client != provider:
        # Within one dialect the request is the client's own, unknown fields and all.
        notes = (folder / "notes.txt").read_text() if (folder / "notes.txt").exists() else ""
        checks.append((f"request.{provider}.json", lambda *request: check_request(*request, notes), provider))
        checks.append(("error.json", check_error, client))
    deviates = folder.name in DEVIATIONS
    checks.append(("reply.json", check_reply, client))
    checks += [] if deviates else [(f"reply.{provider}.json", check_reply, provider)]
    for name, checker, dialect in checks:
        body = load(name)
        if body is not None:
            yield attempt(name, checker, dialect, body)[0]
    streams = [("stream.sse", client, "reply.json", True)]
    streams += [] if deviates else [(f"stream.{provider}.sse", provider, f"reply.{provider}.json", False)]
    for name, dialect, whole, ours in streams:
        if (folder / name).exists():
            misfit, streamed = attempt(name, check_stream, dialect, (folder / name).read_bytes(), ours)
            yield misfit
            if streamed and load(whole):
                yield attempt(name, check_same, dialect, streamed, load(whole))[0]


def main():
    cases = [folder for pair in sorted(ROOT.iterdir()) if pair.is_dir() for folder in sorted(pair.iterdir())]
    misfits = []
    for folder in cases:
        client, provider = folder.parent.name.split("--")
        misfits += [misfit for misfit in check_case(folder, client, provider) if misfit]
    for misfit in misfits:
        print(misfit)
    versions = f"openai {openai.__version__}, anthropic {anthropic.__version__}"
    print(f"{len(cases)} goldens, {len(misfits)} misfits ({versions})")
    return 1 if misfits or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
