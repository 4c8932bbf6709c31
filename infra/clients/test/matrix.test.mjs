// Begun in each protocol, cut, gone on with in each other one: the text is the same to the character.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HttpAgent } from '@ag-ui/client';
import Anthropic from '@anthropic-ai/sdk';
import { DefaultChatTransport, WebSocketChatTransport } from 'ai';
import OpenAI from 'openai';
import { follow } from './follow.mjs';
import { cuttingProxy, eventsOf, freshId, getJson, script, settled, tricky, trickyText, until, url, words } from './support.mjs';

// A completion that nobody repeats under its key is stopped after two seconds, whoever else reads it: an answer takes less.
const content = script([...tricky, ...words], { paceMillis: 25 });
const text = trickyText + words.join('');
const asked = () => [{ id: freshId('message'), role: 'user', parts: [{ type: 'text', text: content }] }];
const openai = base => new OpenAI({ baseURL: `${base}/v1`, apiKey: 'unused', maxRetries: 0 });

async function post(base, path, body) {
  const response = await fetch(base + path, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  assert.ok(response.ok, `${path}: ${response.status}`);
  return response.json();
}

/** The name that OpenAI's API has for an answer, whoever asked for it. */
async function responseOf(conversation) {
  const turn = await until(
    async () => (await getJson(`/api/conversations/${conversation}`)).messages.find(message => message.turnId)?.turnId, 'its turn');
  return `resp_${turn.replace('turn_', '')}.${conversation}`;
}

/** What a reader of events shows in the end; what it showed on the way was a beginning of that. */
async function shownBy(view) {
  try {
    await until(() => view.completed !== undefined, 'the end of the event stream');
  } finally {
    view.close();
  }
  assert.ok(view.wasBeginning);
  return view.completed;
}

async function append(stream, begun) {
  for await (const chunk of stream) {
    if (chunk.type === 'text-delta') begun.shown += chunk.delta;
    assert.notEqual(chunk.type, 'error', JSON.stringify(chunk));
  }
}

/** What a chat says that is picked up again; where nothing is left to stream, what is kept of it. */
async function resumed(stream, conversation) {
  if (stream === null) return (await settled(conversation)).at(-1).content;
  const whole = { shown: '' };
  await append(stream, whole);
  return whole.shown;
}

/**
 * A protocol is a row and a column. `begin` asks through a connection that may be cut, and notes in `begun` its
 * `conversation`, what was `shown`, and whatever the protocol itself goes on by. `goOn` gives the whole text, of an answer
 * that any of them has begun; `alone` where the protocol can only go on with its own. `mark` is in what the server sends once an
 * event; at the `first` of them a reader knows which conversation it is in.
 */
const protocols = [
  {
    name: 'the event stream',
    mark: '\nevent: ', first: 1,
    async begin(begun, base) {
      begun.conversation = freshId('matrix');
      await post(url, '/api/conversations', { id: begun.conversation });
      await post(url, `/api/conversations/${begun.conversation}/messages`, { content });
      const view = follow(base, begun.conversation, 0);
      try {
        await until(() => view.completed !== undefined || view.lost > 0, 'the answer, or the cut');
      } finally {
        view.close();
      }
      begun.shown = view.shown;
      begun.cursor = view.cursor;
    },
    async goOn(begun) {
      if (begun.cursor !== undefined && begun.shown === text) return begun.shown;
      const view = follow(url, begun.conversation, begun.cursor ?? 0);
      if (begun.cursor !== undefined) view.shown = begun.shown;
      return shownBy(view);
    },
  },
  {
    name: 'a completion with a key',
    mark: '"object":"chat.completion.chunk"', first: 2, alone: true,
    async begin(begun, base) {
      begun.key = freshId('key');
      await this.read(begun, base);
    },
    async read(begun, base) {
      const request = { model: 'default', stream: true, messages: [{ role: 'user', content }] };
      const options = { headers: { 'Idempotency-Key': begun.key } };
      for await (const chunk of await openai(base).chat.completions.create(request, options)) {
        begun.conversation = chunk.id;
        begun.shown += chunk.choices[0]?.delta?.content ?? '';
      }
    },
    async goOn({ key }) {
      const again = { key, shown: '' };
      await this.read(again, url);
      return again.shown;
    },
  },
  {
    name: 'a response',
    mark: '"sequence_number"', first: 2,
    async begin(begun, base) {
      await this.read(begun, await openai(base).responses.create({ model: 'default', stream: true, input: content }));
    },
    async read(begun, stream) {
      for await (const event of stream) {
        begun.seen = event.sequence_number;
        begun.response ??= event.response?.id;
        begun.conversation ??= event.response?.conversation.id;
        if (event.type === 'response.output_text.delta') begun.shown += event.delta;
      }
    },
    async goOn(begun) {
      const view = begun.response === undefined ? await this.elsewhere(begun) : { ...begun };
      await this.read(view, await openai(url).responses.retrieve(view.response, { stream: true, starting_after: view.seen }));
      return view.shown;
    },
    /** Where another protocol's reader stands: numbers count characters, and no half of a pair is told by itself. */
    async elsewhere({ conversation, shown: soFar }) {
      const response = await responseOf(conversation);
      const shown = soFar.replace(/[\ud800-\udbff]$/, '');
      for await (const event of await openai(url).responses.retrieve(response, { stream: true })) {
        if (event.type === 'response.content_part.added') return { response, shown, seen: event.sequence_number + shown.length };
      }
      throw new Error(`${response} has no text`);
    },
  },
  {
    name: 'a chat of the AI SDK',
    mark: 'data: ', first: 1,
    async begin(begun, base) {
      begun.conversation = freshId('matrix');
      await append(await new DefaultChatTransport({ api: `${base}/api/chat` }).sendMessages({
        chatId: begun.conversation, trigger: 'submit-message', messages: asked() }), begun);
    },
    async goOn({ conversation }) {
      const transport = new DefaultChatTransport({ api: `${url}/api/chat` });
      return resumed(await transport.reconnectToStream({ chatId: conversation }), conversation);
    },
  },
  {
    name: 'the AI SDK\'s web socket',
    mark: '"type":"chunk"', first: 1,
    async begin(begun, base) {
      begun.conversation = freshId('matrix');
      await this.over(base, async socket => append(await socket.sendMessages({
        chatId: begun.conversation, trigger: 'submit-message', messageId: undefined, messages: asked() }), begun));
    },
    async over(base, use) {
      const socket = new WebSocketChatTransport({ url: `${base}/ws` });
      try {
        return await use(socket);
      } finally {
        socket.close();
      }
    },
    async goOn({ conversation }) {
      return this.over(url, async socket =>
        resumed(await socket.reconnectToStream({ chatId: conversation }), conversation));
    },
  },
  {
    name: 'a message of Anthropic\'s with a key',
    mark: '\ndata: ', first: 2, alone: true,
    async begin(begun, base) {
      begun.key = freshId('key');
      await this.read(begun, base);
    },
    async read(begun, base) {
      const client = new Anthropic({ baseURL: base, apiKey: 'unused', maxRetries: 0 });
      const request = { model: 'default', max_tokens: 1024, stream: true, messages: [{ role: 'user', content }] };
      for await (const event of await client.messages.create(request, { headers: { 'Idempotency-Key': begun.key } })) {
        if (event.type === 'message_start') begun.conversation = event.message.id;
        if (event.type === 'content_block_delta') begun.shown += event.delta.text;
      }
    },
    async goOn({ key }) {
      const again = { key, shown: '' };
      await this.read(again, url);
      return again.shown;
    },
  },
  {
    name: 'a run of AG-UI',
    mark: 'data: ', first: 1,
    async begin(begun, base) {
      begun.conversation = freshId('matrix');
      begun.run = freshId('run');
      await this.read(begun, await fetch(`${base}/agui`, {
        method: 'POST', headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          threadId: begun.conversation, runId: begun.run, messages: [{ id: freshId('message'), role: 'user', content }] }),
      }));
    },
    async read(begun, response) {
      assert.ok(response.ok, `${response.status}`);
      for await (const { id, json } of eventsOf(response)) {
        begun.event = id;
        if (json.type === 'TEXT_MESSAGE_CONTENT') begun.shown += json.delta;
        assert.notEqual(json.type, 'RUN_ERROR', JSON.stringify(json));
      }
    },
    async goOn({ conversation, run, event, shown }) {
      if (event === undefined) return this.comeTo(conversation);
      const view = { shown };
      await this.read(view, await fetch(`${url}/agui/${conversation}/${run}`, { headers: { 'last-event-id': event } }));
      return view.shown;
    },
    /** A thread that another protocol has begun is shown to its client, with what runs in it, as soon as it has a question. */
    async comeTo(threadId) {
      const page = new HttpAgent({ url: `${url}/agui`, threadId, fetch: () => fetch(`${url}/agui/${threadId}`) });
      return until(async () => {
        await page.runAgent();
        return page.messages.length > 0 && page.messages.at(-1).content;
      }, 'the thread');
    },
  },
  {
    name: 'a question over MCP',
    mark: 'data: ', first: 1, cuts: [0, 1, 2, Infinity],
    async begin(begun, base) {
      begun.conversation = freshId('matrix');
      await post(url, '/api/conversations', { id: begun.conversation });
      begun.session = await this.session();
      begun.answer = await this.call(base, begun.session, 'ask', { question: content, conversation: begun.conversation }, begun);
    },
    async session() {
      const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'matrix', version: '1' } };
      const response = await this.send(url, undefined, { id: 0, method: 'initialize', params });
      await response.body.cancel();
      return response.headers.get('mcp-session-id');
    },
    send(base, session, message) {
      return fetch(`${base}/mcp`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json', accept: 'application/json, text/event-stream', ...session && { 'mcp-session-id': session } },
        body: JSON.stringify({ jsonrpc: '2.0', ...message }),
      });
    },
    /** A tool's result, with the messages of its progress, which begin the answer, in `begun`. */
    async call(base, session, name, given, begun) {
      const params = { name, arguments: given, _meta: { progressToken: 1 } };
      const response = await this.send(base, session, { id: 1, method: 'tools/call', params });
      if (response.headers.get('content-type').startsWith('application/json')) return (await response.json()).result.structuredContent;
      for await (const { json } of eventsOf(response)) {
        if (json.result) return json.result.structuredContent;
        if (text.startsWith(begun.shown + json.params.message)) begun.shown += json.params.message;
      }
      throw new Error('cut');
    },
    /** The same request meets the same turn; what another protocol began is read, once it is there. */
    async goOn({ conversation, session }) {
      if (session !== undefined) {
        return (await this.call(url, session, 'ask', { question: content, conversation }, { shown: '' })).answer;
      }
      const reader = await this.session();
      return until(async () => {
        const { messages } = await this.call(url, reader, 'read_conversation', { conversation });
        return messages.at(-1)?.status === 'completed' && messages.at(-1).content;
      }, 'the answer');
    },
  },
];

