// The AI SDK's `WebSocketChatTransport`, which version 7 has.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readUIMessageStream, WebSocketChatTransport } from 'ai';
import { cuttingProxy, freshId, script, settled, text, tricky, trickyText, until, url, words } from './support.mjs';

const transport = (base = url) => new WebSocketChatTransport({ url: `${base}/ws` });

function send(over, chatId, content, abortSignal) {
  return over.sendMessages({
    chatId, abortSignal, trigger: 'submit-message', messageId: undefined,
    messages: [{ id: freshId('message'), role: 'user', parts: [{ type: 'text', text: content }] }],
  });
}

/** What a stream's message says at its end. */
async function said(stream) {
  let message;
  for await (const state of readUIMessageStream({ stream, terminateOnError: true })) message = state;
  return message.parts.filter(part => part.type === 'text').map(part => part.text).join('');
}

test('asks over one connection, several chats at once', async () => {
  const over = transport();
  const answers = await Promise.all([words, tricky, ['short']].map(async tokens =>
    said(await send(over, freshId(), script(tokens)))));
  assert.deepEqual(answers, [text, trickyText, 'short']);
  over.close();
});

test('reads a megabyte on one line', async () => {
  const over = transport();
  const answer = await said(await send(over, freshId(), script(['0123456789abcdef'], { repeat: 65_536 })));
  over.close();
  assert.equal(answer.length, 1_048_576);
  assert.ok(answer === '0123456789abcdef'.repeat(65_536));
});

test('resumes from another connection, and has nothing to resume where nothing runs', async () => {
  const first = transport();
  const second = transport();
  const id = freshId();
  assert.equal(await second.reconnectToStream({ chatId: id }), null);
  const stream = await send(first, id, script(words, { paceMillis: 60 }));
  const reader = stream.getReader();
  for (let chunk; chunk?.type !== 'text-delta';) chunk = (await reader.read()).value;
  assert.equal(await said(await second.reconnectToStream({ chatId: id })), text);
  first.close();
  second.close();
});

test('abort stops the answer', async () => {
  const over = transport();
  const id = freshId();
  const stop = new AbortController();
  const stream = await send(over, id, script(Array.from({ length: 2_000 }, (_, i) => `w${i} `)), stop.signal);
  const reader = stream.getReader();
  for (let chunk; chunk?.type !== 'text-delta';) chunk = (await reader.read()).value;
  stop.abort();
  assert.equal((await settled(id)).at(-1).status, 'cancelled');
  assert.equal(await said(await send(over, id, script(['again']))), 'again', 'the connection goes on');
  over.close();
});

test('closing the connection stops nothing', async () => {
  const over = transport();
  const id = freshId();
  const stream = await send(over, id, script(words, { paceMillis: 60 }));
  const reader = stream.getReader();
  for (let chunk; chunk?.type !== 'text-delta';) chunk = (await reader.read()).value;
  over.close();
  const kept = await settled(id);
  assert.deepEqual([kept.at(-1).status, kept.at(-1).content], ['completed', text]);
});

test('an answer that is begun anew is told as a step that is reset', async () => {
  const over = transport();
  const types = [];
  const stream = await send(over, freshId(), script(words, { dieAfter: 5, paceMillis: 60 }));
  for await (const chunk of stream) types.push(chunk.type);
  assert.ok(types.includes('reset-step'), types.join());
  assert.equal(types.at(-1), 'error', 'it died at every attempt');
  over.close();
});

test('errors name what is wrong', async () => {
  const over = transport();
  await assert.rejects(async () => said(await send(over, 'not an id', 'x')), /id must be/);
  await assert.rejects(async () => said(await send(over, freshId(), script([], { refuse: 401 }))), /401|refus/i);
  over.close();

  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`);
  const frames = [];
  socket.onmessage = event => frames.push(JSON.parse(event.data));
  await until(() => socket.readyState === WebSocket.OPEN, 'the connection');
  for (const frame of ['rubbish', '{}', '[]', '{"type":"dance","requestId":"r"}', '{"type":"send","requestId":"s","id":"c"}']) {
    socket.send(frame);
  }
  await until(() => frames.length === 5, 'the errors');
  assert.deepEqual(new Set(frames.map(frame => frame.type)), new Set(['error']));
  assert.ok(frames.every(frame => frame.errorText.length > 0));

  // A picture within a frame is kept, and then the engine behind this server, which takes text alone, is said to.
  const picture = { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,iVBORw0KGgo=' };
  const messages = [{ id: 'm', role: 'user', parts: [picture, { type: 'text', text: 'What?' }] }];
  socket.send(JSON.stringify({ type: 'send', requestId: 'p', id: freshId(), trigger: 'submit-message', messages }));
  const refused = await until(() => frames.slice(5).find(frame => /takes no images/.test(JSON.stringify(frame))), 'the refusal');
  assert.equal(refused.requestId, 'p');
  socket.close();
});

test('resumes exactly after a cut at any frame', async () => {
  const types = [];
  const uncut = transport();
  for await (const chunk of await send(uncut, freshId(), script(words))) types.push(chunk.type);
  uncut.close();
  await Promise.all(types.map(async (_, i) => {
    const proxy = await cuttingProxy({ mark: '"type":"chunk"', count: i + 1 });
    const over = transport(proxy.url);
    const id = freshId();
    try {
      let answer;
      try {
        answer = await said(await send(over, id, script(words, { paceMillis: 60 })));
      } catch {
        assert.equal(proxy.cuts, 1);
        const resumed = await over.reconnectToStream({ chatId: id });
        answer = resumed === null ? (await settled(id)).at(-1).content : await said(resumed);
      }
      assert.equal(answer, text, `cut at frame ${i + 1}`);
    } finally {
      over.close();
      await proxy.close();
    }
  }));
});
