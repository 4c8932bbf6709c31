// What questions and answers may not do to the page. Run by WebPageIT, against a server whose model says what it is asked.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, Reader } from './browser.mjs';

const ELSEWHERE = 'http://elsewhere.invalid';

/** What is said, and what is to be read of it where that is not the same. */
const ATTEMPTS = {
  'a picture that fails': ['<img src=x onerror="globalThis.caught = true">'],
  'a script': ['Say: <script>globalThis.caught = true</script>'],
  'a script by address': [`<script src="${ELSEWHERE}/a.js"></script>`],
  'a drawing with a script': ['<svg onload="globalThis.caught = true"><script>globalThis.caught = true</script></svg>'],
  'a frame': ['<iframe srcdoc="<script>parent.caught = true</script>"></iframe>'],
  'a picture elsewhere': [`<img src="${ELSEWHERE}/who-reads.png">`],
  'a picture elsewhere, in Markdown': [`Look: ![tell](${ELSEWHERE}/who-reads.png)`, 'Look:'],
  'a style': [`<style>@import "${ELSEWHERE}/a.css";</style><p style="background: url(${ELSEWHERE}/b.png)">styled</p>`],
  'a form': [`<form action="${ELSEWHERE}"><button autofocus onfocus="globalThis.caught = true">Log in</button></form>`],
  'formatting with a script': [
    'Be <b>bold</b> or <b onclick="globalThis.caught = true">bolder</b>.',
    'Be bold or <b onclick="globalThis.caught = true">bolder.',
  ],
  'a link that is a script': ['[press here](javascript:globalThis.caught=true)', 'press here'],
  'what breaks out of a code block': [
    '```\n</code></pre><img src=x onerror="globalThis.caught = true">\n```',
    '</code></pre><img src=x onerror="globalThis.caught = true">\nCopy',
  ],
};

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

for (const [what, [said, read = said]] of Object.entries(ATTEMPTS)) {
  test(`${what} does nothing`, { timeout: 60_000 }, async () => {
    const reader = await Reader.come(browser);
    try {
      const tab = await reader.tab();

      await tab.ask(said);

      const answer = await tab.answer(0, 'completed');
      assert.equal(await tab.text(0), read);
      assert.equal(await tab.questions().textContent(), said);
      for (const link of await answer.locator('a').all()) {
        await link.click();
      }
      const body = answer.locator('> .body');
      assert.equal(await body.locator('script, img, svg, iframe, style, form, [style], [onerror], [onload]').count(), 0);
      assert.equal(await tab.page.evaluate(() => globalThis.caught), undefined);
    } finally {
      await reader.leave();
    }
    reader.assertContent();
  });
}
