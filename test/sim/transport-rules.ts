// This file holds an endless stream, as one viewer got it, to the standard and to what upstream sent.
import { BURST_MS } from '../../src/packaging/mpegts/pacer.ts';
import { checkTransport } from '../support/check-transport.ts';
import { WRAP_90K, wrapped } from '../support/ts-inspect/wrap.ts';
import type { Checker } from './checker.ts';
import type { Journal } from './journal.ts';
import { FRAMES, type Mark, marksIn } from './transport.ts';
import type { Upstreams } from './upstreams.ts';

const PACKET = 188;
const TICKS_PER_MS = 90;
/** A viewer that comes begins so far before what is let out, and at the key frame before that. */
const JOIN_MS = 2000;
/** Clocks of encoders are whole milliseconds, and one is up to a poll behind another. */
const ROUNDING_MS = 50;
/** Where a viewer is skipped forward it is by so much at least. */
const SKIP_MS = 500;
/** Shorter pauses than this put nobody behind what is kept. */
const LONG_PAUSE_MS = 5000;

export type StreamContext = {
  readonly name: string;
  readonly checker: Checker;
  readonly upstream: Upstreams;
  readonly journal: Journal;
};

type Piece = {
  readonly bytes: Uint8Array;
  readonly atMs: number;
  /** The viewer was skipped forward before it. */
  readonly isApart: boolean;
};

/** One connection of one viewer. */
export class StreamRecord {
  readonly #context: StreamContext;
  readonly #pieces: Piece[] = [];
  #firstClockMs: number | undefined;
  #lastClockMs: number | undefined;

  constructor(context: StreamContext) {
    this.#context = context;
  }

  /** `pausedMs`: since it had read the last. */
  take(bytes: Uint8Array, nowMs: number, pausedMs: number): void {
    const clocks = clocksIn(bytes);
    const { first = 0 } = clocks;
    const isAhead = this.#lastClockMs !== undefined && apartMs(this.#lastClockMs, first) > SKIP_MS;
    this.#pieces.push({ bytes, atMs: nowMs, isApart: isAhead && pausedMs > LONG_PAUSE_MS });
    this.#lastClockMs = clocks.last ?? this.#lastClockMs;
    this.#judgePace(clocks.last, nowMs);
  }

  get marks(): readonly Mark[] {
    return marksIn(this.#all);
  }

  /** Pieces that came, with when each did. */
  get pieces(): readonly Piece[] {
    return this.#pieces;
  }

  /** Once it is over. */
  judge(): void {
    if (this.#pieces.length === 0) return;
    for (const part of this.#parts()) {
      for (const what of checkTransport(part).slice(0, 2)) this.#blame('stream', what);
      this.#judgeFrames(part);
    }
  }

  get #all(): Uint8Array {
    return Buffer.concat(this.#pieces.map(({ bytes }) => bytes));
  }

  /** Where a viewer was skipped forward another stream begins, as far as its player can tell. */
  #parts(): Uint8Array[] {
    const parts: Uint8Array[][] = [];
    for (const { bytes, isApart } of this.#pieces) {
      if (isApart || parts.length === 0) parts.push([]);
      parts.at(-1)?.push(bytes);
    }
    return parts.map((part) => Buffer.concat(part));
  }

  /** No more is let out than time goes by, and a burst. */
  #judgePace(clockMs: number | undefined, nowMs: number): void {
    if (clockMs === undefined) return;
    const beganMs = this.#pieces[0]?.atMs ?? nowMs;
    this.#firstClockMs ??= clockMs;
    const mediaMs = apartMs(this.#firstClockMs, clockMs);
    const longestMs = this.#context.upstream.longestTargetS * 1000;
    const mostMs = nowMs - beganMs + BURST_MS + JOIN_MS + 2 * longestMs;
    if (mediaMs > mostMs) {
      this.#blame('pace', `${mediaMs} ms of media in ${nowMs - beganMs} ms`);
    }
  }

  #judgeFrames(part: Uint8Array): void {
    if (!beginsWithKey(part)) this.#blame('stream', 'it does not begin with a key frame');
    let before: Mark | undefined;
    for (const mark of marksIn(part)) {
      const flaw = this.#flawOf(mark, before);
      if (flaw !== undefined) {
        this.#blame(...flaw);
        return;
      }
      before = mark;
    }
  }

