// The official `openai` package: what is kept, and found again; and a session of OpenAI's agents.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI, { toFile } from 'openai';
import { freshId, getJson, heard, script, text, told, until, url, words } from './support.mjs';

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'unused', maxRetries: 0 });

async function all(page) {
  const found = [];
  for await (const entry of page) found.push(entry);
  return found;
}

const notFound = error => error instanceof OpenAI.NotFoundError;

test('a response is deleted, and what it was asked with listed before', async () => {
  const response = await client.responses.create({
    model: 'default',
    input: [{ role: 'developer', content: 'Be brief.' }, { role: 'user', content: script(words) }],
  });
  const items = await all(client.responses.inputItems.list(response.id, { order: 'asc', limit: 1 }));
  assert.deepEqual(items.map(item => [item.type, item.role]), [['message', 'system'], ['message', 'user']]);
  await client.responses.delete(response.id);
  await assert.rejects(client.responses.retrieve(response.id), notFound);
  await assert.rejects(client.responses.inputItems.list(response.id), notFound);
  await assert.rejects(client.responses.create({ model: 'default', input: 'x', previous_response_id: response.id }), notFound);
  assert.equal((await getJson(`/api/conversations/${response.conversation.id}`)).messages.at(-1).content, text);
});

test('a response tells one model from its first event to its last', async () => {
  const models = new Set();
  const stream = await client.responses.create({ model: 'default', input: script(words), stream: true, background: true });
  const events = [];
  for await (const event of stream) {
    events.push(event.type);
    if (event.response) models.add(event.response.model);
  }
  assert.deepEqual([...models], ['default']);
  assert.deepEqual(events.slice(0, 3), ['response.created', 'response.queued', 'response.in_progress']);
});

test('stored completions are listed by their metadata, changed and deleted', async () => {
  const run = freshId('run');
  const ask = (metadata, store = true) => client.chat.completions.create({
    model: 'default', store, metadata, messages: [{ role: 'user', content: script(words) }] });
  const stored = [];
  for (let i = 0; i < 3; i++) stored.push((await ask({ run, i: String(i) })).id);
  const other = await ask({ run }, false);
  const listed = await until(async () => {
    const found = await all(client.chat.completions.list({ metadata: { run }, limit: 2 }));
    return found.length === 3 ? found : undefined;
  }, 'the list');
  assert.deepEqual(listed.map(one => one.id), stored);
  assert.equal(listed[0].choices[0].message.content, text);
  assert.deepEqual(listed[1].metadata, { run, i: '1' });
  await assert.rejects(client.chat.completions.retrieve(other.id), notFound);

  const changed = await client.chat.completions.update(stored[0], { metadata: { run, i: 'first' } });
  assert.deepEqual(changed.metadata, { run, i: 'first' });
  await until(async () => (await client.chat.completions.retrieve(stored[0])).metadata.i === 'first', 'the change');
  const messages = await all(client.chat.completions.messages.list(stored[0]));
  assert.deepEqual(messages.map(message => [message.role, message.content]), [['user', script(words)]]);
  assert.equal((await client.chat.completions.delete(stored[0])).deleted, true);
  await assert.rejects(client.chat.completions.retrieve(stored[0]), notFound);
});

test('a conversation has items, and a response goes on from them', async () => {
  const conversation = await client.conversations.create({
    metadata: { topic: 'tea' }, items: [{ type: 'message', role: 'user', content: 'One?' }] });
  assert.deepEqual((await client.conversations.retrieve(conversation.id)).metadata, { topic: 'tea' });
  const added = await client.conversations.items.create(conversation.id, {
    items: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'One.' }] }, { role: 'user', content: 'Wrong.' }] });
  assert.equal(added.data.length, 2);
  await client.conversations.items.delete(added.last_id, { conversation_id: conversation.id });

  const response = await client.responses.create({ model: 'default', conversation: conversation.id, input: script(words) });
  assert.equal(response.conversation.id, conversation.id);
  const items = await all(client.conversations.items.list(conversation.id, { order: 'asc', limit: 2 }));
  assert.deepEqual(items.map(item => item.content[0].text), ['One?', 'One.', script(words), text]);
  assert.deepEqual(await client.conversations.items.retrieve(items[0].id, { conversation_id: conversation.id }), items[0]);
  const kept = await getJson(`/api/conversations/${conversation.id}`);
  assert.deepEqual(kept.messages[0].context.map(m => [m.role, m.content]), [['user', 'One?'], ['assistant', 'One.']]);
  await assert.rejects(
    client.conversations.items.delete(items[0].id, { conversation_id: conversation.id }),
    error => error.status === 400 && error.param === 'item_id');

  assert.deepEqual((await client.conversations.update(conversation.id, { metadata: { topic: 'coffee' } })).metadata, { topic: 'coffee' });
  assert.equal((await client.conversations.delete(conversation.id)).deleted, true);
  await assert.rejects(client.conversations.retrieve(conversation.id), error => error.status === 410);
});

test('a conversation is compacted, and goes on from the summary', async () => {
  const first = await client.responses.create({ model: 'default', input: script(words) });
  const compacted = await client.responses.compact({ model: 'default', previous_response_id: first.id });
  assert.equal(compacted.object, 'response.compaction');
  const { messages: [asked, { content: summary }] } = await getJson(`/api/conversations/${compacted.id.split('.')[1]}`);
  assert.deepEqual(
    asked.context.map(message => [message.role, message.content]), [['user', script(words)], ['assistant', text]]);
  const response = await client.responses.create({
    model: 'default', input: [...compacted.output, { role: 'user', content: heard }] });
  assert.ok(summary);
  const system = JSON.parse(response.output_text).filter(([role]) => role === 'system').map(([, said]) => said).join('\n');
  assert.ok(system.includes(`A summary of the conversation so far:\n\n${summary}`), system);
  assert.deepEqual(told(response.output_text), [], 'the summary alone');
});

