// What a newcomer does: no keys on one's own machine, and the examples that MLflow documents with only the host changed.
// https://mlflow.org/docs/latest/genai/governance/ai-gateway/

import Anthropic from '@anthropic-ai/sdk';
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI, { AzureOpenAI } from 'openai';

import { BOTH, OPENAI } from './endpoints.js';
import { Programs } from './programs.js';

const messages = [{ role: 'user', content: 'hello' }];

const programs = new Programs();
let url;
before(async () => {
  url = await programs.gateway('without-keys.yaml');
});
after(() => programs.end());

for (const model of BOTH) {
  test(`the openai package over MLflow's route ${model}`, async () => {
    const client = new OpenAI({ baseURL: `${url}/gateway/mlflow/v1`, apiKey: 'dummy' });
    const completion = await client.chat.completions.create({ model, messages });
    assert.equal(completion.choices[0].message.content, 'echo: hello');
  });

  test(`the anthropic package over MLflow's route ${model}`, async () => {
    const client = new Anthropic({ baseURL: `${url}/gateway/anthropic`, apiKey: 'dummy' });
    const message = await client.messages.create({ model, max_tokens: 1024, messages });
    assert.equal(message.content[0].text, 'echo: hello');
  });

  test(`Azure's client ${model}`, async () => {
    const client = new AzureOpenAI({ endpoint: url, apiVersion: '2024-10-21', apiKey: 'dummy', deployment: model });
    const completion = await client.chat.completions.create({ messages });
    assert.equal(completion.choices[0].message.content, 'echo: hello');
  });
}

test('an empty key is none', async () => {
  // The package refuses an empty key of its own, but sends one that stands in a header.
  const defaultHeaders = { authorization: 'Bearer ' };
  const client = new OpenAI({ baseURL: `${url}/gateway/mlflow/v1`, apiKey: 'dummy', defaultHeaders });
  const completion = await client.chat.completions.create({ model: OPENAI, messages });
  assert.equal(completion.choices[0].message.content, 'echo: hello');
});

test('a page of another site may not call', async () => {
  const defaultHeaders = { origin: 'https://elsewhere.example' };
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'dummy', defaultHeaders });
  await assert.rejects(client.chat.completions.create({ model: OPENAI, messages }), OpenAI.AuthenticationError);
});
