// This file tests the relays of all channels: what they open, keep, save and let go.

import { describe, expect, test } from 'bun:test';
import { silentLog } from '../../../src/base/log.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { Store } from '../../../src/channel/store.ts';
import type { ChannelConfig, UrlSource } from '../../../src/config/config.ts';
import type { ChannelRelay, Opened } from '../../../src/prefetch/channel/channel-relay.ts';
import { Relays } from '../../../src/prefetch/channel/relays.ts';
import type { LoopEvent } from '../../../src/prefetch/messages.ts';
import type { OpenLoop } from '../../../src/prefetch/rendition/supply.ts';
import { Ring } from '../../../src/ring/ring.ts';
import { ProviderLeases } from '../../../src/source/failover/provider-leases.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { loopChannel, urlChannel } from '../../support/in-process-app.ts';
import { listedSegment } from '../../support/listed.ts';
import { type Script, scriptedOutbound } from '../../support/outbound-script.ts';

const LIST = 'http://up.example/list.m3u8';
const MEDIA = '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n1.ts\n';

/** Documents as they stand on the disk. */
class Disk implements Store {
  documents = new Map<string, unknown>();
  saves = 0;
  isFull = false;

  load(): ReadonlyMap<string, unknown> {
    return this.documents;
  }

  save(_kind: string, documents: ReadonlyMap<string, unknown>): void {
    if (this.isFull) throw new Error('disk full');
    this.saves++;
    for (const [id, document] of documents) this.documents.set(id, structuredClone(document));
  }

  secret(_name: string, sizeBytes: number): Uint8Array {
    return new Uint8Array(sizeBytes);
  }

  [Symbol.dispose](): void {}
}

function world(channels: readonly ChannelConfig[], upstream: Script = {}, disk = new Disk()) {
  const clock = new FakeClock();
  const loops = { opened: 0, closed: 0 };
  const openLoop: OpenLoop = (_spec, { emit }) => {
    loops.opened++;
    queueMicrotask(() => emit(listed()));
    return {
      setMode() {},
      want() {},
      unwant() {},
      asked() {},
      found() {},
      closed: Promise.resolve(),
      [Symbol.dispose]: () => {
        loops.closed++;
      },
    };
  };
  const outbound = scriptedOutbound(upstream);
  const warnings: string[] = [];
  const log = {
    ...silentLog,
    warn: (message: string) => warnings.push(message),
    error: (message: string) => warnings.push(message),
  };
  const relays = new Relays(channels, {
    clock,
    log: { ...log, with: () => silentLog },
    outbound,
    random: seededRandom(1),
    leases: new ProviderLeases(clock, new Map()),
    ring: new Ring(clock, 256 * 1024 * 1024, () => {}),
    store: disk,
    openLoop,
    settings: { ahead: 3, segmentMaxBytes: 1000, idleStopMs: 60_000 },
  });
  return { clock, loops, outbound, warnings, relays, disk };
}

function listed(): LoopEvent {
  return {
    type: 'listed',
    link: 'cold',
    missed: 0,
    fresh: [1, 2, 3].map((sequence, ordinal) => ({ ordinal, segment: listedSegment(sequence) })),
    targetDurationS: 4,
    onDemand: false,
    independentSegments: false,
    iFramesOnly: false,
  };
}

async function play(relay: ChannelRelay | undefined): Promise<Opened> {
  const opened = await relay?.open();
  if (opened?.kind !== 'open') throw new Error('not open');
  const answer = await opened.main.playlist(false);
  expect(answer.kind).toBe('ready');
  return opened;
}

describe('Relays', () => {
  test('makes a relay when a channel is first asked for, and only for channels there are', () => {
    using w = disposing(world([loopChannel('a'), loopChannel('b')]));
    expect([...w.relays.all()]).toEqual([]);
    expect(w.relays.peek('a')).toBeUndefined();
    expect(w.relays.get('none')).toBeUndefined();
    const relay = w.relays.get('a');
    expect(w.relays.get('a')).toBe(relay as ChannelRelay);
    expect([...w.relays.all()]).toEqual([relay as ChannelRelay]);
    expect(w.relays.config('b')?.id).toBe('b');
  });

  test('a channel that is called otherwise goes on, one with other sources begins anew', async () => {
    using w = disposing(world([loopChannel('a'), loopChannel('b')]));
    const [a, b] = [w.relays.get('a'), w.relays.get('b')];
    await play(a);
    await play(b);
    w.relays.apply([{ ...loopChannel('a'), name: 'New' }, urlChannel('b', LIST)]);
    expect(w.relays.get('a')).toBe(a as ChannelRelay);
    expect(a?.config.name).toBe('New');
    expect(w.relays.get('b')).not.toBe(b as ChannelRelay);
    expect(w.loops).toEqual({ opened: 2, closed: 1 });
    w.relays.apply([]);
    expect([w.relays.get('a'), w.loops.closed]).toEqual([undefined, 2]);
  });

  test('what a source is left for is taken up', async () => {
    using w = disposing(world([loopChannel('a')]));
    const relay = w.relays.get('a');
    const failover = { silenceMs: 20_000 };
    w.relays.apply([{ ...loopChannel('a'), failover }]);
    const other = w.relays.get('a');
    expect([other === relay, other?.config.failover]).toEqual([false, failover]);
    w.relays.apply([{ ...loopChannel('a'), failover: { ...failover } }]);
    expect(w.relays.get('a')).toBe(other as ChannelRelay);
  });

  test('closes what nobody asks for within a second of `idle_stop`', async () => {
    using w = disposing(world([loopChannel('a')]));
    await play(w.relays.get('a'));
    await w.clock.advance(59_000);
    expect(w.loops.closed).toBe(0);
    await w.clock.advance(2_000);
    expect(w.loops.closed).toBe(1);
  });

  test('saves numbering when it changes, and goes on from it after a restart', async () => {
    const disk = new Disk();
    const before = world([loopChannel('a')], {}, disk);
    const { main } = await play(before.relays.get('a'));
    const last = main.ring.last?.mediaSequence as number;
    await before.clock.advance(500);
    expect([...disk.documents.keys()]).toEqual(['a']);
    const { saves } = disk;
    await before.clock.advance(5000);
    expect(disk.saves).toBe(saves);
    before.relays[Symbol.dispose]();
    using after = disposing(world([loopChannel('a')], {}, disk));
    const again = await play(after.relays.get('a'));
    expect(again.main.ring.last?.mediaSequence as number).toBeGreaterThanOrEqual(last);
  });

  test('begins anew where what was saved cannot be read, and goes on where it cannot be saved', async () => {
    const disk = new Disk();
    disk.documents.set('a', { nonsense: true });
    disk.isFull = true;
    using w = disposing(world([loopChannel('a')], {}, disk));
    await play(w.relays.get('a'));
    await w.clock.advance(1000);
    expect(w.warnings[0]).toBe('saved numbering not readable');
    expect(w.warnings[1]).toBe('numbering not saved');
  });
});

