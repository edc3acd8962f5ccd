"""The Anthropic package over a target of its own dialect and over one of OpenAI's: one program, the same answers."""

import anthropic
import pytest
from anthropic import beta_tool
from pydantic import BaseModel

from endpoints import ANTHROPIC, OPENAI

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def tool(name: str, *required: str) -> dict:
    properties = {member: {"type": "string"} for member in required}
    schema = {"type": "object", "required": list(required), "properties": properties}
    return {"name": name, "description": f"Tells the {name}.", "input_schema": schema}


TOOLS = [tool("weather", "city"), tool("clock", "zone")]


class Person(BaseModel):
    name: str
    age: int


def user(content) -> list[dict]:
    return [{"role": "user", "content": content}]


def test_a_plain_answer(anthropic_client: anthropic.Anthropic, endpoint: str):
    message = anthropic_client.messages.create(
        model=endpoint, max_tokens=100, system="Be brief.", messages=user("hello")
    )
    assert (message.type, message.role, message.stop_reason) == ("message", "assistant", "end_turn")
    assert message.id
    [block] = message.content
    assert (block.type, block.text) == ("text", "echo: hello")


def test_usage_adds_up(anthropic_client: anthropic.Anthropic, endpoint: str):
    create = anthropic_client.messages.create
    short = create(model=endpoint, max_tokens=1000, messages=user("hello")).usage
    long = create(model=endpoint, max_tokens=1000, messages=user("hello " * 100)).usage
    # The provider counts a token for four characters: `echo: hello` has eleven.
    assert short.output_tokens == 3
    assert long.input_tokens > short.input_tokens + 100


