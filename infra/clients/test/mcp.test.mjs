// The Model Context Protocol: its TypeScript SDK's client, and the scenarios of its conformance suite that are about any server.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { cuttingProxy, eventsOf, freshId, getJson, script, settled, text, tricky, trickyText, until, url, words } from './support.mjs';

const mcp = `${url}/mcp`;
const slow = script(words, { paceMillis: 60 });

async function connected() {
  const transport = new StreamableHTTPClientTransport(new URL(mcp));
  const client = new Client({ name: 'tests', version: '1' });
  await client.connect(transport);
  return { client, transport };
}

const ask = (client, args, options) => client.callTool({ name: 'ask', arguments: args }, undefined, options);

describe('the TypeScript SDK', () => {
  test('asks, goes on, and reads what was said', async () => {
    const { client, transport } = await connected();
    assert.equal(client.getServerVersion().name, 'parley');
    assert.ok(transport.sessionId);
    const { tools } = await client.listTools();
    assert.deepEqual(tools.map(tool => tool.name).sort(), ['ask', 'read_conversation', 'search_workspace']);

    const first = await ask(client, { question: script(tricky) });
    assert.equal(first.structuredContent.answer, trickyText);
    assert.equal(first.content[0].text, trickyText);
    const { conversation } = first.structuredContent;
    const second = await ask(client, { question: script(words), conversation });
    assert.equal(second.structuredContent.conversation, conversation);

    const read = await client.callTool({ name: 'read_conversation', arguments: { conversation } });
    assert.deepEqual(read.structuredContent.messages.map(message => message.role), ['user', 'assistant', 'user', 'assistant']);
    assert.equal(read.structuredContent.messages.at(-1).content, text);
    assert.equal((await getJson(`/api/conversations/${conversation}`)).messages.length, 4);
    await transport.terminateSession();
    await client.close();
  });

  test('searches a workspace', async () => {
    const { client } = await connected();
    const workspace = freshId('workspace');
    await fetch(`${url}/api/workspaces/${workspace}/documents/bees.md`, {
      method: 'PUT', headers: { 'content-type': 'text/markdown' }, body: '# Bees\n\nBees are yellow and live in hives.\n' });
    const found = await until(async () => {
      const { structuredContent } = await client.callTool({ name: 'search_workspace', arguments: { query: 'bees', workspace } });
      return structuredContent?.results.length ? structuredContent.results : undefined;
    }, 'the passage');
    assert.match(found[0].text, /yellow/);
    await client.close();
  });

  test('is told of progress, whose messages begin the answer', async () => {
    const { client } = await connected();
    const told = [];
    const long = Array.from({ length: 100 }, (_, i) => `word${i} `);
    const result = await ask(client, { question: script(long, { paceMillis: 2 }) }, { onprogress: progress => told.push(progress) });
    assert.equal(result.structuredContent.answer, long.join(''));
    assert.ok(told.length > 3, `${told.length} times`);
    assert.deepEqual(told.map(each => each.progress), [...told.map(each => each.progress)].sort((a, b) => a - b));
    const pieces = told.map(each => each.message).filter(message => message.includes('word')).join('');
    assert.ok(pieces.length > 100 && long.join('').startsWith(pieces), pieces);
    await client.close();
  });

  test('stops the turn of a request that it cancels', async () => {
    const { client } = await connected();
    const conversation = freshId('asked');
    await fetch(`${url}/api/conversations`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ id: conversation }) });
    const giveUp = new AbortController();
    const asked = ask(
      client, { conversation, question: script(Array.from({ length: 2_000 }, (_, i) => `w${i} `)) }, { signal: giveUp.signal });
    await until(async () => (await getJson(`/api/conversations/${conversation}`)).activeTurn, 'its start');
    giveUp.abort('enough');
    await assert.rejects(asked);
    assert.equal((await settled(conversation)).at(-1).status, 'cancelled');
    await client.close();
  });

  test('stops nothing by leaving', async () => {
    const { client, transport } = await connected();
    const conversation = freshId('left');
    await fetch(`${url}/api/conversations`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ id: conversation }) });
    const asked = ask(client, { conversation, question: slow }).catch(() => {});
    await until(async () => (await getJson(`/api/conversations/${conversation}`)).activeTurn, 'its start');
    await transport.close();
    await asked;
    const kept = await settled(conversation);
    assert.deepEqual([kept.at(-1).status, kept.at(-1).content], ['completed', text]);
  });

  test('the same request after a cut at any event meets the same turn', async () => {
    const long = Array.from({ length: 60 }, (_, i) => `word${i} `);
    const given = { question: script(long, { paceMillis: 5 }) };
    const send = (base, headers, message) => fetch(`${base}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
    const initialize = {
      id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'tests', version: '1' } } };
    const call = { id: 1, method: 'tools/call', params: { name: 'ask', arguments: given, _meta: { progressToken: 1 } } };
    async function read(base, session) {
      const events = [];
      for await (const { json } of eventsOf(await send(base, { 'mcp-session-id': session }, call))) events.push(json);
      return events;
    }
    async function begun() {
      return (await send(url, {}, initialize)).headers.get('mcp-session-id');
    }
    const whole = await read(url, await begun());
    assert.ok(whole.length > 4, `${whole.length} events`);
    await Promise.all(whole.map(async (_, count) => {
      const session = await begun();
      const proxy = await cuttingProxy({ count });
      try {
        await read(proxy.url, session).catch(error => { if (proxy.cuts === 0) throw error; });
        const { answer, conversation } = (await read(url, session)).at(-1).result.structuredContent;
        assert.equal(answer, long.join(''), `cut after ${count} events`);
        assert.equal((await settled(conversation)).length, 2);
      } finally {
        await proxy.close();
      }
    }));
  });

  test('is told what goes wrong as a result', async () => {
    const { client } = await connected();
    const missing = await client.callTool({ name: 'read_conversation', arguments: { conversation: 'none' } });
    assert.equal(missing.isError, true);
    const failed = await ask(client, { question: script([], { refuse: 401 }) });
    assert.equal(failed.isError, true);
    assert.match(failed.content[0].text, /401|refus/i);
    await assert.rejects(client.callTool({ name: 'none', arguments: {} }), /no tool/);
    await client.close();
  });
});

describe('the conformance suite', () => {
  const suite = new URL('../node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url).pathname;
  for (const scenario of [
    'server-initialize', 'ping', 'tools-list', 'dns-rebinding-protection', 'server-sse-multiple-streams']) {
    test(scenario, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
      try {
        await promisify(execFile)(
          process.execPath, [suite, 'server', '--url', mcp, '--scenario', scenario], { cwd: folder, timeout: 60_000 });
      } catch (error) {
        assert.fail(`${error.stdout}\n${error.stderr}`);
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  }
});
