// This file makes the archives that the configuration asks for, keeps time for them and closes them.
import { type Clock, within } from '../../base/clock.ts';
import { errorRecord } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Store } from '../../channel/store.ts';
import type { ChannelConfig } from '../../config/config.ts';
import type { PastKeeper } from '../../prefetch/rendition/past.ts';
import type { TierChain } from '../../ring/tiers/tier-chain.ts';
import { archivePlaces } from './archive-places.ts';
import { type ArchiveStats, archiveStats } from './archive-stats.ts';
import type { Archives } from './archived.ts';
import { Archivist } from './archivist.ts';
import { Exactness } from './exactness.ts';
import { HlsShelf, type HlsShelfStats } from './hls/shelf.ts';
import { Retention } from './retention.ts';
import type { Shelf } from './shelf.ts';
import { ShelvedArchives } from './shelved-archives.ts';
import { TierShelf } from './tier-shelf.ts';

export type ArchiveDeps = {
  readonly store: Store;
  /** Undefined where there are none. */
  readonly tiers: TierChain | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly memoryBytes: number;
};

export type OpenArchive = AsyncDisposable & {
  readonly archives: Archives;
  /** Undefined where nothing can be kept. */
  readonly past: PastKeeper | undefined;
  apply(channels: readonly ChannelConfig[], totalBytes: number | undefined): void;
  stats(): readonly ArchiveStats[];
  /** Of those that lie as plain HLS. */
  folders(): readonly HlsShelfStats[];
};

const SWEEP_MS = 5000;
const SWEEP_END_MS = 500;
const OWNER_BYTES = 8;

/** `channels` and `totalBytes` as in `apply`. */
export function openArchive(
  channels: readonly ChannelConfig[],
  totalBytes: number | undefined,
  deps: ArchiveDeps,
): OpenArchive {
  const { store, clock, log, memoryBytes } = deps;
  const rows = store.archive;
  if (rows === undefined) return withoutStore(channels, log);
  const shelves = new Map<string, Shelf | undefined>();
  const shelfAt = (hlsPath: string | undefined) => {
    const key = hlsPath ?? '';
    if (!shelves.has(key)) shelves.set(key, openShelf(hlsPath, deps));
    return shelves.get(key);
  };
  const onMoved = (channel: string) => exactness.doubt(channel);
  const archivist = new Archivist({ rows, clock, log, memoryBytes, shelfAt, onMoved });
  const shared = { rows, archivist, clock, log };
  const exactness: Exactness = new Exactness(shared);
  const keeping = keepTime(archivist, new Retention(shared), exactness, clock, log);
  archivist.apply(channels, totalBytes);
  return {
    archives: new ShelvedArchives({ ...shared, exactness }),
    past: archivist,
    apply: (next, nextTotal) => archivist.apply(next, nextTotal),
    stats: () => archiveStats(archivist, rows),
    folders: () =>
      [...shelves.values()].flatMap((shelf) => (shelf instanceof HlsShelf ? [shelf.stats()] : [])),
    async [Symbol.asyncDispose]() {
      await archivist[Symbol.asyncDispose]();
      await keeping[Symbol.asyncDispose]();
      for (const shelf of shelves.values()) await shelf?.[Symbol.asyncDispose]();
    },
  };
}

function openShelf(hlsPath: string | undefined, deps: ArchiveDeps): Shelf | undefined {
  const { store, tiers, clock } = deps;
  if (hlsPath !== undefined) return openHlsShelf(hlsPath, deps);
  if (tiers === undefined) return undefined;
  const owner = Buffer.from(store.secret('archive', OWNER_BYTES)).toString('hex');
  return new TierShelf({ tiers, clock, owner });
}

function openHlsShelf(path: string, { store, clock, log }: ArchiveDeps): Shelf {
  const shelf = new HlsShelf({ path, clock, log, marks: archivePlaces(store, 'hls') });
  shelf.start();
  return shelf;
}

/** One look after the other, each some seconds after the last has ended. */
function keepTime(
  archivist: Archivist,
  retention: Retention,
  exactness: Exactness,
  clock: Clock,
  log: Log,
): AsyncDisposable {
  const closing = new AbortController();
  let sweeping: Promise<void> = Promise.resolve();
  const sweep = async () => {
    try {
      archivist.takeOver();
      if (!archivist.isOurs) return;
      await exactness.sweep(closing.signal);
      await retention.sweep();
    } catch (error) {
      log.error('archives cannot be swept', { reason: errorRecord(error).message });
    }
  };
  const run = () => {
    sweeping = sweep().then(() => {
      if (!closing.signal.aborted) timer = clock.after(SWEEP_MS, run);
    });
  };
  let timer = clock.after(0, run);
  return {
    async [Symbol.asyncDispose]() {
      closing.abort();
      timer[Symbol.dispose]();
      // What asks a shelf that hangs is answered once that is closed
      await within(clock, sweeping, SWEEP_END_MS);
    },
  };
}

function withoutStore(channels: readonly ChannelConfig[], log: Log): OpenArchive {
  const say = (configs: readonly ChannelConfig[]) => {
    const asked = configs.filter(({ archive }) => archive !== undefined).map(({ id }) => id);
    if (asked.length === 0) return;
    log.error('NOTHING IS ARCHIVED: the data folder cannot be written', { channels: asked });
  };
  say(channels);
  return {
    archives: { channel: () => undefined },
    past: undefined,
    apply: say,
    stats: () => [],
    folders: () => [],
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
