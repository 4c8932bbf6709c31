// Behind a proxy that compresses whatever it may: Express's own middleware, as dev servers and frameworks have it.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import compression from 'compression';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { freshId, script, url, words } from './support.mjs';

const app = express();
app.use(compression());
app.use(createProxyMiddleware({ target: url, changeOrigin: true }));
const server = await new Promise(resolve => { const listening = app.listen(0, '127.0.0.1', () => resolve(listening)); });
after(() => server.close());

const slow = script(words, { paceMillis: 100 });
const calls = {
  '/v1/chat/completions': { model: 'default', stream: true, messages: [{ role: 'user', content: slow }] },
  '/v1/responses': { model: 'default', stream: true, input: slow },
  '/agui': { threadId: freshId(), runId: 'r', messages: [{ id: 'm1', role: 'user', content: slow }] },
  '/api/chat': { id: freshId(), messages: [{ id: 'm1', role: 'user', parts: [{ type: 'text', text: slow }] }] },
};

for (const [path, body] of Object.entries(calls)) {
  test(`tokens of ${path} come as they are said`, async () => {
    const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
    });
    let pieces = 0;
    const decoder = new TextDecoder();
    for await (const bytes of response.body) pieces += /word\d/.test(decoder.decode(bytes, { stream: true })) ? 1 : 0;
    assert.ok(pieces > 2, `in ${pieces} pieces`);
    assert.equal(response.headers.get('content-encoding'), null);
  });
}
