// A browser for the tests of the page: Chromium without a window, and one reader at a time in it.

import assert from 'node:assert/strict';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

// Root, as whom containers run, gets no sandbox; and a test's browser has nothing to say to its maker.
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function installed() {
  if (process.env.PARLEY_CHROMIUM) {
    return process.env.PARLEY_CHROMIUM;
  }
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
  if (!found) {
    throw new Error(`no browser: none of ${NAMES.join(', ')} is on the PATH. Install Debian's package chromium, or name a `
      + 'Chromium with PARLEY_CHROMIUM.');
  }
  return found;
}

/** Starts the Chromium of PARLEY_CHROMIUM, or else the one on the PATH. */
export const launch = () => chromium.launch({ executablePath: installed(), args: FLAGS });

/** The server under test. */
export function server() {
  const url = process.env.PARLEY_URL;
  assert.ok(url, 'PARLEY_URL names the server under test');
  return url;
}

/** Runs in every tab before the page does: keeps each text that each answer has had on the screen, and hears the policy. */
function witness() {
  globalThis.shown = [];
  new MutationObserver(() => {
    document.querySelectorAll('[data-testid="message-assistant"] > .body').forEach((body, index) => {
      const text = body.textContent.trim();
      if (text && globalThis.shown[index]?.at(-1) !== text) {
        (globalThis.shown[index] ??= []).push(text);
      }
    });
  }).observe(document, { childList: true, subtree: true, characterData: true });
  document.addEventListener('securitypolicyviolation', (event) =>
    console.error(`the policy ${event.effectiveDirective} was violated by ${event.blockedURI}`));
}

/** Somebody with a browser profile of their own, who notices everything that no page should do. */
export class Reader {
  #context;
  #complaints = [];
  #replies = [];
  #hasBeenOffline = false;

  static async come(browser) {
    const context = await browser.newContext();
    await context.addInitScript(witness);
    return new Reader(context);
  }

  constructor(context) {
    this.#context = context;
    context.on('weberror', (error) => this.#complaints.push(`uncaught: ${error.error()}`));
    context.on('console', (message) => {
      // Chromium itself reports every request that it makes while offline.
      const expected = this.#hasBeenOffline && message.text().includes('net::ERR_INTERNET_DISCONNECTED');
      if (message.type() === 'error' && !expected) {
        this.#complaints.push(`console: ${message.text()} (${message.location().url})`);
      }
    });
    context.on('request', (request) => {
      if (!request.url().startsWith(`${server()}/`) && !/^(data|blob):/.test(request.url())) {
        this.#complaints.push(`a request elsewhere: ${request.url()}`);
      }
    });
    context.on('dialog', (dialog) => {
      if (this.#replies.length) {
        return dialog.accept(this.#replies.shift());
      }
      this.#complaints.push(`an unexpected ${dialog.type()}: ${dialog.message()}`);
      return dialog.dismiss();
    });
  }

  /** A new tab: of the whole page, or of one conversation. */
  async tab(conversation) {
    const tab = new Tab(await this.#context.newPage());
    await tab.page.goto(`${server()}/${conversation ? `#/c/${conversation}` : ''}`);
    return tab;
  }

  /** What to say to the next dialog of the page. */
  willReply(text) {
    this.#replies.push(text);
  }

  async goOffline() {
    this.#hasBeenOffline = true;
    await this.#context.setOffline(true);
  }

  async goOnline() {
    await this.#context.setOffline(false);
  }

  /** Closes the profile with its tabs. */
  async leave() {
    await this.#context.close();
  }

  assertContent() {
    assert.deepEqual(this.#complaints, []);
    assert.deepEqual(this.#replies, [], 'dialogs that never came');
  }
}

/** One tab of the page, in its reader's terms. */
export class Tab {
  constructor(page) {
    this.page = page;
  }

  /** The element with a test id. */
  at(testId) {
    return this.page.getByTestId(testId);
  }

  /** Types a question and sends it, as soon as the page listens. */
  async ask(question) {
    await this.ready();
    await this.at('input').fill(question);
    await this.at('input').press('Enter');
    await this.asked(question);
  }

  /** Waits until a question is on the screen. The page draws a conversation's messages all at once. */
  async asked(question) {
    await this.page.waitForFunction((wanted) =>
      [...document.querySelectorAll('[data-testid="message-user"] > .body')].some((body) => body.textContent === wanted),
    question);
  }

  /** Waits until the page follows its conversation, or invites to start one. */
  async ready() {
    await this.page.waitForFunction(() => location.hash
      ? document.getElementById('connection').dataset.state === 'live'
      : document.getElementById('title').textContent === '' && !document.getElementById('empty').hidden);
  }

  questions() {
    return this.at('message-user');
  }

  /** The answer with that index, once it has one of these statuses. */
  async answer(index, status) {
    const answer = this.at('message-assistant').nth(index).and(this.page.locator(`[data-status="${status}"]`));
    await answer.waitFor();
    return answer;
  }

  /** What is to be read of an answer. */
  async text(index) {
    return (await this.at('message-assistant').nth(index).locator('> .body').textContent()).trim();
  }

  /** Waits until `word` is on the screen as part of an answer. */
  async seen(index, word) {
    await this.page.waitForFunction(
      ([at, wanted]) => globalThis.shown[at]?.at(-1).split(' ').includes(wanted), [index, word]);
  }

  /** Every text that an answer has had since the tab was loaded, in order. */
  shown(index) {
    return this.page.evaluate((at) => globalThis.shown[at] ?? [], index);
  }

  /** The open conversation's id. */
  conversation() {
    return decodeURIComponent(new URL(this.page.url()).hash.slice('#/c/'.length));
  }

  /** The conversation's line in the list of all. */
  line(conversation) {
    return this.at('conversations').locator(`a[data-id="${conversation}"]`);
  }

  /** Clicks a conversation in the list. */
  async open(conversation) {
    await this.line(conversation).click();
  }

  /** Keeps the answers to the requests for a path back until they are released. */
  async hold(path) {
    const url = `${server()}${path}`;
    const held = [];
    let arrived = () => {};
    await this.page.route(url, (route) => {
      held.push(route);
      arrived();
    });
    return {
      async requests(count) {
        while (held.length < count) {
          await new Promise((resolve) => (arrived = resolve));
        }
      },
      release: async () => {
        await Promise.all(held.map((route) => route.continue()));
        await this.page.unroute(url);
      },
    };
  }

  async connection(state) {
    await this.page.locator(`#connection[data-state="${state}"]`).waitFor();
  }

  async menu(testId) {
    await this.page.locator('#menu > summary').click();
    await this.at(testId).click();
  }
}
