"""Corners where the two dialects differ and translations go wrong first: calls without arguments, failed tools, nested
schemas, files, conversations that another model began."""

import json

import anthropic
import openai
import pytest
from pydantic import BaseModel

from endpoints import ANTHROPIC, OPENAI

PDF = "JVBERi0xLjQKJSVFT0YK"
NOTHING = {"type": "object", "properties": {}}


class Address(BaseModel):
    street: str
    floor: int | None


class Customer(BaseModel):
    name: str
    addresses: list[Address]
    nickname: str | None = None


def user(content) -> list[dict]:
    return [{"role": "user", "content": content}]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
class TestCallsWithoutArguments:
    def test_for_openai(self, openai_client: openai.OpenAI, endpoint: str, streamed: bool):
        tools = [{"type": "function", "function": {"name": "ping", "parameters": NOTHING}}]
        request = {"model": endpoint, "messages": user("call ping"), "tools": tools}
        if streamed:
            with openai_client.chat.completions.stream(**request) as stream:
                completion = stream.get_final_completion()
        else:
            completion = openai_client.chat.completions.create(**request)
        [call] = completion.choices[0].message.tool_calls
        assert json.loads(call.function.arguments) == {}

    def test_for_anthropic(self, anthropic_client: anthropic.Anthropic, endpoint: str, streamed: bool):
        tools = [{"name": "ping", "input_schema": NOTHING}]
        request = {"model": endpoint, "max_tokens": 100, "messages": user("call ping"), "tools": tools}
        if streamed:
            with anthropic_client.messages.stream(**request) as stream:
                message = stream.get_final_message()
        else:
            message = anthropic_client.messages.create(**request)
        [call] = message.content
        assert call.input == {}


def test_a_tool_that_failed(anthropic_client: anthropic.Anthropic, endpoint: str):
    call = {"type": "tool_use", "id": "toolu_1", "name": "ping", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "no route", "is_error": True}
    message = anthropic_client.messages.create(
        model=endpoint,
        max_tokens=100,
        messages=[*user("go"), {"role": "assistant", "content": [call]}, *user([result])],
        tools=[{"name": "ping", "input_schema": NOTHING}],
    )
    assert message.content[0].text.startswith("results: ")
    assert "no route" in message.content[0].text


def test_ids_that_another_model_gave(openai_client: openai.OpenAI, endpoint: str):
    call = {"id": "call.1:2|odd", "type": "function", "function": {"name": "ping", "arguments": ""}}
    completion = openai_client.chat.completions.create(
        model=endpoint,
        messages=[
            *user("go"),
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call.1:2|odd", "content": "pong"},
        ],
        tools=[{"type": "function", "function": {"name": "ping", "parameters": NOTHING}}],
    )
    assert completion.choices[0].message.content == "results: pong"


def test_words_after_the_results(anthropic_client: anthropic.Anthropic, endpoint: str):
    call = {"type": "tool_use", "id": "toolu_1", "name": "ping", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "pong"}]}
    message = anthropic_client.messages.create(
        model=endpoint,
        max_tokens=100,
        messages=[
            *user("go"),
            {"role": "assistant", "content": [call]},
            *user([result, {"type": "text", "text": "and now?"}]),
        ],
        tools=[{"name": "ping", "input_schema": NOTHING}],
    )
    assert message.content[0].text


def test_system_messages_anywhere(openai_client: openai.OpenAI, endpoint: str):
    completion = openai_client.chat.completions.create(
        model=endpoint,
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
            *user("hello"),
            {"role": "assistant", "content": "hi"},
            {"role": "system", "content": "Be formal."},
            *user("hello again"),
        ],
    )
    assert completion.choices[0].message.content == "echo: hello again"


def test_nested_structured_output(openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic, endpoint: str):
    completion = openai_client.chat.completions.parse(model=endpoint, messages=user("who?"), response_format=Customer)
    assert completion.choices[0].message.parsed.name == "mock"
    message = anthropic_client.messages.parse(
        model=endpoint, max_tokens=100, messages=user("who?"), output_format=Customer
    )
    assert message.parsed_output.name == "mock"


def test_a_file(openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic, endpoint: str):
    file = {"filename": "paper.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}
    content = [{"type": "text", "text": "sum up"}, {"type": "file", "file": file}]
    completion = openai_client.chat.completions.create(model=endpoint, messages=user(content))
    assert completion.choices[0].message.content == "echo: sum up [saw file]"
    source = {"type": "base64", "media_type": "application/pdf", "data": PDF}
    content = [{"type": "document", "source": source, "title": "paper"}, {"type": "text", "text": "sum up"}]
    message = anthropic_client.messages.create(model=endpoint, max_tokens=100, messages=user(content))
    assert message.content[0].text == "echo: sum up [saw file]"


def test_a_long_answer(openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic, endpoint: str):
    expected = " ".join(f"w{number}" for number in range(1, 2001))
    question = user("write 2000 words")
    with openai_client.chat.completions.stream(
        model=endpoint, messages=question, max_completion_tokens=20000
    ) as stream:
        assert stream.get_final_completion().choices[0].message.content == expected
    with anthropic_client.messages.stream(model=endpoint, messages=question, max_tokens=20000) as stream:
        assert stream.get_final_text() == expected


def test_json_mode(openai_client: openai.OpenAI):
    completion = openai_client.chat.completions.create(
        model=OPENAI, messages=user("hello in json"), response_format={"type": "json_object"}
    )
    assert json.loads(completion.choices[0].message.content) == {"echo": "hello in json"}


def test_betas_go_along(anthropic_client: anthropic.Anthropic):
    # The field is refused where the header that allows it did not arrive.
    context = {"edits": [{"type": "clear_tool_uses_20250919"}]}
    message = anthropic_client.beta.messages.create(
        model=ANTHROPIC,
        max_tokens=100,
        messages=user("hello"),
        context_management=context,
        betas=["context-management-2025-06-27"],
    )
    assert message.content[0].text == "echo: hello"


def test_betas_of_another_dialect_are_named(anthropic_client: anthropic.Anthropic):
    response = anthropic_client.beta.messages.with_raw_response.create(
        model=OPENAI,
        max_tokens=100,
        messages=user("hello"),
        context_management={"edits": [{"type": "clear_tool_uses_20250919"}]},
        betas=["context-management-2025-06-27"],
    )
    assert "context_management" in response.headers["x-gatewright-notes"]
    assert response.parse().content[0].text == "echo: hello"
