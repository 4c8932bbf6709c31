// Begun in each protocol, cut, gone on with in each other one: the text is the same to the character.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DefaultChatTransport, WebSocketChatTransport } from 'ai';
import OpenAI from 'openai';
import { follow } from './follow.mjs';
import { cuttingProxy, freshId, getJson, script, settled, tricky, trickyText, until, url, words } from './support.mjs';

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
];

/** Further columns: ways that are nobody's protocol to begin in. */
const ways = [
  {
    name: 'a snapshot and the stream from its cursor',
    async goOn({ conversation }) {
      const { messages, cursor, activeTurn } = await getJson(`/api/conversations/${conversation}`);
      if (!activeTurn && messages.at(-1).status === 'completed') return messages.at(-1).content;
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
        await Promise.all(cuts.map(async after => {
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
