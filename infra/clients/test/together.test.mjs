// One conversation, read by every protocol at once: the same text in the same order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DefaultChatTransport, readUIMessageStream, WebSocketChatTransport } from 'ai';
import OpenAI from 'openai';
import { follow } from './follow.mjs';
import { freshId, getJson, script, settled, tricky, trickyText, until, url } from './support.mjs';

const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'unused', maxRetries: 0 });

async function said(stream) {
  let message;
  for await (const state of readUIMessageStream({ stream })) message = state;
  return message.parts.filter(part => part.type === 'text').map(part => part.text).join('');
}

test('begun by a response, read by EventSource, useChat\'s transport and a web socket, stopped by none', async () => {
  const id = freshId('together');
  await fetch(`${url}/api/conversations`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ id }) });
  const source = follow(url, id);
  await until(() => source.opened > 0, 'the stream');
  const stream = await openai.responses.create({
    model: 'default', stream: true, conversation: id, input: script(tricky, { paceMillis: 60, afterMillis: 400 }) });
  let byResponse = '';
  const response = (async () => {
    for await (const event of stream) if (event.type === 'response.output_text.delta') byResponse += event.delta;
  })();
  await until(async () => (await getJson(`/api/conversations/${id}`)).activeTurn, 'its start');
  const socket = new WebSocketChatTransport({ url: `${url}/ws` });
  const [byHttp, bySocket] = await Promise.all([
    new DefaultChatTransport({ api: `${url}/api/chat` }).reconnectToStream({ chatId: id }).then(said),
    socket.reconnectToStream({ chatId: id }).then(said),
    response,
  ]);
  await until(() => source.completed !== undefined, 'the end of the event stream');
  source.close();
  socket.close();
  assert.deepEqual(
    { byResponse, byHttp, bySocket, bySource: source.shown },
    { byResponse: trickyText, byHttp: trickyText, bySocket: trickyText, bySource: trickyText });
});

test('begun by useChat\'s transport, stopped through the native API, seen by all', async () => {
  const id = freshId('together');
  const http = await new DefaultChatTransport({ api: `${url}/api/chat` }).sendMessages({
    chatId: id, trigger: 'submit-message',
    messages: [{
      id: freshId('message'), role: 'user',
      parts: [{ type: 'text', text: script(Array.from({ length: 2_000 }, (_, i) => `w${i} `)) }] }],
  });
  const types = [];
  const reading = (async () => { for await (const chunk of http) types.push(chunk.type); })();
  await until(() => types.includes('text-delta'), 'the answer');
  const source = follow(url, id);
  await until(() => source.shown.length > 0, 'the other reader');
  await fetch(`${url}/api/conversations/${id}/cancel`, { method: 'POST' });
  await reading;
  assert.equal(types.at(-1), 'abort');
  await until(() => source.events.includes('turn.cancelled'), 'its end');
  source.close();
  assert.equal((await settled(id)).at(-1).status, 'cancelled');
});
