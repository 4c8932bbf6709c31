// The official `openai` package: chat completions and responses.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import {
  cuttingProxy, freshId, getJson, heard, script, settled, text, told, tricky, trickyText, until, url, words,
} from './support.mjs';

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'unused', maxRetries: 0 });
const weather = {
  name: 'get_weather',
  description: 'The weather of a place',
  parameters: { type: 'object', properties: { place: { type: 'string' } }, required: ['place'], additionalProperties: false },
  strict: true,
};

function through(proxy, options = {}) {
  return new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: 'unused', maxRetries: 0, ...options });
}

async function collect(stream) {
  let said = '';
  for await (const chunk of stream) said += chunk.choices[0]?.delta?.content ?? '';
  return said;
}

// Models

test('lists models, and tells of one', async () => {
  const models = [];
  for await (const model of client.models.list()) models.push(model.id);
  assert.ok(models.includes('default'), models.join());
  assert.equal((await client.models.retrieve('default')).id, 'default');
  await assert.rejects(client.models.retrieve('gpt-none'), error => {
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.code, 'model_not_found');
    return true;
  });
});

// Chat completions

test('completes a chat', async () => {
  const completion = await client.chat.completions.create({
    model: 'default',
    messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: script(words) }],
  });
  assert.match(completion.id, /^chatcmpl-/);
  assert.equal(completion.object, 'chat.completion');
  assert.equal(completion.choices[0].message.role, 'assistant');
  assert.equal(completion.choices[0].message.content, text);
  assert.equal(completion.choices[0].finish_reason, 'stop');
  assert.equal(completion.usage.total_tokens, completion.usage.prompt_tokens + completion.usage.completion_tokens);
  const kept = await getJson(`/api/conversations/${completion.id}`);
  assert.equal(kept.messages.at(-1).content, text, 'a stateless call is a conversation like any other');
});

test('streams a chat: role first, usage last', async () => {
  const chunks = [];
  const stream = await client.chat.completions.create({
    model: 'default', stream: true, stream_options: { include_usage: true },
    messages: [{ role: 'user', content: script(words) }],
  });
  for await (const chunk of stream) chunks.push(chunk);
  assert.equal(chunks[0].choices[0].delta.role, 'assistant');
  assert.equal(chunks.map(c => c.choices[0]?.delta?.content ?? '').join(''), text);
  assert.equal(chunks.at(-2).choices[0].finish_reason, 'stop');
  assert.deepEqual(chunks.at(-1).choices, []);
  assert.ok(chunks.at(-1).usage.completion_tokens > 0);
  assert.equal(new Set(chunks.map(c => c.id)).size, 1);
});

test('streams every character as the model said it', async () => {
  const stream = await client.chat.completions.create({
    model: 'default', stream: true, messages: [{ role: 'user', content: script(tricky) }],
  });
  assert.equal(await collect(stream), trickyText);
});

test('streams a megabyte on one line', async () => {
  const stream = await client.chat.completions.create({
    model: 'default', stream: true, messages: [{ role: 'user', content: script(['x'], { repeat: 1_048_576 }) }],
  });
  const said = await collect(stream);
  assert.equal(said.length, 1_048_576);
  assert.ok(said === 'x'.repeat(1_048_576));
});

test('passes reasoning on', async () => {
  let thoughts = '';
  const stream = await client.chat.completions.create({
    model: 'default', stream: true, messages: [{ role: 'user', content: script(words, { reasoning: 'let me think' }) }],
  });
  for await (const chunk of stream) thoughts += chunk.choices[0]?.delta?.reasoning_content ?? '';
  assert.equal(thoughts, 'let me think');
});

