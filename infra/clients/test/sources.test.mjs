// From the number in an answer to the document behind it. Run by WebPageIT, against a server whose model says what it is
// asked.

import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import { launch, Reader, server } from './browser.mjs';

const DRAWER = `${server()}/api/workspaces/cellar/documents/where/drawer.md`;
const TEXT = '# Drawer\n\nBefore all.\n\n## Contents\n\nThe **blue** drawer holds candles. <script>globalThis.caught = true</script>';
const QUESTION = 'What does the blue drawer hold, [1] or [9]? Not `[1]`.';

let browser;
before(async () => {
  browser = await launch();
  const put = await fetch(DRAWER, { method: 'PUT', headers: { 'Content-Type': 'text/markdown' }, body: TEXT });
  assert.equal(put.status, 201, await put.text());
});
after(() => browser?.close());

async function send(path, body, headers = {}) {
  const response = await fetch(`${server()}${path}`, {
    method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body),
  });
  assert.ok(response.ok, `${path} answered ${response.status}`);
  return response.json();
}

const conversation = async () => (await send('/api/conversations', { workspaceId: 'cellar' })).id;

/** Asks in conversations of its own until the document is found: it is indexed in the background. */
async function found() {
  for (let i = 0; i < 120; i++) {
    const answered = await send(`/api/conversations/${await conversation()}/messages`, { content: QUESTION }, { Prefer: 'wait=20' });
    if (answered.assistantMessage?.sources?.length) {
      return;
    }
    await pause(500);
  }
  assert.fail('the document was never found');
}

test('a number opens the document that it cites', { timeout: 120_000 }, async () => {
  await found();
  const reader = await Reader.come(browser);
  try {
    const tab = await reader.tab(await conversation());

    await tab.ask(QUESTION);

    const answer = await tab.answer(0, 'completed');
    assert.equal(await tab.text(0), 'What does the blue drawer hold, 1 or [9]? Not [1].');
    assert.equal(await tab.questions().textContent(), QUESTION);
    const cited = answer.locator('.body .cite');
    assert.equal(await cited.count(), 1);

    await cited.click();

    const document = tab.at('document');
    await document.getByText('The blue drawer holds candles.').waitFor();
    assert.equal(await document.getByText('Contents', { exact: true }).count(), 1);
    await document.getByRole('button', { name: 'Close' }).click();
    await document.waitFor({ state: 'hidden' });

    await answer.getByTestId('sources').locator('summary').click();
    await answer.getByTestId('sources').getByRole('button').first().click();
    await document.getByText('The blue drawer holds candles.').waitFor();
    await tab.page.keyboard.press('Escape');

    assert.equal(await tab.page.evaluate(() => globalThis.caught), undefined);
    assert.equal((await fetch(DRAWER, { method: 'DELETE' })).status, 204);
    await cited.click();
    await document.getByText('This document has been deleted since.').waitFor();
  } finally {
    await reader.leave();
  }
});
