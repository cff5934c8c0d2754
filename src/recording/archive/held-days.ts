// This file says of each day what an archive holds of it.
import type { Clock } from '../../base/clock.ts';
import { SingleFlight } from '../../base/single-flight.ts';
import type { ArchivedRendition, ArchivedSegment, TimeSpan } from './archived.ts';
import { endMs, segmentPages } from './segment-pages.ts';
import { isoSecond } from './wanted-span.ts';

const DAY_MS = 86_400_000;
/** Less than this between two segments is no hole that anybody would look for. */
const HOLE_MS = 1000;
/** Stretches told of a day; one that was broken off more often is told as if it went on. */
const STRETCHES_MAX = 500;

/** A day of UTC. */
export type HeldDay = {
  readonly date: string;
  readonly from: string;
  readonly to: string;
  readonly seconds: number;
  /** Of these, of what was lost. */
  readonly gapSeconds: number;
  readonly sizeBytes: number;
  /** What was recorded in one go; between them is nothing. */
  readonly stretches: readonly { readonly from: string; readonly to: string }[];
};

type Tally = {
  readonly date: string;
  seconds: number;
  gapSeconds: number;
  sizeBytes: number;
  readonly stretches: { fromMs: number; toMs: number }[];
};

/** What was lost since it was counted shows after so long. */
const KEPT_MS = 10 * 60_000;

/** Days that were counted: a week of four-second segments is 151,200 rows. */
type Counted = {
  readonly madeMs: number;
  readonly days: Map<string, Tally>;
  fromMs: number;
  lastNumber: number;
  nextMs: number;
};

/** Counts on from where it was; where the old end has moved, the day that it is in now anew. */
export class HeldDays {
  readonly #clock: Clock;
  readonly #counted = new Map<string, Counted>();
  readonly #counting = new SingleFlight<HeldDay[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Those who ask at once are told the same count. `of` names the rendition among all there are. */
  of(of: string, rendition: ArchivedRendition): Promise<HeldDay[]> {
    return this.#counting.run(of, () => this.#count(of, rendition));
  }

  async #count(of: string, rendition: ArchivedRendition): Promise<HeldDay[]> {
    const held = rendition.held();
    if (held === undefined) return [];
    const nowMs = this.#clock.monotonicMs();
    const known = this.#counted.get(of);
    const isFresh = known !== undefined && nowMs - known.madeMs < KEPT_MS;
    const counted = isFresh && held.fromMs >= known.fromMs ? known : begun(held, nowMs);
    if (counted.fromMs !== held.fromMs) await moveStart(rendition, held, counted);
    await countOn(rendition, { fromMs: counted.nextMs, toMs: held.toMs }, counted);
    this.#counted.set(of, counted);
    return [...counted.days.values()].map(told);
  }
}

function begun({ fromMs }: TimeSpan, madeMs: number): Counted {
  return { madeMs, days: new Map(), fromMs, lastNumber: -1, nextMs: fromMs };
}

async function moveStart(
  rendition: ArchivedRendition,
  held: TimeSpan,
  counted: Counted,
): Promise<void> {
  const first = dateOf(held.fromMs);
  const later = [...counted.days].filter(([date]) => date > first);
  counted.days.clear();
  counted.fromMs = held.fromMs;
  const anew = { ...begun(held, 0), days: counted.days };
  const [next] = later;
  if (next !== undefined) {
    const toMs = Math.floor(held.fromMs / DAY_MS) * DAY_MS + DAY_MS;
    await countOn(rendition, { fromMs: held.fromMs, toMs }, anew);
    for (const [date, tally] of later) counted.days.set(date, tally);
  } else Object.assign(counted, { lastNumber: -1, nextMs: held.fromMs });
}

async function countOn(
  rendition: ArchivedRendition,
  span: TimeSpan,
  counted: Counted,
): Promise<void> {
  for await (const page of segmentPages(rendition, span)) {
    for (const segment of page) {
      if (segment.number <= counted.lastNumber || segment.startMs >= span.toMs) continue;
      take(counted.days, segment);
      counted.lastNumber = segment.number;
      counted.nextMs = segment.startMs;
    }
  }
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** A segment belongs to the day that it begins on. */
function take(days: Map<string, Tally>, segment: ArchivedSegment): void {
  const { startMs, durationS, gap, sizeBytes } = segment;
  const date = dateOf(startMs);
  const day = days.get(date) ?? { date, seconds: 0, gapSeconds: 0, sizeBytes: 0, stretches: [] };
  days.set(date, day);
  day.seconds += durationS;
  if (gap) day.gapSeconds += durationS;
  day.sizeBytes += sizeBytes;
  const last = day.stretches.at(-1);
  const goesOn = last !== undefined && startMs - last.toMs < HOLE_MS;
  if (last !== undefined && (goesOn || day.stretches.length >= STRETCHES_MAX)) {
    last.toMs = endMs(segment);
  } else day.stretches.push({ fromMs: startMs, toMs: endMs(segment) });
}

function told({ date, seconds, gapSeconds, sizeBytes, stretches }: Tally): HeldDay {
  const spans = stretches.map(({ fromMs, toMs }) => {
    return { from: isoSecond(fromMs), to: isoSecond(toMs) };
  });
  return {
    date,
    from: spans[0]?.from ?? '',
    to: spans.at(-1)?.to ?? '',
    seconds: Math.round(seconds),
    gapSeconds: Math.round(gapSeconds),
    sizeBytes,
    stretches: spans,
  };
}
