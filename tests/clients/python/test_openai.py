"""The OpenAI package over a target of its own dialect and over one of Anthropic's: one program, the same answers."""

import json

import openai
import pytest
from pydantic import BaseModel

from endpoints import ANTHROPIC, OPENAI

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def function(name: str, *required: str) -> dict:
    parameters = {"type": "object", "required": list(required), "properties": {}}
    for member in required:
        parameters["properties"][member] = {"type": "string"}
    return {
        "type": "function",
        "function": {"name": name, "description": f"Tells the {name}.", "parameters": parameters},
    }


TOOLS = [function("weather", "city"), function("clock", "zone")]


class Person(BaseModel):
    name: str
    age: int


def user(content) -> list[dict]:
    return [{"role": "user", "content": content}]


def said(message) -> dict:
    """The message as its next request carries it. The streaming helper's own members are none of the API's."""
    calls = []
    for call in message.tool_calls:
        function = {"name": call.function.name, "arguments": call.function.arguments}
        calls.append({"id": call.id, "type": call.type, "function": function})
    return {"role": "assistant", "content": message.content, "tool_calls": calls}


def test_a_plain_answer(openai_client: openai.OpenAI, endpoint: str):
    messages = [{"role": "system", "content": "Be brief."}, *user("hello")]
    completion = openai_client.chat.completions.create(model=endpoint, messages=messages)
    assert completion.object == "chat.completion"
    assert completion.id
    [choice] = completion.choices
    assert (choice.message.role, choice.message.content, choice.finish_reason) == ("assistant", "echo: hello", "stop")
    assert choice.message.tool_calls is None


def test_usage_adds_up(openai_client: openai.OpenAI, endpoint: str):
    short = openai_client.chat.completions.create(model=endpoint, messages=user("hello")).usage
    long = openai_client.chat.completions.create(model=endpoint, messages=user("hello " * 100)).usage
    # The provider counts a token for four characters: `echo: hello` has eleven.
    assert short.completion_tokens == 3
    assert short.total_tokens == short.prompt_tokens + short.completion_tokens
    assert long.prompt_tokens > short.prompt_tokens + 100


def test_a_stream_says_what_the_whole_says(openai_client: openai.OpenAI, endpoint: str):
    question = user("grüß Gott, 日本 🦀 and more than one token")
    whole = openai_client.chat.completions.create(model=endpoint, messages=question)
    stream = openai_client.chat.completions.create(
        model=endpoint, messages=question, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    with_choices = [chunk for chunk in chunks if chunk.choices]
    text = "".join(chunk.choices[0].delta.content or "" for chunk in with_choices)
    assert text == whole.choices[0].message.content
    assert len(with_choices) > 5, "the text did not come in pieces"
    assert with_choices[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in with_choices if chunk.choices[0].finish_reason] == ["stop"]
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens
    assert chunks[-1].usage.prompt_tokens == whole.usage.prompt_tokens


def test_usage_is_streamed_only_on_demand(openai_client: openai.OpenAI, endpoint: str):
    stream = openai_client.chat.completions.create(model=endpoint, messages=user("hello"), stream=True)
    for chunk in stream:
        assert chunk.choices, "a chunk without choices came to a client that did not ask for usage"
        assert chunk.usage is None


def test_the_streaming_helper(openai_client: openai.OpenAI, endpoint: str):
    with openai_client.chat.completions.stream(model=endpoint, messages=user("write 20 words")) as stream:
        deltas = [event.delta for event in stream if event.type == "content.delta"]
        final = stream.get_final_completion()
    assert "".join(deltas) == " ".join(f"w{number}" for number in range(1, 21))
    assert final.choices[0].message.content == "".join(deltas)
    assert final.choices[0].finish_reason == "stop"


def test_a_stream_can_be_left(openai_client: openai.OpenAI, endpoint: str):
    with openai_client.chat.completions.create(
        model=endpoint, messages=user("write 1000 words"), stream=True
    ) as stream:
        next(stream)
    # The connection went away with the stream; the client goes on.
    assert openai_client.chat.completions.create(model=endpoint, messages=user("again")).choices


def test_tools_with_a_second_turn(openai_client: openai.OpenAI, endpoint: str):
    messages = user('say let me look then call weather {"city":"Zürich"}')
    first = openai_client.chat.completions.create(model=endpoint, messages=messages, tools=TOOLS)
    assert first.choices[0].finish_reason == "tool_calls"
    message = first.choices[0].message
    assert message.content == "let me look"
    [call] = message.tool_calls
    assert (call.type, call.function.name) == ("function", "weather")
    assert json.loads(call.function.arguments) == {"city": "Zürich"}

    messages += [message, {"role": "tool", "tool_call_id": call.id, "content": "21 degrees"}]
    second = openai_client.chat.completions.create(model=endpoint, messages=messages, tools=TOOLS)
    assert second.choices[0].message.content == "results: 21 degrees"
    assert second.choices[0].finish_reason == "stop"


def test_parallel_tools(openai_client: openai.OpenAI, endpoint: str):
    messages = user('call weather {"city":"Paris"} and call clock {"zone":"CET"}')
    first = openai_client.chat.completions.create(model=endpoint, messages=messages, tools=TOOLS)
    message = first.choices[0].message
    assert [call.function.name for call in message.tool_calls] == ["weather", "clock"]
    assert len({call.id for call in message.tool_calls}) == 2

    results = {"weather": "rain", "clock": "noon"}
    messages.append(message.model_dump(exclude_none=True))
    for call in message.tool_calls:
        messages.append({"role": "tool", "tool_call_id": call.id, "content": results[call.function.name]})
    second = openai_client.chat.completions.create(model=endpoint, messages=messages, tools=TOOLS)
    assert second.choices[0].message.content == "results: rain; noon"


def test_streamed_tools_with_a_second_turn(openai_client: openai.OpenAI, endpoint: str):
    messages = user('call weather {"city":"Paris"} and call clock {"zone":"CET"}')
    with openai_client.chat.completions.stream(model=endpoint, messages=messages, tools=TOOLS) as stream:
        done = [event for event in stream if event.type == "tool_calls.function.arguments.done"]
        message = stream.get_final_completion().choices[0].message
    assert [(event.index, event.name, json.loads(event.arguments)) for event in done] == [
        (0, "weather", {"city": "Paris"}),
        (1, "clock", {"zone": "CET"}),
    ]
    messages.append(said(message))
    for call in message.tool_calls:
        messages.append({"role": "tool", "tool_call_id": call.id, "content": call.function.name})
    second = openai_client.chat.completions.create(model=endpoint, messages=messages, tools=TOOLS)
    assert second.choices[0].message.content == "results: weather; clock"


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        ("required", ["weather"]),
        ({"type": "function", "function": {"name": "clock"}}, ["clock"]),
        ("none", []),
    ],
)
def test_a_tool_choice_holds(openai_client: openai.OpenAI, endpoint: str, choice, called: list[str]):
    completion = openai_client.chat.completions.create(
        model=endpoint, messages=user("hello"), tools=TOOLS, tool_choice=choice
    )
    calls = completion.choices[0].message.tool_calls or []
    assert [call.function.name for call in calls] == called


