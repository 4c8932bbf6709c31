// Agents as people build them: LangGraph's, LlamaIndex's and mastra's, with their own tools, memory and streams.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { freshId, script, text, url, words } from './support.mjs';

process.env.MASTRA_TELEMETRY_DISABLED = '1';
process.env.LANGSMITH_TRACING = 'false';

const baseURL = `${url}/v1`;
const apiKey = 'unused';
const asksTool = script(words, { calls: [{ id: 'call_1', name: 'get_weather', arguments: '{"place":"Chur"}' }] });
const about = { name: 'get_weather', description: 'The weather of a place' };
const place = z.object({ place: z.string() });

test('a LangGraph agent calls its tool, streams its answer, and remembers by its thread', async () => {
  const { MemorySaver } = await import('@langchain/langgraph');
  const { createReactAgent } = await import('@langchain/langgraph/prebuilt');
  const { tool } = await import('@langchain/core/tools');
  const { ChatOpenAI } = await import('@langchain/openai');
  const asked = [];
  const agent = createReactAgent({
    llm: new ChatOpenAI({ model: 'default', apiKey, configuration: { baseURL }, maxRetries: 0 }),
    tools: [tool(input => { asked.push(input); return 'rain'; }, { ...about, schema: place })],
    prompt: 'Be brief.', name: 'forecaster', checkpointer: new MemorySaver(),
  });
  const thread = { configurable: { thread_id: freshId('thread') } };

  let said = '';
  const nodes = new Set();
  const stream = await agent.stream(
    { messages: [{ role: 'user', content: asksTool }] }, { ...thread, streamMode: 'messages' });
  for await (const [message, { langgraph_node: node }] of stream) {
    nodes.add(node);
    if (node === 'agent') said += message.content;
  }

  assert.deepEqual(asked, [{ place: 'Chur' }]);
  assert.equal(said, text + text, 'beside its call, and after it');
  assert.deepEqual([...nodes], ['agent', 'tools']);
  const { messages } = await agent.invoke({ messages: [{ role: 'user', content: script(['again']) }] }, thread);
  assert.deepEqual(messages.map(message => message.getType()), ['human', 'ai', 'tool', 'ai', 'human', 'ai']);
  assert.equal(messages.at(-1).content, 'again');
});

test('a graph of LangGraph\'s own making, with a tool node', async () => {
  const { MessagesAnnotation, StateGraph } = await import('@langchain/langgraph');
  const { ToolNode, toolsCondition } = await import('@langchain/langgraph/prebuilt');
  const { tool } = await import('@langchain/core/tools');
  const { ChatOpenAI } = await import('@langchain/openai');
  const tools = [tool(() => 'rain', { ...about, schema: place })];
  const model = new ChatOpenAI({
    model: 'default', apiKey, configuration: { baseURL }, maxRetries: 0, useResponsesApi: true }).bindTools(tools);
  const graph = new StateGraph(MessagesAnnotation)
    .addNode('agent', async ({ messages }) => ({ messages: [await model.invoke(messages)] }))
    .addNode('tools', new ToolNode(tools))
    .addEdge('__start__', 'agent').addConditionalEdges('agent', toolsCondition).addEdge('tools', 'agent')
    .compile();

  const { messages } = await graph.invoke({ messages: [{ role: 'user', content: asksTool }] });

  assert.equal(messages.at(-1).text, text);
  assert.deepEqual(messages.map(message => message.getType()), ['human', 'ai', 'tool', 'ai']);
});

test('a LlamaIndex agent calls its tool and streams its answer', async () => {
  const { agent, agentStreamEvent, agentToolCallEvent } = await import('@llamaindex/workflow');
  const { openai } = await import('@llamaindex/openai');
  const { tool } = await import('llamaindex');
  const asked = [];
  const forecaster = agent({
    llm: openai({ model: 'default', apiKey, baseURL, maxRetries: 0 }),
    tools: [tool({ ...about, parameters: place, execute: input => { asked.push(input); return 'rain'; } })],
  });

  let said = '';
  const called = [];
  for await (const event of forecaster.runStream(asksTool)) {
    if (agentStreamEvent.include(event)) said += event.data.delta;
    if (agentToolCallEvent.include(event)) called.push(event.data.toolName);
  }

  assert.deepEqual([called, asked], [['get_weather'], [{ place: 'Chur' }]]);
  assert.equal(said, text + text, 'beside its call, and after it');
});

test('LlamaIndex\'s chat engine keeps its past, and its model speaks for itself', async () => {
  const { Settings, SimpleChatEngine } = await import('llamaindex');
  const { openai } = await import('@llamaindex/openai');
  Settings.llm = openai({ model: 'default', apiKey, baseURL, maxRetries: 0 });
  const engine = new SimpleChatEngine();

  let said = '';
  for await (const piece of await engine.chat({ message: script(words), stream: true })) said += piece.response;
  assert.equal(said, text);
  const { message } = await engine.chat({ message: script(['again']) });
  assert.equal(message.content, 'again');
  assert.equal((await Settings.llm.complete({ prompt: script(['by itself']) })).text, 'by itself');
});

test('a LlamaIndex model refuses by the name that the server gives', async () => {
  const { openai } = await import('@llamaindex/openai');
  const llm = openai({ model: 'gpt-none', apiKey, baseURL, maxRetries: 0 });
  await assert.rejects(
    llm.chat({ messages: [{ role: 'user', content: 'hi' }] }), error => error.status === 404 && error.code === 'model_not_found');
});

for (const api of ['chat', 'responses']) {
  test(`a mastra agent calls its tool and streams its answer, by OpenAI's ${api}`, async () => {
    const { Agent } = await import('@mastra/core/agent');
    const { createTool } = await import('@mastra/core/tools');
    const asked = [];
    const agent = new Agent({
      id: 'forecaster', name: 'Forecaster', instructions: 'Be brief.',
      model: { providerId: 'parley', modelId: 'default', url: baseURL, apiKey, api },
      tools: {
        get_weather: createTool({
          id: about.name, description: about.description, inputSchema: place, outputSchema: z.object({ weather: z.string() }),
          execute: async input => { asked.push(input); return { weather: 'rain' }; },
        }),
      },
    });

    const stream = await agent.stream(asksTool, { maxSteps: 3 });
    let said = '';
    for await (const piece of stream.textStream) said += piece;

    assert.deepEqual(asked, [{ place: 'Chur' }]);
    assert.equal(said, text + text, 'beside its call, and after it');
    assert.equal(await stream.finishReason, 'stop');
    const { text: whole } = await agent.generate(script(['at ', 'once']));
    assert.equal(whole, 'at once');
  });
}
