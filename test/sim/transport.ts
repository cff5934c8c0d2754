// This file makes the media of a simulated upstream: transport streams whose frames say which they are.
import { createCipheriv } from 'node:crypto';
import { implicitIv } from '../../src/media/m3u8/key.ts';
import { AUDIO, PMT, StreamWriter, VIDEO } from '../support/ts-stream.ts';
import { keyBytes } from './bytes.ts';
import type { Made } from './encoder.ts';

/**
 * Of every segment, however long it is: so the counters of each PID go on over its end. They stand
 * less than a second apart in the longest, as what comes no more often counts as silent.
 */
export const FRAMES = 16;
/** From a frame's arrival to its decoding: longer than from one frame to the next. */
const LEAD_TICKS = 1.5 * 90_000;
/** Frames before the beginning of the world have a time as well. */
const BROADCAST_MS = 10_000_000;
const TICKS_PER_MS = 90;
const WRAP = 2 ** 33;
/** Every other clock wraps around within so many seconds of the world. */
const WRAPS_WITHIN_S = 60;

export type Scene = {
  /** Whose it is: source and rendition. */
  readonly of: string;
  readonly made: Made;
  /** Another upstream's answer to the same question. */
  readonly version: number;
};

export type Mark = {
  /** The body it was in. */
  readonly content: string;
  readonly frame: number;
  /** When it was broadcast: the same of all sources and renditions. */
  readonly timeMs: number;
};

export function contentOf({ of, made, version }: Scene): string {
  return `${of}/${made.index}/${version}`;
}

/** Packets of each PID in a segment. */
const PER_SEGMENT = (() => {
  const writer = new StreamWriter();
  write(writer, 'x', 0, 0, 1000);
  return new Map([0, PMT, VIDEO, AUDIO].map((pid) => [pid, (writer.counter(pid) + 1) % 16]));
})();

/** A key frame and others, each with a sound beside it. */
export function transportSegment(scene: Scene): Uint8Array<ArrayBuffer> {
  const { made } = scene;
  const durationMs = made.durationS * 1000;
  const startMs = made.madeAtMs - durationMs;
  const writer = new StreamWriter();
  for (const [pid, count] of PER_SEGMENT) writer.lose(pid, (count * made.index) % 16);
  const ticks = clockOf(scene) + Math.round((BROADCAST_MS + startMs) * TICKS_PER_MS);
  return write(writer, contentOf(scene), ticks, BROADCAST_MS + startMs, durationMs);
}

function write(
  writer: StreamWriter,
  content: string,
  ticks: number,
  startMs: number,
  durationMs: number,
): Uint8Array<ArrayBuffer> {
  writer.tables();
  for (let frame = 0; frame < FRAMES; frame++) {
    const sinceMs = (frame * durationMs) / FRAMES;
    const dts = (ticks + Math.round(sinceMs * TICKS_PER_MS)) % WRAP;
    const mark = `|${content}#${frame}@${Math.round(startMs + sinceMs)}|`;
    const pcr = (dts + WRAP - LEAD_TICKS) % WRAP;
    writer.video({ dts, isKey: frame === 0, mark, size: 20, pcr });
    writer.audio(dts + 3600, 60);
  }
  return writer.take();
}

/** Where the encoder's clock stands: somewhere else after each restart and cut. */
function clockOf({ of, made }: Scene): number {
  const [source = ''] = of.split('/');
  const drawn = Number(Bun.hash(`${source}/${made.run}/${made.cuts}`) & 0xffffffffn);
  const beforeWrap = WRAP - ((drawn >>> 1) % WRAPS_WITHIN_S) * 90_000;
  const zero = drawn % 2 === 0 ? beforeWrap : drawn;
  return (zero - BROADCAST_MS * TICKS_PER_MS + 2 * WRAP) % WRAP;
}

// RFC 8216 §5.2
export function encrypted(clear: Uint8Array, key: string, sequence: number): Uint8Array {
  const iv = Buffer.from(implicitIv(sequence), 'hex');
  const cipher = createCipheriv('aes-128-cbc', keyBytes(key), iv);
  return Buffer.concat([cipher.update(clear), cipher.final()]);
}

/** Which frames there are, in the order in which they come. */
export function marksIn(bytes: Uint8Array): Mark[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return [...text.matchAll(/\|([\w/-]+)#(\d+)@(\d+)\|/g)].map(
    ([, content = '', frame, timeMs]) => ({
      content,
      frame: Number(frame),
      timeMs: Number(timeMs),
    }),
  );
}
