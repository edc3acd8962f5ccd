"""Errors arrive as the classes that programs catch, whoever is to blame and whatever the provider speaks."""

import uuid

import anthropic
import openai
import pytest

from endpoints import ANTHROPIC, APP_KEY, ENDED_KEY, NARROW_KEY, OPENAI, TARGETS

HELLO = [{"role": "user", "content": "hello"}]
LONG = [{"role": "user", "content": "write 200 words"}]


def ask_openai(client: openai.OpenAI, model: str, **more):
    return client.chat.completions.create(model=model, messages=HELLO, **more)


def ask_anthropic(client: anthropic.Anthropic, model: str, **more):
    return client.messages.create(**{"model": model, "messages": HELLO, "max_tokens": 100, **more})


class TestRefusals:
    """What the gateway itself refuses."""

    def test_an_unknown_model(self, openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic):
        with pytest.raises(openai.NotFoundError) as refused:
            ask_openai(openai_client, "on-opnai")
        assert (refused.value.code, refused.value.param) == ("unknown_model", "model")
        assert "on-openai" in refused.value.message, "the error does not say what may be used"
        with pytest.raises(anthropic.NotFoundError) as refused:
            ask_anthropic(anthropic_client, "on-opnai")
        assert refused.value.type == "not_found_error"
        assert "on-openai" in refused.value.message

    @pytest.mark.parametrize("key", ["a-key-that-nobody-declared", ENDED_KEY, f"{APP_KEY}x", "gw_x_y_z"])
    def test_a_bad_key(self, openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic, key: str):
        with pytest.raises(openai.AuthenticationError) as refused:
            ask_openai(openai_client.with_options(api_key=key), OPENAI)
        assert refused.value.code == "invalid_key"
        with pytest.raises(anthropic.AuthenticationError) as refused:
            ask_anthropic(anthropic_client.with_options(api_key=key), ANTHROPIC)
        assert refused.value.type == "authentication_error"
        assert key not in str(refused.value)

    def test_a_bad_key_lists_no_models(self, openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic):
        with pytest.raises(openai.AuthenticationError):
            openai_client.with_options(api_key="a-key-that-nobody-declared").models.list()
        with pytest.raises(anthropic.AuthenticationError):
            anthropic_client.with_options(api_key="a-key-that-nobody-declared").models.list()

    def test_a_model_that_is_not_for_this_key(
        self, openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic
    ):
        assert ask_openai(openai_client.with_options(api_key=NARROW_KEY), OPENAI).choices
        with pytest.raises(openai.PermissionDeniedError) as refused:
            ask_openai(openai_client.with_options(api_key=NARROW_KEY), ANTHROPIC)
        assert refused.value.code == "model_not_allowed"
        with pytest.raises(anthropic.PermissionDeniedError) as refused:
            ask_anthropic(anthropic_client.with_options(api_key=NARROW_KEY), ANTHROPIC)
        assert refused.value.type == "permission_error"

    def test_a_body_that_is_no_request(self, openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic):
        with pytest.raises(openai.BadRequestError):
            openai_client.post("/chat/completions", body=["no", "object"], cast_to=object)
        with pytest.raises(anthropic.BadRequestError):
            anthropic_client.post("/v1/messages", body=["no", "object"], cast_to=object)

    def test_a_route_that_does_not_exist(self, openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic):
        with pytest.raises(openai.NotFoundError) as refused:
            openai_client.fine_tuning.jobs.list()
        assert refused.value.code == "not_found"
        with pytest.raises(anthropic.NotFoundError) as refused:
            anthropic_client.messages.batches.list()
        assert refused.value.type == "not_found_error"


