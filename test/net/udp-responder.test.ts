// This file tests that datagrams of the own network are answered, and no more of them than is due.

import { expect, test } from 'bun:test';
import { createSocket } from 'node:dgram';
import { openUdpResponder } from '../../src/net/udp-responder.ts';
import { FakeClock } from '../support/fake-clock.ts';

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', () => resolve()));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

test('openUdpResponder() answers with what it is told, at most twenty times a second', async () => {
  const port = await freeUdpPort();
  const clock = new FakeClock();
  const asked: string[] = [];
  await using _responder = await openUdpResponder({
    port,
    clock,
    answer: (bytes, ownAddress) => {
      asked.push(`${new TextDecoder().decode(bytes)} ${ownAddress}`);
      return [new TextEncoder().encode('one'), new TextEncoder().encode('two')];
    },
  });
  const client = createSocket('udp4');
  const heard: string[] = [];
  let wake = () => {};
  client.on('message', (bytes) => {
    heard.push(bytes.toString());
    wake();
  });
  const until = async (count: number) => {
    while (heard.length < count) await new Promise<void>((resolve) => (wake = resolve));
  };
  const ask = (text: string) => client.send(text, port, '127.0.0.1');
  ask('who');
  await until(2);
  expect([heard, asked]).toEqual([['one', 'two'], ['who 127.0.0.1']]);
  for (let count = 0; count < 30; count++) ask('again');
  await until(20);
  while (asked.length < 31) await new Promise<void>((resolve) => setImmediate(resolve));
  expect(heard).toHaveLength(20);
  await clock.advance(1000);
  ask('later');
  await until(22);
  client.close();
});
