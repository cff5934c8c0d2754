// This file is a stretch of an archive as one MPEG-TS file, whose size is known before its bytes.
import type { Clock } from '../../base/clock.ts';
import { AppError } from '../../base/errors.ts';
import type { PacedCollector } from '../../base/paced-collector.ts';
import { PACKET_BYTES } from '../../media/mpegts/packet.ts';
import {
  isAsItIs,
  type JoinShift,
  joinHere,
  TransportJoiner,
} from '../../media/mpegts/transport-join.ts';
import type { TransportMarks } from '../../media/mpegts/transport-marks.ts';
import { LIST_SEGMENTS_MAX } from './archive-lists.ts';
import type { ArchivedRendition, ArchivedSegment, TimeSpan } from './archived.ts';
import { ClearBodies } from './clear-bodies.ts';
import type { PieceReads } from './piece-reads.ts';
import { marksOf } from './segment-marks.ts';
import { endMs, segmentPages } from './segment-pages.ts';

type Part = {
  readonly segment: ArchivedSegment;
  readonly marks: TransportMarks;
  readonly shift: JoinShift;
  /** Where in the file it begins. */
  readonly at: number;
  readonly sizeBytes: number;
};

export type Planned =
  | { readonly kind: 'file'; readonly file: TransportFile }
  | { readonly kind: 'empty' }
  | { readonly kind: 'too-long' }
  /** Not all of it is MPEG-TS that could be opened; what it is instead. */
  | { readonly kind: 'other-form'; readonly contentType: string };

/** Read in one go: what a viewer that stalls holds of it, and a fraction of a millisecond's work. */
const READ_BYTES = 700 * PACKET_BYTES;
/** Marks that must be made first, of encrypted segments: an hour of them takes seconds. */
const UNMARKED_MAX = 900;
/** A viewer is given so much time for what it will ask for next: real time, at least. */
const KEEP_MS = 10 * 60_000;

export type FileDeps = {
  readonly clock: Clock;
  /** The viewer has gone. */
  readonly signal: AbortSignal;
  /** Over all viewers. */
  readonly reads: PieceReads;
  /** Told of all that is read. */
  readonly collector: PacedCollector;
};

/** Gaps are left out: the clock goes over them as it did when it was live. */
export async function planTransportFile(
  rendition: ArchivedRendition,
  span: TimeSpan,
  deps: FileDeps,
): Promise<Planned> {
  const bodies = new ClearBodies(rendition, deps.clock, deps.signal);
  const joiner = new TransportJoiner();
  const parts: Part[] = [];
  let at = 0;
  let unmarked = 0;
  let tag = 0n;
  for await (const page of segmentPages(rendition, span)) {
    if (parts.length + page.length > LIST_SEGMENTS_MAX) return { kind: 'too-long' };
    for (const segment of page) {
      if (segment.gap) continue;
      if (segment.marks === undefined && ++unmarked > UNMARKED_MAX) return { kind: 'too-long' };
      const marks = segment.marks ?? (await madeMarks(bodies, segment));
      if (marks === undefined) return { kind: 'other-form', contentType: segment.contentType };
      const sizeBytes = marks.packets * PACKET_BYTES;
      parts.push({ segment, marks, shift: joiner.next(marks), at, sizeBytes });
      at += sizeBytes;
      tag = Bun.hash.wyhash(segment.name, tag);
    }
  }
  if (parts.length === 0) return { kind: 'empty' };
  return { kind: 'file', file: new TransportFile(rendition, bodies, parts, at, tag, deps) };
}

async function madeMarks(
  bodies: ClearBodies,
  segment: ArchivedSegment,
): Promise<TransportMarks | undefined> {
  const isOther = segment.map !== undefined || !segment.contentType.startsWith('video/mp2t');
  // What is encrypted may be called by any name
  if (isOther && segment.keys.length === 0) return undefined;
  return marksOf(await bodies.get(segment));
}

export class TransportFile {
  readonly sizeBytes: number;
  /** Names these bytes, and no others. */
  readonly tag: string;
  readonly #rendition: ArchivedRendition;
  readonly #bodies: ClearBodies;
  readonly #parts: readonly Part[];
  readonly #deps: FileDeps;

  constructor(
    rendition: ArchivedRendition,
    bodies: ClearBodies,
    parts: readonly Part[],
    sizeBytes: number,
    tag: bigint,
    deps: FileDeps,
  ) {
    this.#rendition = rendition;
    this.#bodies = bodies;
    this.#parts = parts;
    this.sizeBytes = sizeBytes;
    this.tag = `${tag.toString(36)}-${sizeBytes.toString(36)}`;
    this.#deps = deps;
  }

  /**
   * The bytes from `first` to `last`, in small pieces, each made when it is asked for. Throws where
   * a body is not to be had any more: the viewer then has less than it was told, and must see so.
   */
  async *bytes(first: number, last: number): AsyncGenerator<Uint8Array> {
    for (const part of this.#parts) {
      if (part.at + part.sizeBytes <= first) continue;
      if (part.at > last) return;
      const { segment } = part;
      const span = { fromMs: segment.startMs, toMs: endMs(segment) + KEEP_MS };
      this.#rendition.keep(span, this.#deps.clock.nowMs() + KEEP_MS);
      const body = await this.#bodies.get(segment, 'pieces');
      this.#deps.collector.passed(body.size);
      if (body.size !== part.sizeBytes) throw changed(segment, body.size, part.sizeBytes);
      for await (const piece of piecesOf(body, part, first - part.at, this.#deps)) {
        const left = last + 1 - (part.at + piece.at);
        const skip = Math.max(0, first - part.at - piece.at);
        if (left <= 0) return;
        const wanted = piece.bytes.subarray(skip, left);
        this.#deps.collector.passed(piece.bytes.length);
        if (wanted.length > 0) yield wanted;
      }
    }
  }
}

/** Those from `from` on: where nothing is changed, what stands before is not even read. */
async function* piecesOf(
  body: Blob,
  { marks, shift, sizeBytes }: Part,
  from: number,
  { reads }: FileDeps,
): AsyncGenerator<{ readonly at: number; readonly bytes: Uint8Array }> {
  const isPlain = isAsItIs(shift);
  let at = isPlain ? Math.max(0, from) : 0;
  let readBytes = READ_BYTES;
  while (at < sizeBytes) {
    const end = Math.min(sizeBytes, at + readBytes);
    const bytes = await reads.piece(body, at, end);
    const joinedBytes = isPlain ? bytes.length : joinHere(bytes, marks, shift);
    const clean = end === sizeBytes ? bytes.length : joinedBytes;
    // A header that goes on and on: more of it at once
    if (clean === 0) readBytes *= 2;
    else {
      yield { at, bytes: bytes.subarray(0, clean) };
      at += clean;
      readBytes = READ_BYTES;
    }
  }
}

function changed({ name }: ArchivedSegment, sizeBytes: number, wanted: number): AppError {
  const message = `Cannot send the archive: ${name} has ${sizeBytes} bytes, wanted ${wanted}`;
  return new AppError('RECORDING_BODY', message);
}
