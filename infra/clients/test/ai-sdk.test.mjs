// The AI SDK: `useChat` with `DefaultChatTransport`, versions 6 and 7, in a page's DOM; and its OpenAI provider.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { JSDOM } from 'jsdom';
import {
  cuttingProxy, freshId, getJson, heard, script, settled, text, told, tricky, trickyText, until, url, words,
} from './support.mjs';

const page = new JSDOM('<div id="root"></div>', { url });
Object.assign(globalThis, { window: page.window, document: page.window.document });
after(() => page.window.close());

const { createElement } = await import('react');
const { createRoot } = await import('react-dom/client');

const versions = [
  { name: 'v7', ai: await import('ai'), react: await import('@ai-sdk/react'), provider: await import('@ai-sdk/openai') },
  { name: 'v6', ai: await import('ai-v6'), react: await import('react-v6'), provider: await import('ai-sdk-openai-v6') },
];

/** Mounts a component that uses the hook, and shows what the hook last returned. */
function mount(useChat, options) {
  const view = {};
  const root = createRoot(document.createElement('div'));
  root.render(createElement(() => {
    view.chat = useChat(options);
    return null;
  }));
  view.unmount = () => root.unmount();
  view.text = () => view.chat?.messages.at(-1)?.role === 'assistant'
    ? view.chat.messages.at(-1).parts.filter(part => part.type === 'text').map(part => part.text).join('')
    : '';
  return view;
}

const slow = script(words, { paceMillis: 60 });

