// assistant-ui's transport for the AI SDK, in a page's DOM: it sends the page's tools, instructions and settings along.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { JSDOM } from 'jsdom';
import { freshId, getJson, script, settled, until, url } from './support.mjs';

const page = new JSDOM('<div id="root"></div>', { url });
Object.assign(globalThis, { window: page.window, document: page.window.document });
after(() => page.window.close());

const { AssistantChatTransport } = await import('@assistant-ui/ai-sdk');
const { useChat } = await import('@ai-sdk/react');
const { lastAssistantMessageIsCompleteWithToolCalls } = await import('ai');
const { createElement } = await import('react');
const { createRoot } = await import('react-dom/client');

const place = { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] };
const asksTool = script(['Done.'], { calls: [{ id: 'call_1', name: 'get_weather', arguments: '{"place":"Chur"}' }] });

test('calls the tools of the page, and goes on with what they say', async () => {
  const id = freshId();
  const transport = new AssistantChatTransport({ api: `${url}/api/chat` });
  transport.setRuntime({
    thread: {
      getModelContext: () => ({
        system: 'Be brief.',
        callSettings: { temperature: 0, maxTokens: 100, maxRetries: 1 },
        config: { modelName: 'whatever' },
        tools: { get_weather: { description: 'Weather', parameters: place, execute: async () => 'unused' } },
      }),
    },
    threads: { mainItem: { initialize: async () => ({ remoteId: id }) } },
  });
  const view = {};
  const root = createRoot(document.createElement('div'));
  root.render(createElement(() => {
    view.chat = useChat({
      id, transport,
      sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithToolCalls,
      onToolCall: ({ toolCall }) => {
        view.chat.addToolOutput({ tool: toolCall.toolName, toolCallId: toolCall.toolCallId, output: { sky: 'blue' } });
      },
    });
    return null;
  }));
  await until(() => view.chat, 'the hook');

  await view.chat.sendMessage({ text: asksTool });

  const said = () => view.chat.messages.at(-1).parts.filter(part => part.type === 'text').map(part => part.text).join('');
  await until(() => view.chat.status === 'ready' && said() === 'Done.Done.', 'the answer to what the tool said');
  assert.deepEqual(view.chat.messages.map(message => message.role), ['user', 'assistant']);
  root.unmount();
  const kept = await settled(id);
  assert.deepEqual(kept.map(message => message.role), ['user', 'assistant', 'tool', 'assistant']);
  assert.equal(kept[2].content, '{"sky":"blue"}');
  assert.equal(kept.at(-1).content, 'Done.');
  assert.equal((await getJson(`/api/conversations?q=${encodeURIComponent('"sky"')}`)).conversations[0].id, id);
});
