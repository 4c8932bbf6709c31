// Programs that read the log itself: kafkajs, and what its users decode Confluent's wire format with.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import kafkajs from 'kafkajs';
import { freshId, script, settled, tricky, trickyText, until, url } from './support.mjs';

const brokers = (process.env.PARLEY_KAFKA ?? '127.0.0.1:9092').split(',');
const space = 'dev.parley.chat.v1';
const topic = `${process.env.PARLEY_PREFIX ?? ''}chat.events.v1`;
const host = process.env.PARLEY_REGISTRY ?? 'http://127.0.0.1:8081/apis/ccompat/v7';

test('kafkajs reads what was said from chat.events, by the registry\'s schemas', async () => {
  const conversation = freshId('kafka');
  const post = (path, body) => fetch(url + path, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  await post('/api/conversations', { id: conversation });
  await post(`/api/conversations/${conversation}/messages`, { content: script(tricky) });
  await settled(conversation);

  const registry = new SchemaRegistry({ host });
  const consumer = new kafkajs.Kafka({ clientId: 'test', brokers, logLevel: kafkajs.logLevel.NOTHING })
    .consumer({ groupId: freshId('reader') });
  const events = [];
  const told = kind => events.map(event => event.body[`${space}.${kind}`]).find(body => body);
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        if (message.key.toString() !== `default/${conversation}`) return;
        events.push(await registry.decode(message.value));
      },
    });
    await until(() => told('MessageCompleted'), 'the end of the answer', 60_000);
  } finally {
    await consumer.disconnect();
  }

  assert.deepEqual(events.map(({ sequence }) => sequence), events.map((_, index) => index + 1), 'in order, without gaps');
  assert.equal(told('MessageAccepted').content, script(tricky));
  assert.equal(told('MessageCompleted').content, trickyText);
});
