// Arguments of tool calls as the model writes them, by every protocol at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HttpAgent } from '@ag-ui/client';
import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import { DefaultChatTransport } from 'ai';
import OpenAI from 'openai';
import { follow } from './follow.mjs';
import { cuttingProxy, eventsOf, freshId, script, settled, until, url } from './support.mjs';

const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'unused', maxRetries: 0 });
const weather = { name: 'get_weather', parameters: { type: 'object', properties: { place: { type: 'string' } } } };
const calls = [
  { id: 'call_1', name: 'get_weather', arguments: '{"place":"Z\u00fcrich \ud83d\ude00"}' },
  { id: 'call_2', name: 'get_weather', arguments: '{"place":"Bern"}' },
];
const asking = script(['Let ', 'me ', 'see.'], { calls, quirks: ['call-arguments-by-character'] });
const expected = calls.map(call => call.arguments);

/** How many pieces had come of the first call before there was any of the second. */
function early(pieces) {
  return pieces.findIndex(([call]) => call === 1);
}

test('a completion tells arguments as they come, and makes no call whole before the answer is', async () => {
  const pieces = [];
  const joined = ['', ''];
  let first;
  for await (const chunk of await openai.chat.completions.create({
    model: 'default', stream: true, messages: [{ role: 'user', content: asking }], tools: [{ type: 'function', function: weather }],
  })) {
    for (const call of chunk.choices[0]?.delta?.tool_calls ?? []) {
      pieces.push([call.index, call.function.arguments]);
      if (call.index === 1) first ??= joined[0];
      joined[call.index] += call.function.arguments;
    }
  }
  assert.deepEqual(joined, expected);
  assert.equal(first, expected[0].slice(0, -1));
  assert.ok(early(pieces) > 3, JSON.stringify(pieces));
});

test('the SDK puts the same completion together', async () => {
  const completion = await openai.chat.completions.stream({
    model: 'default', messages: [{ role: 'user', content: asking }], tools: [{ type: 'function', function: weather }],
  }).finalChatCompletion();
  assert.deepEqual(completion.choices[0].message.tool_calls.map(call => call.function.arguments), expected);
  assert.equal(completion.choices[0].message.content, 'Let me see.');
});

async function read(stream, view = { numbers: [], types: [], text: '', arguments: {}, seen: -1 }) {
  for await (const event of stream) {
    assert.ok(event.sequence_number > view.seen, `${event.type} ${event.sequence_number} after ${view.seen}`);
    view.seen = event.sequence_number;
    view.numbers.push(event.sequence_number);
    view.types.push(event.type);
    view.response = event.response ?? view.response;
    if (event.type === 'response.output_text.delta') view.text += event.delta;
    if (event.type === 'response.function_call_arguments.delta') {
      view.arguments[event.output_index] = (view.arguments[event.output_index] ?? '') + event.delta;
    }
  }
  return view;
}

const request = { model: 'default', stream: true, tools: [{ type: 'function', ...weather }] };

test('a response tells arguments as they come, and resumes within them after a cut at any event', async () => {
  const whole = await read(await openai.responses.create({ ...request, input: asking }));
  assert.deepEqual(Object.values(whole.arguments), expected);
  assert.ok(whole.types.filter(type => type === 'response.function_call_arguments.delta').length > 6, whole.types.join());
  assert.deepEqual(
    whole.response.output.filter(item => item.type === 'function_call').map(item => item.arguments), expected);
  const rest = await Promise.all(whole.numbers.map(async after => {
    const again = { numbers: [], types: [], text: '', arguments: {}, seen: after };
    return read(await openai.responses.retrieve(whole.response.id, { stream: true, starting_after: after }), again);
  }));
  whole.numbers.forEach((after, i) => {
    const told = { ...rest[i].arguments };
    for (const [place, all] of Object.entries(whole.arguments)) {
      assert.ok(all.endsWith(told[place] ?? ''), `after ${after}`);
    }
    assert.equal(rest[i].seen, whole.seen);
  });
  await Promise.all(whole.numbers.map(async (_, i) => {
    const proxy = await cuttingProxy({ mark: '"sequence_number"', count: i + 1 });
    const cut = new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: 'unused', maxRetries: 0 });
    const view = { numbers: [], types: [], text: '', arguments: {}, seen: -1 };
    const start = () => cut.responses.create({ ...request, input: asking }, { headers: { 'Idempotency-Key': key } });
    const key = freshId('key');
    try {
      await read(await start(), view);
    } catch (error) {
      if (proxy.cuts === 0) throw error;
    }
    while (view.types.at(-1) !== 'response.completed') {
      await read(view.response === undefined
        ? await start()
        : await cut.responses.retrieve(view.response.id, { stream: true, starting_after: view.seen }), view);
    }
    await proxy.close();
    assert.deepEqual(Object.values(view.arguments), expected, `cut at event ${i + 1}`);
    assert.equal(view.text, 'Let me see.');
  }));
});

