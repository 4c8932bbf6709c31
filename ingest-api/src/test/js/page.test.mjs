// The page's pure parts. Run by WebPageTest, or by hand: node --test ingest-api/src/test/js/

import assert from 'node:assert/strict';
import { test } from 'node:test';

globalThis.sessionStorage = { getItem: () => null, setItem: () => {} };
const { SseParser } = await import('../../main/resources/web/js/feed.js');
const { asWritten } = await import('../../main/resources/web/js/html.js');
const { citations, documentOf } = await import('../../main/resources/web/js/citations.js');
const { fromSnapshot, reduce } = await import('../../main/resources/web/js/conversation.js');

const STREAM = 'retry: 1000\n\n: hb\n\nid: 5.1.0\nevent: message.delta\ndata: {"a":1}\n\nid: 6\nevent: x\ndata: one\ndata: two\n\n';
const EVENTS = [
  { id: '5.1.0', type: 'message.delta', data: '{"a":1}' },
  { id: '6', type: 'x', data: 'one\ntwo' },
];

test('a stream cut into any two pieces gives the same events', () => {
  for (let cut = 0; cut <= STREAM.length; cut++) {
    const parser = new SseParser();
    assert.deepEqual([...parser.push(STREAM.slice(0, cut)), ...parser.push(STREAM.slice(cut))], EVENTS, `cut at ${cut}`);
  }
});

test('CRLF ends lines too, wherever it is cut', () => {
  const crlf = STREAM.replaceAll('\n', '\r\n');
  for (let cut = 0; cut <= crlf.length; cut++) {
    const parser = new SseParser();
    assert.deepEqual([...parser.push(crlf.slice(0, cut)), ...parser.push(crlf.slice(cut))], EVENTS, `cut at ${cut}`);
  }
});

const empty = fromSnapshot({ id: 'c', title: null, messages: [] });
const ids = { turnId: 't', messageId: 'a' };
const turn = [
  { type: 'message.accepted', turnId: 't', messageId: 'u', role: 'user', content: 'Hi' },
  { type: 'turn.started', ...ids, userMessageId: 'u' },
  { type: 'message.started', ...ids, attempt: 1, engine: 'e', model: 'm' },
  { type: 'message.delta', ...ids, attempt: 1, seq: 0, text: 'Hel' },
  { type: 'message.delta', ...ids, attempt: 1, seq: 1, text: 'lo' },
];
const answer = (state) => state.messages.find((message) => message.id === 'a');
const play = (events, from = empty) => events.reduce(reduce, from);

test('deltas add up, and repeats change nothing', () => {
  assert.equal(answer(play(turn)).content, 'Hello');
  assert.equal(answer(play([...turn, ...turn.slice(3)])).content, 'Hello');
});

test('pieces of a call\'s arguments count with the deltas, and are no text', () => {
  const state = play([
    ...turn,
    { type: 'tool.arguments', ...ids, attempt: 1, seq: 2, toolCallId: 'c', name: 'f', arguments: '{' },
    { type: 'message.delta', ...ids, attempt: 1, seq: 3, text: '!' },
  ]);
  assert.equal(answer(state).content, 'Hello!');
});

test('a reset forgets, and a late delta of the old attempt does not count', () => {
  const state = play([
    ...turn,
    { type: 'message.reset', ...ids, attempt: 2, reason: 'worker_lost' },
    { type: 'message.delta', ...ids, attempt: 1, seq: 2, text: '!' },
    { type: 'message.started', ...ids, attempt: 2 },
    { type: 'message.delta', ...ids, attempt: 2, seq: 0, text: 'Anew' },
  ]);
  assert.equal(answer(state).content, 'Anew');
});

test('a snapshot replaces what is shown, and deltas go on after it', () => {
  const state = play([
    ...turn.slice(0, 3),
    { type: 'message.snapshot', ...ids, attempt: 1, seq: 4, text: 'Hello wor' },
    { type: 'message.delta', ...ids, attempt: 1, seq: 5, text: 'ld' },
  ]);
  assert.equal(answer(state).content, 'Hello world');
});

test('what completes is authoritative and ends the turn', () => {
  const state = play([...turn, { type: 'message.completed', ...ids, content: 'Hello!', sources: [] }]);
  assert.equal(answer(state).content, 'Hello!');
  assert.equal(answer(state).status, 'completed');
  assert.equal(state.activeTurn, null);
});

test('a turn taken back marks question and answer', () => {
  const state = play([...turn, { type: 'turn.cancelled', ...ids, userMessageId: 'u', forgotten: true, content: 'Hel' }]);
  assert.deepEqual(state.messages.map((message) => message.status), ['forgotten', 'forgotten']);
});

test('raw HTML is shown as written, but for bare formatting', () => {
  for (const [html, expected] of [
    ['<img src=x onerror="f()">', '&#60;img src=x onerror=&#34;f()&#34;&#62;'],
    ['<script>f()</script>', '&#60;script&#62;f()&#60;/script&#62;'],
    ['&lt;', '&#38;lt;'],
    ['one<br>two<BR />', 'one<br>two<BR />'],
    ['<kbd>Ctrl</kbd>', '<kbd>Ctrl</kbd>'],
    ['<b onclick=f()>', '&#60;b onclick=f()&#62;'],
    ['<body>', '&#60;body&#62;'],
  ]) {
    assert.equal(asWritten(html), expected);
  }
});

test('numbers of sources are told from other brackets', () => {
  assert.deepEqual(citations('See [1], [3] and [x][2].', 2), ['See ', 1, ', ', '[3]', ' and [x]', 2, '.']);
  assert.deepEqual(citations('[0] none', 2), ['[0]', ' none']);
  assert.deepEqual(citations('', 2), []);
});

test('a source leads to its document, whatever its path', () => {
  assert.equal(documentOf({ sourceId: 'a/b#1.md#12' }), 'a/b#1.md');
  assert.equal(documentOf({ sourceId: 'elsewhere' }), null);
  assert.equal(documentOf({}), null);
});
