// Behind the proxies that people put in front: Express with its compression, nginx and HAProxy as Debian sets them up.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DefaultChatTransport, WebSocketChatTransport } from 'ai';
import { express, haproxy, isHere, nginx } from './front.mjs';
import { follow } from './follow.mjs';
import { freshId, script, settled, text, until, url, words } from './support.mjs';

const slow = script(words, { paceMillis: 100 });
const calls = {
  '/v1/chat/completions': asked => ({ model: 'default', stream: true, messages: [{ role: 'user', content: asked }] }),
  '/v1/responses': asked => ({ model: 'default', stream: true, input: asked }),
  '/agui': asked => ({ threadId: freshId(), runId: 'r', messages: [{ id: 'm1', role: 'user', content: asked }] }),
  '/api/chat': asked => ({ id: freshId(), messages: [{ id: 'm1', role: 'user', parts: [{ type: 'text', text: asked }] }] }),
};

/** The pieces of a body, as they come. */
async function* pieces(response) {
  const decoder = new TextDecoder();
  for await (const bytes of response.body) yield decoder.decode(bytes, { stream: true });
}

/** A conversation whose question waits to be asked, so that its reader can be there first. */
async function conversation() {
  const id = freshId('proxied');
  await post(url, '/api/conversations', { id });
  return id;
}

function post(base, path, body) {
  return fetch(base + path, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
  });
}

function ask(over, chatId, content) {
  return over.sendMessages({
    chatId, trigger: 'submit-message', messageId: undefined,
    messages: [{ id: freshId('message'), role: 'user', parts: [{ type: 'text', text: content }] }],
  });
}

/** What a chat says, and in how many pieces it grew on its way here. */
async function grown(stream) {
  let said = '';
  let steps = 0;
  for await (const chunk of stream) {
    if (chunk.type !== 'text-delta') continue;
    said += chunk.delta;
    steps++;
  }
  return { said, steps };
}

const servers = Object.entries({ nginx, HAProxy: haproxy }).filter(([name]) => isHere(name.toLowerCase()));

for (const [name, start] of [['Express with compression', express], ...servers]) {
  describe(`behind ${name}`, { concurrency: 4 }, () => {
    let front;
    before(async () => { front = await start(url); });
    after(() => front?.close());

    for (const [path, body] of Object.entries(calls)) {
      test(`tokens of ${path} come as they are said`, async () => {
        const response = await post(front.url, path, body(slow));
        let count = 0;
        for await (const piece of pieces(response)) count += /word\d/.test(piece) ? 1 : 0;
        assert.ok(count > 6, `in ${count} pieces`);
        assert.equal(response.headers.get('content-encoding'), null);
      });
    }

    test('events come one by one', async () => {
      const id = await conversation();
      const view = follow(front.url, id, 0);
      await until(() => view.opened > 0, 'the stream');
      await post(front.url, `/api/conversations/${id}/messages`, { content: slow });
      await until(() => view.completed !== undefined, 'the answer');
      view.close();
      assert.equal(view.completed, text);
      assert.ok(view.events.filter(type => type === 'message.delta').length > 6, view.events.join());
    });

    test('a chat over the web socket', async () => {
      const socket = new WebSocketChatTransport({ url: `${front.url}/ws` });
      const { said, steps } = await grown(await ask(socket, freshId(), slow));
      socket.close();
      assert.equal(said, text);
      assert.ok(steps > 6, `in ${steps} pieces`);
    });

    test('a reader who leaves is seen to leave', async () => {
      const stop = new AbortController();
      const response = await fetch(`${front.url}/v1/chat/completions`, {
        method: 'POST', headers: { 'Content-Type': 'application/json' }, signal: stop.signal,
        body: JSON.stringify(calls['/v1/chat/completions'](script(Array.from({ length: 2_000 }, (_, i) => `w${i} `)))),
      });
      let id;
      for await (const piece of pieces(response)) {
        id ??= /"id":"(chatcmpl-[^"]+)"/.exec(piece)?.[1];
        if (piece.includes('w1 ')) break;
      }
      stop.abort();
      assert.equal((await settled(id)).at(-1).status, 'cancelled');
    });

    test('an answer that is long past what is held back, whole', async () => {
      const response = await post(front.url, '/v1/chat/completions', {
        model: 'default', messages: [{ role: 'user', content: script(['0123456789abcdef'], { repeat: 65_536 }) }] });
      const said = (await response.json()).choices[0].message.content;
      assert.ok(said === '0123456789abcdef'.repeat(65_536), `${said.length} characters`);
    });
  });
}

// nginx gives up on a server after 60 silent seconds and HAProxy after 50. A third of that is harder, and sooner over.
const patience = 17;

describe('streams that are silent for longer than a proxy waits', { concurrency: true }, () => {
  for (const [name, start] of servers) {
    test(name, async () => {
      const front = await start(url, { patience });
      const quiet = script(words, { afterMillis: (patience + 5) * 1_000, paceMillis: 5 });
      const socket = new WebSocketChatTransport({ url: `${front.url}/ws` });
      try {
        const id = await conversation();
        const view = follow(front.url, id, 0);
        await until(() => view.opened > 0, 'the stream');
        await post(front.url, `/api/conversations/${id}/messages`, { content: quiet });
        const [chat, overSocket] = await Promise.all([
          ask(new DefaultChatTransport({ api: `${front.url}/api/chat` }), freshId(), quiet).then(grown),
          ask(socket, freshId(), quiet).then(grown),
          ...Object.entries(calls).map(async ([path, body]) => {
            let all = '';
            for await (const piece of pieces(await post(front.url, path, body(quiet)))) all += piece;
            assert.match(all, /word11 .*"finish|word11 .*response\.completed/s, path);
          }),
        ]);
        assert.deepEqual([chat.said, overSocket.said], [text, text]);
        await until(() => view.completed !== undefined, 'the end of the event stream');
        view.close();
        assert.deepEqual([view.completed, view.lost], [text, 0], 'by one connection');
      } finally {
        socket.close();
        await front.close();
      }
    });
  }
});
