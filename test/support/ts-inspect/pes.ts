// This file checks the timestamps of the streams in MPEG-TS.
import type { Say } from './say.ts';
import { mod, WRAP_90K, wrapped } from './wrap.ts';

export type TsTrack = {
  readonly pid: number;
  packets: number;
  /** Unwrapped, in 90 kHz ticks, in the order of the packets; DTS is the PTS where absent. */
  readonly pts: number[];
  readonly dts: number[];
  /** Byte offsets of the packets that these stand in. */
  readonly at: number[];
  /** As they stand in the stream, 33 bits. */
  readonly rawPts: number[];
};

/** The most a header needs, its stuffing left out. */
const HEADER = 19;

type Pes = { readonly bytes: number[]; readonly at: number };

export class PesCheck {
  readonly #pes = new Map<number, Pes>();
  readonly #say: Say;
  readonly #bufferMaxMs: number;
  readonly tracks = new Map<number, TsTrack>();

  constructor(say: Say, bufferMaxMs: number) {
    this.#say = say;
    this.#bufferMaxMs = bufferMaxMs;
  }

  /** `clock` is the PCR's base at this point. */
  take(pid: number, payload: Uint8Array, starts: boolean, at: number, clock?: number): void {
    const track = this.#track(pid);
    track.packets += 1;
    if (starts) this.#pes.set(pid, { bytes: [], at });
    const pes = this.#pes.get(pid);
    if (pes === undefined) return;
    pes.bytes.push(...payload.subarray(0, HEADER));
    if (pes.bytes.length < HEADER) return;
    this.#pes.delete(pid);
    const [b0, b1, b2, , , , , flags = 0] = pes.bytes;
    if (b0 !== 0 || b1 !== 0 || b2 !== 1) this.#say(at, `PID ${pid}: no PES start code`);
    else if ((flags & 0x80) !== 0) this.#timestamps(track, pes, (flags & 0x40) !== 0, clock);
  }

  #timestamps(track: TsTrack, pes: Pes, hasDts: boolean, clock: number | undefined): void {
    const rawPts = stampAt(pes.bytes, 9);
    const rawDts = hasDts ? stampAt(pes.bytes, 14) : rawPts;
    const before = track.dts.at(-1) ?? this.#firstDts() ?? rawDts;
    const dts = before + wrapped(rawDts - mod(before, WRAP_90K), WRAP_90K);
    const shownAfter = wrapped(rawPts - rawDts, WRAP_90K);
    const name = `PID ${track.pid}`;
    if (track.dts.length > 0 && dts <= before) {
      this.#say(pes.at, `${name}: DTS ${dts} after ${before}, wanted more`);
    }
    if (shownAfter < 0) this.#say(pes.at, `${name}: PTS is ${-shownAfter} ticks before DTS`);
    if (track.pts.includes(dts + shownAfter, -32)) {
      this.#say(pes.at, `${name}: PTS ${rawPts} comes twice`);
    }
    track.dts.push(dts);
    track.pts.push(dts + shownAfter);
    track.rawPts.push(rawPts);
    track.at.push(pes.at);
    if (clock !== undefined) this.#buffering(name, wrapped(rawDts - clock, WRAP_90K) / 90, pes.at);
  }

  /** A frame arrives before it is decoded, and not ages before. */
  #buffering(name: string, aheadMs: number, at: number): void {
    if (aheadMs < 0) this.#say(at, `${name}: decoded ${-aheadMs} ms before the PCR`);
    if (aheadMs > this.#bufferMaxMs) this.#say(at, `${name}: decoded ${aheadMs} ms after the PCR`);
  }

  #track(pid: number): TsTrack {
    const known = this.tracks.get(pid);
    if (known !== undefined) return known;
    const track: TsTrack = { pid, packets: 0, pts: [], dts: [], at: [], rawPts: [] };
    this.tracks.set(pid, track);
    return track;
  }

  #firstDts(): number | undefined {
    for (const { dts } of this.tracks.values()) if (dts[0] !== undefined) return dts[0];
    return undefined;
  }
}

function stampAt(bytes: readonly number[], at: number): number {
  const [a, b, c, d, e] = bytes.slice(at, at + 5) as [number, number, number, number, number];
  return ((a >> 1) & 7) * 2 ** 30 + b * 2 ** 22 + (c >> 1) * 2 ** 15 + d * 2 ** 7 + (e >> 1);
}