  /** The rule that is broken, and how. */
  #flawOf(mark: Mark, before: Mark | undefined): [string, string] | undefined {
    const { checker, upstream } = this.#context;
    if (!checker.hasShown(mark.content)) {
      return ['I2', `${mark.content} is of no body that came whole`];
    }
    const wanted = before === undefined ? 0 : (before.frame + 1) % FRAMES;
    const isOther = mark.frame > 0 && mark.content !== before?.content;
    const after = before === undefined ? 'nothing' : told(before);
    if (mark.frame !== wanted || isOther) return ['stream', `${told(mark)} follows ${after}`];
    const isAgain = before !== undefined && mark.timeMs <= before.timeMs;
    if (!isAgain || upstream.areSeveral || upstream.isAmbiguous) return undefined;
    return ['order', `${told(mark)} is shown again after ${after}`];
  }

  #blame(rule: string, what: string): void {
    this.#context.journal.breach(rule, `the stream of ${this.#context.name}: ${what}`);
  }
}

export type Slip = { readonly lostMs: number; readonly repeatedMs: number };

/** Wherever a frame is not followed by the next that was broadcast. */
export function slipsIn(marks: readonly Mark[]): Slip[] {
  const slips: Slip[] = [];
  for (const [index, mark] of marks.slice(1).entries()) {
    const before = marks[index] as Mark;
    if (before.content === mark.content) continue;
    const apartMs = mark.timeMs - before.timeMs;
    const beforeThat = marks[index - 1];
    const frameMs = beforeThat === undefined ? 0 : before.timeMs - beforeThat.timeMs;
    const byMs = apartMs - frameMs;
    if (Math.abs(byMs) <= ROUNDING_MS) continue;
    slips.push({ lostMs: Math.max(0, byMs), repeatedMs: Math.max(0, -byMs) });
  }
  return slips;
}

function told({ content, frame, timeMs }: Mark): string {
  return `${content}#${frame} of ${timeMs}`;
}

/** How much later a clock shows than another, by the shorter way round. */
function apartMs(fromMs: number, toMs: number): number {
  return wrapped(toMs - fromMs, WRAP_90K / TICKS_PER_MS);
}

/** The first PCR and the last; nothing where there is none. */
function clocksIn(bytes: Uint8Array): { readonly first?: number; readonly last?: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const clocks: number[] = [];
  for (let at = 0; at + PACKET <= bytes.length; at += PACKET) {
    const hasField = (view.getUint8(at + 3) & 0x20) !== 0 && view.getUint8(at + 4) > 0;
    if (!hasField || (view.getUint8(at + 5) & 0x10) === 0) continue;
    const ticks = view.getUint32(at + 6) * 2 + (view.getUint8(at + 10) >> 7);
    clocks.push(ticks / TICKS_PER_MS);
  }
  const [first] = clocks;
  const last = clocks.at(-1);
  return first === undefined || last === undefined ? {} : { first, last };
}

// H.264 §7.4.1.2.4: the first picture is an IDR one, or sequence parameters say that one begins
function beginsWithKey(part: Uint8Array): boolean {
  const first = Buffer.from(part.buffer, part.byteOffset, Math.min(part.length, 20 * PACKET));
  for (let at = 0; at + PACKET <= first.length; at += PACKET) {
    const starts = ((first[at + 1] ?? 0) & 0x40) !== 0;
    const payload = first.subarray(at + 4, at + PACKET);
    if (!starts || payload.indexOf(PES_OF_VIDEO) < 0) continue;
    return payload.indexOf(IDR) >= 0 || payload.indexOf(SPS) >= 0;
  }
  return false;
}

const PES_OF_VIDEO = Buffer.from([0, 0, 1, 0xe0]);
const IDR = Buffer.from([0, 0, 1, 0x65]);
const SPS = Buffer.from([0, 0, 1, 0x67]);
