// The README's snippets for JavaScript, run as they stand there, but for the server's address.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import { JSDOM } from 'jsdom';
import { launch } from './browser.mjs';
import { freshId, until, url } from './support.mjs';

const ADDRESS = 'http://127.0.0.1:8080';
const SNIPPET = /<!-- snippet: (\S+) -->\n```\w+\n([\s\S]*?)```/g;

const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
const snippets = new Map([...readme.matchAll(SNIPPET)].map(([, name, code]) =>
  [name, code.replaceAll(ADDRESS, url).replaceAll(ADDRESS.replace('http', 'ws'), url.replace('http', 'ws'))]));

let folder;
before(async () => { folder = await mkdtemp(new URL('../.snippets-', import.meta.url).pathname); });
after(() => rm(folder, { recursive: true }));

test('there are snippets, each of a kind that is run here or by its Java counterpart', () => {
  assert.ok(snippets.size >= 9, [...snippets.keys()].join());
  for (const name of snippets.keys()) assert.match(name, /\.(mjs|jsx|browser\.js|sh|java)$/);
});

for (const [name, code] of snippets) {
  if (name.endsWith('.mjs')) {
    test(name, async () => {
      const file = join(folder, name);
      await writeFile(file, code);
      const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 60_000 });
      assert.match(stdout, /You said: Hello/);
    });
  }
  if (name.endsWith('.sh')) {
    test(name, async () => {
      const { stdout } = await promisify(execFile)('bash', ['-c', code], { timeout: 60_000 });
      assert.match(JSON.parse(stdout).choices[0].message.content, /You said: Hello/);
    });
  }
  if (name.endsWith('.browser.js')) {
    test(name, async () => {
      const browser = await launch();
      try {
        const page = await browser.newPage();
        const printed = [];
        page.on('console', message => printed.push(message.text()));
        await page.goto(`${url}/health/live`);
        await page.evaluate(`(async () => {${code}})()`);
        await until(() => printed.some(line => line.includes('You said: Hello')), 'the answer');
      } finally {
        await browser.close();
      }
    });
  }
  if (name.endsWith('.jsx')) {
    test(name, async () => {
      const page = new JSDOM('<div id="root"></div>', { url });
      Object.assign(globalThis, { window: page.window, document: page.window.document });
      const file = join(folder, name.replace('.jsx', '.mjs'));
      await writeFile(file, (await transform(code, { loader: 'jsx', jsx: 'automatic' })).code);
      const { default: Chat } = await import(file);
      const { createElement } = await import('react');
      const { createRoot } = await import('react-dom/client');
      const root = createRoot(document.getElementById('root'));
      root.render(createElement(Chat, { id: freshId() }));
      const input = await until(() => document.querySelector('input'), 'the form');
      Object.getOwnPropertyDescriptor(page.window.HTMLInputElement.prototype, 'value').set.call(input, 'Hello');
      input.dispatchEvent(new page.window.Event('input', { bubbles: true }));
      document.querySelector('form').dispatchEvent(new page.window.Event('submit', { bubbles: true, cancelable: true }));
      await until(() => document.body.textContent.includes('You said: Hello'), 'the answer');
      root.unmount();
      page.window.close();
    });
  }
}
