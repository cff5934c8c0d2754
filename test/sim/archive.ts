// This file is the archive of a simulated world: what it has promised is there, whatever happens (I8).
import { Database } from 'bun:sqlite';
import type { Clock } from '../../src/base/clock.ts';
import { type Log, silentLog } from '../../src/base/log.ts';
import {
  ARCHIVE_TABLES,
  ArchiveRows,
  type RenditionRow,
  type SegmentRow,
} from '../../src/channel/archive-rows.ts';
import type { ChannelConfig } from '../../src/config/config.ts';
import type { PastKeeper } from '../../src/prefetch/rendition/past.ts';
import { openArchive } from '../../src/recording/archive/open-archive.ts';
import { GuardedTier } from '../../src/ring/tiers/guarded-tier.ts';
import { TierChain } from '../../src/ring/tiers/tier-chain.ts';
import { ArchiveDisk, archiveKey, SimArchiveTier } from './archive-tier.ts';
import { identify } from './bytes.ts';
import { Dice } from './dice.ts';
import type { Journal } from './journal.ts';
import type { WorldOptions } from './world-options.ts';

/** Of the name under which a tier has it: the secret of a simulated store is all zeros. */
const OWNER = 'archive-0000000000000000-';
const KEEPS_MS = [60_000, 3_600_000] as const;
/** Far from any seed that is played. */
const ARCHIVE_SEED = 3_500_000_029;
/** About as long as any storm. */
const STORM_MS = 60_000;
/** Between two looks at what is promised. */
const LOOK_MS = 2000;
/** A look through everything that may have been lost takes so long at most. */
const SETTLE_MS = 30_000;

type Known = { readonly endMs: number; readonly untilMs: number };

/** The part of it that one run of weir has. */
export type RunArchive = { readonly past: PastKeeper };

export class SimArchive {
  readonly #database = new Database(':memory:', { strict: true });
  readonly #rows = new ArchiveRows(this.#database, () => true);
  readonly #disk: ArchiveDisk;
  readonly #dice: Dice;
  readonly #journal: Journal;
  readonly #channels: readonly ChannelConfig[];
  readonly #keepMs: number;
  /** What was live under each name; more than one where upstream gave other bytes after a restart. */
  readonly #live = new Map<string, Set<string>>();
  /** What was promised, and is to be had until it is too old. */
  readonly #promised = new Map<string, Known>();
  /** The latest that weir has held the time to be. */
  #latestMs = 0;
  #run: { readonly clock: Clock; readonly open: ReturnType<typeof openArchive> } | undefined;

  constructor(dice: Dice, journal: Journal, channels: readonly ChannelConfig[], lastsMs: number) {
    this.#dice = dice;
    this.#journal = journal;
    this.#keepMs = dice.pick(KEEPS_MS);
    this.#disk = new ArchiveDisk(dice.fork(), lastsMs);
    this.#channels = channels.map((each) => ({ ...each, archive: { keepMs: this.#keepMs } }));
    this.#database.run(ARCHIVE_TABLES);
    journal.note(`archived for ${this.#keepMs / 1000} s on a disk that is: ${this.#disk.story}`);
  }

  /** Where memory or connections are short it is drawn who has them; an archive would always. */
  static draw(seed: number, options: WorldOptions, journal: Journal): SimArchive | undefined {
    const { isTight, isContended, connections, channels, kind } = options;
    if (isTight || isContended || connections !== undefined || kind === 'finished')
      return undefined;
    return new SimArchive(new Dice(seed + ARCHIVE_SEED), journal, channels, STORM_MS);
  }

  /** Looks at what is promised, again and again. */
  watch(clock: Clock): void {
    this.check();
    clock.after(LOOK_MS, () => this.watch(clock));
  }

  get promised(): number {
    return this.#promised.size;
  }

