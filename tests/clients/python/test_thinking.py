"""Thinking and its proofs: what a provider signed must come back to it unchanged, whichever package carried it.
The mock provider refuses a tool loop whose thinking lacks its signature."""

import json

import anthropic
import openai
import pytest

THINKING = "thinking-on-anthropic"
SHOWN_BY_OWN_SERVER = "thinking-on-own-server"
HIDDEN_BY_OPENAI = "reasoning-on-openai"

QUESTION = 'call weather {"city":"Oslo"}'
ADAPTIVE = {"type": "adaptive"}

SCHEMA = {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}}
ANTHROPIC_TOOLS = [{"name": "weather", "description": "Tells the weather.", "input_schema": SCHEMA}]
OPENAI_TOOLS = [
    {"type": "function", "function": {"name": "weather", "description": "Tells the weather.", "parameters": SCHEMA}}
]


def user(content) -> list[dict]:
    return [{"role": "user", "content": content}]


def results(content) -> list[dict]:
    calls = [block for block in content if block.type == "tool_use"]
    return user([{"type": "tool_result", "tool_use_id": call.id, "content": "rain"} for call in calls])


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("question", [QUESTION, f"redacted: {QUESTION}"], ids=["signed", "redacted"])
def test_anthropic_over_anthropic(anthropic_client: anthropic.Anthropic, question: str, streamed: bool):
    request = {"model": THINKING, "max_tokens": 4000, "thinking": ADAPTIVE, "tools": ANTHROPIC_TOOLS}
    messages = user(question)
    if streamed:
        with anthropic_client.messages.stream(messages=messages, **request) as stream:
            first = stream.get_final_message()
    else:
        first = anthropic_client.messages.create(messages=messages, **request)
    kinds = [block.type for block in first.content]
    redacted = ["redacted_thinking"] if "redacted" in question else []
    assert kinds == ["thinking", *redacted, "tool_use"]
    assert first.content[0].thinking == f"Thinking about: {question}"
    assert first.content[0].signature
    assert first.usage.output_tokens_details.thinking_tokens > 0

    messages += [{"role": "assistant", "content": first.content}, *results(first.content)]
    second = anthropic_client.messages.create(messages=messages, **request)
    assert second.content[-1].text == "results: rain"


def test_a_changed_signature_is_refused(anthropic_client: anthropic.Anthropic):
    request = {"model": THINKING, "max_tokens": 4000, "thinking": ADAPTIVE, "tools": ANTHROPIC_TOOLS}
    first = anthropic_client.messages.create(messages=user(QUESTION), **request)
    first.content[0].signature += "x"
    messages = user(QUESTION) + [{"role": "assistant", "content": first.content}, *results(first.content)]
    with pytest.raises(anthropic.BadRequestError, match="signature"):
        anthropic_client.messages.create(messages=messages, **request)


def test_omitted_thinking_keeps_its_signature(anthropic_client: anthropic.Anthropic):
    thinking = {"type": "adaptive", "display": "omitted"}
    request = {"model": THINKING, "max_tokens": 4000, "thinking": thinking, "tools": ANTHROPIC_TOOLS}
    first = anthropic_client.messages.create(messages=user(QUESTION), **request)
    assert (first.content[0].type, first.content[0].thinking) == ("thinking", "")
    messages = user(QUESTION) + [{"role": "assistant", "content": first.content}, *results(first.content)]
    assert anthropic_client.messages.create(messages=messages, **request).content[-1].text == "results: rain"


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_anthropic_over_a_server_that_shows_its_reasoning(anthropic_client: anthropic.Anthropic, streamed: bool):
    request = {"model": SHOWN_BY_OWN_SERVER, "max_tokens": 4000, "thinking": ADAPTIVE, "tools": ANTHROPIC_TOOLS}
    if streamed:
        with anthropic_client.messages.stream(messages=user(QUESTION), **request) as stream:
            first = stream.get_final_message()
    else:
        first = anthropic_client.messages.create(messages=user(QUESTION), **request)
    assert [block.type for block in first.content] == ["thinking", "tool_use"]
    assert first.content[0].thinking == f"Thinking about: {QUESTION}"
    messages = user(QUESTION) + [{"role": "assistant", "content": first.content}, *results(first.content)]
    second = anthropic_client.messages.create(messages=messages, **request)
    assert second.content[-1].text == "results: rain"


def test_anthropic_over_reasoning_that_is_hidden(anthropic_client: anthropic.Anthropic):
    request = {"model": HIDDEN_BY_OPENAI, "max_tokens": 4000, "thinking": ADAPTIVE, "tools": ANTHROPIC_TOOLS}
    first = anthropic_client.messages.create(messages=user(QUESTION), **request)
    assert [block.type for block in first.content if block.type != "thinking"] == ["tool_use"]
    details = first.usage.output_tokens_details
    assert 0 < details.thinking_tokens < first.usage.output_tokens
    messages = user(QUESTION) + [{"role": "assistant", "content": first.content}, *results(first.content)]
    second = anthropic_client.messages.create(messages=messages, **request)
    assert second.content[-1].text == "results: rain"


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("keeps_details", [True, False], ids=["sent-back", "left-out"])
def test_openai_over_anthropic(openai_client: openai.OpenAI, streamed: bool, keeps_details: bool):
    request = {"model": THINKING, "reasoning_effort": "high", "tools": OPENAI_TOOLS}
    if streamed:
        with openai_client.chat.completions.stream(
            messages=user(QUESTION), stream_options={"include_usage": True}, **request
        ) as stream:
            first = stream.get_final_completion()
    else:
        first = openai_client.chat.completions.create(messages=user(QUESTION), **request)
    message = first.choices[0].message
    assert message.reasoning_content == f"Thinking about: {QUESTION}"
    assert message.reasoning_details[0]["signature"]
    assert first.usage.completion_tokens_details.reasoning_tokens > 0

    [call] = message.tool_calls
    function = {"name": call.function.name, "arguments": call.function.arguments}
    assistant = {
        "role": "assistant",
        "tool_calls": [{"id": call.id, "type": "function", "function": function}],
    }
    if keeps_details:
        assistant["reasoning_details"] = message.reasoning_details
    messages = user(QUESTION) + [assistant, {"role": "tool", "tool_call_id": call.id, "content": "rain"}]
    second = openai_client.chat.completions.create(messages=messages, **request)
    assert second.choices[0].message.content == "results: rain"
    # Without the proof the provider could not go on thinking; the call succeeds without.
    assert hasattr(second.choices[0].message, "reasoning_content") == keeps_details


def test_openai_over_openai(openai_client: openai.OpenAI):
    completion = openai_client.chat.completions.create(
        model=HIDDEN_BY_OPENAI, messages=user("hello"), reasoning_effort="low"
    )
    assert completion.choices[0].message.content == "echo: hello"
    assert completion.usage.completion_tokens_details.reasoning_tokens == 6


def test_openai_over_a_server_that_shows_its_reasoning(openai_client: openai.OpenAI):
    stream = openai_client.chat.completions.create(
        model=SHOWN_BY_OWN_SERVER, messages=user(QUESTION), tools=OPENAI_TOOLS, stream=True
    )
    deltas = [chunk.choices[0].delta for chunk in stream if chunk.choices]
    assert "".join(getattr(delta, "reasoning_content", "") for delta in deltas) == f"Thinking about: {QUESTION}"
    pieces = [call.function.arguments for delta in deltas for call in delta.tool_calls or []]
    assert json.loads("".join(pieces)) == {"city": "Oslo"}