class TestProviders:
    """What a provider refuses or fails at."""

    def test_a_request_that_the_provider_refuses(
        self, openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic, endpoint: str
    ):
        with pytest.raises(openai.BadRequestError):
            ask_openai(openai_client, f"{endpoint}-rejecting")
        with pytest.raises(anthropic.BadRequestError) as refused:
            ask_anthropic(anthropic_client, f"{endpoint}-rejecting")
        assert refused.value.type == "invalid_request_error"

    def test_the_providers_own_words_arrive(self, openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic):
        with pytest.raises(openai.BadRequestError, match="'temperature'"):
            ask_openai(openai_client, OPENAI, temperature=3)
        with pytest.raises(anthropic.BadRequestError, match="no_such_field"):
            ask_anthropic(anthropic_client, ANTHROPIC, extra_body={"no_such_field": 1})

    def test_a_rate_limit(self, openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic, endpoint: str):
        with pytest.raises(openai.RateLimitError) as refused:
            ask_openai(openai_client, f"{endpoint}-rate-limited")
        assert refused.value.response.headers["retry-after"] == "7"
        assert refused.value.response.headers["x-gatewright-fault"] == "provider"
        with pytest.raises(anthropic.RateLimitError) as refused:
            ask_anthropic(anthropic_client, f"{endpoint}-rate-limited")
        assert refused.value.response.headers["retry-after"] == "7"
        assert refused.value.type == "rate_limit_error"

    @pytest.mark.parametrize("fault", ["failing", "behind-a-page", "garbled"])
    def test_a_failure(
        self, openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic, endpoint: str, fault: str
    ):
        with pytest.raises(openai.InternalServerError) as failed:
            ask_openai(openai_client, f"{endpoint}-{fault}")
        assert (failed.value.status_code, failed.value.code) == (502, "provider_error")
        with pytest.raises(anthropic.InternalServerError) as failed:
            ask_anthropic(anthropic_client, f"{endpoint}-{fault}")
        assert (failed.value.status_code, failed.value.type) == (502, "api_error")

    def test_an_overload(self, openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic, endpoint: str):
        with pytest.raises(openai.InternalServerError) as failed:
            ask_openai(openai_client, f"{endpoint}-overloaded")
        assert (failed.value.status_code, failed.value.code) == (503, "provider_overloaded")
        with pytest.raises(anthropic.InternalServerError) as failed:
            ask_anthropic(anthropic_client, f"{endpoint}-overloaded")
        assert (failed.value.status_code, failed.value.type) == (529, "overloaded_error")

    def test_a_credential_that_the_provider_refuses_is_not_the_callers_key(
        self, openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic
    ):
        for endpoint in ("refused-by-openai", "refused-by-anthropic"):
            with pytest.raises(openai.InternalServerError) as failed:
                ask_openai(openai_client, endpoint)
            assert (failed.value.status_code, failed.value.code) == (502, "provider_auth")
            with pytest.raises(anthropic.InternalServerError) as failed:
                ask_anthropic(anthropic_client, endpoint)
            assert (failed.value.status_code, failed.value.type) == (502, "api_error")

    def test_an_error_instead_of_a_stream(
        self, openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic, endpoint: str
    ):
        # Nothing has been said yet, so the status can still tell.
        for fault in ("failing", "error-first"):
            with pytest.raises(openai.InternalServerError):
                ask_openai(openai_client, f"{endpoint}-{fault}", stream=True)
            with pytest.raises(anthropic.InternalServerError):
                ask_anthropic(anthropic_client, f"{endpoint}-{fault}", stream=True)

    def test_the_package_tries_again(
        self, openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic, endpoint: str
    ):
        # Fails as often as the gateway tries by itself, and then no more.
        model = f"{TARGETS[endpoint]}~status=503+retry-after=0+times=2+tag={uuid.uuid4().hex}"
        completion = ask_openai(openai_client.with_options(max_retries=1), model)
        assert completion.choices[0].message.content == "echo: hello"
        model = f"{TARGETS[endpoint]}~status=503+retry-after=0+times=2+tag={uuid.uuid4().hex}"
        message = ask_anthropic(anthropic_client.with_options(max_retries=1), model)
        assert message.content[0].text == "echo: hello"


@pytest.mark.parametrize("fault", ["error-event", "ending-early", "cut"])
class TestStreamsThatFail:
    """A stream that has begun and fails raises; it never looks complete."""

    def test_for_openai(self, openai_client: openai.OpenAI, endpoint: str, fault: str):
        stream = openai_client.chat.completions.create(model=f"{endpoint}-{fault}", messages=LONG, stream=True)
        said = ""
        with pytest.raises(openai.APIError) as failed:
            for chunk in stream:
                assert chunk.choices[0].finish_reason is None
                said += chunk.choices[0].delta.content or ""
        assert said.startswith("w1")
        assert failed.value.message

    def test_for_openais_helper(self, openai_client: openai.OpenAI, endpoint: str, fault: str):
        with openai_client.chat.completions.stream(model=f"{endpoint}-{fault}", messages=LONG) as stream:
            with pytest.raises(openai.APIError):
                stream.until_done()

    def test_for_anthropic(self, anthropic_client: anthropic.Anthropic, endpoint: str, fault: str):
        stream = ask_anthropic(anthropic_client, f"{endpoint}-{fault}", messages=LONG, max_tokens=1000, stream=True)
        said = ""
        with pytest.raises(anthropic.APIStatusError) as failed:
            for event in stream:
                assert event.type != "message_stop"
                if event.type == "content_block_delta":
                    said += event.delta.text
        assert said.startswith("w1")
        assert failed.value.type in ("api_error", "overloaded_error")

    def test_for_anthropics_helper(self, anthropic_client: anthropic.Anthropic, endpoint: str, fault: str):
        request = {"model": f"{endpoint}-{fault}", "messages": LONG, "max_tokens": 1000}
        with anthropic_client.messages.stream(**request) as stream, pytest.raises(anthropic.APIStatusError):
            stream.get_final_message()