  /** For a run of weir that begins now. */
  start(clock: Clock, isUp: () => boolean): RunArchive {
    const dice = this.#dice.fork();
    const tier = new SimArchiveTier(this.#disk, clock, dice.fork(), isUp);
    const guarded = { clock, random: dice.random, log: silentLog, ageMs: 600_000 };
    const tiers = new TierChain([new GuardedTier({ tier, ...guarded })], clock);
    tiers.start();
    const store = {
      archive: new ArchiveRows(mortal(this.#database, isUp), isUp),
      load: () => new Map(),
      save() {},
      secret: (_name: string, sizeBytes: number) => new Uint8Array(sizeBytes),
      [Symbol.dispose]() {},
    };
    const log = this.#log(isUp);
    const open = openArchive(this.#channels, undefined, {
      store,
      tiers,
      clock,
      log,
      memoryBytes: 1e9,
    });
    this.#run = { clock, open };
    return { past: this.#tapped(open.past as PastKeeper) };
  }

  /** Whatever the archive promises now is held, as it was live; what it promised before still is. */
  check(isCalm = false): void {
    const nowMs = this.#run?.clock.nowMs() ?? 0;
    this.#latestMs = Math.max(this.#latestMs, nowMs);
    const now = new Set<string>();
    for (const rendition of this.#rows.renditions()) {
      const rows = this.#rows.oldest(rendition.id, Number.MAX_SAFE_INTEGER);
      this.#judgeOrder(rendition, rows);
      for (const row of rows.filter(({ gap }) => gap === '')) {
        const key = keyOf(rendition, row);
        now.add(key);
        this.#judge(key, isCalm);
        this.#promised.set(key, { endMs: row.endMs, untilMs: row.untilMs });
      }
    }
    for (const [key, { endMs, untilMs }] of this.#promised) {
      if (now.has(key)) continue;
      this.#promised.delete(key);
      const isOld = endMs <= this.#latestMs - this.#keepMs || untilMs <= this.#latestMs;
      if (!isOld && !this.#disk.evicted.has(key)) {
        this.#breach(`${key} was promised, and is not any more`);
      }
    }
  }

  /** After the storm: nothing is promised that is gone, and all that is promised can be had. */
  async judgeCalm(advance: (ms: number) => Promise<void>): Promise<void> {
    this.#disk.calm();
    await advance(SETTLE_MS);
    this.check(true);
    for (const { channel, rendition, id } of this.#rows.renditions()) {
      const archived = this.#run?.open.archives.channel(channel)?.rendition(rendition);
      for (const row of this.#rows.heldBefore(id, Number.MAX_SAFE_INTEGER, 3)) {
        const asked = archived?.body(row.name);
        await advance(1000);
        const got = await asked;
        const identity = got?.kind === 'whole' ? identify(await got.body.bytes()) : got?.kind;
        const live = this.#live.get(keyOf({ channel, rendition }, row));
        if (!live?.has(identity ?? '')) this.#breach(`${rendition}/${row.name} is ${identity}`);
      }
    }
  }

  #judge(key: string, isCalm: boolean): void {
    const held = this.#disk.held.get(key);
    const live = this.#live.get(key);
    if (live === undefined) this.#breach(`${key} is promised, and was never live`);
    else if (held !== undefined && !live.has(held.identity)) {
      this.#breach(`${key} is ${held.identity}, and was ${[...live]}`);
    }
    // What the disk let go of is found out in a while
    const isExcused = this.#disk.evicted.has(key) && !isCalm;
    if (held === undefined && !isExcused) this.#breach(`${key} is promised, and not held`);
  }

  #judgeOrder({ rendition }: RenditionRow, rows: readonly SegmentRow[]): void {
    for (const [index, row] of rows.entries()) {
      const before = rows[index - 1];
      if (before === undefined) continue;
      const cuts = before.discontinuitySequence + (row.discontinuity ? 1 : 0);
      const isNext = row.number === before.number + 1 && row.discontinuitySequence === cuts;
      if (!isNext || row.startMs < before.endMs) {
        this.#breach(`${rendition}/${row.name} does not follow ${before.name}`);
      }
    }
  }

  #breach(what: string): void {
    this.#journal.breach('I8', what);
  }

  #tapped(past: PastKeeper): PastKeeper {
    return {
      keeps: (channel) => past.keeps(channel),
      offers: (...offered) => past.offers(...offered),
      take: (place, segment) => {
        const key = keyOf(place, segment);
        void segment.body?.bytes().then((bytes) => this.#learn(key, identify(bytes)));
        past.take(place, segment);
      },
    };
  }

  #learn(key: string, identity: string): void {
    this.#live.set(key, (this.#live.get(key) ?? new Set()).add(identity));
  }

  #log(isUp: () => boolean): Log {
    const log: Log = {
      ...silentLog,
      error: (message) => {
        if (isUp()) this.#breach(message);
      },
      with: () => log,
    };
    return log;
  }
}

/** As the tier has it. */
function keyOf(
  { channel, rendition }: { readonly channel: string; readonly rendition: string },
  { name }: { readonly name: string },
): string {
  return archiveKey({ channel, rendition, name: OWNER + name });
}

/** What a dead process would still write reaches no disk. */
function mortal(database: Database, isUp: () => boolean): Database {
  return new Proxy(database, {
    get(target, property) {
      if (!isUp()) throw new Error('killed');
      const value = target[property as keyof Database] as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
