// The OpenAI package over a target of its own dialect and over one of Anthropic's: one program, the same answers.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import OpenAI from 'openai';
import { zodFunction, zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';

import { APP_KEY, BOTH, OPENAI } from './endpoints.js';
import { Programs } from './programs.js';

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const CITY = { type: 'object', required: ['city'], properties: { city: { type: 'string' } } };
const WEATHER = {
  type: 'function',
  function: { name: 'weather', description: 'Tells the weather.', parameters: CITY },
};
const CLOCK = { type: 'function', function: { name: 'clock', description: 'Tells the time.', parameters: CITY } };
const Person = z.object({ name: z.string(), age: z.int().min(0) });

const programs = new Programs();
let completions;
let client;
before(async () => {
  const url = await programs.gateway('gatewright.yaml');
  client = new OpenAI({ baseURL: `${url}/v1`, apiKey: APP_KEY, maxRetries: 0 });
  completions = client.chat.completions;
});
after(() => programs.end());

const user = (content) => [{ role: 'user', content }];

for (const model of BOTH) {
  describe(`the openai package ${model}`, () => {
    test('a plain answer', async () => {
      const messages = [{ role: 'developer', content: 'Be brief.' }, ...user('hello')];
      const completion = await completions.create({ model, messages });
      const [choice] = completion.choices;
      assert.equal(choice.message.content, 'echo: hello');
      assert.equal(choice.finish_reason, 'stop');
      assert.equal(completion.usage.completion_tokens, 3);
      assert.equal(completion.usage.total_tokens, completion.usage.prompt_tokens + completion.usage.completion_tokens);
    });

    test('a stream says what the whole says', async () => {
      const messages = user('grüß Gott, 日本 🦀 and more than one token');
      const whole = await completions.create({ model, messages });
      const stream = await completions.create({
        model,
        messages,
        stream: true,
        stream_options: { include_usage: true },
      });
      let text = '';
      let pieces = 0;
      let usage;
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? '';
        pieces += chunk.choices.length;
        usage = chunk.usage ?? usage;
      }
      assert.equal(text, whole.choices[0].message.content);
      assert.ok(pieces > 5, 'the text did not come in pieces');
      assert.deepEqual(
        [usage.prompt_tokens, usage.completion_tokens],
        [whole.usage.prompt_tokens, whole.usage.completion_tokens],
      );
    });

    test('the streaming helper', async () => {
      const stream = completions.stream({ model, messages: user('write 20 words') });
      let text = '';
      stream.on('content', (delta) => (text += delta));
      const final = await stream.finalChatCompletion();
      assert.equal(text, final.choices[0].message.content);
      assert.match(text, /^w1 .* w20$/);
      assert.equal(final.choices[0].finish_reason, 'stop');
    });

    test('a stream can be left', async () => {
      for await (const chunk of await completions.create({
        model,
        messages: user('write 1000 words'),
        stream: true,
      })) {
        assert.ok(chunk.id);
        break;
      }
      assert.ok(await completions.create({ model, messages: user('again') }));
    });

    test('tools with a second turn', async () => {
      const messages = user('say let me look then call weather {"city":"Zürich"}');
      const first = await completions.create({ model, messages, tools: [WEATHER] });
      const { message } = first.choices[0];
      assert.equal(first.choices[0].finish_reason, 'tool_calls');
      assert.equal(message.content, 'let me look');
      const [call] = message.tool_calls;
      assert.deepEqual(JSON.parse(call.function.arguments), { city: 'Zürich' });
      messages.push(message, { role: 'tool', tool_call_id: call.id, content: '21 degrees' });
      const second = await completions.create({ model, messages, tools: [WEATHER] });
      assert.equal(second.choices[0].message.content, 'results: 21 degrees');
    });

    test('parallel tools, streamed, with a second turn', async () => {
      const messages = user('call weather {"city":"Paris"} and call clock {"city":"Rome"}');
      const tools = [WEATHER, CLOCK];
      const first = await completions.stream({ model, messages, tools }).finalChatCompletion();
      const { message } = first.choices[0];
      assert.deepEqual(
        message.tool_calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)]),
        [
          ['weather', { city: 'Paris' }],
          ['clock', { city: 'Rome' }],
        ],
      );
      const calls = message.tool_calls.map(({ id, type, function: { name, arguments: text } }) => {
        return { id, type, function: { name, arguments: text } };
      });
      messages.push({ role: 'assistant', content: message.content, tool_calls: calls });
      for (const {
        id,
        function: { name },
      } of calls) {
        messages.push({ role: 'tool', tool_call_id: id, content: name });
      }
      const second = await completions.create({ model, messages, tools });
      assert.equal(second.choices[0].message.content, 'results: weather; clock');
    });

    for (const stream of [false, true]) {
      test(`the tool runner goes through the loop by itself${stream ? ', streaming' : ''}`, async () => {
        const asked = [];
        const weather = (city) => {
          asked.push(city);
          return `sun over ${city.city}`;
        };
        const tool = {
          type: 'function',
          function: { name: 'weather', description: 'Tells.', parameters: CITY, parse: JSON.parse, function: weather },
        };
        const runner = completions.runTools({
          model,
          messages: user('call weather {"city":"Oslo"}'),
          tools: [tool],
          stream,
        });
        assert.equal(await runner.finalContent(), 'results: sun over Oslo');
        assert.deepEqual(asked, [{ city: 'Oslo' }]);
      });
    }

    test('a tool made from a schema', async () => {
      const completion = await completions.parse({
        model,
        messages: user('call person {"name":"Ada","age":36}'),
        tools: [zodFunction({ name: 'person', parameters: Person })],
      });
      const [call] = completion.choices[0].message.tool_calls;
      assert.deepEqual(call.function.parsed_arguments, { name: 'Ada', age: 36 });
    });

    test('structured output', async () => {
      const format = zodResponseFormat(Person, 'person');
      const messages = user('who?');
      const whole = await completions.parse({ model, messages, response_format: format });
      assert.deepEqual(whole.choices[0].message.parsed, { name: 'mock', age: 0 });
      const stream = completions.stream({ model, messages, response_format: format });
      const streamed = await stream.finalChatCompletion();
      assert.deepEqual(streamed.choices[0].message.parsed, { name: 'mock', age: 0 });
    });

    test('an image', async () => {
      const content = [
        { type: 'text', text: 'what is this?' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
      ];
      const completion = await completions.create({ model, messages: user(content) });
      assert.equal(completion.choices[0].message.content, 'echo: what is this? [saw image/png]');
    });

    test('a refusal is no answer', async () => {
      const completion = await completions.create({ model, messages: user('refuse this') });
      assert.equal(completion.choices[0].message.refusal, 'I cannot help with that.');
    });

    test('the models', async () => {
      const ids = [];
      for await (const { id } of client.models.list()) ids.push(id);
      assert.ok(ids.includes(model));
      assert.equal((await client.models.retrieve(model)).id, model);
    });
  });
}