test('a page is told a tool\'s input as it comes, and to run the tool at the end', async () => {
  const id = freshId();
  await fetch(`${url}/api/conversations`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ id }) });
  const source = follow(url, id);
  await until(() => source.opened > 0, 'the stream');
  const stream = await new DefaultChatTransport({ api: `${url}/api/chat`, body: { tools: { get_weather: weather } } })
    .sendMessages({
      chatId: id, trigger: 'submit-message',
      messages: [{ id: freshId('message'), role: 'user', parts: [{ type: 'text', text: asking }] }] });
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  const types = chunks.map(chunk => chunk.type);
  const inputs = {};
  for (const chunk of chunks.filter(({ type }) => type === 'tool-input-delta')) {
    inputs[chunk.toolCallId] = (inputs[chunk.toolCallId] ?? '') + chunk.inputTextDelta;
  }
  assert.deepEqual(inputs, Object.fromEntries(calls.map(call => [call.id, call.arguments])));
  assert.ok(types.filter(type => type === 'tool-input-delta').length > 6, types.join());
  assert.ok(types.indexOf('tool-input-available') > types.lastIndexOf('tool-input-delta'));
  assert.deepEqual(
    chunks.filter(({ type }) => type === 'tool-input-available').map(({ input }) => input),
    expected.map(each => JSON.parse(each)));
  await until(() => source.completed !== undefined, 'the end of the event stream');
  source.close();
  assert.ok(source.events.filter(type => type === 'tool.arguments').length > 6, source.events.join());
  for (const call of calls) assert.ok(call.arguments.startsWith(source.calls[call.id]), source.calls[call.id]);
  await settled(id);
});

const anthropic = new Anthropic({ baseURL: url, apiKey: 'unused', maxRetries: 0 });
const messaging = {
  model: 'default', max_tokens: 1024, messages: [{ role: 'user', content: asking }],
  tools: [{ name: weather.name, input_schema: weather.parameters }],
};
const inputs = message => message.content.filter(block => block.type === 'tool_use').map(block => block.input);

test('a message of Anthropic\'s tells the first call\'s input as it comes, and ends no call before the answer', async () => {
  const events = [];
  const stream = anthropic.messages.stream(messaging).on('streamEvent', event => events.push(event));
  const pieces = [];
  stream.on('inputJson', piece => pieces.push(piece));
  const blocks = [];
  stream.on('contentBlock', block => blocks.push(block.type));
  const message = await stream.finalMessage();
  assert.deepEqual(inputs(message), expected.map(each => JSON.parse(each)));
  assert.equal(pieces.join(''), expected.join(''));
  assert.ok(pieces.length > 6, JSON.stringify(pieces));
  assert.deepEqual(blocks, ['text', 'tool_use', 'tool_use']);
  assert.equal(message.stop_reason, 'tool_use');
});

test('the SDK\'s runner makes each call once, be it that it makes them as they come', async () => {
  for (const runToolsEagerly of [false, true]) {
    const asked = [];
    const tool = betaTool({
      name: weather.name, description: 'The weather', inputSchema: weather.parameters, run: input => { asked.push(input.place); return 'sun'; },
    });
    const runner = anthropic.beta.messages.toolRunner({ ...messaging, stream: true, tools: [tool], runToolsEagerly });
    const last = await runner.runUntilDone();
    assert.equal(last.content.map(block => block.text).join(''), 'Let me see.');
    assert.deepEqual(asked.sort(), expected.map(each => JSON.parse(each).place).sort());
  }
});

