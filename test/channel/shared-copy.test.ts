// This file tests what a copy does at the moments when the shared store goes away, comes back, or is slow.
import { expect, test } from 'bun:test';
import { silentLog } from '../../src/base/log.ts';
import { SharedStoreError } from '../../src/channel/errors.ts';
import { type CommonStore, SharedCopy } from '../../src/channel/shared-copy.ts';
import { openSharedMemory } from '../../src/channel/shared-file.ts';
import { SqliteSharedStore } from '../../src/channel/shared-sqlite.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { MemorySharedStore } from '../support/memory-shared-store.ts';

type Documents = ReadonlyMap<string, unknown>;

/** One that can be away, and that can be held up in the midst of a load. */
class Server extends MemorySharedStore implements CommonStore {
  readonly place = 'server';
  onFailure: (error: SharedStoreError) => void = () => {};
  isAway = false;
  held: Promise<void> = Promise.resolve();

  override async load(kind: string): Promise<Documents> {
    this.#answer();
    const found = await super.load(kind);
    await this.held;
    return found;
  }

  override async get(kind: string, id: string): Promise<unknown> {
    this.#answer();
    return await super.get(kind, id);
  }

  override async claim(kind: string, documents: Documents): Promise<Documents> {
    this.#answer();
    return await super.claim(kind, documents);
  }

  async prepare(): Promise<void> {
    this.#answer();
  }

  async bring(): Promise<void> {}

  claimSecret(name: string, bytes: Uint8Array): Promise<Uint8Array> {
    return this.secret(name, bytes.length);
  }

  #answer(): void {
    if (!this.isAway) return;
    const error = new SharedStoreError('CHANNEL_STORE_UNREACHABLE', 'Cannot use server: away');
    this.onFailure(error);
    throw error;
  }
}

async function openWorld() {
  const clock = new FakeClock();
  const server = new Server();
  const copy = new SqliteSharedStore(openSharedMemory(), { clock, log: silentLog, path: 'memory' });
  const node = new SharedCopy({
    connect: (onFailure) => Object.assign(server, { onFailure }),
    ...{ copy, kinds: () => [], clock, random: () => 0, log: silentLog },
  });
  await node.tried;
  return {
    ...{ clock, server, copy, node },
    other: server.beside(),
    isJoined: () => node.stats().isUp,
    /** Asks once, which it then knows by. */
    async goAway() {
      server.isAway = true;
      await node.get('any', 'thing');
    },
    async comeBack() {
      server.isAway = false;
      await clock.advance(10_000);
    },
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  };
}

test('who was told of a write before it was joined again is told once more', async () => {
  await using world = await openWorld();
  const { node, other } = world;
  const seen: (readonly string[])[] = [];
  const look = async () => void seen.push([...(await node.load('user')).keys()]);
  using _watching = node.watch('user', () => void look());
  await node.save('user', new Map([['anna', 1]]));
  await world.goAway();
  await other.save('user', new Map([['ben', 1]]));
  await world.clock.advance(0);
  expect(world.isJoined()).toBe(false);
  expect(seen.at(-1)).toEqual(['anna']);
  await world.comeBack();
  expect(world.isJoined()).toBe(true);
  expect(seen.at(-1)).toEqual(['anna', 'ben']);
});

test('who read nothing meanwhile is not told', async () => {
  await using world = await openWorld();
  let told = 0;
  using _watching = world.node.watch('user', () => told++);
  await world.node.load('user');
  await world.goAway();
  await world.comeBack();
  expect(told).toBe(0);
});

test('what is claimed while it is being joined waits for nothing', async () => {
  await using world = await openWorld();
  const { node, copy, other } = world;
  await world.goAway();
  const slow = Promise.withResolvers<void>();
  const load = copy.load.bind(copy);
  copy.load = async (kind) => {
    await slow.promise;
    return await load(kind);
  };
  const claiming = node.claim('id', new Map([['a', 'mine']]));
  await other.claim('id', new Map([['a', 'theirs']]));
  await world.comeBack();
  expect(world.isJoined()).toBe(true);
  slow.resolve();
  expect([...(await claiming)]).toEqual([['a', 'theirs']]);
  expect(node.stats().queued).toBe(0);
});

test('the copy keeps what was written while the whole kind was being loaded', async () => {
  await using world = await openWorld();
  const { node, copy, server } = world;
  await node.save('user', new Map([['anna', 1]]));
  await node.save('user', new Map([['ben', 1]]));
  await copy.save('user', new Map([['gone', 1]]));
  const slow = Promise.withResolvers<void>();
  server.held = slow.promise;
  const loading = node.load('user');
  await node.save(
    'user',
    new Map<string, unknown>([
      ['anna', null],
      ['cleo', 1],
    ]),
  );
  slow.resolve();
  await loading;
  expect([...(await copy.load('user')).keys()]).toEqual(['ben', 'cleo']);
});