def test_a_stream_says_what_the_whole_says(anthropic_client: anthropic.Anthropic, endpoint: str):
    question = user("grüß Gott, 日本 🦀 and more than one token")
    whole = anthropic_client.messages.create(model=endpoint, max_tokens=100, messages=question)
    stream = anthropic_client.messages.create(model=endpoint, max_tokens=100, messages=question, stream=True)
    events = list(stream)
    deltas = [event.delta.text for event in events if event.type == "content_block_delta"]
    assert "".join(deltas) == whole.content[0].text
    assert len(deltas) > 5, "the text did not come in pieces"
    outline = [event.type for event in events if event.type != "content_block_delta"]
    assert outline == [
        "message_start",
        "content_block_start",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    [ending] = [event for event in events if event.type == "message_delta"]
    assert ending.delta.stop_reason == "end_turn"
    assert ending.usage.output_tokens == whole.usage.output_tokens


def test_the_streaming_helper(anthropic_client: anthropic.Anthropic, endpoint: str):
    with anthropic_client.messages.stream(model=endpoint, max_tokens=1000, messages=user("write 20 words")) as stream:
        pieces = list(stream.text_stream)
        final = stream.get_final_message()
    assert "".join(pieces) == " ".join(f"w{number}" for number in range(1, 21))
    assert final.content[0].text == "".join(pieces)
    assert final.stop_reason == "end_turn"
    assert final.usage.input_tokens > 0
    assert final.usage.output_tokens > 10


def test_a_stream_can_be_left(anthropic_client: anthropic.Anthropic, endpoint: str):
    with anthropic_client.messages.stream(model=endpoint, max_tokens=4000, messages=user("write 1000 words")) as stream:
        next(stream.text_stream)
    # The connection went away with the stream; the client goes on.
    assert anthropic_client.messages.create(model=endpoint, max_tokens=100, messages=user("again")).content


def test_tools_with_a_second_turn(anthropic_client: anthropic.Anthropic, endpoint: str):
    create = anthropic_client.messages.create
    messages = user('say let me look then call weather {"city":"Zürich"}')
    first = create(model=endpoint, max_tokens=100, messages=messages, tools=TOOLS)
    assert first.stop_reason == "tool_use"
    text, call = first.content
    assert (text.type, text.text) == ("text", "let me look")
    assert (call.type, call.name, call.input) == ("tool_use", "weather", {"city": "Zürich"})

    result = {"type": "tool_result", "tool_use_id": call.id, "content": "21 degrees"}
    messages += [{"role": "assistant", "content": first.content}, *user([result])]
    second = create(model=endpoint, max_tokens=100, messages=messages, tools=TOOLS)
    assert (second.content[0].text, second.stop_reason) == ("results: 21 degrees", "end_turn")


def test_parallel_tools(anthropic_client: anthropic.Anthropic, endpoint: str):
    create = anthropic_client.messages.create
    messages = user('call weather {"city":"Paris"} and call clock {"zone":"CET"}')
    first = create(model=endpoint, max_tokens=100, messages=messages, tools=TOOLS)
    assert [(call.type, call.name) for call in first.content] == [("tool_use", "weather"), ("tool_use", "clock")]
    assert len({call.id for call in first.content}) == 2

    results = {"weather": "rain", "clock": [{"type": "text", "text": "noon"}]}
    messages.append({"role": "assistant", "content": first.content})
    messages += user(
        [{"type": "tool_result", "tool_use_id": call.id, "content": results[call.name]} for call in first.content]
    )
    second = create(model=endpoint, max_tokens=100, messages=messages, tools=TOOLS)
    assert second.content[0].text == "results: rain; noon"


def test_streamed_tools_with_a_second_turn(anthropic_client: anthropic.Anthropic, endpoint: str):
    messages = user('call weather {"city":"Paris"} and call clock {"zone":"CET"}')
    request = {"model": endpoint, "max_tokens": 100, "tools": TOOLS}
    with anthropic_client.messages.stream(messages=messages, **request) as stream:
        partial = [event.partial_json for event in stream if event.type == "input_json"]
        message = stream.get_final_message()
    assert len(partial) > 4, "the arguments did not come in pieces"
    assert [(call.name, call.input) for call in message.content] == [
        ("weather", {"city": "Paris"}),
        ("clock", {"zone": "CET"}),
    ]
    messages.append({"role": "assistant", "content": message.content})
    messages += user(
        [{"type": "tool_result", "tool_use_id": call.id, "content": call.name} for call in message.content]
    )
    with anthropic_client.messages.stream(messages=messages, **request) as stream:
        assert stream.get_final_text() == "results: weather; clock"


def test_the_tool_runner_goes_through_the_loop_by_itself(anthropic_client: anthropic.Anthropic, endpoint: str):
    asked = []

    @beta_tool
    def weather(city: str) -> str:
        """Tells the weather.

        Args:
            city: Where.
        """
        asked.append(city)
        return f"sun over {city}"

    runner = anthropic_client.beta.messages.tool_runner(
        model=endpoint,
        max_tokens=100,
        messages=user('call weather {"city":"Oslo"}'),
        tools=[weather],
    )
    final = runner.until_done()
    assert asked == ["Oslo"]
    assert final.content[0].text == "results: sun over Oslo"


def test_tokens_are_counted(anthropic_client: anthropic.Anthropic, endpoint: str):
    request = {"model": endpoint, "messages": user("How many tokens has this?")}
    count = anthropic_client.messages.count_tokens(**request)
    assert count.input_tokens > 0
    longer = anthropic_client.messages.count_tokens(**request, system="Be brief, and answer in one word.")
    assert longer.input_tokens > count.input_tokens


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        ({"type": "any"}, ["weather"]),
        ({"type": "tool", "name": "clock"}, ["clock"]),
        ({"type": "none"}, []),
    ],
)
def test_a_tool_choice_holds(anthropic_client: anthropic.Anthropic, endpoint: str, choice, called: list[str]):
    message = anthropic_client.messages.create(
        model=endpoint, max_tokens=100, messages=user("hello"), tools=TOOLS, tool_choice=choice
    )
    assert [block.name for block in message.content if block.type == "tool_use"] == called


def test_one_tool_at_a_time(anthropic_client: anthropic.Anthropic, endpoint: str):
    message = anthropic_client.messages.create(
        model=endpoint,
        max_tokens=100,
        messages=user("call weather and call clock"),
        tools=TOOLS,
        tool_choice={"type": "auto", "disable_parallel_tool_use": True},
    )
    assert [block.name for block in message.content] == ["weather"]


