"""What comes beside the answer: ids, the target, the price of the call, and which target answered after a fallback."""

from decimal import Decimal

import anthropic
import openai
import pytest

from endpoints import ANTHROPIC, OPENAI, PRICES, TARGETS

HELLO = [{"role": "user", "content": "hello"}]


def price(endpoint: str, input_tokens: int, output_tokens: int) -> Decimal:
    per_input, per_output = (Decimal(amount) for amount in PRICES[endpoint])
    return (per_input * input_tokens + per_output * output_tokens) / 1_000_000


def check_our_headers(headers, target: str) -> None:
    assert len(headers["x-gatewright-call-id"]) == 36
    assert len(headers["x-gatewright-trace-id"]) == 32
    assert headers["x-gatewright-target"] == target
    assert headers["x-gatewright-attempts"] == "1"
    assert headers["x-gatewright-version"]


def test_headers_for_openai(openai_client: openai.OpenAI, endpoint: str):
    response = openai_client.chat.completions.with_raw_response.create(model=endpoint, messages=HELLO)
    check_our_headers(response.headers, TARGETS[endpoint])
    completion = response.parse()
    usage = completion.usage
    cost = Decimal(response.headers["x-gatewright-cost-usd"])
    assert cost == price(endpoint, usage.prompt_tokens, usage.completion_tokens)
    assert completion._request_id, "the package shows no request id"


def test_headers_for_anthropic(anthropic_client: anthropic.Anthropic, endpoint: str):
    response = anthropic_client.messages.with_raw_response.create(model=endpoint, max_tokens=100, messages=HELLO)
    check_our_headers(response.headers, TARGETS[endpoint])
    message = response.parse()
    usage = message.usage
    cost = Decimal(response.headers["x-gatewright-cost-usd"])
    assert cost == price(endpoint, usage.input_tokens, usage.output_tokens)
    assert message._request_id, "the package shows no request id"


def test_headers_of_streams(openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic, endpoint: str):
    request = {"model": endpoint, "messages": HELLO}
    with openai_client.chat.completions.with_streaming_response.create(**request, stream=True) as response:
        check_our_headers(response.headers, TARGETS[endpoint])
        assert "x-gatewright-cost-usd" not in response.headers
        assert list(response.parse())
    with anthropic_client.messages.stream(**request, max_tokens=100) as stream:
        check_our_headers(stream.response.headers, TARGETS[endpoint])
        assert stream.request_id
        assert stream.get_final_text() == "echo: hello"


def test_every_call_has_an_id_of_its_own(openai_client: openai.OpenAI, endpoint: str):
    create = openai_client.chat.completions.with_raw_response.create
    ids = {create(model=endpoint, messages=HELLO).headers["x-gatewright-call-id"] for _ in range(3)}
    assert len(ids) == 3


def test_errors_carry_the_id_of_their_call(
    openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic, endpoint: str
):
    with pytest.raises(openai.APIStatusError) as failed:
        openai_client.chat.completions.create(model=f"{endpoint}-failing", messages=HELLO)
    assert failed.value.response.headers["x-gatewright-call-id"]
    assert failed.value.request_id
    with pytest.raises(anthropic.APIStatusError) as failed:
        anthropic_client.messages.create(model=f"{endpoint}-failing", messages=HELLO, max_tokens=100)
    call = failed.value.response.headers["x-gatewright-call-id"]
    assert failed.value.body["request_id"] == call
    assert failed.value.request_id


def test_an_unknown_price_is_unknown(openai_client: openai.OpenAI):
    response = openai_client.chat.completions.with_raw_response.create(model="unpriced", messages=HELLO)
    assert response.headers["x-gatewright-cost-usd"] == "unknown"


@pytest.mark.parametrize(
    ("model", "answered"), [("openai-then-anthropic", ANTHROPIC), ("anthropic-then-openai", OPENAI)]
)
def test_a_fallback_to_the_other_dialect(
    openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic, model: str, answered: str
):
    response = openai_client.chat.completions.with_raw_response.create(model=model, messages=HELLO)
    assert response.parse().choices[0].message.content == "echo: hello"
    assert response.headers["x-gatewright-target"] == TARGETS[answered]
    assert response.headers["x-gatewright-attempts"] == "2"
    with anthropic_client.messages.stream(model=model, max_tokens=100, messages=HELLO) as stream:
        assert stream.get_final_text() == "echo: hello"
        assert stream.response.headers["x-gatewright-target"] == TARGETS[answered]


def test_a_model_without_an_endpoint(
    openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic, endpoint: str
):
    target = TARGETS[endpoint]
    completion = openai_client.chat.completions.create(model=target, messages=HELLO)
    assert completion.choices[0].message.content == "echo: hello"
    message = anthropic_client.messages.create(model=target, max_tokens=100, messages=HELLO)
    assert message.content[0].text == "echo: hello"


def test_a_trace_is_continued(openai_client: openai.OpenAI, endpoint: str):
    trace = "0af7651916cd43dd8448eb211c80319c"
    response = openai_client.chat.completions.with_raw_response.create(
        model=endpoint, messages=HELLO, extra_headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    )
    assert response.headers["x-gatewright-trace-id"] == trace
