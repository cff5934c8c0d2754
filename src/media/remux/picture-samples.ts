// This file makes MP4 samples to be of the pictures of H.264 and HEVC in MPEG-TS.
import { splitByteStream } from '../codec/byte-stream.ts';
import { isDelimiter, isParameterSet, type NalCodec, nalTypeOf } from '../codec/nal-unit.ts';
import { type SampleEntry, writeVideoEntry } from '../fmp4/sample-entry.ts';
import type { MuxUnit } from '../mpegts/mux-track.ts';
import type { TimedSample } from './sample-times.ts';

const LENGTH_BYTES = 4;
/** H.265 §7.4.3: 16 VPS, 16 SPS and 64 PPS at most are told apart; avcC counts with fewer bits. */
const SETS_MAX = 31;

/**
 * Parameter sets stay in the samples, and stand before every key frame: programs that keep to the
 * first init segment they were given find them nowhere else.
 */
// ISO/IEC 14496-15 §5.3.2 and §8.3.2
export class PictureSamples {
  readonly #codec: NalCodec;
  /** By type and id, in the order in which they came. */
  #sets: Uint8Array[] = [];
  #entry: SampleEntry | undefined;

  constructor(codec: NalCodec) {
    this.#codec = codec;
  }

  /** Undefined until the parameter sets have come. */
  get entry(): SampleEntry | undefined {
    this.#entry ??= writeVideoEntry(this.#codec, this.#sets);
    return this.#entry;
  }

  take(units: readonly MuxUnit[]): TimedSample[] {
    return units.flatMap((unit) => {
      const bytes = this.#sample(unit);
      const { dts, pts, isKey } = unit;
      return bytes.length === 0 ? [] : [{ dts, pts, isSync: isKey, durationTicks: 0, bytes }];
    });
  }

  #sample({ bytes, isKey }: MuxUnit): Uint8Array {
    const kept: Uint8Array[] = [];
    const own: Uint8Array[] = [];
    for (const nal of splitByteStream(bytes)) {
      const type = nalTypeOf(this.#codec, nal[0]!);
      if (isDelimiter(this.#codec, type) || isFiller(this.#codec, type)) continue;
      if (isParameterSet(this.#codec, type)) own.push(nal);
      kept.push(nal);
    }
    if (own.length > 0) this.#learn(own);
    const hasSets = !isKey || own.length > 0;
    return joined(hasSets ? kept : [...this.#sets, ...kept]);
  }

  /** What came with one picture is all that is in force: an encoder repeats all or none. */
  #learn(own: readonly Uint8Array[]): void {
    const types = new Set(own.map((set) => nalTypeOf(this.#codec, set[0]!)));
    const others = this.#sets.filter((set) => !types.has(nalTypeOf(this.#codec, set[0]!)));
    const sets = [...others, ...own].slice(0, SETS_MAX);
    const isSame =
      sets.length === this.#sets.length &&
      sets.every((set, index) => Buffer.compare(set, this.#sets[index]!) === 0);
    if (isSame) return;
    this.#sets = sets.map((set) => set.slice());
    this.#entry = undefined;
  }
}

// H.264 Table 7-1, H.265 Table 7-1: filler data says nothing, and MP4 wants none
function isFiller(codec: NalCodec, type: number): boolean {
  return type === (codec === 'h264' ? 12 : 38);
}

function joined(units: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const unit of units) size += LENGTH_BYTES + unit.length;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const unit of units) {
    view.setUint32(at, unit.length); // NALUnitLength
    bytes.set(unit, at + LENGTH_BYTES);
    at += LENGTH_BYTES + unit.length;
  }
  return bytes;
}