describe('ChannelRelay', () => {
  test('asks upstream once, however many open it at once', async () => {
    using w = disposing(world([urlChannel('a', LIST)], { [LIST]: { body: MEDIA } }));
    const relay = w.relays.get('a') as ChannelRelay;
    const opened = await Promise.all(Array.from({ length: 50 }, () => relay.open()));
    expect(new Set(opened).size).toBe(1);
    expect(w.outbound.requests).toHaveLength(1);
    expect(relay.open()).not.toBeInstanceOf(Promise);
  });

  test('takes the next source where one is not to be had, and says why none is', async () => {
    const sources = ['http://one.example/l', LIST].flatMap((url) => urlChannel('a', url).sources);
    const channel = { ...urlChannel('a', LIST), sources: sources as UrlSource[] };
    using w = disposing(world([channel], { [LIST]: { body: MEDIA } }));
    expect((await w.relays.get('a')?.open())?.kind).toBe('open');
    expect(w.relays.get('a')?.stats().fetches).toEqual(
      new Map([
        ['playlist NET_CONNECT', 1],
        ['playlist ok', 1],
      ]),
    );
    using none = disposing(world([channel]));
    expect(await none.relays.get('a')?.open()).toMatchObject({
      kind: 'unavailable',
      retryAfterS: 2,
    });
    expect(none.relays.get('a')?.lastError?.code).toBe('NET_CONNECT');
  });

  test('a refused source is not asked again for a second', async () => {
    using w = disposing(world([urlChannel('a', LIST)], { [LIST]: { status: 404 } }));
    const relay = w.relays.get('a') as ChannelRelay;
    await relay.open();
    await relay.open();
    await w.clock.advance(999);
    await relay.open();
    expect(w.outbound.requests).toHaveLength(1);
    await w.clock.advance(1);
    await relay.open();
    expect(w.outbound.requests).toHaveLength(2);
  });

  test('counts viewers, and forgets those that ask for nothing in half a minute', async () => {
    using w = disposing(world([loopChannel('a')]));
    const relay = w.relays.get('a') as ChannelRelay;
    relay.seen('one');
    relay.seen('two');
    relay.seen('one');
    expect(relay.stats().viewers).toBe(2);
    await w.clock.advance(20_000);
    relay.seen('two');
    await w.clock.advance(11_000);
    expect(relay.stats().viewers).toBe(1);
  });

  test('is a probe until it is asked for a second time, and again once it was forgotten', async () => {
    using w = disposing(world([loopChannel('a')]));
    const relay = w.relays.get('a') as ChannelRelay;
    await relay.open();
    expect(relay.isProbe).toBe(true);
    await relay.rendition('main');
    expect(relay.isProbe).toBe(false);
    await w.clock.advance(61_000);
    expect(relay.opened).toBeUndefined();
    await relay.open();
    expect(relay.isProbe).toBe(true);
  });

  test('a rendition is known by its id, asking upstream only where it must', async () => {
    using w = disposing(world([urlChannel('a', LIST)], { [LIST]: { body: MEDIA } }));
    const relay = w.relays.get('a') as ChannelRelay;
    expect(relay.peek('main')).toBeUndefined();
    const found = await relay.rendition('main');
    expect(found).toBe(relay.peek('main') as never);
    expect(relay.rendition('none')).toBeUndefined();
    await settle();
    expect(w.outbound.requests).toHaveLength(1);
  });
});

function disposing<T extends { relays: Relays; clock: FakeClock }>(made: T): T & Disposable {
  return Object.assign(made, { [Symbol.dispose]: () => made.relays[Symbol.dispose]() });
}
