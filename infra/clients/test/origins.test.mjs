// A page of another origin, in a browser, against a server that wants a key: CORS, and tickets where no header can be sent.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { script, text, until, url, words } from './support.mjs';

const key = process.env.PARLEY_KEY;
const friend = new URL(process.env.PARLEY_ORIGIN);
const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` };

let browser;
let site;
before(async () => {
  browser = await launch();
  site = http.createServer((_, response) => response.setHeader('Content-Type', 'text/html').end('<!doctype html><p>A page'));
  await new Promise(resolve => site.listen(Number(friend.port), resolve));
});
after(async () => {
  await browser?.close();
  await new Promise(resolve => site.close(resolve));
});

/** Runs a function in a page of an origin. */
async function inPage(origin, work, ...args) {
  const page = await browser.newPage();
  try {
    await page.goto(origin);
    return await page.evaluate(work, args);
  } finally {
    await page.close();
  }
}

async function ticket() {
  const response = await fetch(`${url}/api/tickets`, { method: 'POST', headers });
  assert.equal(response.status, 201);
  return (await response.json()).ticket;
}

test('a page of a friendly origin asks, and reads the answer with a ticket', async () => {
  const said = await inPage(friend.origin, async ([url, headers, content]) => {
    const api = (path, body) => fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    const { id } = await (await api('/api/conversations', {})).json();
    const { ticket } = await (await api('/api/tickets', {})).json();
    const source = new EventSource(`${url}/api/conversations/${id}/events?cursor=0&ticket=${ticket}`);
    const answer = new Promise((resolve, reject) => {
      source.addEventListener('message.completed', event => resolve(JSON.parse(event.data).content));
      source.onerror = () => reject(new Error('the stream broke'));
    });
    await api(`/api/conversations/${id}/messages`, { content });
    const whole = await answer;
    source.close();
    return whole;
  }, url, headers, script(words));
  assert.equal(said, text);
});

test('a page of a friendly origin chats over a web socket with a ticket', async () => {
  const types = await inPage(friend.origin, async ([url, ticket, content]) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws?ticket=${ticket}`);
    await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject; });
    socket.send(JSON.stringify({
      type: 'send', requestId: 'r', id: crypto.randomUUID(), trigger: 'submit-message', headers: {}, body: {},
      messages: [{ id: crypto.randomUUID(), role: 'user', parts: [{ type: 'text', text: content }] }] }));
    const seen = [];
    await new Promise(resolve => {
      socket.onmessage = event => {
        const frame = JSON.parse(event.data);
        seen.push(frame.type);
        if (frame.type === 'end') resolve();
      };
    });
    return seen;
  }, url, await ticket(), script(words));
  assert.equal(types[0], 'start');
  assert.equal(types.at(-1), 'end');
});

test('a page of a strange origin may read nothing', async () => {
  const strange = friend.origin.replace('localhost', '127.0.0.1');
  const outcome = await inPage(strange, async ([url, headers]) =>
    fetch(`${url}/api/conversations`, { headers }).then(() => 'read', error => error.name), url, headers);
  assert.equal(outcome, 'TypeError');
});

test('the server\'s own origin, and strange ones that are no browsers\', are answered as ever', async () => {
  for (const origin of [url, 'https://strange.example']) {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST', headers: { ...headers, Origin: origin },
      body: JSON.stringify({ model: 'default', stream: true, messages: [{ role: 'user', content: script(words) }] }) });
    assert.equal(response.status, 200, origin);
    assert.match(await response.text(), /\[DONE\]/);
    assert.equal(response.headers.get('access-control-allow-origin'), null);
  }
});

test('a ticket serves once, for streams alone', async () => {
  const used = await ticket();
  const stream = async () => {
    const response = await fetch(`${url}/api/events?ticket=${used}`);
    await response.body.cancel();
    return response.status;
  };
  assert.equal(await stream(), 200);
  assert.equal(await stream(), 401);
  assert.equal((await fetch(`${url}/api/conversations?ticket=${await ticket()}`)).status, 401);
  assert.equal((await fetch(`${url}/api/events?ticket=rubbish`)).status, 401);
});

test('no web socket opens without a key or a ticket', async () => {
  const state = await new Promise(resolve => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`);
    socket.onopen = () => resolve('open');
    socket.onerror = () => resolve('refused');
  });
  assert.equal(state, 'refused');
});

test('a key is needed for every protocol', async () => {
  for (const [method, path] of [
    ['GET', '/api/conversations'], ['POST', '/api/chat'], ['GET', '/api/chat/x/stream'], ['GET', '/v1/models'],
    ['POST', '/v1/chat/completions'], ['POST', '/v1/responses'], ['GET', '/v1/responses/x'], ['POST', '/api/tickets']]) {
    assert.equal((await fetch(url + path, { method })).status, 401, `${method} ${path}`);
  }
  await until(async () => (await fetch(`${url}/health/live`)).ok, 'health needs none');
});