def test_structured_output(anthropic_client: anthropic.Anthropic, endpoint: str):
    message = anthropic_client.messages.parse(
        model=endpoint, max_tokens=100, messages=user("who?"), output_format=Person
    )
    assert message.parsed_output == Person(name="mock", age=0)


def test_streamed_structured_output(anthropic_client: anthropic.Anthropic, endpoint: str):
    with anthropic_client.messages.stream(
        model=endpoint, max_tokens=100, messages=user("who?"), output_format=Person
    ) as stream:
        assert stream.get_final_message().parsed_output == Person(name="mock", age=0)


def test_an_image(anthropic_client: anthropic.Anthropic, endpoint: str):
    content = [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        {"type": "image", "source": {"type": "url", "url": "https://example.com/cat.jpg"}},
        {"type": "text", "text": "what is this?"},
    ]
    message = anthropic_client.messages.create(model=endpoint, max_tokens=100, messages=user(content))
    assert message.content[0].text == "echo: what is this? [saw image/png, url]"


def test_reasons_to_stop(anthropic_client: anthropic.Anthropic, endpoint: str):
    create = anthropic_client.messages.create
    short = create(model=endpoint, max_tokens=2, messages=user("hello world"))
    assert (short.content[0].text, short.stop_reason) == ("echo: he", "max_tokens")
    stopped = create(model=endpoint, max_tokens=100, messages=user("hello world"), stop_sequences=["wor"])
    assert stopped.content[0].text == "echo: hello "
    # OpenAI does not say which stop sequence it met, or that it met one.
    expected = {ANTHROPIC: ("stop_sequence", "wor"), OPENAI: ("end_turn", None)}
    assert (stopped.stop_reason, stopped.stop_sequence) == expected[endpoint]


def test_a_refusal_is_no_answer(anthropic_client: anthropic.Anthropic, endpoint: str):
    message = anthropic_client.messages.create(model=endpoint, max_tokens=100, messages=user("refuse this"))
    assert message.stop_reason == "refusal"


def test_system_messages_in_between(anthropic_client: anthropic.Anthropic, endpoint: str):
    messages = [
        *user("hello"),
        {"role": "assistant", "content": "hi"},
        {"role": "system", "content": "Now be formal."},
        *user("hello again"),
    ]
    message = anthropic_client.messages.create(model=endpoint, max_tokens=100, messages=messages)
    assert message.content[0].text == "echo: hello again"


def test_cached_tokens_are_counted_apart(anthropic_client: anthropic.Anthropic):
    # OpenAI counts them among the tokens of the prompt, Anthropic beside them.
    text = {"type": "text", "text": "words " * 2000, "cache_control": {"type": "ephemeral"}}
    native = anthropic_client.messages.create(model=ANTHROPIC, max_tokens=4000, messages=user([text])).usage
    assert native.cache_read_input_tokens > 0
    assert native.cache_creation_input_tokens > 0
    translated = anthropic_client.messages.create(model=OPENAI, max_tokens=4000, messages=user([text])).usage
    assert translated.cache_read_input_tokens > 0
    assert 0 < translated.input_tokens < 3100, "the cached tokens were counted twice"


def test_both_versions_of_the_api(gateway_url: str, anthropic_client: anthropic.Anthropic, endpoint: str):
    for version in ("2023-06-01", "2026-10-21"):
        client = anthropic_client.with_options(default_headers={"anthropic-version": version})
        message = client.messages.create(model=endpoint, max_tokens=100, messages=user("hello"))
        assert message.content[0].text == "echo: hello"
    # Only the older one has sampling parameters.
    old = anthropic_client.with_options(default_headers={"anthropic-version": "2023-06-01"})
    message = old.messages.create(
        model=endpoint, max_tokens=100, messages=user("hello"), extra_body={"temperature": 0.5}
    )
    assert message.content[0].text == "echo: hello"
