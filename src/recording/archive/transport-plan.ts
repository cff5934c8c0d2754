// This file lays out a stretch of an archive as one MPEG-TS file, by what rows say of its segments.
import { othersTurn } from '../../base/turn.ts';
import { PACKET_BYTES } from '../../media/mpegts/packet.ts';
import { FIRST_STREAM_PID } from '../../media/mpegts/program-tables.ts';
import { soundEntryBytes } from '../../media/mpegts/program-with-sound.ts';
import { TICKS_PER_SECOND, ticksBetween } from '../../media/mpegts/timestamp.ts';
import { type JoinShift, TransportJoiner } from '../../media/mpegts/transport-join.ts';
import type { TransportMarks } from '../../media/mpegts/transport-marks.ts';
import { START_TICKS } from '../../media/remux/merger.ts';
import { trackOfMarks } from '../../media/remux/sound-marks.ts';
import { LIST_SEGMENTS_MAX } from './archive-lists.ts';
import type { ArchivedRendition, ArchivedSegment, TimeSpan } from './archived.ts';
import { ClearBodies } from './clear-bodies.ts';
import type { LearntMarks } from './learnt-marks.ts';
import { endMs, segmentPages } from './segment-pages.ts';
import {
  marksTogether,
  type PictureWindow,
  SoundLane,
  type SoundRange,
  type SoundSegment,
} from './sound-lane.ts';
import { type FileDeps, type FileSound, type Part, TransportFile } from './transport-file.ts';

export type Planned =
  | { readonly kind: 'file'; readonly file: TransportFile }
  | { readonly kind: 'empty' }
  | { readonly kind: 'too-long' }
  /** Not all of it is, or can be made, MPEG-TS; what stands against it. */
  | { readonly kind: 'other-form'; readonly why: string };

export type PlanDeps = FileDeps & {
  readonly learnt: LearntMarks;
  /** Of all archives: names the channel. */
  readonly place: string;
};

/** What must be learnt first, of segments that were archived long ago: an hour of them takes seconds. */
const UNMARKED_MAX = 900;
/** Sound is looked for so far around the pictures. */
const AROUND_MS = 30_000;
/** Where the next pictures begin so near to the end of these, there is nothing between them. */
const SEAM_TICKS = TICKS_PER_SECOND / 2;

/** Laid out in one turn: a millisecond. */
const STEP_PARTS = 50;

type Marked = { readonly segment: ArchivedSegment; readonly marks: TransportMarks };
type Refused = Exclude<Planned, { readonly kind: 'file' }>;

/**
 * Gaps are left out: the clock goes over them as it did when it was live. `sound` is what lies apart
 * from the pictures; where it is silent they go on without.
 */
export async function planTransportFile(
  rendition: ArchivedRendition,
  sound: ArchivedRendition | undefined,
  span: TimeSpan,
  deps: PlanDeps,
): Promise<Planned> {
  const reading = new Reading(deps);
  const pictures = await reading.pictures(rendition, span, sound !== undefined);
  if ('kind' in pictures) return pictures;
  const sounds = sound === undefined ? [] : await reading.sounds(sound, span);
  if ('kind' in sounds) return sounds;
  const [first] = sounds;
  if (sound === undefined || first === undefined) {
    return await laidOut(rendition, pictures, undefined, reading);
  }
  const named = namedSound(sound, pictures, first);
  if ('kind' in named) return named;
  return await laidOut(rendition, pictures, { ...named, lane: new SoundLane(sounds) }, reading);
}

/** The rows of both, with what had to be learnt of them. */
class Reading {
  readonly deps: PlanDeps;
  #unmarked = 0;

  constructor(deps: PlanDeps) {
    this.deps = deps;
  }

  bodies(rendition: ArchivedRendition): ClearBodies {
    return new ClearBodies(rendition, this.deps.clock, this.deps.signal);
  }

  /** `isBeside`: sound is to be put beside them. */
  async pictures(
    rendition: ArchivedRendition,
    span: TimeSpan,
    isBeside: boolean,
  ): Promise<Marked[] | Refused> {
    const bodies = this.bodies(rendition);
    const found: Marked[] = [];
    for await (const page of segmentPages(rendition, span)) {
      if (found.length + page.length > LIST_SEGMENTS_MAX) return { kind: 'too-long' };
      for (const row of page) {
        if (row.gap) continue;
        const isKnown = row.marks !== undefined && !(isBeside && row.marks.pictures === undefined);
        const segment = isKnown ? row : await this.#learnt(rendition, row, 'video', bodies);
        if (segment === undefined) return { kind: 'too-long' };
        const { marks, contentType } = segment;
        const why = `its segments are ${contentType}, which MPEG-TS does not carry as they are`;
        if (marks === undefined) return { kind: 'other-form', why };
        found.push({ segment, marks });
      }
    }
    return found.length === 0 ? { kind: 'empty' } : found;
  }