/** Further columns: ways that are nobody's protocol to begin in. */
const ways = [
  {
    name: 'a snapshot and the stream from its cursor',
    async goOn({ conversation }) {
      const { messages, cursor, activeTurn } = await getJson(`/api/conversations/${conversation}`);
      if (!activeTurn && messages.at(-1)?.status === 'completed') return messages.at(-1).content;
      return shownBy(follow(url, conversation, cursor));
    },
  },
  {
    name: 'the message that is kept',
    async goOn({ conversation }) {
      return (await settled(conversation)).at(-1).content;
    },
  },
];

/** After how many events the connection breaks: before the text, in the midst of it, near its end, never. */
const cuts = [0, 4, 9, 15, 21, Infinity];

describe('begun in one, cut, gone on with in another', { concurrency: 4 }, () => {
  for (const protocol of protocols) {
    for (const way of [...protocols, ...ways]) {
      if (way.alone && way !== protocol) continue;
      test(`${protocol.name}, then ${way.name}`, async () => {
        await Promise.all((protocol.cuts ?? cuts).map(async after => {
          const where = `cut after ${after} events`;
          const proxy = await cuttingProxy({ mark: protocol.mark, count: protocol.first + after });
          const begun = { shown: '' };
          try {
            await protocol.begin(begun, proxy.url).catch(error => {
              if (proxy.cuts === 0) throw error;
            });
            assert.ok(text.startsWith(begun.shown), `${where}: ${JSON.stringify(begun.shown)}`);
            assert.equal(await way.goOn(begun), text, where);
            const kept = await settled(begun.conversation);
            assert.deepEqual(kept.map(message => [message.role, message.content]), [['user', content], ['assistant', text]], where);
            assert.equal(kept[1].status, 'completed', where);
          } finally {
            await proxy.close();
          }
        }));
      });
    }
  }
});
