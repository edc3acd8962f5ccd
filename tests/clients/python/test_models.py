"""Lists of models, as both packages read them, and embeddings."""

import math

import anthropic
import openai
import pytest

from endpoints import ANTHROPIC, NARROW_KEY, OPENAI


def test_openai_lists_models(openai_client: openai.OpenAI):
    models = {model.id: model for model in openai_client.models.list()}
    assert {OPENAI, ANTHROPIC, "vectors"} <= models.keys()
    assert models[OPENAI].object == "model"
    assert models[OPENAI].created > 0
    assert models[OPENAI].owned_by


def test_anthropic_lists_models(anthropic_client: anthropic.Anthropic):
    models = {model.id: model for model in anthropic_client.models.list()}
    assert {OPENAI, ANTHROPIC} <= models.keys()
    assert models[ANTHROPIC].type == "model"
    assert models[ANTHROPIC].display_name
    assert models[ANTHROPIC].created_at.year >= 2000
    assert models[ANTHROPIC].lifecycle == "active"


def test_both_retrieve_a_model(openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic, endpoint: str):
    assert openai_client.models.retrieve(endpoint).id == endpoint
    assert anthropic_client.models.retrieve(endpoint).id == endpoint


def test_an_unknown_model_is_not_found(openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic):
    with pytest.raises(openai.NotFoundError):
        openai_client.models.retrieve("nobody")
    with pytest.raises(anthropic.NotFoundError):
        anthropic_client.models.retrieve("nobody")


def test_a_key_sees_what_it_may_use(openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic):
    narrow_openai = openai_client.with_options(api_key=NARROW_KEY)
    seen = {model.id for model in narrow_openai.models.list()}
    assert OPENAI in seen
    assert ANTHROPIC not in seen
    with pytest.raises(openai.NotFoundError):
        narrow_openai.models.retrieve(ANTHROPIC)
    narrow_anthropic = anthropic_client.with_options(api_key=NARROW_KEY)
    assert {model.id for model in narrow_anthropic.models.list()} == seen


def test_embeddings_in_both_encodings(openai_client: openai.OpenAI):
    # Unless told otherwise the package asks for base64 and decodes it.
    usual = openai_client.embeddings.create(model="vectors", input=["one", "two"])
    floats = openai_client.embeddings.create(model="vectors", input=["one", "two"], encoding_format="float")
    assert [item.index for item in usual.data] == [0, 1]
    for from_base64, from_floats in zip(usual.data, floats.data, strict=True):
        assert len(from_base64.embedding) == 1536
        assert math.isclose(math.hypot(*from_base64.embedding), 1, rel_tol=1e-4)
        assert from_base64.embedding == pytest.approx(from_floats.embedding, rel=1e-5)
    assert usual.usage.prompt_tokens == floats.usage.prompt_tokens > 0
    raw = openai_client.embeddings.create(model="vectors", input="one", encoding_format="base64")
    assert isinstance(raw.data[0].embedding, str)


def test_embeddings_of_a_chosen_size(openai_client: openai.OpenAI):
    response = openai_client.embeddings.with_raw_response.create(model="vectors", input="one", dimensions=64)
    assert len(response.parse().data[0].embedding) == 64
    assert response.headers["x-gatewright-target"] == "openai/text-embedding-3-small"


def test_embeddings_that_the_target_does_not_have(openai_client: openai.OpenAI):
    with pytest.raises(openai.BadRequestError):
        openai_client.embeddings.create(model=ANTHROPIC, input="one")