  async sounds(rendition: ArchivedRendition, span: TimeSpan): Promise<SoundSegment[] | Refused> {
    const bodies = this.bodies(rendition);
    const around = { fromMs: span.fromMs - AROUND_MS, toMs: span.toMs + AROUND_MS };
    const found: SoundSegment[] = [];
    let unknown: ArchivedSegment | undefined;
    for await (const page of segmentPages(rendition, around)) {
      if (found.length + page.length > LIST_SEGMENTS_MAX) return { kind: 'too-long' };
      for (const row of page) {
        if (row.gap) continue;
        const isKnown = row.sound !== undefined;
        const segment = isKnown ? row : await this.#learnt(rendition, row, 'audio', bodies);
        if (segment === undefined) return { kind: 'too-long' };
        if (segment.sound === undefined) unknown = segment;
        else found.push({ segment, sound: segment.sound });
      }
    }
    if (found.length > 0 || unknown === undefined) return found;
    const why = `its sound is ${unknown.contentType}, which MPEG-TS does not carry as it is`;
    return { kind: 'other-form', why };
  }

  /** Undefined where there is too much to learn. */
  async #learnt(
    rendition: ArchivedRendition,
    row: ArchivedSegment,
    kind: 'video' | 'audio',
    bodies: ClearBodies,
  ): Promise<ArchivedSegment | undefined> {
    if (++this.#unmarked > UNMARKED_MAX) return undefined;
    const { learnt, place } = this.deps;
    const key = `${place}/${rendition.id}/${row.name}`;
    return { ...row, ...(await learnt.of(key, row, kind, bodies)) };
  }
}

/** How the sound is called in the file, all along. */
function namedSound(
  rendition: ArchivedRendition,
  pictures: readonly Marked[],
  { sound }: SoundSegment,
): FileSound | Refused {
  const track = trackOfMarks(sound);
  const taken = new Set<number>();
  for (const { marks } of pictures) {
    for (const [pid] of marks.counters) taken.add(pid);
    const room = marks.pictures?.[2] ?? 0;
    if (marks.pictures === undefined || room >= soundEntryBytes(track)) continue;
    const why = 'its sound is a list of its own, and the map of its pictures has no room for it';
    return { kind: 'other-form', why };
  }
  let pid = FIRST_STREAM_PID + 1;
  while (taken.has(pid)) pid++;
  return { rendition, pid, track, key: sound.track };
}

async function laidOut(
  rendition: ArchivedRendition,
  pictures: readonly Marked[],
  sound: (FileSound & { readonly lane: SoundLane }) | undefined,
  reading: Reading,
): Promise<Planned> {
  const joiner = new TransportJoiner();
  const parts: Part[] = [];
  let at = 0;
  let tag = 0n;
  for (const [index, { segment, marks }] of pictures.entries()) {
    const window = sound && windowOf({ segment, marks }, pictures[index + 1]);
    const ranges = (window && sound?.lane.in(window)) ?? [];
    const together =
      window === undefined || sound === undefined
        ? marks
        : marksTogether(marks, window, ranges, sound.pid, sound.key);
    const sizeBytes = together.packets * PACKET_BYTES;
    const shift: JoinShift = joiner.next(together);
    parts.push({ segment, marks, shift, at, sizeBytes, sounds: ranges });
    at += sizeBytes;
    tag = Bun.hash.wyhash(tagOf(segment, ranges), tag);
    if (index % STEP_PARTS === STEP_PARTS - 1) await othersTurn();
  }
  const file = { rendition, parts, sizeBytes: at, tag, ...(sound && { sound }) };
  return { kind: 'file', file: new TransportFile(file, (of) => reading.bodies(of), reading.deps) };
}

function tagOf({ name }: ArchivedSegment, ranges: readonly SoundRange[]): string {
  return [name, ...ranges.map(({ segment, from, to }) => `${segment.name} ${from}-${to}`)].join();
}

/** Until the next pictures, or as long as these are. Undefined where none are in it. */
function windowOf({ segment, marks }: Marked, next: Marked | undefined): PictureWindow | undefined {
  const { pictures } = marks;
  if (pictures === undefined) return undefined;
  const [pid, fromTicks] = pictures;
  const own = marks.tracks.find(([of]) => of === pid)?.[3] ?? 0;
  const aheadTicks = segment.made === undefined ? 0 : START_TICKS;
  const shown = next?.marks.pictures?.[1];
  const step = shown === undefined ? Number.POSITIVE_INFINITY : ticksBetween(fromTicks, shown);
  const isJoined = step > 0 && Math.abs(step - own) <= SEAM_TICKS;
  const isAlike = (next?.segment.made === undefined) === (segment.made === undefined);
  const lengthTicks = isJoined && isAlike ? step : own;
  return { startMs: segment.startMs, endMs: endMs(segment), fromTicks, lengthTicks, aheadTicks };
}