test('a message of Anthropic\'s that is cut at any event is the same under its key', async () => {
  let count = 0;
  for await (const _ of await anthropic.messages.create({ ...messaging, stream: true })) count++;
  await Promise.all(Array.from({ length: count }, async (_, i) => {
    const proxy = await cuttingProxy({ count: i });
    const cut = new Anthropic({ baseURL: proxy.url, apiKey: 'unused', maxRetries: 0 });
    const key = freshId('key');
    const ask = () => cut.messages.stream(messaging, { headers: { 'Idempotency-Key': key } }).finalMessage();
    try {
      await ask().catch(error => { if (proxy.cuts === 0) throw error; });
      const message = await ask();
      assert.deepEqual(inputs(message), expected.map(each => JSON.parse(each)), `cut after ${i} events`);
      assert.equal(message.content[0].text, 'Let me see.');
    } finally {
      await proxy.close();
    }
  }));
});

for (const [what, written, input] of [
  ['is no object', ['[1, ', '2]'], { arguments: '[1, 2]' }], ['breaks', ['{"place":', ' Bern}'], undefined]]) {
  test(`arguments of which the model's ${what} are an object to Anthropic's clients, or an error`, async () => {
    const broken = script(['So.'], {
      calls: [{ id: 'call_1', name: weather.name, arguments: written.join('') }], quirks: ['call-arguments-by-character'] });
    const key = freshId('key');
    const ask = () => anthropic.messages.stream(
      { ...messaging, messages: [{ role: 'user', content: broken }] }, { headers: { 'Idempotency-Key': key } }).finalMessage();
    if (input === undefined) await assert.rejects(ask(), error => error.error.error.code === 'stream_reset');
    assert.deepEqual(inputs(await ask()), [input ?? { arguments: written.join('') }]);
  });
}

test('a run of AG-UI tells arguments as they come, ends calls with the answer, and goes on after a cut at any event', async () => {
  const threadId = freshId('thread');
  const tools = [{ name: weather.name, description: 'Weather', parameters: weather.parameters }];
  const messages = [{ id: freshId('message'), role: 'user', content: asking }];
  const page = new HttpAgent({ url: `${url}/agui`, threadId });
  page.setMessages(messages);
  const types = [];
  await page.runAgent({ tools }, { onEvent: ({ event }) => { types.push(event.type); } });
  assert.deepEqual(page.messages.at(-1).toolCalls.map(call => call.function.arguments), expected);
  assert.ok(types.filter(type => type === 'TOOL_CALL_ARGS').length > 6, types.join());
  assert.ok(types.indexOf('TOOL_CALL_END') > types.lastIndexOf('TOOL_CALL_START'), types.join());

  await Promise.all(types.map(async (_, i) => {
    const proxy = await cuttingProxy({ count: i });
    const thread = freshId('thread');
    const run = freshId('run');
    const start = base => fetch(`${base}/agui`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ threadId: thread, runId: run, messages, tools }) });
    const told = {};
    let last;
    let ended = 0;
    const follow = async response => {
      for await (const { id, json } of eventsOf(response)) {
        last = id;
        if (json.type === 'TOOL_CALL_ARGS') told[json.toolCallId] = (told[json.toolCallId] ?? '') + json.delta;
        if (json.type === 'TOOL_CALL_END') ended++;
      }
    };
    try {
      await start(proxy.url).then(follow).catch(error => { if (proxy.cuts === 0) throw error; });
      await follow(last ? await fetch(`${url}/agui/${thread}/${run}?cursor=${last}`) : await start(url));
      assert.deepEqual(Object.values(told), expected, `cut after ${i} events`);
      assert.equal(ended, calls.length);
    } finally {
      await proxy.close();
    }
  }));
});
