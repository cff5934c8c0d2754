// This file is a stretch of an archive as one MPEG-TS file, whose size is known before its bytes.
import type { Clock } from '../../base/clock.ts';
import { AppError } from '../../base/errors.ts';
import type { PacedCollector } from '../../base/paced-collector.ts';
import type { MuxTrack } from '../../media/mpegts/mux-track.ts';
import { PACKET_BYTES } from '../../media/mpegts/packet.ts';
import { SoundInsert } from '../../media/mpegts/sound-insert.ts';
import { type JoinShift, joinHere } from '../../media/mpegts/transport-join.ts';
import type { TransportMarks } from '../../media/mpegts/transport-marks.ts';
import type { SoundMarks } from '../../media/remux/sound-marks.ts';
import type { ArchivedRendition, ArchivedSegment } from './archived.ts';
import { BesideUnits } from './beside-units.ts';
import type { ClearBodies } from './clear-bodies.ts';
import { madeParts, storedParts } from './part-bytes.ts';
import type { PieceReads } from './piece-reads.ts';
import { endMs } from './segment-pages.ts';
import type { SoundRange } from './sound-lane.ts';

export type Part = {
  readonly segment: ArchivedSegment;
  /** Of what lies, or is made, without the sound beside it. */
  readonly marks: TransportMarks;
  readonly shift: JoinShift;
  /** Where in the file it begins. */
  readonly at: number;
  readonly sizeBytes: number;
  readonly sounds: readonly SoundRange[];
};

/** What lies apart, and how it is called in the file. */
export type FileSound = {
  readonly rendition: ArchivedRendition;
  readonly pid: number;
  readonly track: MuxTrack;
  readonly key: SoundMarks['track'];
};

export type FileLayout = {
  readonly rendition: ArchivedRendition;
  readonly sound?: FileSound;
  readonly parts: readonly Part[];
  readonly sizeBytes: number;
  readonly tag: bigint;
};

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

export class TransportFile {
  readonly sizeBytes: number;
  /** Names these bytes, and no others. */
  readonly tag: string;
  readonly #layout: FileLayout;
  readonly #bodies: ClearBodies;
  readonly #beside: BesideUnits | undefined;
  readonly #deps: FileDeps;

  constructor(
    layout: FileLayout,
    bodiesOf: (rendition: ArchivedRendition) => ClearBodies,
    deps: FileDeps,
  ) {
    const { rendition, sound, sizeBytes, tag } = layout;
    this.#layout = layout;
    this.#bodies = bodiesOf(rendition);
    this.#beside = sound && new BesideUnits(bodiesOf(sound.rendition), deps.collector);
    this.sizeBytes = sizeBytes;
    this.tag = `${tag.toString(36)}-${sizeBytes.toString(36)}`;
    this.#deps = deps;
  }

  /**
   * The bytes from `first` to `last`, in small pieces, each made when it is asked for. Throws where
   * a body is not to be had any more: the viewer then has less than it was told, and must see so.
   */
  async *bytes(first: number, last: number): AsyncGenerator<Uint8Array> {
    for (const part of this.#layout.parts) {
      if (part.at + part.sizeBytes <= first) continue;
      if (part.at > last) return;
      this.#keep(part.segment);
      let end = part.at;
      for await (const piece of this.#piecesOf(part, first - part.at)) {
        const at = part.at + piece.at;
        end = at + piece.bytes.length;
        if (end > part.at + part.sizeBytes)
          throw changed(part.segment, end - part.at, part.sizeBytes);
        const left = last + 1 - at;
        if (left <= 0) return;
        const wanted = piece.bytes.subarray(Math.max(0, first - at), left);
        this.#deps.collector.passed(piece.bytes.length);
        if (wanted.length > 0) yield wanted;
      }
      if (end !== part.at + part.sizeBytes)
        throw changed(part.segment, end - part.at, part.sizeBytes);
    }
  }

  #keep(segment: ArchivedSegment): void {
    const span = { fromMs: segment.startMs, toMs: endMs(segment) + KEEP_MS };
    const untilMs = this.#deps.clock.nowMs() + KEEP_MS;
    const { rendition, sound } = this.#layout;
    rendition.keep(span, untilMs);
    sound?.rendition.keep(span, untilMs);
  }

  /** Those from `from` on, or more of them. */
  async *#piecesOf(part: Part, from: number) {
    const { sound } = this.#layout;
    const pieces = this.#picturesOf(part, sound === undefined ? from : undefined);
    if (sound === undefined || this.#beside === undefined) {
      yield* pieces;
      return;
    }
    const insert = await this.#insertFor(part, sound, this.#beside);
    let at = 0;
    for await (const { bytes } of pieces) {
      const together = insert?.take(bytes) ?? bytes;
      yield { at, bytes: together };
      at += together.length;
    }
    const bytes = insert?.end();
    if (bytes !== undefined && bytes.length > 0) yield { at, bytes };
  }

  /** Undefined where there are no pictures to put it beside. */
  async #insertFor(
    { segment, marks, shift, sounds }: Part,
    { pid, track }: FileSound,
    beside: BesideUnits,
  ): Promise<SoundInsert | undefined> {
    const { pictures, tables } = marks;
    if (pictures === undefined || tables === undefined) return undefined;
    const place = { picturePid: pictures[0], pmtPid: tables[0], soundPid: pid };
    const units = await beside.of(sounds, segment.made !== undefined, shift.ticks);
    return new SoundInsert(place, track, units, shift.counters.get(pid) ?? 0);
  }

  /** Joined to those before them; `from` undefined: all of them, to be written on. */
  async *#picturesOf({ segment, marks, shift }: Part, from: number | undefined) {
    if (segment.made === undefined) {
      const body = await this.#bodies.get(segment, 'pieces');
      this.#deps.collector.passed(body.size);
      const bytes = marks.packets * PACKET_BYTES;
      if (body.size !== bytes) throw changed(segment, body.size, bytes);
      yield* storedParts(body, marks, shift, from, this.#deps.reads);
      return;
    }
    const clear = await this.#bodies.open(segment, 'pieces');
    let at = 0;
    for await (const bytes of madeParts(clear, segment.made, this.#deps.reads)) {
      joinHere(bytes, marks, shift);
      yield { at, bytes };
      at += bytes.length;
    }
  }
}

function changed({ name }: ArchivedSegment, sizeBytes: number, wanted: number): AppError {
  const message = `Cannot send the archive: ${name} has ${sizeBytes} bytes, wanted ${wanted}`;
  return new AppError('RECORDING_BODY', message);
}
