// This file is the archives of one weir over a scripted shelf, with an index that can be killed.
import { Database } from 'bun:sqlite';
import type { silentLog } from '../../src/base/log.ts';
import { ARCHIVE_TABLES, ArchiveRows, type SegmentRow } from '../../src/channel/archive-rows.ts';
import type { ChannelConfig } from '../../src/config/config.ts';
import type { ArchiveConfig } from '../../src/config/resolve-archive.ts';
import type { PastPlace, PastSegment } from '../../src/prefetch/rendition/past.ts';
import { Archivist } from '../../src/recording/archive/archivist.ts';
import { Exactness } from '../../src/recording/archive/exactness.ts';
import { Retention } from '../../src/recording/archive/retention.ts';
import { ShelvedArchives } from '../../src/recording/archive/shelved-archives.ts';
import { FakeClock } from './fake-clock.ts';
import { urlChannel } from './in-process-app.ts';
import { listedSegment } from './listed.ts';
import { ScriptedShelf } from './scripted-shelf.ts';

export const PLACE: PastPlace = { channel: 'x', rendition: 'main', kind: 'video' };
export const HOUR_MS = 3_600_000;
const NEVER = new AbortController().signal;

type Setup = {
  readonly archives?: Readonly<Record<string, ArchiveConfig>>;
  readonly totalBytes?: number;
  readonly memoryBytes?: number;
  /** What another weir has left: as `killed` gives it. */
  readonly index?: Uint8Array;
  readonly shelf?: ScriptedShelf;
  readonly clock?: FakeClock;
  /** Whether the data folder is; true where absent. */
  readonly isOurs?: boolean;
};

export class ArchiveWorld {
  readonly clock: FakeClock;
  readonly shelf: ScriptedShelf;
  readonly rows: ArchiveRows;
  readonly archivist: Archivist;
  readonly exactness: Exactness;
  readonly retention: Retention;
  readonly archives: ShelvedArchives;
  /** Level and message of what was said. */
  readonly said: string[] = [];
  readonly #database: Database;
  isOurs: boolean;

  constructor(setup: Setup = {}) {
    const { archives = { x: { keepMs: HOUR_MS } }, index } = setup;
    this.clock = setup.clock ?? new FakeClock();
    this.shelf = setup.shelf ?? new ScriptedShelf();
    this.isOurs = setup.isOurs ?? true;
    this.#database = index === undefined ? emptyIndex() : Database.deserialize(index);
    this.rows = new ArchiveRows(this.#database, () => this.isOurs);
    const { rows, clock, shelf } = this;
    const log = this.#log();
    this.archivist = new Archivist({
      rows,
      clock,
      log,
      memoryBytes: setup.memoryBytes ?? 256 * 2 ** 20,
      shelfAt: (hlsPath) => (hlsPath === 'nowhere' ? undefined : shelf),
      onMoved: (channel) => this.exactness.doubt(channel),
    });
    const shared = { rows, archivist: this.archivist, clock, log };
    this.exactness = new Exactness(shared);
    this.retention = new Retention(shared);
    this.archives = new ShelvedArchives({ ...shared, exactness: this.exactness });
    this.apply(archives, setup.totalBytes);
  }

  apply(archives: Readonly<Record<string, ArchiveConfig>>, totalBytes?: number): void {
    const channels = Object.entries(archives).map(
      ([id, archive]): ChannelConfig => ({ ...urlChannel(id, 'http://h.example/a'), archive }),
    );
    this.archivist.apply(channels, totalBytes);
  }

  /** One sweep of each kind, as the archives are kept by themselves. */
  async sweep(): Promise<void> {
    let isDone = false;
    const run = async () => {
      await this.exactness.sweep(NEVER);
      await this.retention.sweep();
      isDone = true;
    };
    const running = run();
    while (!isDone) await this.clock.advance(20);
    await running;
  }

  /** All that is written down in time order, whatever it says. */
  segments(rendition = PLACE.rendition, channel = PLACE.channel): SegmentRow[] {
    const row = this.rows.rendition(channel, rendition);
    return row === undefined ? [] : this.rows.oldest(row.id, 1_000_000);
  }

  /** Of each segment the number in its name, `-` before it where it is a gap. */
  shown(rendition?: string, channel?: string): string {
    return this.segments(rendition, channel)
      .map(({ name, gap }) => `${gap === '' ? '' : '-'}${name.slice(0, name.indexOf('-'))}`)
      .join(' ');
  }

  /** What a process that is killed now leaves of the index. */
  killed(): Uint8Array {
    return this.#database.serialize();
  }

  #log(): typeof silentLog {
    const say = (level: string) => (message: string) => void this.said.push(`${level} ${message}`);
    const log = {
      debug() {},
      info: say('info'),
      warn: say('warn'),
      error: say('error'),
      with: () => log,
    };
    return log;
  }
}

function emptyIndex(): Database {
  const database = new Database(':memory:', { strict: true });
  database.run(ARCHIVE_TABLES);
  return database;
}

/** The weir that comes after this one was killed. */
export function restarted(before: ArchiveWorld, setup: Setup = {}): ArchiveWorld {
  const { shelf, clock } = before;
  return new ArchiveWorld({ ...setup, index: before.killed(), shelf, clock });
}

/** One that has come, of a thousand bytes, listed at the moment it ended. */
export function past(sequence: number, more: Partial<PastSegment> = {}): PastSegment {
  const listed = more.listed ?? listedSegment(sequence);
  return {
    name: `${sequence}-x.ts`,
    listed,
    discontinuity: false,
    follows: true,
    body: new Blob([`body ${sequence} `.padEnd(1000)]),
    contentType: 'video/mp2t',
    assets: new Map(),
    behindMs: listed.durationS * 1000,
    targetDurationS: 4,
    independentSegments: true,
    ...more,
  };
}

/** One that never came. */
export function gone(sequence: number, more: Partial<PastSegment> = {}): PastSegment {
  return past(sequence, { body: undefined, ...more });
}

/** Segments from `first` to `last`, each taken four seconds after the one before. */
export async function record(
  world: ArchiveWorld,
  first: number,
  last: number,
  place: PastPlace = PLACE,
): Promise<void> {
  for (let sequence = first; sequence <= last; sequence++) {
    world.archivist.take(place, past(sequence));
    await world.clock.advance(4000);
  }
}
