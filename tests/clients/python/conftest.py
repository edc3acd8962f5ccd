"""One mock provider and one gateway for the whole run; tests share them and so do not depend on each other's order."""

import os
from collections.abc import Iterator
from pathlib import Path

import anthropic
import openai
import pytest

import endpoints
import programs

CLIENTS = Path(__file__).parent.parent

# The packages read these, and a developer's own must not decide a test.
for variable in list(os.environ):
    if variable.startswith(("OPENAI_", "ANTHROPIC_", "AZURE_OPENAI_")) or variable.lower().endswith("_proxy"):
        del os.environ[variable]


@pytest.fixture(scope="session")
def mock_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with programs.mock_provider(tmp_path_factory.mktemp("mock")) as url:
        yield url


@pytest.fixture(scope="session")
def gateway_url(mock_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gateway that wants a virtual key."""
    directory = tmp_path_factory.mktemp("gateway")
    with programs.gateway(directory, CLIENTS / "gatewright.yaml", {"MOCK_URL": mock_url}) as url:
        yield url


@pytest.fixture(scope="session")
def open_gateway_url(mock_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gateway without virtual keys."""
    directory = tmp_path_factory.mktemp("open")
    with programs.gateway(directory, CLIENTS / "without-keys.yaml", {"MOCK_URL": mock_url}) as url:
        yield url


@pytest.fixture(scope="session")
def bare_gateway_url(mock_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gateway without a configuration: credentials come from the environment."""
    environment = {
        "OPENAI_API_KEY": "sk-mock",
        "OPENAI_BASE_URL": f"{mock_url}/v1",
        "ANTHROPIC_API_KEY": "sk-ant-mock",
        "ANTHROPIC_BASE_URL": mock_url,
    }
    with programs.gateway(tmp_path_factory.mktemp("bare"), None, environment) as url:
        yield url


@pytest.fixture(params=[endpoints.OPENAI, endpoints.ANTHROPIC])
def endpoint(request: pytest.FixtureRequest) -> str:
    """The endpoint on either target: what is true of one must be true of the other."""
    return request.param


@pytest.fixture
def openai_client(gateway_url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{gateway_url}/v1", api_key=endpoints.APP_KEY, max_retries=0) as client:
        yield client


@pytest.fixture
def anthropic_client(gateway_url: str) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=gateway_url, api_key=endpoints.APP_KEY, max_retries=0) as client:
        yield client
