// This file makes live MPEG-TS whose frames say which they are, alike wherever it is sent from.
import { AUDIO, PMT, StreamWriter, VIDEO } from './ts-stream.ts';

export const FRAMES_PER_S = 25;
/** Pieces in which a second is sent. */
export const PARTS_PER_S = 5;

const FRAME_TICKS = 90_000 / FRAMES_PER_S;
const PIDS = [0, PMT, VIDEO, AUDIO];

/** Packets of each PID in a second: the same in every one, since marks are all as long. */
const perSecond = (() => {
  const writer = new StreamWriter();
  write(writer, 0, 0);
  return new Map(PIDS.map((pid) => [pid, writer.counter(pid)] as const));
})();

/**
 * A second of the broadcast, from its key frame on, in parts. It is a matter of `second` and of
 * where the clock of the origin began, so that seconds in a row are one stream.
 */
export function markedSecond(second: number, startTicks: number): Uint8Array<ArrayBuffer>[] {
  const writer = new StreamWriter();
  for (const [pid, count] of perSecond) writer.lose(pid, (count * second) % 16);
  return write(writer, second, startTicks);
}

function write(
  writer: StreamWriter,
  second: number,
  startTicks: number,
): Uint8Array<ArrayBuffer>[] {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let index = 0; index < FRAMES_PER_S; index++) {
    const frame = second * FRAMES_PER_S + index;
    const dts = (startTicks + frame * FRAME_TICKS) % 2 ** 33;
    if (index === 0) writer.tables();
    writer.video({ dts, isKey: index === 0, mark: `|${String(frame).padStart(8, '0')}|` });
    writer.audio(dts + FRAME_TICKS);
    if ((index + 1) % (FRAMES_PER_S / PARTS_PER_S) === 0) parts.push(writer.take());
  }
  return parts;
}

/** Of the last frame before `part`, which counts from the beginning of the broadcast. */
export function lastDts(part: number, startTicks: number): number {
  const frame = (part * FRAMES_PER_S) / PARTS_PER_S - 1;
  return (startTicks + frame * FRAME_TICKS) % 2 ** 33;
}

/** Which frames there are, in the order in which they are sent. */
export function marksIn(bytes: Uint8Array): number[] {
  const text = Buffer.from(bytes).toString('latin1');
  return [...text.matchAll(/\|(\d{8})\|/g)].map(([, digits]) => Number(digits));
}

export type Slip = { readonly lost: number; readonly repeated: number };

/** Wherever a frame is not followed by the next: how many are left out, or shown again. */
export function slipsIn(marks: readonly number[]): Slip[] {
  const slips: Slip[] = [];
  for (const [index, mark] of marks.slice(1).entries()) {
    const by = mark - (marks[index] as number) - 1;
    if (by !== 0) slips.push({ lost: Math.max(0, by), repeated: Math.max(0, -by) });
  }
  return slips;
}
