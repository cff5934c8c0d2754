// This file follows one stream of a segment from PES packet to PES packet and notes what begins.
import { PLAIN_STREAM_IDS } from './pes.ts';
import { NOTE, type SpliceNotes } from './splice-notes.ts';
import { parseTimestamp, TICKS_PER_SECOND, ticksBetween } from './timestamp.ts';

/** Up to and including PES_header_data_length. */
const FIXED_BYTES = 9;
/** Up to and including PES_packet_length, which counts what comes after it. */
const LENGTH_BYTES = 6;
/** The most that must be seen of a header: both timestamps. */
export const HEADER_BYTES_MAX = 19;
/** H.264 §A.3.1 allows 16 pictures in between; what is later was never meant. */
const SHOWN_AFTER_MAX_TICKS = 5 * TICKS_PER_SECOND;
const NONE = -1;

/**
 * ISO/IEC 13818-1 Table 2-34: private sections, the DSM-CC types that are sections, metadata in
 * sections. What begins in them is no PES packet and has no time.
 */
const SECTION_TYPES = new Set([0x05, 0x0a, 0x0b, 0x0c, 0x0d, 0x14, 0x16]);

export class PesFollower {
  readonly #notes: SpliceNotes;
  readonly #isSections: boolean;
  #row = NONE;
  /** Bytes the PES packet still has to come; undefined where it does not say its size. */
  #left: number | undefined;
  #isLossy = false;
  /** As much of a header as was seen where it lies in several packets. */
  #header: number[] | undefined;
  /** From the start of the PES packet to the elementary stream; NONE while unknown. */
  #headerBytes = NONE;
  #seenBytes = 0;

  constructor(notes: SpliceNotes, type: number) {
    this.#notes = notes;
    this.#isSections = SECTION_TYPES.has(type);
  }

  /** Of what is open, or of what comes before the next start, packets are missing. */
  lose(): void {
    this.#isLossy = true;
  }

  /** A payload that begins a PES packet. */
  begin(row: number, bytes: Uint8Array, from: number, to: number): void {
    this.#close();
    this.#row = row;
    this.#left = undefined;
    this.#header = undefined;
    this.#headerBytes = NONE;
    this.#seenBytes = to - from;
    this.#notes.flags[row]! |= NOTE.start;
    if (this.#isSections) return;
    this.#readHeader(bytes, from, to - from);
    if (this.#headerBytes !== NONE || this.#notes.has(row, NOTE.foreign)) return;
    this.#notes.flags[row]! |= NOTE.split;
    this.#header = [...bytes.subarray(from, to)];
  }

  goOn(bytes: Uint8Array, from: number, to: number): void {
    this.#seenBytes += to - from;
    if (this.#left !== undefined) this.#left -= to - from;
    if (this.#header === undefined) return;
    for (let at = from; at < to && this.#header.length < HEADER_BYTES_MAX; at++) {
      this.#header.push(bytes[at]!);
    }
    this.#readHeader(this.#header, 0, this.#header.length);
    if (this.#headerBytes === NONE && !this.#notes.has(this.#row, NOTE.foreign)) return;
    this.#header = undefined;
    if (this.#left !== undefined) this.#left -= this.#seenBytes;
  }

  /** Where in the payload just taken the elementary stream begins or goes on; `to` where nowhere. */
  dataAt(from: number, to: number): number {
    if (this.#headerBytes === NONE) return to;
    const before = this.#seenBytes - (to - from);
    return Math.min(to, Math.max(from, from + this.#headerBytes - before));
  }

  /** The segment is over. */
  end(): void {
    if (this.#row === NONE) return;
    // Timestamps that lie in two segments cannot be known in time
    if (this.#header !== undefined) this.#refuse();
    if (this.#left !== undefined && this.#left > 0)
      this.#notes.flags[this.#row]! |= this.#isLossy ? NOTE.damaged : NOTE.openEnd;
  }

  /** Some muxers write wrong sizes, some wrong counters: only both together are a loss. */
  #close(): void {
    const isShort = this.#header !== undefined || (this.#left !== undefined && this.#left > 0);
    if (this.#row !== NONE && this.#isLossy && isShort) {
      this.#notes.flags[this.#row]! |= NOTE.damaged;
    }
    this.#isLossy = false;
  }

  // ISO/IEC 13818-1 §2.4.3.6
  #readHeader(field: ArrayLike<number>, at: number, size: number): void {
    const isStart = // packet_start_code_prefix
      field[at] === 0 && (size < 2 || field[at + 1] === 0) && (size < 3 || field[at + 2] === 1);
    if (!isStart) {
      this.#refuse();
      return;
    }
    if (size < LENGTH_BYTES) return;
    const isPlain = PLAIN_STREAM_IDS.has(field[at + 3]!); // stream_id
    if (!isPlain && size < FIXED_BYTES) return;
    if (!isPlain && (field[at + 6]! & 0xc0) !== 0x80) {
      this.#refuse();
      return;
    }
    const stamps = isPlain ? 0 : field[at + 7]! >> 6; // PTS_DTS_flags
    const dataBytes = isPlain ? 0 : field[at + 8]!; // PES_header_data_length
    const stampBytes = stamps === 3 ? 10 : stamps === 2 ? 5 : 0;
    if (dataBytes < stampBytes) {
      this.#refuse();
      return;
    }
    if (size < FIXED_BYTES + stampBytes && !isPlain) return;
    this.#headerBytes = isPlain ? LENGTH_BYTES : FIXED_BYTES + dataBytes;
    const length = (field[at + 4]! << 8) | field[at + 5]!; // PES_packet_length
    if (length > 0) this.#left = LENGTH_BYTES + length - (this.#header === undefined ? size : 0);
    if (stampBytes === 0) return;
    const pts90k = parseTimestamp(field, at + FIXED_BYTES);
    const dts90k = stamps === 3 ? parseTimestamp(field, at + FIXED_BYTES + 5) : pts90k;
    const shownAfter = ticksBetween(dts90k, pts90k);
    if (shownAfter < 0 || shownAfter > SHOWN_AFTER_MAX_TICKS) {
      this.#refuse();
      return;
    }
    this.#notes.pts90k[this.#row] = pts90k;
    this.#notes.dts90k[this.#row] = dts90k;
  }

  #refuse(): void {
    this.#notes.flags[this.#row]! |= NOTE.foreign;
  }
}
