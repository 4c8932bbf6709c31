// The official `@anthropic-ai/sdk`, and LangChain's model over it: messages, streams, tools, thoughts, errors.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import { jsonSchemaOutputFormat } from '@anthropic-ai/sdk/helpers/json-schema';
import { z } from 'zod';
import { cuttingProxy, getJson, script, settled, text, tricky, trickyText, url, words } from './support.mjs';

const client = new Anthropic({ baseURL: url, apiKey: 'unused', maxRetries: 0 });
const base = { model: 'default', max_tokens: 1024 };
const weather = {
  name: 'get_weather',
  description: 'The weather of a place',
  input_schema: { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] },
};
const asksTool = script(['It rains.'], { calls: [{ id: 'call_1', name: 'get_weather', arguments: '{"place":"Bern"}' }] });

const says = (content, more = {}) => ({ ...base, messages: [{ role: 'user', content }], ...more });

function through(proxy, options = {}) {
  return new Anthropic({ baseURL: proxy.url, apiKey: 'unused', maxRetries: 0, ...options });
}

test('lists models, a page at a time, and tells of one', async () => {
  const models = [];
  for await (const model of client.models.list({ limit: 1 })) models.push(model.id);
  assert.ok(models.includes('default') && models.length > 1, models.join());
  assert.equal((await client.models.retrieve('default')).type, 'model');
  await assert.rejects(client.models.retrieve('claude-none'), Anthropic.NotFoundError);
});

test('answers a message', async () => {
  const message = await client.messages.create(says(script(words), { system: 'Be brief.', metadata: { user_id: 'ann' } }));
  assert.match(message.id, /^msg_/);
  assert.equal(message.type, 'message');
  assert.equal(message.role, 'assistant');
  assert.deepEqual(message.content.map(block => [block.type, block.text]), [['text', text]]);
  assert.equal(message.stop_reason, 'end_turn');
  assert.ok(message.usage.input_tokens > 0 && message.usage.output_tokens > 0);
  assert.ok(message._request_id);
  const kept = await getJson(`/api/conversations/${message.id}`);
  assert.equal(kept.messages.at(-1).content, text, 'a stateless call is a conversation like any other');
});

test('streams by create, with every character as the model said it', async () => {
  const types = [];
  let said = '';
  for await (const event of await client.messages.create({ ...says(script(tricky)), stream: true })) {
    types.push(event.type);
    if (event.type === 'content_block_delta') said += event.delta.text;
  }
  assert.equal(said, trickyText);
  assert.equal(types[0], 'message_start');
  assert.deepEqual(types.slice(-3), ['content_block_stop', 'message_delta', 'message_stop']);
});

test('streams by the helper', async () => {
  const pieces = [];
  const stream = client.messages.stream(says(script(words))).on('text', piece => pieces.push(piece));
  const message = await stream.finalMessage();
  assert.equal(pieces.join(''), text);
  assert.ok(pieces.length > 1, 'in pieces');
  assert.equal(await stream.finalText(), text);
  assert.equal(message.stop_reason, 'end_turn');
  assert.ok(message.usage.output_tokens > 0);
});

test('waits for a slow model, which pings pass over', async () => {
  const message = await client.messages.stream(says(script(words, { afterMillis: 1_200 }))).finalMessage();
  assert.equal(message.content[0].text, text);
});

test('goes on from the assistant\'s last words, and ends where it is told', async () => {
  const limited = await client.messages.create(says(script(words, { finish: 'length' }), { max_tokens: 5 }));
  assert.equal(limited.stop_reason, 'max_tokens');
  const prefilled = await client.messages.create({
    ...base, messages: [{ role: 'user', content: script(words) }, { role: 'assistant', content: 'Well, ' }],
  });
  assert.equal(prefilled.content[0].text, text);
});