for (const { name, ai, react, provider } of versions) {
  const transport = (base = url) => new ai.DefaultChatTransport({ api: `${base}/api/chat` });
  const open = options => mount(react.useChat, { transport: transport(), ...options });

  /** What a page that is loaded anew starts with. */
  async function reloaded(id) {
    const { messages } = await getJson(`/api/conversations/${id}`);
    return messages
      .filter(message => message.status !== 'generating')
      .map(({ id, role, content }) => ({ id, role, parts: [{ type: 'text', text: content }] }));
  }

  describe(`useChat of the AI SDK ${name}`, () => {
    test('asks, streams and finishes with what was used', async () => {
      const page = open({ id: freshId() });
      await until(() => page.chat, 'the hook');
      const grown = new Set();
      page.chat.sendMessage({ text: script(words, { reasoning: 'let me see', paceMillis: 60 }) });
      await until(() => {
        grown.add(page.text().length);
        return page.chat.status === 'ready' && page.text();
      }, 'the answer');
      assert.equal(page.text(), text);
      assert.ok(grown.size > 4, `it grew in ${grown.size} steps`);
      const answer = page.chat.messages.at(-1);
      assert.equal(answer.parts.find(part => part.type === 'reasoning').text, 'let me see');
      assert.ok(answer.metadata.usage.outputTokens > 0);
      assert.equal(answer.metadata.conversationId, page.chat.id);
      page.unmount();
    });

    test('shows every character as the model said it', async () => {
      const page = open({ id: freshId() });
      await until(() => page.chat, 'the hook');
      page.chat.sendMessage({ text: script(tricky) });
      await until(() => page.chat.status === 'ready' && page.text(), 'the answer');
      assert.equal(page.text(), trickyText);
      page.unmount();
    });

    test('reads a megabyte on one line', async () => {
      const page = open({ id: freshId() });
      await until(() => page.chat, 'the hook');
      page.chat.sendMessage({ text: script(['0123456789abcdef'], { repeat: 65_536 }) });
      await until(() => page.chat.status === 'ready' && page.text(), 'the answer');
      assert.equal(page.text().length, 1_048_576);
      assert.ok(page.text() === '0123456789abcdef'.repeat(65_536));
      page.unmount();
    });

    test('goes on after a reload in mid-answer, in two tabs', async () => {
      const id = freshId();
      const first = open({ id });
      await until(() => first.chat, 'the hook');
      first.chat.sendMessage({ text: slow });
      await until(() => first.text().length > 20, 'some of the answer');
      const second = open({ id, resume: true, messages: await reloaded(id) });
      await until(() => second.text().length > 20, 'the second tab');
      first.unmount();
      const again = open({ id, resume: true, messages: await reloaded(id) });
      await until(() => again.chat?.status === 'ready' && again.text() === text, 'the answer after the reload');
      await until(() => second.chat.status === 'ready' && second.text() === text, 'the answer in the other tab');
      assert.equal(again.chat.messages.length, 2);
      assert.equal(second.chat.messages.length, 2);
      again.unmount();
      second.unmount();
      const kept = await settled(id);
      assert.deepEqual(kept.map(m => [m.role, m.status]), [['user', 'accepted'], ['assistant', 'completed']]);
    });

    test('has nothing to resume where nothing runs', async () => {
      const id = freshId();
      assert.equal(await transport().reconnectToStream({ chatId: id }), null);
    });

    test('stops', async () => {
      const id = freshId();
      const page = open({ id });
      await until(() => page.chat, 'the hook');
      page.chat.sendMessage({ text: script(Array.from({ length: 2_000 }, (_, i) => `w${i} `)) });
      await until(() => page.text().length > 10, 'some of the answer');
      // Looking away is not stopping, so a page that wants to stop says so.
      assert.equal((await fetch(`${url}/api/chat/${id}/stop`, { method: 'POST' })).status, 202);
      page.chat.stop();
      assert.equal((await settled(id)).at(-1).status, 'cancelled');
      await until(() => page.chat.status === 'ready', 'the page');
      page.chat.sendMessage({ text: script(['again']) });
      await until(() => page.chat.status === 'ready' && page.text() === 'again', 'the next answer');
      page.unmount();
    });

    test('only looks away when its stream is closed', async () => {
      const id = freshId();
      const page = open({ id });
      await until(() => page.chat, 'the hook');
      page.chat.sendMessage({ text: slow });
      await until(() => page.text().length > 10, 'some of the answer');
      page.chat.stop();
      page.unmount();
      const kept = await settled(id);
      assert.deepEqual([kept.at(-1).status, kept.at(-1).content], ['completed', text]);
    });

    test('regenerates', async () => {
      const id = freshId();
      const page = open({ id });
      await until(() => page.chat, 'the hook');
      page.chat.sendMessage({ text: script(words) });
      await until(() => page.chat.status === 'ready' && page.text(), 'the answer');
      const before = page.chat.messages.at(-1).id;
      page.chat.regenerate();
      await until(() => page.chat.status === 'ready' && page.chat.messages.at(-1).id !== before && page.text(), 'another');
      assert.equal(page.text(), text);
      assert.equal(page.chat.messages.length, 2);
      assert.deepEqual((await settled(id)).map(m => m.id), page.chat.messages.map(m => m.id));
      page.unmount();
    });

    test('the model is told what the page shows: edited, answered anew, cleared', async () => {
      const id = freshId();
      const page = open({ id });
      await until(() => page.chat, 'the hook');
      const answered = async (what, act) => {
        const before = page.chat.messages.at(-1)?.id;
        act();
        await until(() => page.chat.status === 'ready' && page.text() && page.chat.messages.at(-1).id !== before, what);
        return page.text();
      };
      const ask = (said, more) => answered(said, () => page.chat.sendMessage({ text: said, ...more }));
      const said = message => message.parts.filter(part => part.type === 'text').map(part => part.text).join('');
      const show = async messages => {
        page.chat.setMessages(messages);
        await until(() => page.chat.messages.length === messages.length, 'what is shown');
      };

      const capital = await ask('the capital of Frnace');
      const [question, answer] = page.chat.messages;
      await show([{ ...question, parts: [{ type: 'text', text: 'the capital of Italy' }] }, answer]);
      const italy = await answered('the edited question', () => page.chat.regenerate());
      assert.notEqual(italy, capital);
      assert.deepEqual(told(await ask(heard)), ['user: the capital of Italy', `assistant: ${italy}`]);

      const spain = await ask('the capital of Spain', { messageId: question.id });
      assert.equal(page.chat.messages.length, 2);
      await answered('the same question', () => page.chat.regenerate({ messageId: page.chat.messages[0].id }));
      await answered('the same answer', () => page.chat.regenerate({ messageId: page.chat.messages[1].id }));
      assert.deepEqual(told(await ask(heard)), ['user: the capital of Spain', `assistant: ${spain}`]);
      assert.deepEqual((await settled(id)).map(m => m.content), page.chat.messages.map(said));

      await show([]);
      assert.deepEqual(told(await ask(heard)), []);
      await show([...page.chat.messages, { id: 'mine', role: 'assistant', parts: [{ type: 'text', text: 'of my own' }] }]);
      assert.match(told(await ask(heard)).at(-1), /^assistant: .*of my own$/s);

      const tree = await getJson(`/api/conversations/${id}?branches=all`);
      assert.equal(tree.messages.filter(m => m.content === spain && m.role === 'assistant').length, 3);
      assert.ok(tree.messages.some(m => m.content === 'the capital of Frnace'), 'nothing is lost');
      page.unmount();
    });

    test('a page that is loaded anew while its question waits shows the answer to that', async () => {
      const id = freshId();
      const first = open({ id });
      await until(() => first.chat, 'the hook');
      first.chat.sendMessage({ text: slow });
      await until(() => first.text(), 'the first answer');
      const second = open({ id });
      await until(() => second.chat, 'the other hook');
      second.chat.sendMessage({ text: script(['mine']) });
      await until(async () => (await getJson(`/api/conversations/${id}`)).messages.some(m => m.status === 'queued'), 'its wait');
      const again = open({ id, resume: true, messages: structuredClone(second.chat.messages) });
      const shown = new Set();
      await until(() => {
        shown.add(again.text());
        return again.text() === 'mine';
      }, 'its answer');
      assert.deepEqual([...shown].filter(said => !'mine'.startsWith(said)), []);
      await until(() => first.text() === text && second.text() === 'mine', 'the other pages');
      for (const page of [first, second, again]) page.unmount();
    });

    test('tells of errors: refused, failed, begun anew', async () => {
      const refused = open({ id: 'not an id' });
      await until(() => refused.chat, 'the hook');
      refused.chat.sendMessage({ text: 'x' });
      await until(() => refused.chat.status === 'error', 'the refusal');
      refused.unmount();

      const failed = open({ id: freshId() });
      await until(() => failed.chat, 'the hook');
      failed.chat.sendMessage({ text: script([], { refuse: 401 }) });
      await until(() => failed.chat.status === 'error', 'the failure');
      assert.match(failed.chat.error.message, /401|refus/i);
      failed.unmount();
    });

    test('a repeated request is one message', async () => {
      const id = freshId();
      const message = { id: freshId('message'), role: 'user', parts: [{ type: 'text', text: script(words) }] };
      const ask = async () => {
        const stream = await transport().sendMessages({ chatId: id, messages: [message], trigger: 'submit-message' });
        let last;
        for await (const chunk of ai.readUIMessageStream({ stream })) last = chunk;
        return last.parts.filter(part => part.type === 'text').map(part => part.text).join('');
      };
      assert.deepEqual(await Promise.all([ask(), ask()]), [text, text]);
      assert.equal(await ask(), text);
      assert.equal((await settled(id)).length, 2);
    });

    test('resumes exactly after a cut at any event', async () => {
      const chunks = [];
      const whole = await transport().sendMessages({
        chatId: freshId(), trigger: 'submit-message',
        messages: [{ id: freshId('message'), role: 'user', parts: [{ type: 'text', text: script(words) }] }],
      });
      for await (const chunk of whole) chunks.push(chunk.type);
      assert.equal(chunks[0], 'start');
      assert.equal(chunks.at(-1), 'finish');
      await Promise.all(chunks.map(async (_, i) => {
        const proxy = await cuttingProxy({ count: i + 1 });
        const id = freshId();
        const page = open({ id, transport: transport(proxy.url) });
        try {
          await until(() => page.chat, 'the hook');
          page.chat.sendMessage({ text: slow });
          // Some clients take a cut stream for an error, others for its end; both may resume. An answer with fewer events,
          // which is a matter of pace, is not cut at all.
          await until(
            () => ['error', 'ready'].includes(page.chat.status) && (proxy.cuts === 1 || page.text() === text),
            `the cut at event ${i + 1}`);
          page.chat.clearError();
          await page.chat.resumeStream();
          const running = async () => (await getJson(`/api/conversations/${id}`)).activeTurn;
          if (page.text() !== text && !(await running())) {
            page.chat.setMessages(await reloaded(id)); // It ended before the client was back.
          }
          await until(() => page.text() === text, `the answer after a cut at event ${i + 1}`);
        } finally {
          page.unmount();
          await proxy.close();
        }
      }));
    });
  });

  describe(`the OpenAI provider of the AI SDK ${name}`, () => {
    const openai = provider.createOpenAI({ baseURL: `${url}/v1`, apiKey: 'unused' });
    for (const [kind, model] of [['chat', openai.chat('default')], ['responses', openai.responses('default')]]) {
      test(`generates and streams text by ${kind}`, async () => {
        const { text: said, usage } = await ai.generateText({ model, prompt: script(words) });
        assert.equal(said, text);
        assert.ok(usage.outputTokens > 0);
        let streamed = '';
        for await (const piece of ai.streamText({ model, prompt: script(tricky) }).textStream) streamed += piece;
        assert.equal(streamed, trickyText);
      });

      test(`calls tools by ${kind}`, async () => {
        const { z } = await import('zod');
        const asked = [];
        const { text: said } = await ai.generateText({
          model,
          prompt: script(['It rains.'], { calls: [{ id: 'call_1', name: 'weather', arguments: '{"place":"Bern"}' }] }),
          stopWhen: ai.stepCountIs(3),
          tools: {
            weather: ai.tool({
              description: 'The weather of a place',
              inputSchema: z.object({ place: z.string() }),
              execute: async ({ place }) => { asked.push(place); return 'rain'; },
            }),
          },
        });
        assert.deepEqual(asked, ['Bern']);
        assert.equal(said, 'It rains.');
      });

      test(`tells of failures by ${kind}`, async () => {
        await assert.rejects(
          ai.generateText({ model, prompt: script([], { refuse: 401 }), maxRetries: 0 }), error => error.statusCode >= 400);
      });
    }
  });
}
