// This file tests the faults that stand before servers in tests.
import { expect, test } from 'bun:test';
import { FaultProxy } from './fault-proxy.ts';

type Client = {
  readonly socket: { write(text: string): number; end(): void };
  /** What came back. */
  said: string;
  isClosed: boolean;
};

function listenEcho() {
  return Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data: (socket, data) => {
        socket.write(data);
      },
    },
  });
}

async function dial(port: number): Promise<Client> {
  const client = { said: '', isClosed: false } as Client & { socket: Client['socket'] };
  const data = (_: unknown, bytes: Uint8Array) => {
    client.said += new TextDecoder().decode(bytes);
  };
  const close = () => {
    client.isClosed = true;
  };
  const socket = { data, close, error: () => {} };
  return Object.assign(client, {
    socket: await Bun.connect({ hostname: '127.0.0.1', port, socket }),
  });
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await Bun.sleep(5);
}

test('FaultProxy passes, stalls and lets go of what it held', async () => {
  using echo = listenEcho();
  await using proxy = await FaultProxy.listen(echo.port);
  const client = await dial(proxy.port);
  client.socket.write('one');
  await until(() => client.said === 'one');
  await proxy.set({ kind: 'stall' });
  client.socket.write('two');
  const other = await dial(proxy.port);
  other.socket.write('x');
  await until(() => proxy.open === 2);
  expect([client.said, other.said]).toEqual(['one', '']);
  await proxy.set({ kind: 'pass' });
  await until(() => client.said === 'onetwo' && other.said === 'x');
});

test('FaultProxy delays, in order', async () => {
  using echo = listenEcho();
  await using proxy = await FaultProxy.listen(echo.port);
  await proxy.set({ kind: 'delay', delayMs: 30 });
  const client = await dial(proxy.port);
  const startMs = performance.now();
  client.socket.write('one');
  client.socket.write('two');
  await until(() => client.said === 'onetwo');
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(55);
});

test('FaultProxy resets, refuses and listens again', async () => {
  using echo = listenEcho();
  await using proxy = await FaultProxy.listen(echo.port);
  const client = await dial(proxy.port);
  await until(() => proxy.open === 1);
  await proxy.set({ kind: 'reset' });
  await until(() => client.isClosed);
  await proxy.set({ kind: 'refuse' });
  await expect(dial(proxy.port)).rejects.toThrow();
  await proxy.set({ kind: 'pass' });
  const again = await dial(proxy.port);
  again.socket.write('back');
  await until(() => again.said === 'back');
});

test('FaultProxy kills what is open in silence, and takes new connections', async () => {
  using echo = listenEcho();
  await using proxy = await FaultProxy.listen(echo.port);
  const dead = await dial(proxy.port);
  dead.socket.write('one');
  await until(() => dead.said === 'one');
  await proxy.set({ kind: 'half-open' });
  dead.socket.write('two');
  const fresh = await dial(proxy.port);
  fresh.socket.write('new');
  await until(() => fresh.said === 'new');
  expect([dead.said, dead.isClosed]).toEqual(['one', false]);
});
