// This file fills the data folder of a weir with the past of a channel, as if it had recorded it.

import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemRandom } from '../../src/base/random.ts';
import { openStore } from '../../src/channel/store.ts';
import {
  formatChannelAbout,
  formatRenditionAbout,
} from '../../src/recording/archive/archive-about.ts';
import { rowOf } from '../../src/recording/archive/archive-rendition.ts';
import type { ArchivedSegment } from '../../src/recording/archive/archived.ts';
import { marksOf } from '../../src/recording/archive/segment-marks.ts';
import { TierShelf } from '../../src/recording/archive/tier-shelf.ts';
import { openOverflow } from '../../src/ring/tiers/open-overflow.ts';
import { TIER_WORKER } from '../../src/threads.ts';

export type Recorded = {
  readonly dataDir: string;
  /** The disk tier's folder. */
  readonly tierDir: string;
  readonly channel: string;
  /** Shown one after the other, over and over; the clock begins anew each time. */
  readonly loop: readonly Uint8Array<ArrayBuffer>[];
  readonly segmentS: number;
  readonly count: number;
  /** When the last of them ends. */
  readonly endMs: number;
};

const MAIN = 'main';
const HOUR_MS = 3_600_000;
const PUTS_AT_ONCE = 16;

/** Returns when the first of them begins. No weir may run in the folder meanwhile. */
export async function recordArchive(recorded: Recorded): Promise<number> {
  const { dataDir, tierDir, channel, segmentS, count, endMs } = recorded;
  const store = openStore(dataDir, silentLog);
  const disk = { kind: 'disk', path: tierDir, sizeBytes: 2 ** 34, ageMs: 24 * HOUR_MS } as const;
  const deps = { entry: TIER_WORKER, clock: systemClock, random: systemRandom, log: silentLog };
  const tiers = openOverflow([disk], deps);
  const rows = store.archive;
  if (tiers === undefined || rows === undefined) throw new Error('nothing to record to');
  const owner = Buffer.from(store.secret('archive', 8)).toString('hex');
  const shelf = new TierShelf({ tiers: tiers.all, clock: systemClock, owner });
  try {
    rows.saveChannel(channel, formatChannelAbout({ keepMs: 24 * HOUR_MS, main: MAIN }));
    const about = { kind: 'video', targetDurationS: segmentS, independentSegments: true } as const;
    const rendition = rows.saveRendition(channel, MAIN, formatRenditionAbout(about));
    const startMs = endMs - count * segmentS * 1000;
    const segments = await Promise.all(
      Array.from({ length: count }, (_, index) => segmentOf(recorded, startMs, index)),
    );
    for (let from = 0; from < count; from += PUTS_AT_ONCE) {
      const puts = segments.slice(from, from + PUTS_AT_ONCE).map(async ({ segment, body }) => {
        const stored = { body, contentType: segment.contentType };
        const shelved = {
          segment,
          stored,
          untilMs: endMs + 24 * HOUR_MS,
          assets: new Map(),
          ...about,
        };
        if (!(await shelf.put({ channel, rendition: MAIN }, shelved))) throw new Error('not put');
      });
      await Promise.all(puts);
    }
    for (const { segment } of segments) {
      rows.add(rendition.id, rowOf(segment, undefined, endMs + 24 * HOUR_MS), []);
    }
    return startMs;
  } finally {
    await tiers[Symbol.asyncDispose]();
    store[Symbol.dispose]();
  }
}

async function segmentOf(
  { loop, segmentS }: Recorded,
  startMs: number,
  index: number,
): Promise<{ readonly segment: ArchivedSegment; readonly body: Blob }> {
  const bytes = loop[index % loop.length] as Uint8Array<ArrayBuffer>;
  const body = new Blob([bytes]);
  const learnt = await marksOf({ body, init: undefined }, { kind: 'video', earlierTicks: 0 });
  const discontinuity = index > 0 && index % loop.length === 0;
  const segment: ArchivedSegment = {
    number: Math.floor(startMs / 1000) + index,
    name: `seed-${index}.ts`,
    startMs: startMs + index * segmentS * 1000,
    durationS: segmentS,
    discontinuity,
    discontinuitySequence: Math.floor(index / loop.length),
    gap: false,
    sizeBytes: bytes.length,
    contentType: 'video/mp2t',
    keys: [],
    ...learnt,
  };
  return { segment, body };
}
