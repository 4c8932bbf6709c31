// The `eventsource` package, which speaks as a browser's EventSource does: reconnects by itself, with Last-Event-ID.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launch } from './browser.mjs';
import { follow } from './follow.mjs';
import { cuttingProxy, freshId, script, text, tricky, trickyText, until, url, words } from './support.mjs';

async function ask(conversation, content) {
  await fetch(`${url}/api/conversations`, post({ id: conversation }));
  const response = await fetch(`${url}/api/conversations/${conversation}/messages`, post({ content }));
  assert.equal(response.status, 202);
}

function post(body) {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

test('reads an answer to its end', async () => {
  const conversation = freshId('es');
  await ask(conversation, script(words));
  const view = follow(url, conversation, 0);
  await until(() => view.completed !== undefined, 'the answer');
  view.close();
  assert.equal(view.shown, text);
  assert.equal(view.completed, text);
});

test('reads every character as the model said it', async () => {
  const conversation = freshId('es');
  await ask(conversation, script(tricky));
  const view = follow(url, conversation, 0);
  await until(() => view.completed !== undefined, 'the answer');
  view.close();
  assert.equal(view.shown, trickyText);
  assert.equal(view.completed, trickyText);
});

test('reads a megabyte on one line', async () => {
  const conversation = freshId('es');
  await ask(conversation, script(['0123456789abcdef'], { repeat: 65_536 }));
  const view = follow(url, conversation, 0);
  await until(() => view.completed !== undefined, 'the answer');
  view.close();
  assert.equal(view.completed.length, 1_048_576);
  assert.ok(view.wasBeginning && view.completed === '0123456789abcdef'.repeat(65_536));
});

test('reconnects by itself after a cut at any event, and shows exactly the answer', async () => {
  const whole = await (async () => {
    const conversation = freshId('es');
    await ask(conversation, script(words));
    const view = follow(url, conversation, 0);
    await until(() => view.completed !== undefined, 'the answer');
    view.close();
    return view.events.length;
  })();
  assert.ok(whole >= 8, `only ${whole} events`);
  await Promise.all(Array.from({ length: whole }, (_, i) => i + 1).map(async count => {
    const proxy = await cuttingProxy({ count: count + 1 }); // The first mark ends the line that sets the pause.
    const conversation = freshId('es');
    await fetch(`${url}/api/conversations`, post({ id: conversation }));
    const view = follow(proxy.url, conversation, 0);
    try {
      await until(() => view.opened > 0, 'the stream');
      await ask(conversation, script(words));
      await until(() => view.completed !== undefined, `the answer after a cut at event ${count}`, 30_000);
    } finally {
      view.close();
      await proxy.close();
    }
    // How many events an answer has is a matter of pace.
    assert.ok(proxy.cuts === 1 || view.events.length < count);
    assert.ok(view.wasBeginning, `cut at event ${count}`);
    assert.equal(view.completed, text, `cut at event ${count}`);
  }));
});

test('a browser\'s own EventSource reconnects by itself as well', async () => {
  const browser = await launch();
  try {
    await Promise.all([2, 5, 7, 8].map(async count => {
      const proxy = await cuttingProxy({ count });
      const conversation = freshId('es');
      await fetch(`${url}/api/conversations`, post({ id: conversation }));
      const page = await browser.newPage();
      await page.goto(`${proxy.url}/health/live`);
      const reading = page.evaluate(([path]) => new Promise(resolve => {
        const source = new EventSource(path);
        let shown = '';
        source.addEventListener('message.delta', event => { shown += JSON.parse(event.data).text; });
        source.addEventListener('message.reset', () => { shown = ''; });
        source.addEventListener('message.completed', event => {
          source.close();
          const { content } = JSON.parse(event.data);
          resolve({ content, wasBeginning: content.startsWith(shown) });
        });
      }), [`/api/conversations/${conversation}/events?cursor=0`]);
      await ask(conversation, script(words, { paceMillis: 60 }));
      const { content, wasBeginning } = await reading;
      assert.equal(content, text, `cut at event ${count}`);
      assert.ok(wasBeginning);
      assert.equal(proxy.cuts, 1, `cut at event ${count}`);
      await proxy.close();
    }));
  } finally {
    await browser.close();
  }
});
