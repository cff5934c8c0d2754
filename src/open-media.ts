// This file opens what a segment flows through, in the order it flows, and closes it again.
import { systemClock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import { systemRandom } from './base/random.ts';
import { Checkpoints } from './channel/checkpoints.ts';
import { openMemoryStore, openStore, type Store } from './channel/store.ts';
import type { ChannelConfig, Config } from './config/config.ts';
import { createOutbound } from './net/outbound-client.ts';
import { EndlessStreams } from './packaging/mpegts/endless-streams.ts';
import { PassedStreams } from './packaging/mpegts/passed-streams.ts';
import { Relays } from './prefetch/channel/relays.ts';
import { WorkerPool } from './prefetch/loop/pool.ts';
import { archivePlaces } from './recording/archive/archive-places.ts';
import { openArchive } from './recording/archive/open-archive.ts';
import { MemoryFiles } from './ring/memory-files.ts';
import { Ring } from './ring/ring.ts';
import { openOverflow } from './ring/tiers/open-overflow.ts';
import { ProviderLeases } from './source/failover/provider-leases.ts';
import { CHECKPOINT_WORKER, PREFETCH_WORKER, TIER_WORKER } from './threads.ts';

export type MediaOptions = {
  readonly config: Config;
  readonly channels: readonly ChannelConfig[];
  /** Name of a provider → the connections it allows at once. */
  readonly limits: ReadonlyMap<string, number>;
  readonly userAgent: string;
  readonly log: Log;
};

export type Media = ReturnType<typeof openMedia>;

const clock = systemClock;
const random = systemRandom;
const collect = () => Bun.gc(true);

export function openMedia({ config, channels, limits, userAgent, log }: MediaOptions) {
  const { dataDir, allowPrivate, memoryBytes, prefetch } = config;
  const store = openStoreOrNone(dataDir, log);
  const checkpoints = new Checkpoints({ dataDir, entry: CHECKPOINT_WORKER, clock, log });
  const outbound = createOutbound({ clock, allowPrivate, userAgent });
  const files = MemoryFiles.create(memoryBytes, clock, log);
  const bodyFolder = files === undefined ? {} : { bodyFolder: files.path };
  const pool = new WorkerPool({
    size: prefetch.workers,
    entry: PREFETCH_WORKER,
    clock,
    log,
    settings: { perOrigin: prefetch.perOrigin, allowPrivate, userAgent, ...bodyFolder },
    onBody: (body) => files?.adopt(body),
  });
  const ring = new Ring(clock, memoryBytes, collect);
  const marks = archivePlaces(store, 'tiers');
  const tiers = openOverflow(config.overflow, { entry: TIER_WORKER, clock, random, log, marks });
  const leases = new ProviderLeases(clock, limits);
  const archiveDeps = { store, tiers: tiers?.all, clock, log, memoryBytes };
  const archive = openArchive(channels, config.archiveBytes, archiveDeps);
  const relays = new Relays(channels, {
    ...{ clock, random, leases, log, outbound, ring, store },
    look: pool.look,
    openLoop: (spec, sink) => pool.open(spec, sink),
    settings: {
      ahead: prefetch.ahead,
      segmentMaxBytes: prefetch.segmentMaxBytes,
      idleStopMs: prefetch.idleStopMs,
    },
    overflow: tiers?.overflow,
    past: archive.past,
  });
  const streams = new EndlessStreams({ clock, log });
  const passed = new PassedStreams({ clock, outbound, leases, collect });
  let closed: Promise<void> | undefined;
  const closeArchive = async (): Promise<void> => {
    await archive[Symbol.asyncDispose]();
    await tiers?.[Symbol.asyncDispose]();
  };

  return {
    ...{ outbound, pool, ring, tiers, leases, archive, relays, streams, passed, collect },

    /** What waits to be put somewhere has as long as the answers in flight. */
    beginToClose(): void {
      closed ??= closeArchive();
    },

    async [Symbol.asyncDispose](): Promise<void> {
      this.beginToClose();
      relays[Symbol.dispose]();
      await Promise.all([pool[Symbol.asyncDispose](), outbound[Symbol.asyncDispose]()]);
      await closed;
      files?.[Symbol.dispose]();
      await checkpoints[Symbol.asyncDispose]();
      store[Symbol.dispose]();
    },
  };
}

/** The data folder is a convenience: without it the picture goes on, the numbering starts anew. */
function openStoreOrNone(dataDir: string, log: Log): Store {
  try {
    return openStore(dataDir, log);
  } catch (error) {
    log.warn('data folder not usable: numbering is not kept over restarts', { dataDir, error });
    return openMemoryStore();
  }
}
