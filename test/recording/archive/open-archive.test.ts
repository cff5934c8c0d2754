// This file tests archives as the server opens them: over a store, with tiers or without.
import { describe, expect, test } from 'bun:test';
import type { Log } from '../../../src/base/log.ts';
import { openMemoryStore, openStore } from '../../../src/channel/store.ts';
import type { ChannelConfig } from '../../../src/config/config.ts';
import { openArchive } from '../../../src/recording/archive/open-archive.ts';
import { GuardedTier } from '../../../src/ring/tiers/guarded-tier.ts';
import { TierChain } from '../../../src/ring/tiers/tier-chain.ts';
import { ScriptedTier } from '../../ring/tiers/scripted-tier.ts';
import { PLACE, past } from '../../support/archive-world.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { urlChannel } from '../../support/in-process-app.ts';
import { createTempFolder } from '../../support/temp-folder.ts';

const KEEP = { keepMs: 3_600_000 };

function channels(archive?: ChannelConfig['archive']): ChannelConfig[] {
  const x = urlChannel('x', 'http://h.example/a');
  return [archive === undefined ? x : { ...x, archive }];
}

function heard(): { readonly said: string[]; readonly log: Log } {
  const said: string[] = [];
  const say = (level: string) => (message: string) => void said.push(`${level} ${message}`);
  const log: Log = {
    debug() {},
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    with: () => log,
  };
  return { said, log };
}

async function scripted(clock: FakeClock, log: Log) {
  const tier = new ScriptedTier(clock);
  const chain = new TierChain(
    [new GuardedTier({ tier, clock, random: () => 1, log, ageMs: 60_000 })],
    clock,
  );
  chain.start();
  await settle();
  return { tier, chain };
}

describe('openArchive()', () => {
  test('keeps what is shown in the tiers, and has it after a restart', async () => {
    await using folder = await createTempFolder();
    const clock = new FakeClock();
    const { log } = heard();
    const { tier, chain } = await scripted(clock, log);
    const deps = { tiers: chain, clock, log, memoryBytes: 2 ** 28 };
    {
      using store = openStore(folder.path);
      await using open = openArchive(channels(KEEP), undefined, { ...deps, store });
      expect(open.past?.keeps('x')).toBe(true);
      expect(open.archives.channel('x')).toBeUndefined();
      open.past?.offers('x', 'main', undefined);
      for (const sequence of [1, 2]) open.past?.take(PLACE, past(sequence));
      await clock.advance(1000);
      expect(open.stats()).toMatchObject([
        { channel: 'x', isKept: true, segments: 2, bytes: 2000, queued: 0 },
      ]);
    }
    const names = [...tier.held.keys()];
    expect(names).toHaveLength(2);
    for (const name of names) expect(name).toMatch(/^archive-[0-9a-f]{16}-\d-x\.ts$/);
    expect([...tier.expiries.values()][0]).toBeGreaterThan(clock.nowMs() + 7 * 3_600_000);
    using store = openStore(folder.path);
    await using open = openArchive(channels(), undefined, { ...deps, store });
    expect(open.past?.keeps('x')).toBe(false);
    const [rendition] = open.archives.channel('x')?.renditions ?? [];
    const found = await rendition?.body('2-x.ts');
    expect(found).toMatchObject({ kind: 'whole', contentType: 'video/mp2t' });
  });

  test('what waits is written when it is closed, where that is quickly done', async () => {
    await using folder = await createTempFolder();
    using store = openStore(folder.path);
    const clock = new FakeClock();
    const { said, log } = heard();
    const { tier, chain } = await scripted(clock, log);
    const deps = { store, tiers: chain, clock, log, memoryBytes: 2 ** 28 };
    const open = openArchive(channels(KEEP), undefined, deps);
    tier.delayMs = 200;
    for (const sequence of [1, 2, 3]) open.past?.take(PLACE, past(sequence));
    const closing = open[Symbol.asyncDispose]();
    open.past?.take(PLACE, past(4));
    await clock.advance(3000);
    await closing;
    expect(store.archive?.rendition('x', 'main')).toMatchObject({ segments: 3 });
    expect(said.filter((line) => line.includes('were not written'))).toEqual([]);
  });

  test('and given up where it is not', async () => {
    await using folder = await createTempFolder();
    using store = openStore(folder.path);
    const clock = new FakeClock();
    const { said, log } = heard();
    const { tier, chain } = await scripted(clock, log);
    const deps = { store, tiers: chain, clock, log, memoryBytes: 2 ** 28 };
    const open = openArchive(channels(KEEP), undefined, deps);
    await clock.advance(1000);
    tier.delayMs = Number.POSITIVE_INFINITY;
    for (const sequence of [1, 2, 3]) open.past?.take(PLACE, past(sequence));
    const closing = open[Symbol.asyncDispose]();
    await clock.advance(3000);
    await closing;
    expect(said).toContain('warn segments were not written into archives before the end');
    expect(store.archive?.rendition('x', 'main')).toMatchObject({ segments: 0 });
  });

  test('without a data folder nothing is kept, and that is said', async () => {
    const { said, log } = heard();
    using store = openMemoryStore();
    const deps = { store, tiers: undefined, clock: new FakeClock(), log, memoryBytes: 1 };
    await using open = openArchive(channels(KEEP), undefined, deps);
    expect(open.past).toBeUndefined();
    expect(said).toEqual(['error NOTHING IS ARCHIVED: the data folder cannot be written']);
    open.apply(channels(), undefined);
    expect(said).toHaveLength(1);
    expect([open.archives.channel('x'), open.stats()]).toEqual([undefined, []]);
  });

  test('a channel gets an archive and loses it while weir runs', async () => {
    await using folder = await createTempFolder();
    using store = openStore(folder.path);
    const clock = new FakeClock();
    const { log } = heard();
    const { chain } = await scripted(clock, log);
    const deps = { store, tiers: chain, clock, log, memoryBytes: 2 ** 28 };
    await using open = openArchive(channels(), undefined, deps);
    expect(open.past?.keeps('x')).toBe(false);
    open.apply(channels(KEEP), undefined);
    expect(open.past?.keeps('x')).toBe(true);
    open.past?.take(PLACE, past(1));
    await clock.advance(100);
    open.apply(channels(), undefined);
    expect(open.past?.keeps('x')).toBe(false);
    const startMs = clock.nowMs() - 4100;
    const held = { fromMs: startMs, toMs: startMs + 4000 };
    expect(open.stats()).toMatchObject([{ segments: 1, isKept: false, held }]);
    await clock.advance(2 * KEEP.keepMs);
    expect(open.stats()).toMatchObject([{ segments: 0, dropped: { age: 1 } }]);
  });

  test('before its tiers are opened with the next start nothing is kept, and that is said', async () => {
    await using folder = await createTempFolder();
    using store = openStore(folder.path);
    const clock = new FakeClock();
    const { said, log } = heard();
    const deps = { store, tiers: undefined, clock, log, memoryBytes: 2 ** 28 };
    await using open = openArchive(channels(), undefined, deps);
    open.apply(channels(KEEP), undefined);
    expect(open.past?.keeps('x')).toBe(false);
    expect(said).toEqual([
      'error NOTHING IS ARCHIVED of the channel: overflow is taken up at the next start',
    ]);
  });
});
