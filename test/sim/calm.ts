// This file holds what weir owes where nothing is wrong any more: liveness, after the storm.
import type { Checker } from './checker.ts';
import type { Journal } from './journal.ts';
import type { SimClock } from './sim-clock.ts';
import { isOfSlate } from './slate.ts';
import { slipsIn } from './transport-rules.ts';
import type { TransportViewer } from './transport-viewer.ts';
import type { Upstreams } from './upstreams.ts';
import type { Viewer } from './viewer.ts';
import type { Weather } from './weather.ts';
import type { WorldOptions } from './world-options.ts';

export type CalmWorld = {
  readonly clock: SimClock;
  readonly options: WorldOptions;
  readonly upstream: Upstreams;
  readonly checker: Checker;
  readonly journal: Journal;
  readonly viewer: Viewer;
};

/** Deadlines, retries and polls that began in the storm have ended after this, and 3 of its TDs. */
const SETTLE_MS = 4000;
/** From the slate to a source: until that is tried, and until it has proved itself. */
const RETURN_MS = 20_000;
/** What a poll, a fetch and the queues between threads take, beside whole target durations. */
const LATENCY_MS = 2000;
/** RFC 8216 §4.3.3.1: a segment may be so much longer than its list says; and what clocks are apart. */
const ROUNDING_MS = 600;

/** I10: what is served is fresh again, and stays so. */
export async function judgeCalm(world: CalmWorld): Promise<void> {
  const { clock, upstream, viewer, journal, options } = world;
  const returnMs = options.hasSlate ? RETURN_MS : 0;
  await clock.advance(3000 * upstream.longestTargetS + SETTLE_MS + returnMs);
  const targetMs = upstream.targetS * 1000;
  const cuts: (number | undefined)[] = [];
  const before = lastNumber(viewer);
  for (let count = 0; count < 3; count++) {
    await clock.advance(targetMs);
    judgeFreshness(world);
    cuts.push(viewer.rendition?.ring.last?.discontinuitySequence);
  }
  if (options.isTight || options.isContended || options.kind === 'finished') return;
  const after = lastNumber(viewer);
  if (after <= before) journal.breach('I10', `the last number is ${after}, and was ${before}`);
  // Where nothing happens upstream nothing is told of it, unless a source is returned to
  const isAlone = options.backup === undefined && !options.hasSlate;
  const isStill = isAlone && !options.upstream.signsNames;
  if (cuts[0] !== cuts[2] && isStill) {
    journal.breach('order', `discontinuities in the calm: ${cuts}`);
  }
}

function lastNumber({ rendition }: Viewer): number {
  return rendition?.ring.last?.mediaSequence ?? -1;
}

function judgeFreshness({ clock, options, upstream, checker, journal, viewer }: CalmWorld): void {
  if (options.isTight || options.isContended) return;
  if (viewer.bodies === 0) journal.breach('I10', 'nothing was seen');
  const { rendition } = viewer;
  if (rendition === undefined || options.kind === 'finished' || upstream.isAmbiguous) return;
  const last = rendition.ring.listed().at(-1);
  const made = last === undefined ? undefined : checker.madeOf(rendition, last.name);
  if (made === undefined) return;
  if (isOfSlate(made)) {
    journal.breach('I10', 'the slate plays although a source does');
    return;
  }
  const ageMs = clock.monotonicMs() - made.madeAtMs;
  const allowedMs = 2500 * upstream.targetS + LATENCY_MS + upstream.lagMs;
  if (ageMs <= allowedMs) return;
  journal.breach('I10', `${last?.name} is ${ageMs} ms old, wanted ${allowedMs}`);
}

/** A box that came in the calm sees the stream go on as fast as time does. */
export async function judgeStream(world: CalmWorld, box: TransportViewer): Promise<void> {
  const { clock, upstream, journal, options } = world;
  if (options.isContended || options.kind === 'finished' || upstream.isAmbiguous) return;
  const before = newestMs(box);
  const forMs = 4000 * upstream.longestTargetS;
  await clock.advance(forMs);
  const after = newestMs(box);
  if (before === undefined || after === undefined) {
    journal.breach('I10', 'the stream shows nothing');
    return;
  }
  const gainedMs = after - before;
  // A segment is let out at once, where it is as small as these
  const lumpMs = 1000 * upstream.longestTargetS + LATENCY_MS;
  if (gainedMs < forMs - lumpMs) {
    journal.breach('I10', `the stream shows ${gainedMs} ms more after ${forMs} ms`);
  }
}

function newestMs({ record }: TransportViewer): number | undefined {
  return record?.marks.at(-1)?.timeMs;
}

/** Nothing comes of the first source for so long, while the other is well. */
const OUTAGE_MS = 25_000;

/** At most one target duration is repeated or lost where another source takes over, and on the way back. */
export async function judgeFailover(
  world: CalmWorld,
  box: TransportViewer,
  weather: Weather,
): Promise<void> {
  const { clock, upstream, journal, options } = world;
  const { backup } = options;
  if (backup === undefined || options.isContended || upstream.isAmbiguous) return;
  const { record } = box;
  if (record === undefined) return;
  const seen = record.marks.length;
  const fromMs = clock.monotonicMs();
  journal.note('the first source goes down in the calm');
  const outage = { on: 'lists', fault: '5xx', probability: 1, rendition: undefined } as const;
  weather.add({ ...outage, fromMs, toMs: fromMs + OUTAGE_MS });
  await clock.advance(OUTAGE_MS + RETURN_MS + 6000 * upstream.longestTargetS);
  if (box.record !== record) return;
  const mostMs = 1000 * upstream.longestTargetS + ROUNDING_MS;
  for (const { lostMs, repeatedMs } of slipsIn(record.marks.slice(Math.max(0, seen - 1)))) {
    journal.note(`a slip: ${lostMs} ms lost, ${repeatedMs} ms repeated`);
    if (Math.max(lostMs, repeatedMs) > mostMs) {
      journal.breach('failover', `${lostMs} ms are lost, and ${repeatedMs} ms repeated`);
    }
  }
}

/** Fewer numbers than this behind the first, a restart cannot be told from a pause. */
const NUMBERS_MIN = 6;

/** A computed source that counts anew is found within two segment lengths, with a discontinuity. */
export async function judgeRestart(world: CalmWorld): Promise<void> {
  const { clock, upstream, viewer, journal, options } = world;
  const { firstSequence, durationMs } = options.upstream;
  const { encoder } = upstream.main;
  const ring = viewer.rendition?.ring;
  if (ring === undefined || options.isTight) return;
  if (encoder.newest.sequence - firstSequence < NUMBERS_MIN) return;
  const before = ring.last?.discontinuitySequence ?? 0;
  journal.note('encoder restarts in the calm');
  const { run } = encoder.newest;
  upstream.main.restart(firstSequence, false);
  while (encoder.newest.run === run) await clock.advance(100);
  await clock.advance(2 * durationMs + LATENCY_MS / 2);
  const isHealed = ring
    .listed()
    .some(({ state, discontinuitySequence }) => state === 'held' && discontinuitySequence > before);
  if (!isHealed) journal.breach('I10', 'the restart was not found in two segment lengths');
}