test('passes thoughts on, signed, and takes them back', async () => {
  const request = says(script(words, { reasoning: 'let me think' }), { thinking: { type: 'enabled', budget_tokens: 1024 }, max_tokens: 2048 });
  const thoughts = [];
  const streamed = await client.messages.stream(request).on('thinking', piece => thoughts.push(piece)).finalMessage();
  const whole = await client.messages.create(request);
  for (const message of [streamed, whole]) {
    assert.deepEqual(message.content.map(block => block.type), ['thinking', 'text']);
    assert.equal(message.content[0].thinking, 'let me think');
    assert.ok(message.content[0].signature);
  }
  assert.equal(thoughts.join(''), 'let me think');
  const next = await client.messages.create({
    ...base,
    messages: [...request.messages, { role: 'assistant', content: streamed.content }, { role: 'user', content: script(words) }],
  }).withResponse();
  assert.equal(next.data.content[0].text, text);
  assert.equal(next.response.headers.get('x-parley-unused'), null, 'all of an answer that is sent back is used');
});

for (const stream of [false, true]) {
  test(`calls tools and goes on with their results, ${stream ? 'streaming' : 'at once'}`, async () => {
    const messages = [{ role: 'user', content: asksTool }];
    const request = { ...base, messages, tools: [weather], tool_choice: { type: 'auto', disable_parallel_tool_use: true } };
    const ask = () => stream ? client.messages.stream(request).finalMessage() : client.messages.create(request);
    const first = await ask();
    assert.equal(first.stop_reason, 'tool_use');
    const use = first.content.find(block => block.type === 'tool_use');
    assert.deepEqual([use.id, use.name, use.input], ['call_1', 'get_weather', { place: 'Bern' }]);
    messages.push(
      { role: 'assistant', content: first.content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: use.id, content: [{ type: 'text', text: 'rain' }] }] });
    const second = await ask();
    assert.equal(second.content[0].text, 'It rains.');
    assert.equal(second.stop_reason, 'end_turn');
  });

  test(`runs tools by the SDK's own runner, ${stream ? 'streaming' : 'at once'}`, async () => {
    const asked = [];
    const tool = betaTool({
      name: weather.name, description: weather.description, inputSchema: weather.input_schema,
      run: input => { asked.push(input); if (asked.length === 1) throw new Error('no such place'); return 'rain'; },
    });
    const runner = client.beta.messages.toolRunner({
      ...base, stream, tools: [tool], messages: [{ role: 'user', content: asksTool }],
    });
    const last = await runner.runUntilDone();
    assert.equal(last.content[0].text, 'It rains.');
    assert.deepEqual(asked, [{ place: 'Bern' }]);
  });
}

test('parses an answer by its schema', async () => {
  const format = jsonSchemaOutputFormat({ type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] });
  const message = await client.messages.parse(says(script(['{"n":', ' 7}']), { output_config: { format } }));
  assert.deepEqual(message.parsed_output, { n: 7 });
});

test('counts tokens, as an estimate', async () => {
  const few = await client.messages.countTokens({ model: 'default', messages: [{ role: 'user', content: 'Hello' }] });
  const more = await client.messages.countTokens({
    model: 'default', system: text, tools: [weather], messages: [{ role: 'user', content: 'Hello' }],
  });
  assert.ok(few.input_tokens >= 1 && more.input_tokens > few.input_tokens);
  assert.ok((await client.beta.messages.countTokens({ model: 'default', messages: [{ role: 'user', content: 'x' }] })).input_tokens >= 1);
});

test('takes what is about the provider\'s cache, and names it', async () => {
  const cache = { cache_control: { type: 'ephemeral' } };
  const { response } = await client.messages.create(says([{ type: 'text', text: script(words), ...cache }], {
    system: [{ type: 'text', text: 'Be brief.', ...cache }], tools: [{ ...weather, ...cache }],
  })).withResponse();
  assert.equal(
    response.headers.get('x-parley-unused'), 'messages[].content[].cache_control, system[].cache_control, tools[].cache_control');
});

