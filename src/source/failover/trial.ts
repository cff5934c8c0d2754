// This file has a source prove itself before viewers are sent (back) to it.
import { type Clock, sleep } from '../../base/clock.ts';
import { AppError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import { checkWhole } from '../../media/container.ts';
import { judgeSegment } from '../../media/content/judge-segment.ts';
import type { Judged, WatchFor } from '../../media/content/judgement.ts';
import { firstPcr, pcrStands } from '../../media/mpegts/media-clock.ts';
import type { Outbound, OutboundLimits } from '../../net/outbound.ts';
import { type BodyRef, isEncrypted, type ListedSegment, type Listing } from '../../ring/listing.ts';
import { createSource } from '../create-source.ts';
import { segmentLimits, TARGET_DURATION_DEFAULT_S } from '../deadlines.ts';
import { SourceBodyError } from '../errors.ts';
import type { OpenRendition } from '../open-source.ts';
import type { RenditionSource } from '../source.ts';

export type TrialDeps = {
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly random: Random;
  readonly segmentMaxBytes: number;
  /** What the newest segment is to be judged for; absent: nothing. */
  readonly watchFor?: WatchFor;
};

/** brief: what it names now comes whole. thorough: what it names next does, too. */
export type TrialDepth = 'brief' | 'thorough';

/** A source that names nothing new for this many target durations stands still. */
const PATIENCE_TARGET_DURATIONS = 3;

/** What a source was seen to have at one moment. */
export type Glimpse = {
  readonly listing: Listing;
  /** It came whole. */
  readonly newest: ListedSegment;
} & Read;

/**
 * Resolves once the source has proved that it plays, with what its newest segment was judged to be;
 * throws AppError with what it failed at.
 */
export async function proveSource(
  rendition: OpenRendition,
  depth: TrialDepth,
  deps: TrialDeps,
  signal: AbortSignal,
): Promise<Judged> {
  const source = sourceOf(rendition, deps);
  await using _open = closing(source);
  const { watchFor: _, ...unwatched } = deps;
  const isBrief = depth === 'brief';
  const before = await glimpseOf(source, undefined, isBrief ? deps : unwatched, signal);
  if (isBrief) return before.judged;
  const later = await nextListing(source, before, deps.clock, signal);
  const after = await glimpseOf(source, later, deps, signal);
  judgeProgress(before, after);
  return after.judged;
}

/** A look at a source that leaves nothing open. Throws AppError where it does not play. */
export async function glimpse(
  rendition: OpenRendition,
  deps: TrialDeps,
  signal: AbortSignal,
): Promise<Glimpse> {
  const source = sourceOf(rendition, deps);
  await using _open = closing(source);
  return await glimpseOf(source, undefined, deps, signal);
}

/** Throws AppError where the source has not gone on from one to the other. */
export function judgeProgress(before: Glimpse, after: Glimpse): void {
  const since = before.newest.sequence;
  if (after.newest.sequence <= since) throw namesNothingNew();
  // Across a discontinuity clocks tell nothing of each other
  const between = after.listing.segments.filter(({ sequence }) => sequence > since);
  if (between.some(({ discontinuity }) => discontinuity)) return;
  const { ticks } = before;
  const isFrozen =
    ticks !== undefined && after.ticks !== undefined && pcrStands(ticks, after.ticks);
  if (stands(before.newest.programDateTimeMs, after.newest.programDateTimeMs) || isFrozen) {
    throw new AppError('SOURCE_STALLED', 'Cannot use the source: its clock stands still');
  }
}

function sourceOf({ spec, first }: OpenRendition, deps: TrialDeps): RenditionSource {
  const { outbound, clock, random, segmentMaxBytes } = deps;
  const known = { random, segmentMaxBytes, ...(first === undefined ? {} : { first }) };
  return createSource(spec, outbound, clock, known);
}

/** What proves itself over one connection must have closed it before another is opened. */
function closing(source: RenditionSource): AsyncDisposable {
  return { [Symbol.asyncDispose]: async () => source[Symbol.asyncDispose]?.() };
}

async function glimpseOf(
  source: RenditionSource,
  known: Listing | undefined,
  deps: TrialDeps,
  signal: AbortSignal,
): Promise<Glimpse> {
  const listing = known ?? (await source.poll(TARGET_DURATION_DEFAULT_S, signal));
  const newest = newestOf(listing);
  return { listing, newest, ...(await readWhole(source, newest, listing, deps, signal)) };
}

function namesNothingNew(): AppError {
  return new AppError('SOURCE_STALLED', 'Cannot use the source: it names nothing new');
}

function stands(beforeMs: number | undefined, afterMs: number | undefined): boolean {
  return beforeMs !== undefined && afterMs !== undefined && afterMs <= beforeMs;
}

function newestOf(listing: Listing): ListedSegment {
  const newest = listing.segments.findLast(({ gap }) => !gap);
  if (listing.ended) throw new AppError('SOURCE_ENDED', 'Cannot use the source: it has ended');
  if (newest === undefined) {
    throw new AppError('SOURCE_EMPTY', 'Cannot use the source: it names no segments');
  }
  return newest;
}

async function nextListing(
  source: RenditionSource,
  { listing: { targetDurationS }, newest }: Glimpse,
  clock: Clock,
  signal: AbortSignal,
): Promise<Listing> {
  const everyMs = targetDurationS * 500;
  for (let waitedMs = 0; waitedMs < PATIENCE_TARGET_DURATIONS * 1000 * targetDurationS; ) {
    await sleep(clock, everyMs, signal);
    signal.throwIfAborted();
    waitedMs += everyMs;
    const listing = await source.poll(targetDurationS, signal);
    if (newestOf(listing).sequence > newest.sequence) return listing;
  }
  throw namesNothingNew();
}

type Read = {
  /** Where its own clock begins; undefined where that cannot be told. */
  readonly ticks: number | undefined;
  /** Nothing is said of what is encrypted. */
  readonly judged: Judged;
};

async function readWhole(
  source: RenditionSource,
  { ref, keys, map }: ListedSegment,
  { targetDurationS }: Listing,
  { segmentMaxBytes, watchFor }: TrialDeps,
  signal: AbortSignal,
): Promise<Read> {
  const limits = segmentLimits(targetDurationS, {}, segmentMaxBytes, 0);
  const chunks = await readBody(source, ref, limits, signal);
  const encrypted = isEncrypted(keys);
  const flaw = checkWhole(chunks, { role: 'media', encrypted });
  if (flaw !== undefined) throw new SourceBodyError(flaw.reason, flaw.offset);
  const ticks = encrypted ? undefined : firstPcr(chunks);
  if (watchFor === undefined || keys.length + (map?.keys.length ?? 0) > 0) {
    return { ticks, judged: {} };
  }
  const init = map && Buffer.concat(await readBody(source, map.asset.ref, limits, signal));
  return { ticks, judged: judgeSegment(Buffer.concat(chunks), init, watchFor) };
}

async function readBody(
  source: RenditionSource,
  ref: BodyRef,
  limits: OutboundLimits,
  signal: AbortSignal,
): Promise<Uint8Array[]> {
  const answer = await source.open(ref, limits, signal);
  const chunks: Uint8Array[] = [];
  let isDone = false;
  try {
    for await (const chunk of answer.body) chunks.push(chunk);
    isDone = true;
  } finally {
    if (!isDone) answer.cancel();
  }
  return chunks;
}
