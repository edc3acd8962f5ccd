// Errors arrive as the classes that programs catch, whoever is to blame and whatever the provider speaks; and what comes
// beside an answer: ids, the target, the price.

import Anthropic from '@anthropic-ai/sdk';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import OpenAI from 'openai';

import { ANTHROPIC, APP_KEY, BOTH, ENDED_KEY, NARROW_KEY, OPENAI, TARGETS } from './endpoints.js';
import { Programs } from './programs.js';

const HELLO = [{ role: 'user', content: 'hello' }];
const LONG = [{ role: 'user', content: 'write 200 words' }];

const programs = new Programs();
let openai;
let anthropic;
before(async () => {
  const url = await programs.gateway('gatewright.yaml');
  openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: APP_KEY, maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: url, apiKey: APP_KEY, maxRetries: 0 });
});
after(() => programs.end());

const askOpenai = (model, { client = openai, ...more } = {}) =>
  client.chat.completions.create({ model, messages: HELLO, ...more });
const askAnthropic = (model, { client = anthropic, ...more } = {}) =>
  client.messages.create({ model, messages: HELLO, max_tokens: 1000, ...more });

// The error that a call ends with.
async function caught(call) {
  try {
    await call;
  } catch (error) {
    return error;
  }
  return assert.fail('the call did not fail');
}

function check(error, kind, { status, ...members }) {
  assert.ok(error instanceof kind, `${error.constructor.name}: ${error.message}`);
  assert.equal(error.status, status);
  for (const [name, value] of Object.entries(members)) assert.equal(error[name], value, name);
}

describe('what the gateway refuses', () => {
  test('an unknown model', async () => {
    const error = await caught(askOpenai('on-opnai'));
    check(error, OpenAI.NotFoundError, { status: 404, code: 'unknown_model', param: 'model' });
    assert.match(error.message, /on-openai/);
    check(await caught(askAnthropic('on-opnai')), Anthropic.NotFoundError, { status: 404, type: 'not_found_error' });
  });

  for (const apiKey of ['a-key-that-nobody-declared', ENDED_KEY, `${APP_KEY}x`]) {
    test(`the key ${apiKey}`, async () => {
      const error = await caught(askOpenai(OPENAI, { client: openai.withOptions({ apiKey }) }));
      check(error, OpenAI.AuthenticationError, { status: 401, code: 'invalid_key' });
      const client = anthropic.withOptions({ apiKey });
      const other = await caught(askAnthropic(OPENAI, { client }));
      check(other, Anthropic.AuthenticationError, { status: 401, type: 'authentication_error' });
      assert.ok(!other.message.includes(apiKey));
    });
  }

  test('a model that is not for this key', async () => {
    const apiKey = NARROW_KEY;
    assert.ok(await askOpenai(OPENAI, { client: openai.withOptions({ apiKey }) }));
    const error = await caught(askOpenai(ANTHROPIC, { client: openai.withOptions({ apiKey }) }));
    check(error, OpenAI.PermissionDeniedError, { status: 403, code: 'model_not_allowed' });
    const other = await caught(askAnthropic(ANTHROPIC, { client: anthropic.withOptions({ apiKey }) }));
    check(other, Anthropic.PermissionDeniedError, { status: 403, type: 'permission_error' });
  });
});

