// What people build with: agents of LangChain, the AI SDK's provider for servers like OpenAI's, and earlier versions of the
// `openai` package. Each sends members of its own along; none may be refused for them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { script, text, url, words } from './support.mjs';

const baseURL = `${url}/v1`;
const apiKey = 'unused';
const place = { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] };
const asksTool = script(['Done.'], { calls: [{ id: 'call_1', name: 'get_weather', arguments: '{"place":"Chur"}' }] });

test('a LangChain agent calls its tools, names and all', async () => {
  const { createAgent, tool } = await import('langchain');
  const { ChatOpenAI } = await import('@langchain/openai');
  const asked = [];
  const getWeather = tool(input => { asked.push(input); return 'rain'; }, {
    name: 'get_weather', description: 'The weather of a place', schema: z.object({ place: z.string() }),
  });
  const model = new ChatOpenAI({ model: 'default', apiKey, configuration: { baseURL }, temperature: 0, maxRetries: 0 });
  const agent = createAgent({ model, tools: [getWeather], name: 'forecaster', systemPrompt: 'Be brief.' });

  const { messages } = await agent.invoke({ messages: [{ role: 'user', content: asksTool, name: 'ann' }] });

  assert.deepEqual(asked, [{ place: 'Chur' }]);
  assert.equal(messages.at(-1).content, 'Done.');
  const again = await agent.invoke({ messages: [...messages, { role: 'user', content: script(words) }] });
  assert.equal(again.messages.at(-1).content, text, 'with its own answers sent back');
});

test('a LangChain model streams, with instructions that say nothing', async () => {
  const { ChatOpenAI } = await import('@langchain/openai');
  const model = new ChatOpenAI({ model: 'default', apiKey, configuration: { baseURL }, streamUsage: true, maxRetries: 0 });
  let said = '';
  for await (const chunk of await model.stream([['system', ''], ['human', script(words)]])) said += chunk.content;
  assert.equal(said, text);
});

test('the AI SDK\'s provider for servers like OpenAI\'s', async () => {
  const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
  const { generateText, isStepCount, streamText, tool } = await import('ai');
  const parley = createOpenAICompatible({ name: 'parley', baseURL, apiKey, includeUsage: true });

  let said = '';
  for await (const piece of streamText({ model: parley('default'), prompt: script(words) }).textStream) said += piece;
  assert.equal(said, text);

  const asked = [];
  const { text: answer } = await generateText({
    model: parley('default'), prompt: asksTool, topK: 4, seed: 1, stopWhen: isStepCount(3),
    tools: { get_weather: tool({ inputSchema: z.object({ place: z.string() }), execute: input => { asked.push(input); return 'sun'; } }) },
  });
  assert.equal(answer, 'Done.');
  assert.deepEqual(asked, [{ place: 'Chur' }]);
});

for (const version of ['openai-v4', 'openai-v5']) {
  test(`the helpers of ${version}`, async () => {
    const { default: OpenAI } = await import(version);
    const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
    const asked = [];
    const completions = client.beta?.chat?.completions?.runTools ? client.beta.chat.completions : client.chat.completions;

    const runner = completions.runTools({
      model: 'default', stream: true, messages: [{ role: 'user', content: asksTool }],
      tools: [{
        type: 'function',
        function: { name: 'get_weather', description: 'Weather', parameters: place, parse: JSON.parse, function: input => { asked.push(input); return 'sun'; } },
      }],
    });
    assert.equal(await runner.finalContent(), 'Done.');
    assert.deepEqual(asked, [{ place: 'Chur' }]);

    const parsed = await completions.parse({
      model: 'default', messages: [{ role: 'user', content: script(['{"a":', '1}']) }],
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' }, strict: true } },
    });
    const answer = parsed.choices[0].message;
    const next = await client.chat.completions.create({
      model: 'default', messages: [{ role: 'user', content: 'x' }, answer, { role: 'user', content: script(words) }],
    });
    assert.equal(next.choices[0].message.content, text, 'with what the helper made of the answer sent back');
  });
}
