// The Anthropic package over a target of its own dialect and over one of OpenAI's: the same program, the same answers.

import Anthropic from '@anthropic-ai/sdk';
import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';

import { ANTHROPIC, APP_KEY, BOTH, OPENAI } from './endpoints.js';
import { Programs } from './programs.js';

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const CITY = { type: 'object', required: ['city'], properties: { city: { type: 'string' } } };
const WEATHER = { name: 'weather', description: 'Tells the weather.', input_schema: CITY };
const CLOCK = { name: 'clock', description: 'Tells the time.', input_schema: CITY };
const Person = z.object({ name: z.string(), age: z.int() });

const programs = new Programs();
let client;
before(async () => {
  const baseURL = await programs.gateway('gatewright.yaml');
  client = new Anthropic({ baseURL, apiKey: APP_KEY, maxRetries: 0 });
});
after(() => programs.end());

const user = (content) => [{ role: 'user', content }];
const results = (content, text) => {
  const calls = content.filter(({ type }) => type === 'tool_use');
  return user(calls.map(({ id, name }) => ({ type: 'tool_result', tool_use_id: id, content: text ?? name })));
};

for (const model of BOTH) {
  describe(`the anthropic package ${model}`, () => {
    test('a plain answer', async () => {
      const message = await client.messages.create({
        model,
        max_tokens: 100,
        system: 'Be brief.',
        messages: user('hello'),
      });
      assert.deepEqual([message.content[0].text, message.stop_reason], ['echo: hello', 'end_turn']);
      assert.equal(message.usage.output_tokens, 3);
      assert.ok(message.usage.input_tokens > 0);
    });

    test('a stream says what the whole says', async () => {
      const request = { model, max_tokens: 100, messages: user('grüß Gott, 日本 🦀 and more than one token') };
      const whole = await client.messages.create(request);
      const outline = [];
      let text = '';
      let usage;
      for await (const event of await client.messages.create({ ...request, stream: true })) {
        if (event.type === 'content_block_delta') text += event.delta.text;
        else outline.push(event.type);
        if (event.type === 'message_delta') usage = event.usage;
      }
      assert.equal(text, whole.content[0].text);
      assert.equal(usage.output_tokens, whole.usage.output_tokens);
      assert.deepEqual(outline, [
        'message_start',
        'content_block_start',
        'content_block_stop',
        'message_delta',
        'message_stop',
      ]);
    });

    test('the streaming helper', async () => {
      const stream = client.messages.stream({ model, max_tokens: 1000, messages: user('write 20 words') });
      let text = '';
      stream.on('text', (delta) => (text += delta));
      const final = await stream.finalMessage();
      assert.equal(text, final.content[0].text);
      assert.match(text, /^w1 .* w20$/);
      assert.ok(final.usage.input_tokens > 0);
    });

    test('a stream can be left', async () => {
      const request = { model, max_tokens: 4000, messages: user('write 1000 words') };
      for await (const event of await client.messages.create({ ...request, stream: true })) {
        assert.equal(event.type, 'message_start');
        break;
      }
      assert.ok(await client.messages.create({ ...request, messages: user('again') }));
    });

    test('tools with a second turn', async () => {
      const messages = user('say let me look then call weather {"city":"Zürich"}');
      const request = { model, max_tokens: 100, tools: [WEATHER] };
      const first = await client.messages.create({ ...request, messages });
      assert.equal(first.stop_reason, 'tool_use');
      assert.deepEqual(
        first.content.map(({ type }) => type),
        ['text', 'tool_use'],
      );
      assert.deepEqual(first.content[1].input, { city: 'Zürich' });
      messages.push({ role: 'assistant', content: first.content }, ...results(first.content, '21 degrees'));
      const second = await client.messages.create({ ...request, messages });
      assert.equal(second.content[0].text, 'results: 21 degrees');
    });

    test('parallel tools, streamed, with a second turn', async () => {
      const messages = user('call weather {"city":"Paris"} and call clock {"city":"Rome"}');
      const request = { model, max_tokens: 100, tools: [WEATHER, CLOCK] };
      const first = await client.messages.stream({ ...request, messages }).finalMessage();
      assert.deepEqual(
        first.content.map(({ name, input }) => [name, input]),
        [
          ['weather', { city: 'Paris' }],
          ['clock', { city: 'Rome' }],
        ],
      );
      messages.push({ role: 'assistant', content: first.content }, ...results(first.content));
      const second = await client.messages.stream({ ...request, messages }).finalText();
      assert.equal(second, 'results: weather; clock');
    });

    test('the tool runner goes through the loop by itself', async () => {
      const asked = [];
      const weather = betaZodTool({
        name: 'weather',
        description: 'Tells the weather.',
        inputSchema: z.object({ city: z.string() }),
        run: ({ city }) => {
          asked.push(city);
          return `sun over ${city}`;
        },
      });
      const final = await client.beta.messages.toolRunner({
        model,
        max_tokens: 100,
        messages: user('call weather {"city":"Oslo"}'),
        tools: [weather],
      });
      assert.deepEqual([asked, final.content[0].text], [['Oslo'], 'results: sun over Oslo']);
    });

    test('tokens are counted', async () => {
      const request = { model, messages: user('How many tokens has this?') };
      const { input_tokens: count } = await client.messages.countTokens(request);
      assert.ok(count > 0);
      const longer = await client.messages.countTokens({ ...request, system: 'Be brief, in one word.' });
      assert.ok(longer.input_tokens > count);
    });

    test('structured output', async () => {
      const request = {
        model,
        max_tokens: 100,
        messages: user('who?'),
        output_config: { format: zodOutputFormat(Person) },
      };
      const whole = await client.messages.parse(request);
      assert.deepEqual(whole.parsed_output, { name: 'mock', age: 0 });
      const streamed = await client.messages.stream(request).finalMessage();
      assert.deepEqual(streamed.parsed_output, { name: 'mock', age: 0 });
    });

    test('an image', async () => {
      const content = [
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
        { type: 'text', text: 'what is this?' },
      ];
      const message = await client.messages.create({ model, max_tokens: 100, messages: user(content) });
      assert.equal(message.content[0].text, 'echo: what is this? [saw image/png]');
    });

    test('a refusal is no answer', async () => {
      const message = await client.messages.create({ model, max_tokens: 100, messages: user('refuse this') });
      assert.equal(message.stop_reason, 'refusal');
    });

    test('the models', async () => {
      const ids = [];
      for await (const { id, lifecycle } of client.models.list()) {
        assert.equal(lifecycle, 'active');
        ids.push(id);
      }
      assert.ok(ids.includes(model));
      assert.equal((await client.models.retrieve(model)).id, model);
    });
  });
}