test('refuses what it does not support by name', async () => {
  const cases = {
    'messages[0].content[0].type': { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url', url: 'x' } }] }] },
    'tools[0].type': { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
    max_tokens: { max_tokens: 0 }, temperature: { temperature: 3 }, messages: { messages: [] }, seed: { seed: 1 },
  };
  for (const [param, extra] of Object.entries(cases)) {
    await assert.rejects(client.messages.create(says('hi', extra)), error => {
      assert.ok(error instanceof Anthropic.BadRequestError, String(error));
      assert.equal(error.error.error.type, 'invalid_request_error');
      assert.equal(error.error.error.param, param);
      assert.ok(error.requestID);
      return true;
    });
  }
  await assert.rejects(client.messages.create(says('hi', { model: 'claude-none' })), Anthropic.NotFoundError);
});

test('tells of the model server\'s refusal by status, and not to retry', async () => {
  let calls = 0;
  const counting = new Anthropic({
    baseURL: url, apiKey: 'unused', maxRetries: 2, fetch: (...args) => { calls++; return fetch(...args); },
  });
  await assert.rejects(counting.messages.create(says(script([], { refuse: 401 }))), error => {
    assert.equal(error.status, 400);
    assert.equal(error.error.error.code, 'engine_rejected');
    return true;
  });
  assert.equal(calls, 1);
});

test('tells of a failure in mid-stream', async () => {
  const stream = client.messages.stream(says(script(words, { dieAfter: 4, paceMillis: 60 })));
  await assert.rejects(stream.finalMessage(), error => {
    assert.ok(error instanceof Anthropic.APIError, String(error));
    assert.equal(error.error.error.code, 'stream_reset');
    return true;
  });
});

test('aborting a stream stops its generation', async () => {
  const stream = client.messages.stream(says(script(Array.from({ length: 2_000 }, (_, i) => `w${i} `))));
  let id;
  stream.on('streamEvent', event => { if (event.type === 'message_start') id = event.message.id; });
  stream.on('text', () => stream.abort());
  await assert.rejects(stream.done(), Anthropic.APIUserAbortError);
  const messages = await settled(id);
  assert.equal(messages.at(-1).status, 'cancelled');
});

test('a repeat under the same key is the same answer, cut wherever it may be', async () => {
  const whole = [];
  for await (const event of await client.messages.create({ ...says(script(words)), stream: true })) whole.push(event);
  await Promise.all(whole.map(async (_, count) => {
    const proxy = await cuttingProxy({ count });
    try {
      const key = `key-${process.pid}-${Date.now()}-${count}`;
      const ask = () => through(proxy).messages
        .stream(says(script(words)), { headers: { 'Idempotency-Key': key } }).finalMessage();
      await ask().catch(error => { if (proxy.cuts === 0) throw error; });
      const message = await ask();
      assert.equal(message.content[0].text, text);
    } finally {
      await proxy.close();
    }
  }));
});

test('LangChain\'s model calls tools, streams and takes thoughts back', async () => {
  const { ChatAnthropic } = await import('@langchain/anthropic');
  const { createAgent, tool } = await import('langchain');
  const model = new ChatAnthropic({ model: 'default', apiKey: 'unused', anthropicApiUrl: url, maxRetries: 0, maxTokens: 512 });
  const asked = [];
  const agent = createAgent({
    model, systemPrompt: 'Be brief.',
    tools: [tool(input => { asked.push(input); return 'rain'; }, {
      name: weather.name, description: weather.description, schema: z.object({ place: z.string() }),
    })],
  });
  const { messages } = await agent.invoke({ messages: [{ role: 'user', content: asksTool }] });
  assert.deepEqual(asked, [{ place: 'Bern' }]);
  assert.equal(messages.at(-1).text, 'It rains.');

  let said = '';
  for await (const chunk of await model.stream([['human', script(words)]])) said += chunk.text;
  assert.equal(said, text);
});

test('the AI SDK\'s provider for Anthropic', async () => {
  const { createAnthropic } = await import('@ai-sdk/anthropic');
  const { generateText, isStepCount, streamText, tool } = await import('ai');
  const parley = createAnthropic({ baseURL: `${url}/v1`, apiKey: 'unused' });

  const streamed = streamText({ model: parley('default'), system: 'Be brief.', prompt: script(words, { reasoning: 'let me think' }) });
  let said = '';
  for await (const piece of streamed.textStream) said += piece;
  assert.equal(said, text);
  assert.equal(await streamed.reasoningText, 'let me think');
  assert.equal(await streamed.finishReason, 'stop');
  assert.ok((await streamed.usage).outputTokens > 0);

  const asked = [];
  const { text: answer } = await generateText({
    model: parley('default'), prompt: asksTool, stopWhen: isStepCount(3),
    tools: { get_weather: tool({ inputSchema: z.object({ place: z.string() }), execute: input => { asked.push(input); return 'sun'; } }) },
  });
  assert.equal(answer, 'It rains.');
  assert.deepEqual(asked, [{ place: 'Bern' }]);
});