for (const endpoint of BOTH) {
  describe(`providers ${endpoint}`, () => {
    test('a request that the provider refuses', async () => {
      check(await caught(askOpenai(`${endpoint}-rejecting`)), OpenAI.BadRequestError, { status: 400 });
      const error = await caught(askAnthropic(`${endpoint}-rejecting`));
      check(error, Anthropic.BadRequestError, { status: 400, type: 'invalid_request_error' });
    });

    test('a rate limit', async () => {
      const error = await caught(askOpenai(`${endpoint}-rate-limited`));
      check(error, OpenAI.RateLimitError, { status: 429 });
      assert.equal(error.headers.get('retry-after'), '7');
      const other = await caught(askAnthropic(`${endpoint}-rate-limited`));
      check(other, Anthropic.RateLimitError, { status: 429, type: 'rate_limit_error' });
      assert.equal(other.headers.get('retry-after'), '7');
    });

    for (const fault of ['failing', 'behind-a-page', 'garbled']) {
      test(`a provider that is ${fault}`, async () => {
        const error = await caught(askOpenai(`${endpoint}-${fault}`));
        check(error, OpenAI.InternalServerError, { status: 502, code: 'provider_error' });
        const other = await caught(askAnthropic(`${endpoint}-${fault}`));
        check(other, Anthropic.InternalServerError, { status: 502, type: 'api_error' });
      });
    }

    test('an overload', async () => {
      const error = await caught(askOpenai(`${endpoint}-overloaded`));
      check(error, OpenAI.InternalServerError, { status: 503, code: 'provider_overloaded' });
      const other = await caught(askAnthropic(`${endpoint}-overloaded`));
      check(other, Anthropic.InternalServerError, { status: 529, type: 'overloaded_error' });
    });

    for (const fault of ['error-event', 'ending-early', 'cut']) {
      test(`a stream that has begun and fails: ${fault}`, async () => {
        const model = `${endpoint}-${fault}`;
        let said = '';
        const overOpenai = async () => {
          for await (const chunk of await askOpenai(model, { messages: LONG, stream: true })) {
            assert.equal(chunk.choices[0].finish_reason, null);
            said += chunk.choices[0].delta.content ?? '';
          }
        };
        assert.ok((await caught(overOpenai())) instanceof OpenAI.APIError);
        assert.match(said, /^w1/);
        said = '';
        const overAnthropic = async () => {
          for await (const event of await askAnthropic(model, { messages: LONG, stream: true })) {
            assert.notEqual(event.type, 'message_stop');
            if (event.type === 'content_block_delta') said += event.delta.text;
          }
        };
        assert.ok((await caught(overAnthropic())) instanceof Anthropic.APIError);
        assert.match(said, /^w1/);
      });

      test(`the helpers notice it too: ${fault}`, async () => {
        const request = { model: `${endpoint}-${fault}`, messages: LONG };
        const overOpenai = openai.chat.completions.stream(request).finalChatCompletion();
        assert.ok((await caught(overOpenai)) instanceof OpenAI.OpenAIError);
        const overAnthropic = anthropic.messages.stream({ ...request, max_tokens: 1000 }).finalMessage();
        assert.ok((await caught(overAnthropic)) instanceof Anthropic.AnthropicError);
      });
    }

    test('the packages try again', async () => {
      // Fails as often as the gateway tries by itself, and then no more.
      const model = () => `${TARGETS[endpoint]}~status=503+retry-after=0+times=2+tag=${randomUUID()}`;
      const completion = await askOpenai(model(), { client: openai.withOptions({ maxRetries: 1 }) });
      assert.equal(completion.choices[0].message.content, 'echo: hello');
      const message = await askAnthropic(model(), { client: anthropic.withOptions({ maxRetries: 1 }) });
      assert.equal(message.content[0].text, 'echo: hello');
    });

    test('what comes beside an answer', async () => {
      const { data, response, request_id } = await askOpenai(endpoint).withResponse();
      assert.ok(data.usage.total_tokens > 0);
      const other = await askAnthropic(endpoint).withResponse();
      for (const headers of [response.headers, other.response.headers]) {
        assert.match(headers.get('x-gatewright-call-id'), /^[0-9a-f-]{36}$/);
        assert.equal(headers.get('x-gatewright-target'), TARGETS[endpoint]);
        assert.ok(Number(headers.get('x-gatewright-cost-usd')) > 0);
      }
      assert.ok(request_id, 'the OpenAI package shows no request id');
      assert.ok(other.request_id, 'the Anthropic package shows no request id');
    });
  });
}

test('a credential that the provider refuses is not the key of the caller', async () => {
  for (const model of ['refused-by-openai', 'refused-by-anthropic']) {
    const error = await caught(askOpenai(model));
    check(error, OpenAI.InternalServerError, { status: 502, code: 'provider_auth' });
    check(await caught(askAnthropic(model)), Anthropic.InternalServerError, { status: 502, type: 'api_error' });
  }
});