for (const streamed of [false, true]) {
  for (const question of ['call weather {"city":"Oslo"}', 'redacted: call weather {"city":"Oslo"}']) {
    test(`thinking goes back signed (${streamed ? 'streamed' : 'whole'}): ${question}`, async () => {
      const request = {
        model: 'thinking-on-anthropic',
        max_tokens: 4000,
        thinking: { type: 'adaptive' },
        tools: [WEATHER],
      };
      const messages = user(question);
      const first = streamed
        ? await client.messages.stream({ ...request, messages }).finalMessage()
        : await client.messages.create({ ...request, messages });
      assert.equal(first.content[0].thinking, `Thinking about: ${question}`);
      assert.ok(first.content[0].signature);
      messages.push({ role: 'assistant', content: first.content }, ...results(first.content, 'rain'));
      const second = await client.messages.create({ ...request, messages });
      assert.equal(second.content.at(-1).text, 'results: rain');
    });
  }
}

test('thinking of a server that shows it', async () => {
  const request = { model: 'thinking-on-own-server', max_tokens: 4000, tools: [WEATHER] };
  const messages = user('call weather {"city":"Oslo"}');
  const first = await client.messages.stream({ ...request, messages }).finalMessage();
  assert.deepEqual(
    first.content.map(({ type }) => type),
    ['thinking', 'tool_use'],
  );
  messages.push({ role: 'assistant', content: first.content }, ...results(first.content, 'rain'));
  const second = await client.messages.create({ ...request, messages });
  assert.equal(second.content.at(-1).text, 'results: rain');
});

test('cached tokens are counted apart', async () => {
  const text = { type: 'text', text: 'words '.repeat(2000), cache_control: { type: 'ephemeral' } };
  const native = await client.messages.create({ model: ANTHROPIC, max_tokens: 4000, messages: user([text]) });
  assert.ok(native.usage.cache_read_input_tokens > 0);
  assert.ok(native.usage.cache_creation_input_tokens > 0);
  const translated = await client.messages.create({ model: OPENAI, max_tokens: 4000, messages: user([text]) });
  assert.ok(translated.usage.cache_read_input_tokens > 0);
  assert.ok(translated.usage.input_tokens < 3100, 'the cached tokens were counted twice');
});
