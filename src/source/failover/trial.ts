// This file has a source prove itself before viewers are sent (back) to it.
import { type Clock, sleep } from '../../base/clock.ts';
import { AppError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import { checkWhole } from '../../media/container.ts';
import { firstPcr, pcrStands } from '../../media/mpegts/media-clock.ts';
import type { Outbound } from '../../net/outbound.ts';
import { isEncrypted, type ListedSegment, type Listing } from '../../ring/listing.ts';
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
  /** Where its own clock begins; undefined where that cannot be told. */
  readonly ticks: number | undefined;
};

/** Resolves once the source has proved that it plays; throws AppError with what it failed at. */
export async function proveSource(
  rendition: OpenRendition,
  depth: TrialDepth,
  deps: TrialDeps,
  signal: AbortSignal,
): Promise<void> {
  const source = sourceOf(rendition, deps);
  await using _open = closing(source);
  const before = await glimpseOf(source, undefined, deps, signal);
  if (depth === 'brief') return;
  const later = await nextListing(source, before, deps.clock, signal);
  judgeProgress(before, await glimpseOf(source, later, deps, signal));
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
  return { listing, newest, ticks: await readWhole(source, newest, listing, deps, signal) };
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

/** Where its own clock begins; undefined where that cannot be told. */
async function readWhole(
  source: RenditionSource,
  segment: ListedSegment,
  { targetDurationS }: Listing,
  { segmentMaxBytes }: TrialDeps,
  signal: AbortSignal,
): Promise<number | undefined> {
  const limits = segmentLimits(targetDurationS, {}, segmentMaxBytes, 0);
  const answer = await source.open(segment.ref, limits, signal);
  const chunks: Uint8Array[] = [];
  let isDone = false;
  try {
    for await (const chunk of answer.body) chunks.push(chunk);
    isDone = true;
  } finally {
    if (!isDone) answer.cancel();
  }
  const encrypted = isEncrypted(segment.keys);
  const flaw = checkWhole(chunks, { role: 'media', encrypted });
  if (flaw !== undefined) throw new SourceBodyError(flaw.reason, flaw.offset);
  return encrypted ? undefined : firstPcr(chunks);
}
