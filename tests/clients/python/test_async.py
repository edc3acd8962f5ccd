"""The asynchronous clients, many calls at a time over one connection pool."""

import asyncio
from collections.abc import Coroutine

import anthropic
import openai
import pytest

from endpoints import APP_KEY

AT_ONCE = 20


def question(number: int) -> list[dict]:
    return [{"role": "user", "content": f"number {number} of many"}]


def all_at_once(calls: list[Coroutine]) -> list:
    async def gather() -> list:
        return await asyncio.gather(*calls)

    return asyncio.run(gather())


def test_openai(gateway_url: str, endpoint: str):
    client = openai.AsyncOpenAI(base_url=f"{gateway_url}/v1", api_key=APP_KEY, max_retries=0)

    async def whole(number: int) -> str:
        completion = await client.chat.completions.create(model=endpoint, messages=question(number))
        return completion.choices[0].message.content

    async def streamed(number: int) -> str:
        async with client.chat.completions.stream(model=endpoint, messages=question(number)) as stream:
            return (await stream.get_final_completion()).choices[0].message.content

    said = all_at_once([call(number) for number in range(AT_ONCE) for call in (whole, streamed)])
    assert said == [f"echo: number {number} of many" for number in range(AT_ONCE) for _ in range(2)]


def test_anthropic(gateway_url: str, endpoint: str):
    client = anthropic.AsyncAnthropic(base_url=gateway_url, api_key=APP_KEY, max_retries=0)

    async def whole(number: int) -> str:
        message = await client.messages.create(model=endpoint, max_tokens=100, messages=question(number))
        return message.content[0].text

    async def streamed(number: int) -> str:
        async with client.messages.stream(model=endpoint, max_tokens=100, messages=question(number)) as stream:
            return await stream.get_final_text()

    said = all_at_once([call(number) for number in range(AT_ONCE) for call in (whole, streamed)])
    assert said == [f"echo: number {number} of many" for number in range(AT_ONCE) for _ in range(2)]


def test_streams_that_fail(gateway_url: str, endpoint: str):
    words = [{"role": "user", "content": "write 200 words"}]
    model = f"{endpoint}-error-event"

    async def over_openai() -> None:
        client = openai.AsyncOpenAI(base_url=f"{gateway_url}/v1", api_key=APP_KEY, max_retries=0)
        stream = await client.chat.completions.create(model=model, messages=words, stream=True)
        with pytest.raises(openai.APIError):
            async for chunk in stream:
                assert chunk.choices[0].finish_reason is None

    async def over_anthropic() -> None:
        client = anthropic.AsyncAnthropic(base_url=gateway_url, api_key=APP_KEY, max_retries=0)
        async with client.messages.stream(model=model, max_tokens=1000, messages=words) as stream:
            with pytest.raises(anthropic.APIStatusError):
                await stream.get_final_message()

    all_at_once([over_openai(), over_anthropic()])
