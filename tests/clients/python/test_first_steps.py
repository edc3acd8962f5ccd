"""What a newcomer does: no keys on one's own machine, the examples that MLflow documents with only the host changed,
and a start without any configuration."""

import anthropic
import httpx2
import openai
import pytest

from endpoints import ANTHROPIC, APP_KEY, OPENAI

HELLO = [{"role": "user", "content": "hello"}]


class TestMlflowsExamples:
    """https://mlflow.org/docs/latest/genai/governance/ai-gateway/"""

    def test_the_openai_package(self, open_gateway_url: str, endpoint: str):
        client = openai.OpenAI(base_url=f"{open_gateway_url}/gateway/mlflow/v1", api_key="dummy")
        completion = client.chat.completions.create(model=endpoint, messages=HELLO)
        assert completion.choices[0].message.content == "echo: hello"
        stream = client.chat.completions.create(model=endpoint, messages=HELLO, stream=True)
        assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "echo: hello"
        assert endpoint in {model.id for model in client.models.list()}

    def test_the_anthropic_package(self, open_gateway_url: str, endpoint: str):
        client = anthropic.Anthropic(base_url=f"{open_gateway_url}/gateway/anthropic", api_key="dummy")
        message = client.messages.create(model=endpoint, max_tokens=1024, messages=HELLO)
        assert message.content[0].text == "echo: hello"
        with client.messages.stream(model=endpoint, max_tokens=1024, messages=HELLO) as stream:
            assert stream.get_final_text() == "echo: hello"

    def test_no_key_at_all(self, open_gateway_url: str):
        # This package refuses an empty key itself; without the header it is the same to the gateway.
        client = openai.OpenAI(base_url=f"{open_gateway_url}/gateway/mlflow/v1", api_key="dummy")
        no_key = {"Authorization": openai.Omit()}
        completion = client.chat.completions.create(model=OPENAI, messages=HELLO, extra_headers=no_key)
        assert completion.choices[0].message.content == "echo: hello"

    def test_the_openai_routes(self, open_gateway_url: str):
        client = openai.OpenAI(base_url=f"{open_gateway_url}/gateway/openai/v1", api_key="dummy")
        assert client.chat.completions.create(model=OPENAI, messages=HELLO).choices
        assert len(client.embeddings.create(model="vectors", input="one").data) == 1

    def test_a_proxy_in_between_ends_the_open_door(self, open_gateway_url: str):
        client = openai.OpenAI(
            base_url=f"{open_gateway_url}/v1", api_key="dummy", default_headers={"x-forwarded-for": "203.0.113.7"}
        )
        with pytest.raises(openai.AuthenticationError):
            client.chat.completions.create(model=OPENAI, messages=HELLO)


class TestOtherWaysIn:
    """Where else a key may stand, and where else the routes are."""

    def test_a_key_where_anthropic_had_it(self, gateway_url: str):
        client = anthropic.Anthropic(
            base_url=f"{gateway_url}/anthropic",
            api_key="unused",
            default_headers={"x-api-key": APP_KEY, "authorization": anthropic.Omit()},
        )
        assert client.messages.create(model=ANTHROPIC, max_tokens=100, messages=HELLO).content

    def test_an_auth_token(self, gateway_url: str):
        client = anthropic.Anthropic(base_url=gateway_url, auth_token=APP_KEY)
        assert client.messages.create(model=ANTHROPIC, max_tokens=100, messages=HELLO).content

    def test_azures_client(self, gateway_url: str, endpoint: str):
        client = openai.AzureOpenAI(azure_endpoint=gateway_url, api_version="2024-10-21", api_key=APP_KEY)
        completion = client.chat.completions.create(model=endpoint, messages=HELLO)
        assert completion.choices[0].message.content == "echo: hello"

    def test_an_alias(self, gateway_url: str):
        client = openai.OpenAI(base_url=f"{gateway_url}/openai/v1", api_key=APP_KEY)
        assert client.chat.completions.create(model="gpt-default", messages=HELLO).choices

    def test_mlflows_invocations(self, gateway_url: str, endpoint: str):
        reply = httpx2.post(
            f"{gateway_url}/gateway/{endpoint}/mlflow/invocations",
            json={"messages": HELLO},
            headers={"authorization": f"Bearer {APP_KEY}"},
        )
        assert reply.status_code == 200
        assert reply.json()["choices"][0]["message"]["content"] == "echo: hello"


class TestWithoutConfiguration:
    """Credentials from the environment, and a simulator for those who have none."""

    def test_the_demo(self, bare_gateway_url: str):
        client = openai.OpenAI(base_url=f"{bare_gateway_url}/v1", api_key="dummy")
        response = client.chat.completions.with_raw_response.create(model="demo", messages=HELLO)
        assert response.parse().choices[0].message.content
        assert response.headers["x-gatewright-simulated"] == "true"
        assert response.headers["x-gatewright-cost-usd"] == "0"
        with anthropic.Anthropic(base_url=bare_gateway_url, api_key="dummy").messages.stream(
            model="demo", max_tokens=100, messages=HELLO
        ) as stream:
            assert stream.get_final_text()

    def test_credentials_of_the_environment(self, bare_gateway_url: str):
        client = openai.OpenAI(base_url=f"{bare_gateway_url}/v1", api_key="dummy")
        for model in ("openai/gpt-4o", "anthropic/claude-sonnet-4-5"):
            completion = client.chat.completions.create(model=model, messages=HELLO)
            assert completion.choices[0].message.content == "echo: hello"