def test_one_tool_at_a_time(openai_client: openai.OpenAI, endpoint: str):
    completion = openai_client.chat.completions.create(
        model=endpoint,
        messages=user("call weather and call clock"),
        tools=TOOLS,
        parallel_tool_calls=False,
    )
    assert [call.function.name for call in completion.choices[0].message.tool_calls] == ["weather"]


def test_a_tool_made_from_a_class(openai_client: openai.OpenAI, endpoint: str):
    completion = openai_client.chat.completions.parse(
        model=endpoint,
        messages=user('call Person {"name":"Ada","age":36}'),
        tools=[openai.pydantic_function_tool(Person)],
    )
    [call] = completion.choices[0].message.tool_calls
    assert call.function.parsed_arguments == Person(name="Ada", age=36)


def test_structured_output(openai_client: openai.OpenAI, endpoint: str):
    completion = openai_client.chat.completions.parse(model=endpoint, messages=user("who?"), response_format=Person)
    assert completion.choices[0].message.parsed == Person(name="mock", age=0)


def test_streamed_structured_output(openai_client: openai.OpenAI, endpoint: str):
    with openai_client.chat.completions.stream(model=endpoint, messages=user("who?"), response_format=Person) as stream:
        done = [event for event in stream if event.type == "content.done"]
    assert [event.parsed for event in done] == [Person(name="mock", age=0)]


def test_an_image(openai_client: openai.OpenAI, endpoint: str):
    content = [
        {"type": "text", "text": "what is this?"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/cat.jpg"}},
    ]
    completion = openai_client.chat.completions.create(model=endpoint, messages=user(content))
    assert completion.choices[0].message.content == "echo: what is this? [saw image/png, url]"


def test_reasons_to_stop(openai_client: openai.OpenAI, endpoint: str):
    create = openai_client.chat.completions.create
    short = create(model=endpoint, messages=user("hello world"), max_completion_tokens=2).choices[0]
    assert (short.message.content, short.finish_reason) == ("echo: he", "length")
    stopped = create(model=endpoint, messages=user("hello world"), stop=["wor"]).choices[0]
    assert (stopped.message.content, stopped.finish_reason) == ("echo: hello ", "stop")


def test_a_refusal_is_no_answer(openai_client: openai.OpenAI, endpoint: str):
    message = openai_client.chat.completions.create(model=endpoint, messages=user("refuse this")).choices[0].message
    assert not message.content
    assert message.refusal == "I cannot help with that."


def test_several_choices_where_the_target_knows_them(openai_client: openai.OpenAI):
    completion = openai_client.chat.completions.create(model=OPENAI, messages=user("hello"), n=2)
    assert [choice.message.content for choice in completion.choices] == ["echo: hello"] * 2
    chunks = openai_client.chat.completions.create(model=OPENAI, messages=user("hello"), n=2, stream=True)
    assert {chunk.choices[0].index for chunk in chunks} == {0, 1}


def test_what_the_target_cannot_do_is_named(openai_client: openai.OpenAI):
    response = openai_client.chat.completions.with_raw_response.create(
        model=ANTHROPIC, messages=user("hello"), seed=7, n=2, logprobs=True
    )
    notes = response.headers["x-gatewright-notes"]
    assert all(field in notes for field in ("seed", "n", "logprobs")), notes
    assert response.parse().choices[0].message.content == "echo: hello"


def test_sampling_parameters_are_brought_into_range(openai_client: openai.OpenAI):
    # Anthropic takes temperatures up to 1, and none at all in its newest version of the API.
    completion = openai_client.chat.completions.create(model=ANTHROPIC, messages=user("hello"), temperature=1.7)
    assert completion.choices[0].message.content == "echo: hello"


def test_a_long_prompt_was_cached(openai_client: openai.OpenAI):
    usage = openai_client.chat.completions.create(model=OPENAI, messages=user("words " * 2000)).usage
    assert 0 < usage.prompt_tokens_details.cached_tokens < usage.prompt_tokens