for (const stream of [false, true]) {
  test(`calls tools and goes on with their results, ${stream ? 'streaming' : 'at once'}`, async () => {
    const messages = [{
      role: 'user',
      content: script(['It rains.'], { calls: [{ id: 'call_1', name: 'get_weather', arguments: '{"place":"Bern"}' }] }),
    }];
    const request = { model: 'default', messages, tools: [{ type: 'function', function: weather }], tool_choice: 'auto' };
    const first = stream
      ? (await client.chat.completions.stream(request).finalChatCompletion()).choices[0]
      : (await client.chat.completions.create(request)).choices[0];
    assert.equal(first.finish_reason, 'tool_calls');
    assert.deepEqual(
      first.message.tool_calls.map(call => [call.id, call.function.name, call.function.arguments]),
      [['call_1', 'get_weather', '{"place":"Bern"}']]);
    messages.push(first.message, { role: 'tool', tool_call_id: 'call_1', content: 'rain' });
    const second = await client.chat.completions.create(request);
    assert.equal(second.choices[0].message.content, 'It rains.');
    assert.equal(second.choices[0].finish_reason, 'stop');
  });
}

test('runs tools by the SDK\'s own runner', async () => {
  const asked = [];
  const runner = client.chat.completions.runTools({
    model: 'default', stream: true,
    messages: [{
      role: 'user',
      content: script(['Done.'], { calls: [{ id: 'call_9', name: 'get_weather', arguments: '{"place":"Chur"}' }] }),
    }],
    tools: [{ type: 'function', function: { ...weather, parse: JSON.parse, function: place => { asked.push(place); return 'sun'; } } }],
  });
  assert.equal(await runner.finalContent(), 'Done.');
  assert.deepEqual(asked, [{ place: 'Chur' }]);
});