test('embeddings in both encodings', async () => {
  const input = ['one', 'two'];
  // Unless told otherwise the package asks for base64 and decodes it.
  const usual = await client.embeddings.create({ model: 'vectors', input });
  const floats = await client.embeddings.create({ model: 'vectors', input, encoding_format: 'float' });
  assert.deepEqual(
    usual.data.map(({ index }) => index),
    [0, 1],
  );
  for (const [at, { embedding }] of usual.data.entries()) {
    assert.equal(embedding.length, 1536);
    embedding.forEach((value, n) => assert.ok(Math.abs(value - floats.data[at].embedding[n]) < 1e-6));
  }
});

test('thinking comes with its proof, and goes back with it', async () => {
  const request = { model: 'thinking-on-anthropic', reasoning_effort: 'high', tools: [WEATHER] };
  const messages = user('call weather {"city":"Oslo"}');
  const whole = () => completions.create({ ...request, messages });
  // The streaming helper joins the texts that it knows, and the details come in one piece.
  const streamed = () => completions.stream({ ...request, messages }).finalChatCompletion();
  for (const ask of [whole, streamed]) {
    const { message } = (await ask()).choices[0];
    assert.equal(message.reasoning_details[0].text, 'Thinking about: call weather {"city":"Oslo"}');
    const {
      id,
      type,
      function: { name, arguments: text },
    } = message.tool_calls[0];
    const assistant = {
      role: 'assistant',
      tool_calls: [{ id, type, function: { name, arguments: text } }],
      reasoning_details: message.reasoning_details,
    };
    const second = await completions.create({
      ...request,
      messages: [...messages, assistant, { role: 'tool', tool_call_id: id, content: 'rain' }],
    });
    assert.equal(second.choices[0].message.content, 'results: rain');
    // The provider went on thinking, which it does only where it got its proof back.
    assert.ok(second.choices[0].message.reasoning_content);
  }
});

test('several choices where the target knows them', async () => {
  const completion = await completions.create({ model: OPENAI, messages: user('hello'), n: 2 });
  assert.deepEqual(
    completion.choices.map(({ message }) => message.content),
    ['echo: hello', 'echo: hello'],
  );
});
