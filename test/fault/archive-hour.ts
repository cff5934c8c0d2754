// This file is a weir that archives for an hour of a clock that a test moves, onto a real disk.
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLog } from '../../src/base/log.ts';
import { openStore, type Store } from '../../src/channel/store.ts';
import type { ChannelConfig } from '../../src/config/config.ts';
import { Relays } from '../../src/prefetch/channel/relays.ts';
import { type OpenArchive, openArchive } from '../../src/recording/archive/open-archive.ts';
import { Ring } from '../../src/ring/ring.ts';
import { DiskTier } from '../../src/ring/tiers/disk.ts';
import { GuardedTier } from '../../src/ring/tiers/guarded-tier.ts';
import { TierChain } from '../../src/ring/tiers/tier-chain.ts';
import { ProviderLeases } from '../../src/source/failover/provider-leases.ts';
import { Dice } from '../sim/dice.ts';
import { ProcessClock } from '../sim/sim-clock.ts';
import { Threads } from '../sim/threads.ts';
import { createWire, type Plan, SEGMENT_MAX_BYTES } from '../sim/wire.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { urlChannel } from '../support/in-process-app.ts';
import type { KeptAt } from '../support/kept-archive.ts';
import type { TempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

export const SEGMENT_S = 4;
const WINDOW = 8;
const URL_OF_LIST = 'http://origin.example/live/index.m3u8';
const KEEP_MS = 24 * 3_600_000;
const DRAIN_MS = 60_000;
/** Segments that wait when an outage has been one. */
const OUTAGE_MIN = 10;

/** One run of weir, as `serve` puts its parts together. */
type Run = {
  readonly clock: ProcessClock;
  readonly store: Store;
  readonly archive: OpenArchive;
  readonly relays: Relays;
  readonly threads: Threads;
  readonly tiers: TierChain | undefined;
};

export class ArchiveHour {
  readonly clock: FakeClock;
  readonly dataDir: string;
  readonly folder: string;
  readonly #as: 'tiers' | 'hls';
  readonly #segments: readonly Uint8Array[];
  readonly #dice = new Dice(7);
  #run: Run;
  #isOut = false;

  constructor(
    temp: TempFolder,
    as: 'tiers' | 'hls',
    segments: readonly Uint8Array[],
    startMs: number,
  ) {
    this.clock = new FakeClock(startMs);
    this.dataDir = join(temp.path, 'data');
    this.folder = join(temp.path, 'kept');
    this.#as = as;
    this.#segments = segments;
    this.#run = this.#start();
  }

  get at(): KeptAt {
    if (this.#as === 'hls') return { hls: this.folder };
    return { tier: { kind: 'disk', path: this.folder, sizeBytes: 2 ** 30 } };
  }

  /** Segments that were shown to their end. */
  get shown(): number {
    return Math.min(this.#segments.length, Math.floor(this.clock.monotonicMs() / 1000 / SEGMENT_S));
  }

  /** As fast as the disk takes what is shown. */
  async play(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      await this.clock.advance(1000);
      if (!this.#isOut && !(await until(() => this.#queued() === 0, DRAIN_MS))) {
        throw new Error(`Cannot go on: ${this.#queued()} segments wait for the archive`);
      }
    }
  }

  async restart(): Promise<void> {
    await this.stop();
    this.#run = this.#start();
  }

  /** A file lies where the folder was: whatever is asked of it fails. */
  async beginOutage(): Promise<void> {
    await rename(this.folder, `${this.folder}-away`);
    await writeFile(this.folder, 'no folder');
    this.#isOut = true;
  }

  /** What has waited is written by and by. */
  async endOutage(): Promise<void> {
    if (this.#queued() < OUTAGE_MIN) throw new Error('Cannot end the outage: nothing waited');
    await rm(this.folder);
    await rename(`${this.folder}-away`, this.folder);
    const hasCaughtUp = async () => {
      await this.clock.advance(100);
      return this.#queued() === 0;
    };
    if (!(await until(hasCaughtUp, DRAIN_MS))) throw new Error('The archive does not go on');
    this.#isOut = false;
  }

  async stop(): Promise<void> {
    const { relays, archive, tiers, store, clock, threads } = this.#run;
    relays[Symbol.dispose]();
    await archive[Symbol.asyncDispose]();
    await tiers?.[Symbol.asyncDispose]();
    store[Symbol.dispose]();
    threads.killAll();
    clock.kill();
  }

  #queued(): number {
    return this.#run.archive.stats().reduce((sum, { queued }) => sum + queued, 0);
  }

  #start(): Run {
    const clock = new ProcessClock(this.clock);
    const log = silentLog;
    const random = this.#dice.fork().random;
    const store = openStore(this.dataDir);
    const ring = new Ring(clock, 64 * 1024 * 1024, () => {});
    const hooks = { onOpen() {}, onClose() {}, onWhole() {} };
    const outbound = createWire(clock, { plan: ({ url }) => this.#plan(url), ...hooks });
    const threads = new Threads(clock, this.#dice.fork(), outbound);
    const tiers = this.#as === 'tiers' ? this.#tiers(clock) : undefined;
    const channels = [this.#channel()];
    const archiveDeps = { store, tiers, clock, log, memoryBytes: 64 * 1024 * 1024 };
    const archive = openArchive(channels, undefined, archiveDeps);
    const leases = new ProviderLeases(clock, new Map());
    const settings = { ahead: 3, idleStopMs: 60_000, segmentMaxBytes: SEGMENT_MAX_BYTES };
    const feed = { outbound, random, leases, ring, store, openLoop: threads.open };
    const relays = new Relays(channels, { clock, log, ...feed, settings, past: archive.past });
    return { clock, store, archive, relays, threads, tiers };
  }

  #channel(): ChannelConfig {
    const hls = this.#as === 'hls' ? { hlsPath: this.folder } : {};
    return {
      ...urlChannel('news', URL_OF_LIST),
      mode: 'buffered',
      archive: { keepMs: KEEP_MS, ...hls },
    };
  }

  #tiers(clock: ProcessClock): TierChain {
    const tier = new DiskTier({ path: this.folder, sizeBytes: 2 ** 30, clock });
    const random = this.#dice.fork().random;
    const guarded = new GuardedTier({ tier, clock, random, log: silentLog, ageMs: KEEP_MS });
    const tiers = new TierChain([guarded], clock);
    tiers.start();
    return tiers;
  }

  #plan(url: string): Plan {
    const quick = { connect: 1, status: 200, headMs: 1, pieces: 1, gapMs: 0 };
    const newest = Math.min(this.shown + WINDOW, this.#segments.length) - 1;
    const index = Number(/\/(\d+)\.ts$/.exec(url)?.[1] ?? -1);
    if (index < 0) return { ...quick, body: new TextEncoder().encode(listText(newest)) };
    const body = this.#segments[index];
    if (body === undefined || index > newest) {
      return { ...quick, status: 404, body: new Uint8Array() };
    }
    return { ...quick, headers: { 'content-type': 'video/mp2t' }, body };
  }
}

function listText(newest: number): string {
  const first = Math.max(0, newest - WINDOW + 1);
  const head = `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:${SEGMENT_S}\n#EXT-X-MEDIA-SEQUENCE:${first}\n`;
  const entries = Array.from({ length: newest - first + 1 }, (_, offset) => {
    return `#EXTINF:${SEGMENT_S}.0,\n${first + offset}.ts\n`;
  });
  return head + entries.join('');
}