test('completes a prompt, at once and streaming', async () => {
  const completion = await client.completions.create({ model: 'default', prompt: script(words) });
  assert.equal(completion.choices[0].text, text);
  assert.equal(completion.choices[0].finish_reason, 'stop');
  let said = '';
  let usage;
  const stream = await client.completions.create({
    model: 'default', prompt: script(words), stream: true, stream_options: { include_usage: true } });
  for await (const piece of stream) {
    said += piece.choices[0]?.text ?? '';
    usage = piece.usage ?? usage;
  }
  assert.equal(said, text);
  assert.ok(usage.completion_tokens > 0);
});

test('texts become vectors that are near where their meanings are', async () => {
  const near = (a, b) => a.reduce((sum, number, i) => sum + number * b[i], 0);
  const { data, model, usage } = await client.embeddings.create({
    model: 'default', input: ['The cat sleeps on the sofa.', 'A kitten naps on a couch.', 'Interest rates rose again.'] });
  assert.equal(model, 'bge-small-en-v1.5-q');
  assert.ok(usage.total_tokens > 0);
  const vectors = data.map(entry => entry.embedding);
  assert.ok(vectors.every(vector => vector.length === 384));
  assert.ok(near(vectors[0], vectors[1]) > near(vectors[0], vectors[2]));
  const plain = await client.embeddings.create({ model, input: 'The cat sleeps on the sofa.', encoding_format: 'float' });
  assert.ok(near(plain.data[0].embedding, vectors[0]) > 0.999);
  await assert.rejects(
    client.embeddings.create({ model, input: 'word '.repeat(2_000) }), error => error.code === 'context_length_exceeded');
});

test('an agent remembers by its session', async () => {
  const { Agent, OpenAIConversationsSession, OpenAIResponsesModel, Runner } = await import('@openai/agents');
  const session = new OpenAIConversationsSession({ client });
  const agent = new Agent({ name: 'Clerk', instructions: 'Be brief.', model: new OpenAIResponsesModel(client, 'default') });
  const runner = new Runner({ tracingDisabled: true });

  const first = await runner.run(agent, script(words), { session });
  assert.equal(first.finalOutput, text);
  const second = await runner.run(agent, heard, { session });
  assert.deepEqual(told(second.finalOutput), [`user: ${script(words)}`, `assistant: ${text}`]);

  const items = await session.getItems();
  assert.deepEqual(items.map(item => item.role), ['user', 'assistant', 'user', 'assistant']);
  assert.equal(items[1].content[0].text, text);
  const popped = await session.popItem();
  assert.equal(popped.content[0].text, second.finalOutput);
  assert.equal((await session.getItems()).length, 3);
  assert.equal((await session.getItems(1))[0].role, 'user');
  await session.clearSession();
  assert.deepEqual(await session.getItems(), [], 'a new one');
});

test('responses over a web socket, one after the other and side by side', async () => {
  const { ResponsesWS } = await import('openai/resources/responses/ws');
  const socket = new ResponsesWS(client);
  const said = {};
  const ended = {};
  const failed = [];
  socket.on('error', error => failed.push(error.message));
  socket.on('event', event => {
    const stream = event.stream_id ?? '';
    if (event.type === 'response.output_text.delta') said[stream] = (said[stream] ?? '') + event.delta;
    if (event.type === 'response.completed') ended[stream] = event.response;
  });
  const create = more => socket.send({ type: 'response.create', model: 'default', input: script(words), ...more });
  create({});
  const first = await until(() => ended[''], 'the first response');
  assert.equal(said[''], text);
  for (const stream of ['a', 'b']) create({ stream_id: stream, input: script([`${stream}: `, ...words]), previous_response_id: first.id });
  await until(() => ended.a && ended.b, 'both');
  for (const stream of ['a', 'b']) assert.equal(said[stream], `${stream}: ${text}`);
  create({ model: 'gpt-none' });
  await until(() => failed.length, 'the refusal');
  assert.match(failed[0], /gpt-none/);
  socket.close();
});

test('a file is kept by the usual call, told of, read, and named by its id', async () => {
  const notes = '# Notes\nThe cat is called Emil.\n';
  const kept = await client.files.create({ file: await toFile(Buffer.from(notes), 'notes.md', { type: 'text/markdown' }), purpose: 'user_data' });
  assert.equal(kept.object, 'file');
  assert.equal(kept.filename, 'notes.md');
  assert.equal(kept.bytes, notes.length);
  assert.ok(Math.abs(kept.created_at - Date.now() / 1000) < 3600);
  assert.deepEqual(await client.files.retrieve(kept.id), kept);
  assert.equal(await (await client.files.content(kept.id)).text(), notes);
  // The engine behind this server takes text alone, and is known to: what is said of the file shows that it was found.
  await assert.rejects(
    client.responses.create({
      model: 'default',
      input: [{ role: 'user', content: [{ type: 'input_file', file_id: kept.id }, { type: 'input_text', text: script(words) }] }],
    }),
    error => error.code === 'attachment_not_accepted' && /text\/markdown/.test(error.message));
  await assert.rejects(client.files.retrieve('file-none'), notFound);
  await assert.rejects(
    client.files.create({ file: await toFile(Buffer.from('x'), 'x.jsonl'), purpose: 'batch' }),
    error => error instanceof OpenAI.BadRequestError && error.param === 'purpose');
});