test('refuses what it does not support by name', async () => {
  const cases = {
    n: { n: 2 }, top_logprobs: { top_logprobs: 3 }, audio: { audio: { format: 'mp3', voice: 'x' } },
    'messages[0].content[0].type': { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
    temperature: { temperature: 3 }, messages: { messages: [] }, model: { model: 'gpt-none' },
    'tools[0].type': { tools: [{ type: 'custom', custom: { name: 'x' } }] },
  };
  for (const [param, extra] of Object.entries(cases)) {
    await assert.rejects(
      client.chat.completions.create({ model: 'default', messages: [{ role: 'user', content: 'hi' }], ...extra }),
      error => {
        assert.ok(error instanceof OpenAI.APIError, String(error));
        assert.equal(error.param, param);
        assert.equal(error.type, 'invalid_request_error');
        assert.ok(error.requestID);
        return true;
      });
  }
});

test('tells of the model server\'s refusal by status, and not to retry', async () => {
  let calls = 0;
  const counting = new OpenAI({
    baseURL: `${url}/v1`, apiKey: 'unused', maxRetries: 2,
    fetch: (...args) => { calls++; return fetch(...args); },
  });
  await assert.rejects(
    counting.chat.completions.create({ model: 'default', messages: [{ role: 'user', content: script([], { refuse: 401 }) }] }),
    error => {
      assert.equal(error.status, 400);
      assert.equal(error.code, 'engine_rejected');
      assert.equal(error.headers.get('x-should-retry'), 'false');
      return true;
    });
  assert.equal(calls, 1);
});

test('tells of a failure in mid-stream', async () => {
  const stream = await client.chat.completions.create({
    model: 'default', stream: true,
    messages: [{ role: 'user', content: script(words, { dieAfter: 4, paceMillis: 60 }) }],
  });
  await assert.rejects(collect(stream), error => {
    assert.ok(error instanceof OpenAI.APIError);
    assert.equal(error.code, 'stream_reset');
    return true;
  });
});

test('closing a stream stops its generation', async () => {
  const stream = await client.chat.completions.create({
    model: 'default', stream: true,
    messages: [{ role: 'user', content: script(Array.from({ length: 2_000 }, (_, i) => `w${i} `)) }],
  });
  let id;
  for await (const chunk of stream) {
    id = chunk.id;
    if (chunk.choices[0].delta.content) break;
  }
  stream.controller.abort();
  const messages = await settled(id);
  assert.equal(messages.at(-1).status, 'cancelled');
});

test('a repeat under the same key is the same answer, cut wherever it may be', async () => {
  const chunks = [];
  const whole = await client.chat.completions.create({
    model: 'default', stream: true, messages: [{ role: 'user', content: script(words) }],
  });
  for await (const chunk of whole) chunks.push(chunk);
  await Promise.all(Array.from({ length: chunks.length + 1 }, (_, i) => i).map(async count => {
    const proxy = await cuttingProxy({ mark: '"object":"chat.completion.chunk"', count });
    const request = { model: 'default', stream: true, messages: [{ role: 'user', content: script(words) }] };
    const options = { headers: { 'Idempotency-Key': freshId('key') } };
    const cut = through(proxy);
    let id;
    let said;
    for (let attempt = 0; said === undefined; attempt++) {
      assert.ok(attempt < 3, 'one cut needs one repeat');
      try {
        let soFar = '';
        for await (const chunk of await cut.chat.completions.create(request, options)) {
          id = chunk.id;
          soFar += chunk.choices[0]?.delta?.content ?? '';
          if (chunk.choices[0]?.finish_reason) said = soFar;
        }
      } catch (error) {
        if (proxy.cuts === 0) throw error;
      }
    }
    await proxy.close();
    assert.equal(said, text, `cut after chunk ${count}`);
    const kept = await settled(id);
    assert.equal(kept.length, 2, 'one question, one answer');
    assert.equal(kept[1].status, 'completed');
  }));
});

test('the SDK\'s own retries meet the same generation', async () => {
  const proxy = await cuttingProxy({ count: 0 });
  const retrying = through(proxy, { maxRetries: 2 });
  const key = freshId('key');
  const completion = await retrying.chat.completions.create(
    { model: 'default', messages: [{ role: 'user', content: script(words) }] }, { headers: { 'Idempotency-Key': key } });
  await proxy.close();
  assert.equal(proxy.cuts, 1);
  assert.equal(completion.choices[0].message.content, text);
  assert.equal((await settled(completion.id)).length, 2);
});

test('a key is for one request alone', async () => {
  const options = { headers: { 'Idempotency-Key': freshId('key') } };
  await client.chat.completions.create({ model: 'default', messages: [{ role: 'user', content: script(['a']) }] }, options);
  await assert.rejects(
    client.chat.completions.create({ model: 'default', messages: [{ role: 'user', content: script(['b']) }] }, options),
    error => error.status === 422 && error.code === 'idempotency_conflict');
});

// Responses

async function read(stream, view = { text: '', events: [], numbers: [], seen: -1 }) {
  for await (const event of stream) {
    assert.ok(event.sequence_number > view.seen, `${event.type} ${event.sequence_number} after ${view.seen}`);
    view.seen = event.sequence_number;
    view.events.push(event.type);
    view.numbers.push(event.sequence_number);
    if (event.response) view.response = event.response;
    if (event.type === 'response.output_text.delta') view.text += event.delta;
  }
  return view;
}

test('creates a response', async () => {
  const response = await client.responses.create({ model: 'default', input: script(words), instructions: 'Be brief.' });
  assert.equal(response.status, 'completed');
  assert.equal(response.output_text, text);
  assert.equal(response.instructions, 'Be brief.');
  assert.ok(response.usage.output_tokens > 0);
  const again = await client.responses.retrieve(response.id);
  assert.deepEqual(JSON.parse(JSON.stringify(again)), JSON.parse(JSON.stringify(response)));
});

test('streams a response, and the SDK puts it together', async () => {
  const stream = client.responses.stream({ model: 'default', input: script(words, { reasoning: 'hm hm' }) });
  const response = await stream.finalResponse();
  assert.equal(response.output_text, text);
  assert.equal(response.output[0].type, 'reasoning');
  assert.equal(response.output[0].summary[0].text, 'hm hm');
});

test('a response resumes at the character after a cut at any event', async () => {
  const whole = await read(await client.responses.create({ model: 'default', input: script(tricky), stream: true }));
  assert.equal(whole.text, trickyText);
  assert.deepEqual(whole.events.slice(0, 4), [
    'response.created', 'response.in_progress', 'response.output_item.added', 'response.content_part.added']);
  assert.equal(whole.events.at(-1), 'response.completed');
  await Promise.all(whole.events.map(async (_, i) => {
    const proxy = await cuttingProxy({ mark: '"sequence_number"', count: i + 1 });
    const cut = through(proxy);
    const view = { text: '', events: [], numbers: [], seen: -1 };
    const options = { headers: { 'Idempotency-Key': freshId('key') } };
    const start = () => cut.responses.create({ model: 'default', input: script(tricky), stream: true }, options);
    try {
      await read(await start(), view);
    } catch (error) {
      if (proxy.cuts === 0) throw error;
    }
    while (view.events.at(-1) !== 'response.completed') {
      await read(view.response === undefined
        ? await start()
        : await cut.responses.retrieve(view.response.id, { stream: true, starting_after: view.seen }), view);
    }
    await proxy.close();
    assert.equal(view.text, trickyText, `cut at event ${i + 1}`);
    assert.equal(view.response.output_text ?? view.response.output.at(-1).content[0].text, trickyText);
  }));
});

test('a finished response resumes at any character', async () => {
  const response = await client.responses.create({ model: 'default', input: script(tricky) });
  const whole = await read(await client.responses.retrieve(response.id, { stream: true }));
  assert.equal(whole.text, trickyText);
  const first = whole.numbers[whole.events.indexOf('response.content_part.added')];
  for (let told = 0; told <= trickyText.length; told++) {
    const rest = await read(await client.responses.retrieve(response.id, { stream: true, starting_after: first + told }));
    const half = told > 0 && /[\ud800-\udbff]/.test(trickyText[told - 1]) ? 1 : 0;
    assert.equal(rest.text, trickyText.slice(told - half));
  }
});

test('a stored response runs on without a reader, and can be stopped', async () => {
  const stream = await client.responses.create({ model: 'default', input: script(words, { paceMillis: 40 }), stream: true });
  let id;
  for await (const event of stream) {
    id ??= event.response?.id;
    if (event.type === 'response.output_text.delta') break;
  }
  stream.controller.abort();
  const response = await until(async () => {
    const now = await client.responses.retrieve(id);
    return now.status === 'completed' ? now : undefined;
  }, 'the end of the response');
  assert.equal(response.output_text, text);

  const background = await client.responses.create({
    model: 'default', background: true, input: script(Array.from({ length: 2_000 }, (_, i) => `w${i} `)) });
  assert.ok(['queued', 'in_progress'].includes(background.status), background.status);
  await until(async () => (await client.responses.retrieve(background.id)).status === 'in_progress', 'its start');
  const stopped = await client.responses.cancel(background.id);
  assert.equal(stopped.status, 'cancelled');
  assert.equal((await client.responses.cancel(background.id)).status, 'cancelled', 'stopping is idempotent');
});

test('a response that is not stored stops when its reader leaves', async () => {
  const stream = await client.responses.create({
    model: 'default', store: false, stream: true, input: script(Array.from({ length: 2_000 }, (_, i) => `w${i} `)) });
  let id;
  for await (const event of stream) {
    id ??= event.response?.id;
    if (event.type === 'response.output_text.delta') break;
  }
  stream.controller.abort();
  await until(async () => (await client.responses.retrieve(id)).status === 'cancelled', 'the stop');
});

test('a stopped response is told again with the text it had', async () => {
  const stream = await client.responses.create({
    model: 'default', stream: true, input: script(Array.from({ length: 2_000 }, (_, i) => `w${i} `)) });
  const before = { text: '', events: [], numbers: [], seen: -1 };
  for await (const event of stream) {
    before.id ??= event.response?.id;
    before.seen = event.sequence_number;
    if (event.type === 'response.output_text.delta') before.text += event.delta;
    if (before.text.length > 20) break;
  }
  stream.controller.abort();
  const stopped = await client.responses.cancel(before.id);
  const said = stopped.output[0].content[0].text;
  assert.ok(said.startsWith(before.text));
  assert.equal((await read(await client.responses.retrieve(before.id, { stream: true }))).text, said);
  const rest = await read(await client.responses.retrieve(before.id, { stream: true, starting_after: before.seen }));
  assert.equal(before.text + rest.text, said);
});

test('a long past is read whole', async () => {
  const messages = Array.from({ length: 100 }, (_, i) => ({ role: i % 2 ? 'assistant' : 'user', content: `${i} `.repeat(3_800) }));
  messages.push({ role: 'user', content: script(words) });
  const stream = await client.chat.completions.create({ model: 'default', stream: true, messages });
  assert.equal(await collect(stream), text);
});

test('continues from a response, and branches where others went on', async () => {
  const first = await client.responses.create({ model: 'default', input: script(['one']) });
  const second = await client.responses.create({ model: 'default', input: script(['two']), previous_response_id: first.id });
  assert.equal(second.conversation.id, first.conversation.id);
  assert.equal(second.previous_response_id, first.id);
  const branch = await client.responses.create({ model: 'default', input: script(['three']), previous_response_id: first.id });
  assert.equal(branch.conversation.id, first.conversation.id);
  const again = id => client.responses.create({ model: 'default', input: heard, previous_response_id: id });
  assert.deepEqual(
    told((await again(branch.id)).output_text),
    [`user: ${script(['one'])}`, 'assistant: one', `user: ${script(['three'])}`, 'assistant: three']);
  assert.deepEqual(
    told((await again(second.id)).output_text),
    [`user: ${script(['one'])}`, 'assistant: one', `user: ${script(['two'])}`, 'assistant: two']);
  const tree = await getJson(`/api/conversations/${first.conversation.id}?branches=all`);
  assert.equal(tree.messages.length, 10);
  assert.equal(tree.path.length, 6);
  const named = await client.responses.create({ model: 'default', input: script(['four']), conversation: first.conversation.id });
  assert.equal(named.conversation.id, first.conversation.id);
  await assert.rejects(
    client.responses.create({ model: 'default', input: 'x', previous_response_id: 'resp_none' }),
    error => error.status === 404 && error.param === 'previous_response_id');
});

test('a response calls tools and goes on with their results', async () => {
  const tools = [{ type: 'function', ...weather }];
  const first = await client.responses.create({
    model: 'default', tools,
    input: script(['It rains.'], { calls: [{ id: 'call_1', name: 'get_weather', arguments: '{"place":"Bern"}' }] }),
  });
  const call = first.output.find(item => item.type === 'function_call');
  assert.deepEqual([call.call_id, call.name, call.arguments], ['call_1', 'get_weather', '{"place":"Bern"}']);
  const second = await client.responses.create({
    model: 'default', tools, previous_response_id: first.id,
    input: [{ type: 'function_call_output', call_id: call.call_id, output: 'rain' }],
  });
  assert.equal(second.output_text, 'It rains.');
  const stateless = await client.responses.create({
    model: 'default', tools, store: false,
    input: [
      { role: 'user', content: script(['It rains.'], { calls: [] }) }, ...first.output,
      { type: 'function_call_output', call_id: call.call_id, output: 'rain' }],
  });
  assert.equal(stateless.output_text, 'It rains.');
});

test('refuses what responses do not support by name, and tells of what is not there', async () => {
  const cases = {
    'tools[0].type': { tools: [{ type: 'web_search' }] }, max_tool_calls: { max_tool_calls: 3 }, prompt: { prompt: { id: 'x' } },
    include: { include: ['everything'] }, model: { model: 'gpt-none' }, top_logprobs: { top_logprobs: 21 },
  };
  for (const [param, extra] of Object.entries(cases)) {
    await assert.rejects(client.responses.create({ model: 'default', input: 'hi', ...extra }), error => {
      assert.equal(error.param, param);
      assert.equal(error.type, 'invalid_request_error');
      return true;
    });
  }
  await assert.rejects(client.responses.retrieve('resp_nothing'), error => error.status === 404);
  await assert.rejects(
    client.responses.retrieve(`resp_${'0'.repeat(24)}.nowhere`), error => error.status === 404);
  await assert.rejects(client.get('/nowhere'), error => error.status === 404 && error.code === 'not_found');
});
