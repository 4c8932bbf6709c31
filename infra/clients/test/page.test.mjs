// The page as its readers use it, in a real browser. Run by WebPageIT, against a server with a scripted model that takes
// seconds to say the same to everything.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, Reader, server } from './browser.mjs';

assert.ok(process.env.PARLEY_ANSWER, 'PARLEY_ANSWER is what the model says');
const ANSWER = process.env.PARLEY_ANSWER;

/** Early, so that much of the answer is left for whatever happens then. */
const MIDDLE = 'w5';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** A test with a reader of its own, who must have nothing to complain of in the end. */
function reading(name, body) {
  test(name, { timeout: 90_000 }, async () => {
    const reader = await Reader.come(browser);
    try {
      await body(reader);
    } finally {
      await reader.leave();
    }
    reader.assertContent();
  });
}

/** Asserts that an answer only ever grew, in that many steps before it was whole. */
function assertGrew(texts, steps) {
  texts.forEach((text, i) => {
    assert.ok(ANSWER.startsWith(text), `not the beginning of the answer: ${text}`);
    assert.ok(i === 0 || text.length > texts[i - 1].length, `shrank to: ${text}`);
  });
  assert.ok(texts.length > steps, `only these: ${JSON.stringify(texts)}`);
}

async function assertWhole(tab, index) {
  await tab.answer(index, 'completed');
  assert.equal(await tab.text(index), ANSWER);
}

reading('an answer grows on the screen until it is whole', async (reader) => {
  const tab = await reader.tab();

  await tab.ask('Count for me.');

  await tab.seen(0, MIDDLE);
  await tab.at('stop').waitFor();
  await assertWhole(tab, 0);
  assertGrew(await tab.shown(0), 5);
  assert.equal(await tab.questions().textContent(), 'Count for me.');
  assert.equal(await tab.at('title').textContent(), 'Count for me.');
  await tab.at('stop').waitFor({ state: 'hidden' });
});

reading('a reload in mid-answer goes on to the exact text', async (reader) => {
  const tab = await reader.tab();
  await tab.ask('Count while I reload.');
  await tab.seen(0, MIDDLE);

  await tab.page.reload();

  await tab.seen(0, MIDDLE);
  assert.notEqual((await tab.shown(0))[0], ANSWER, 'the reload was too late to test anything');
  await assertWhole(tab, 0);
  assertGrew(await tab.shown(0), 2);
});

reading('a stopped answer stays as it was, and the next question is answered', async (reader) => {
  const tab = await reader.tab();
  await tab.ask('Count until I stop you.');
  await tab.seen(0, MIDDLE);

  await tab.at('stop').click();

  const stopped = await tab.answer(0, 'cancelled');
  const kept = await tab.text(0);
  assert.ok(kept.includes(MIDDLE) && kept !== ANSWER && ANSWER.startsWith(kept), kept);
  assert.match(await stopped.locator('.foot').textContent(), /stopped/);
  await tab.at('stop').waitFor({ state: 'hidden' });

  await tab.page.reload();

  await tab.answer(0, 'cancelled');
  assert.equal(await tab.text(0), kept);

  await tab.ask('And now all of it.');

  await assertWhole(tab, 1);
  assert.equal(await tab.text(0), kept);
});

reading('a moment without a network costs no word', async (reader) => {
  const tab = await reader.tab();
  await tab.ask('Count while I am away.');
  await tab.seen(0, MIDDLE);

  await reader.goOffline();
  await tab.connection('offline');
  const left = await tab.text(0);
  await reader.goOnline();

  await tab.connection('live');
  await assertWhole(tab, 0);
  assert.notEqual(left, ANSWER, 'the network went too late to test anything');
  assertGrew(await tab.shown(0), 4);
});

reading('an answer that ends while the network is away is whole when it is back', async (reader) => {
  const tab = await reader.tab();
  await tab.ask('Count on without me.');
  await tab.seen(0, MIDDLE);
  await reader.goOffline();
  await tab.connection('offline');

  await completed(tab.conversation());
  assert.notEqual(await tab.text(0), ANSWER, 'the network went too late to test anything');
  await reader.goOnline();

  await assertWhole(tab, 0);
  assertGrew(await tab.shown(0), 1);
});

/** Waits until the server tells somebody outside of the browser that a conversation's answer is complete. */
async function completed(conversation) {
  const { body } = await fetch(`${server()}/api/conversations/${conversation}/events?cursor=0`);
  let told = '';
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    told += piece;
    if (told.includes('event: message.completed')) {
      return;
    }
  }
  assert.fail('the stream ended before the answer');
}

reading('two tabs show the same conversation, whichever of them asks', async (reader) => {
  const one = await reader.tab();
  const other = await reader.tab();
  await one.ask('Count for both of us.');
  await one.seen(0, MIDDLE);

  await other.open(one.conversation());

  await other.seen(0, MIDDLE);
  for (const tab of [one, other]) {
    await assertWhole(tab, 0);
    assertGrew(await tab.shown(0), 2);
  }

  await other.ask('Once more.');

  await one.asked('Once more.');
  for (const tab of [one, other]) {
    await assertWhole(tab, 1);
    assertGrew(await tab.shown(1), 5);
  }
});

reading('conversations run side by side, and can be renamed and deleted', async (reader) => {
  const tab = await reader.tab();
  await tab.ask('The first.');
  await tab.seen(0, MIDDLE);
  const first = tab.conversation();

  await tab.at('new-conversation').click();
  await tab.ask('The second.');

  const second = tab.conversation();
  assert.notEqual(second, first);
  await tab.line(second).waitFor();
  await assertWhole(tab, 0);
  await tab.open(first);
  await tab.asked('The first.');
  await assertWhole(tab, 0);
  assert.equal(await tab.at('title').textContent(), 'The first.');

  reader.willReply('Another name');
  await tab.menu('rename');

  await tab.page.locator('#title', { hasText: 'Another name' }).waitFor();
  await tab.line(first).and(tab.page.getByText('Another name', { exact: true })).waitFor();
  assert.match(await tab.page.title(), /^Another name/);

  reader.willReply();
  await tab.menu('delete');

  await tab.page.locator('#empty').waitFor();
  await tab.line(first).waitFor({ state: 'detached' });
  await tab.page.reload();
  await tab.line(second).waitFor();
  assert.equal(await tab.line(first).count(), 0);
});

reading('conversations opened faster than the server answers do not mix', async (reader) => {
  const tab = await reader.tab();
  await tab.ask('Alpha.');
  const alpha = tab.conversation();
  await tab.at('new-conversation').click();
  await tab.ask('Beta.');
  const beta = tab.conversation();
  const held = await tab.hold(`/api/conversations/${alpha}`);

  await tab.open(alpha);
  await held.requests(1);
  await tab.open(beta);
  await tab.open(alpha);
  await held.requests(2);
  await held.release();
  await tab.asked('Alpha.');
  await tab.open(beta);
  await tab.asked('Beta.');

  const other = await reader.tab(alpha);
  await other.ask('Alpha again.');
  await assertWhole(other, 1);
  await tab.ask('Beta again.');
  await assertWhole(tab, 1);
  assert.deepEqual(await tab.questions().allTextContents(), ['Beta.', 'Beta again.']);
});

reading('a conversation that begins between the list and its stream is in the list', async (reader) => {
  const tab = await reader.tab();
  const other = await reader.tab();
  const held = await tab.hold('/api/events');
  await tab.page.reload();
  await held.requests(1);

  await other.ask('Gamma.');
  await held.release();

  await tab.line(other.conversation()).waitFor();
});
