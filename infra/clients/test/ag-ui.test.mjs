// AG-UI: `HttpAgent` of @ag-ui/client, which verifies every stream that it reads.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HttpAgent, verifyEvents } from '@ag-ui/client';
import { EventSchema } from '@ag-ui/core/schemas';
import { from, lastValueFrom, toArray } from 'rxjs';
import {
  cuttingProxy, eventsOf, freshId, getJson, heard, script, settled, text, told, tricky, trickyText, until, url, words,
} from './support.mjs';

const agui = `${url}/agui`;
const place = { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] };
const slow = script(words, { paceMillis: 60 });

const agent = (more = {}) => new HttpAgent({ url: agui, threadId: freshId('thread'), ...more });
const ask = (agent, content) => agent.addMessage({ id: freshId('message'), role: 'user', content });
const said = agent => agent.messages.filter(message => message.role === 'assistant').map(message => message.content ?? '').join('');

/** A fetch that goes on where its stream was cut, so that `HttpAgent` sees one. */
function resuming(base) {
  return async (address, init) => {
    const { threadId, runId } = JSON.parse(init.body);
    let last;
    let response = await fetch(address.replace(url, base), init).catch(() => fetch(address, init));
    const first = response;
    const body = new ReadableStream({
      async start(controller) {
        for (let tries = 0; tries < 20; tries++) {
          try {
            for await (const event of eventsOf(response)) {
              last = event.id ?? last;
              controller.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(event.json)}\n\n`));
              if (['RUN_FINISHED', 'RUN_ERROR'].includes(event.json.type)) return controller.close();
            }
          } catch { /* It was cut: go on below. */ }
          response = last
            ? await fetch(`${agui}/${threadId}/${runId}?cursor=${last}`, { headers: init.headers })
            : await fetch(address, init);
        }
        controller.error(new Error('it goes on being cut'));
      },
    });
    return new Response(body, { status: first.status, headers: first.headers });
  };
}

test('runs, streams and finishes with what was used', async () => {
  const page = agent();
  ask(page, script(words, { reasoning: 'let me see' }));
  const grown = new Set();
  let finished;
  await page.runAgent({}, {
    onTextMessageContentEvent: ({ textMessageBuffer }) => { grown.add(textMessageBuffer.length); },
    onRunFinishedEvent: ({ event }) => { finished = event; },
    onEvent: ({ event }) => { EventSchema.parse(event); },
  });
  assert.equal(said(page), text);
  assert.ok(grown.size > 4, `it grew in ${grown.size} steps`);
  assert.deepEqual(page.messages.map(message => message.role), ['user', 'reasoning', 'assistant']);
  assert.equal(page.messages[1].content, 'let me see');
  assert.ok(finished.usage[0].outputTokens > 0);
  ask(page, script(tricky));
  await page.runAgent();
  assert.equal(page.messages.at(-1).content, trickyText);
  const kept = await settled(page.threadId);
  assert.deepEqual(kept.map(message => message.id), page.messages.filter(m => m.role !== 'reasoning').map(m => m.id));
});

test('calls the tools of the page, and goes on with what they say', async () => {
  const page = agent();
  const tools = [{ name: 'get_weather', description: 'The weather of a place', parameters: place }];
  ask(page, script(['Done.'], { calls: [{ id: 'call_1', name: 'get_weather', arguments: '{"place":"Chur"}' }] }));
  const asked = [];
  let pending;
  await page.runAgent({ tools }, {
    onToolCallEndEvent: ({ toolCallName, toolCallArgs }) => { asked.push([toolCallName, toolCallArgs]); },
    onRunFinishedEvent: ({ pendingToolCallIds }) => { pending = pendingToolCallIds; },
  });
  assert.deepEqual(asked, [['get_weather', { place: 'Chur' }]]);
  assert.deepEqual(pending, ['call_1']);
  page.addMessage({ id: freshId('result'), role: 'tool', toolCallId: 'call_1', content: '{"sky":"blue"}' });
  await page.runAgent({ tools, context: [{ description: 'Where', value: 'Here' }] });
  assert.equal(page.messages.at(-1).content, 'Done.');
  const kept = await settled(page.threadId);
  assert.deepEqual(kept.map(message => message.role), ['user', 'assistant', 'tool', 'assistant']);
});

test('tells of failures and refusals', async () => {
  const page = agent();
  ask(page, script([], { refuse: 401 }));
  let failed;
  await page.runAgent({}, { onRunErrorEvent: ({ event }) => { failed = event; } });
  assert.match(failed.message, /401|refus/i);
  const refused = agent({ threadId: 'not an id' });
  ask(refused, 'x');
  await assert.rejects(refused.runAgent(), error => error.status === 400 && error.payload.code === 'invalid_id');
});

test('an answer is regenerated where the thread is cut back to its question', async () => {
  const page = agent();
  ask(page, script(words));
  await page.runAgent();
  const [question, before] = page.messages;
  page.setMessages([question]);
  await page.runAgent();
  assert.notEqual(page.messages.at(-1).id, before.id);
  assert.equal(page.messages.at(-1).content, text);
  const kept = await settled(page.threadId);
  assert.deepEqual(kept.map(message => message.status).sort(), ['accepted', 'completed']);
});

test('a thread that is edited, cut back or put together elsewhere is what its model is told', async () => {
  const page = agent();
  const first = [{ id: freshId('message'), role: 'user', content: script(['one']) }];
  page.setMessages(first);
  await page.runAgent();
  const answered = [...page.messages];
  const asked = async messages => {
    page.setMessages([...messages, { id: freshId('message'), role: 'user', content: heard }]);
    await page.runAgent();
    return told(page.messages.at(-1).content);
  };
  assert.deepEqual(await asked(answered), [`user: ${first[0].content}`, 'assistant: one']);
  assert.deepEqual(await asked([{ ...first[0], content: script(['two']) }, { ...answered[1], content: 'two' }]), [
    `user: ${script(['two'])}`, 'assistant: two']);
  assert.deepEqual(await asked([]), []);
  page.setMessages([{ ...first[0], content: heard }]);
  await page.runAgent();
  assert.deepEqual(told(page.messages.at(-1).content), [], 'edited under its own id');
  const shown = agent({ threadId: page.threadId, fetch: () => fetch(`${agui}/${page.threadId}`) });
  await shown.runAgent();
  assert.deepEqual(shown.messages, page.messages);
});

test('only looks away when it is aborted, and is stopped through the native API', async () => {
  const page = agent();
  ask(page, slow);
  await page.runAgent({}, { onTextMessageContentEvent: () => { page.abortRun(); } });
  const kept = await settled(page.threadId);
  assert.deepEqual([kept.at(-1).status, kept.at(-1).content], ['completed', text]);

  const stopped = agent();
  ask(stopped, script(Array.from({ length: 2_000 }, (_, i) => `w${i} `)));
  let outcome;
  let asked = false;
  await stopped.runAgent({}, {
    onTextMessageContentEvent: async () => {
      if (!asked) await fetch(`${url}/api/conversations/${stopped.threadId}/cancel`, { method: 'POST' });
      asked = true;
    },
    onRunFinishedEvent: ({ outcome: how }) => { outcome = how; },
  });
  assert.equal(outcome, 'cancelled');
});

test('a thread that another client began is shown, with what runs in it', async () => {
  const id = freshId('thread');
  const json = { 'content-type': 'application/json' };
  await fetch(`${url}/api/conversations`, { method: 'POST', headers: json, body: JSON.stringify({ id }) });
  await fetch(`${url}/api/conversations/${id}/messages`, { method: 'POST', headers: json, body: JSON.stringify({ content: slow }) });
  await until(async () => (await getJson(`/api/conversations/${id}`)).activeTurn, 'its start');
  const page = agent({ threadId: id, fetch: () => fetch(`${agui}/${id}`) });
  await page.runAgent();
  assert.deepEqual(page.messages.map(message => message.role), ['user', 'assistant']);
  assert.equal(said(page), text);
  const again = agent({ threadId: id, fetch: () => fetch(`${agui}/${id}`) });
  await again.runAgent();
  assert.deepEqual(again.messages, page.messages);
});

test('goes on exactly after a cut at any event, verified as one stream', async () => {
  const whole = agent();
  ask(whole, script(words, { reasoning: 'let me see' }));
  let events = 0;
  await whole.runAgent({}, { onEvent: () => { events++; } });
  await Promise.all(Array.from({ length: events + 1 }, async (_, count) => {
    const proxy = await cuttingProxy({ count });
    try {
      const page = agent({ fetch: resuming(proxy.url) });
      ask(page, script(words, { paceMillis: 60, reasoning: 'let me see' }));
      await page.runAgent();
      assert.equal(said(page), text, `cut after ${count} events`);
      assert.equal(page.messages.find(message => message.role === 'reasoning').content, 'let me see');
    } finally {
      await proxy.close();
    }
  }));
});

test('every place of a finished run goes on with what followed, and the two are one valid stream', async () => {
  const threadId = freshId('thread');
  const runId = freshId('run');
  const messages = [{
    id: freshId('message'), role: 'user',
    content: script(['It ', 'rains.'], {
      reasoning: 'hm', calls: [{ id: 'call_1', name: 'get_weather', arguments: '{"place":"Chur"}' }] }),
  }];
  const tools = [{ name: 'get_weather', description: 'Weather', parameters: place }];
  const events = [];
  const run = await fetch(agui, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ threadId, runId, messages, tools }) });
  for await (const event of eventsOf(run)) events.push(event);
  assert.equal(events.at(-1).json.type, 'RUN_FINISHED');
  for (let cut = 0; cut < events.length - 1; cut++) {
    const both = events.slice(0, cut + 1).map(event => event.json);
    const rest = await fetch(`${agui}/${threadId}/${runId}`, { headers: { 'last-event-id': events[cut].id } });
    for await (const event of eventsOf(rest)) both.push(event.json);
    await lastValueFrom(from(both).pipe(verifyEvents(false), toArray()));
    assert.deepEqual(squeezed(both), squeezed(events.map(event => event.json)), `cut after ${events[cut].id}`);
  }
  assert.equal((await fetch(`${agui}/${threadId}/${runId}?cursor=${events.at(-1).id}`)).status, 204);
});

/** Events with pieces of the same text put together: how it is cut is a matter of pace. */
function squeezed(events) {
  const squeezed = [];
  for (const event of events) {
    const last = squeezed.at(-1);
    if (last && event.delta !== undefined && last.type === event.type) last.delta += event.delta;
    else squeezed.push({ ...event });
  }
  return squeezed;
}
