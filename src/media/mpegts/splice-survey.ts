// This file reads a segment once and notes what must be known of it before it can be spliced.
import { FrameScan } from './frame-kind.ts';
import { NULL_PID, PACKET_BYTES, parsePacket, SYNC_BYTE } from './packet.ts';
import { PAT_PID } from './pat.ts';
import { isVideo } from './pmt.ts';
import { type Program, ProgramReader } from './program-reader.ts';
import { NOTE, SpliceNotes } from './splice-notes.ts';
import { PesFollower } from './splice-pes.ts';
import { parsePcr } from './timestamp.ts';

/** Packets between two losses of sync; `to` is after the last whole one. */
export type PacketRun = { readonly from: number; to: number };

/** From `fromRow` on the notes are of the streams of `program`. */
export type ProgramSpan = {
  readonly program: Program;
  readonly fromRow: number;
  readonly fromAt: number;
};

/** Looked at in one step: a fraction of a millisecond. */
const STEP_BYTES = 256 * 1024;
/** A minute with five streams has a third of these. What has more is no television to plan for. */
const NOTES_MAX = 2 ** 16;
/** As many programs, or jumps of the clock, are no segment but a heap of pieces. */
export const PARTS_MAX = 64;
/** A slice begins within the first bytes of its frame, after parameter sets and captions. */
const KEY_SCAN_BYTES = 64 * 1024;

/** What a PID is, where it is no place in the program map. */
const UNKNOWN = -1;
const TABLE = -2;
const CLOCK_ONLY = -3;
const NO_COUNTER = 0xff;
const PIDS = 8192;
const CLOCK_STREAM = 0xff;

export class SpliceSurvey {
  readonly notes = new SpliceNotes();
  readonly runs: PacketRun[] = [];
  readonly spans: ProgramSpan[] = [];
  readonly #bytes: Uint8Array;
  readonly #tables = new ProgramReader();
  readonly #before: Program | undefined;
  readonly #kinds = new Int16Array(PIDS).fill(UNKNOWN);
  #at = 0;
  #isProgramKnown = false;
  #pcrKind = UNKNOWN;
  #leadIndex = UNKNOWN;
  #followers: PesFollower[] = [];
  readonly #counters = new Uint8Array(256);
  /** Where the last packet with payload of each stream is. */
  readonly #lastAt = new Int32Array(256);
  #scan = new FrameScan(0);
  /** The note of the frame whose kind is looked for, and how far still. */
  #scanRow = UNKNOWN;
  #scanLeft = 0;
  scrambledPackets = 0;
  #mediaPackets = 0;

  /** `before` is the program to go by where the segment has no tables. */
  constructor(bytes: Uint8Array, before: Program | undefined) {
    this.#bytes = bytes;
    this.#before = before;
    this.#kinds[PAT_PID] = TABLE;
  }

  /** Of the packets that are media, from 0 to 1: the rest is stuffing and tables. */
  get mediaShare(): number {
    const packets = this.runs.reduce((sum, { from, to }) => sum + (to - from) / PACKET_BYTES, 0);
    return packets === 0 ? 0 : this.#mediaPackets / packets;
  }

  get isTooDense(): boolean {
    return this.notes.count >= NOTES_MAX || this.spans.length > PARTS_MAX;
  }

  /** Looks at some more; true where the whole segment was looked at. */
  step(): boolean {
    const to = Math.min(this.#bytes.length, this.#at + STEP_BYTES);
    this.#read(to);
    if (this.#at + PACKET_BYTES <= this.#bytes.length && !this.isTooDense) return false;
    if (!this.#isProgramKnown && this.#before !== undefined) {
      this.#useProgram(this.#before, 0);
      this.#at = this.#rewind();
      return false;
    }
    for (const follower of this.#followers) follower.end();
    return true;
  }

  #read(to: number): void {
    const bytes = this.#bytes;
    const kinds = this.#kinds;
    let at = this.#at;
    while (at < to && at + PACKET_BYTES <= bytes.length && !this.isTooDense) {
      if (bytes[at] !== SYNC_BYTE) {
        at = this.#resync(at);
        continue;
      }
      this.#extendRun(at);
      const b1 = bytes[at + 1]!;
      const kind = kinds[((b1 & 0x1f) << 8) | bytes[at + 2]!]!;
      if (kind === TABLE) {
        // What came before the first tables belongs to them too
        at = this.#takeTable(at) ? this.#rewind() : at + PACKET_BYTES;
        continue;
      }
      if (kind !== UNKNOWN && b1 < 0x80) this.#takeMedia(kind, at, b1);
      at += PACKET_BYTES;
    }
    this.#at = at;
  }

  /** The program is known: now the segment is read from its beginning. */
  #rewind(): number {
    this.#isProgramKnown = true;
    this.runs.length = 0;
    return 0;
  }

  #extendRun(at: number): void {
    const run = this.runs[this.runs.length - 1];
    if (run !== undefined && run.to === at) run.to = at + PACKET_BYTES;
    else this.runs.push({ from: at, to: at + PACKET_BYTES });
  }

  /** The next place where two packets begin, or one that ends the segment; or how far it looked. */
  #resync(from: number): number {
    const { length } = this.#bytes;
    const end = Math.min(length, from + STEP_BYTES);
    for (let at = from + 1; at < end; at++) {
      if (this.#bytes[at] !== SYNC_BYTE) continue;
      const next = at + PACKET_BYTES;
      if (next === length || this.#bytes[next] === SYNC_BYTE) return at;
    }
    return end;
  }

  /** True where it brought the first program. */
  #takeTable(at: number): boolean {
    if (!this.#tables.read(this.#bytes, parsePacket(this.#bytes, at))) return false;
    const { program } = this.#tables;
    if (program === undefined) {
      this.#markTables();
      return false;
    }
    const known = this.spans.at(-1);
    const isSame = known !== undefined && isSameTable(program.pmt, known.program.pmt);
    if (!isSame) this.#useProgram(program, known === undefined ? 0 : at);
    return known === undefined;
  }

  /** The maps that the PAT names. */
  #markTables(): void {
    for (const pid of this.#tables.tablePids) this.#kinds[pid] = TABLE;
  }

  #useProgram(program: Program, fromAt: number): void {
    for (const follower of this.#followers) follower.end();
    const { streams, pcrPid } = program.map;
    this.spans.push({ program, fromRow: this.notes.count, fromAt });
    this.#kinds.fill(UNKNOWN);
    this.#kinds[PAT_PID] = TABLE;
    if (pcrPid !== NULL_PID) this.#kinds[pcrPid] = CLOCK_ONLY;
    streams.forEach(({ pid }, index) => {
      this.#kinds[pid] = index;
    });
    this.#kinds[program.pmtPid] = TABLE;
    this.#pcrKind = pcrPid === NULL_PID ? UNKNOWN : this.#kinds[pcrPid]!;
    this.#followers = streams.map(({ type }) => new PesFollower(this.notes, type));
    this.#counters.fill(NO_COUNTER);
    this.#leadIndex = isVideo(program.lead) ? this.#kinds[program.lead.pid]! : UNKNOWN;
    this.#scan = new FrameScan(program.lead.type);
    this.#scanRow = UNKNOWN;
  }

  /** A packet without transport_error_indicator of a stream, or of the clock's own PID. */
  #takeMedia(kind: number, at: number, b1: number): void {
    const bytes = this.#bytes;
    const b3 = bytes[at + 3]!;
    const end = at + PACKET_BYTES;
    let payloadAt = at + 4;
    let flags = 0;
    if ((b3 & 0x20) !== 0) {
      const fieldBytes = bytes[payloadAt]!; // adaptation_field_length
      payloadAt += 1 + fieldBytes;
      if (payloadAt > end) return;
      if (fieldBytes > 0) flags = bytes[at + 5]!;
      if (fieldBytes < 7) flags &= ~0x10;
    }
    const hasPayload = (b3 & 0x10) !== 0 && payloadAt < end;
    if (kind >= 0 && hasPayload) {
      if ((b3 & 0xc0) !== 0) {
        this.scrambledPackets += 1;
        return;
      }
      if (!this.#follows(kind, at, b3 & 0x0f, (flags & 0x80) !== 0)) return;
    }
    if (flags !== 0) this.#takeFlags(kind, at, flags, hasPayload && (b1 & 0x40) !== 0);
    if (kind < 0 || !hasPayload) return;
    this.#mediaPackets += 1;
    if ((b1 & 0x40) !== 0) this.#begin(kind, at, payloadAt, end);
    else this.#followers[kind]!.goOn(bytes, payloadAt, end);
    if (kind === this.#leadIndex && this.#scanRow !== UNKNOWN) this.#scanKind(payloadAt, end);
  }

  /** False where the packet is the one before it once more. */
  #follows(kind: number, at: number, counter: number, isNew: boolean): boolean {
    const last = this.#counters[kind]!;
    this.#counters[kind] = counter;
    if (last !== NO_COUNTER && counter !== ((last + 1) & 0x0f) && !isNew) {
      if (counter === last && isRepeat(this.#bytes, this.#lastAt[kind]!, at)) {
        this.notes.flags[this.notes.of(at, kind)]! |= NOTE.repeat;
        return false;
      }
      this.#followers[kind]!.lose();
    }
    this.#lastAt[kind] = at;
    return true;
  }

  // ISO/IEC 13818-1 §2.4.3.4: random_access_indicator, PCR_flag
  #takeFlags(kind: number, at: number, flags: number, isStart: boolean): void {
    const { notes } = this;
    if ((flags & 0x10) !== 0) {
      const row = notes.of(at, kind < 0 ? CLOCK_STREAM : kind);
      notes.flags[row]! |= NOTE.pcr;
      if (kind === this.#pcrKind) notes.pcr27m[row] = parsePcr(this.#bytes, at + 6);
    }
    if ((flags & 0x40) !== 0 && isStart && kind === this.#leadIndex) {
      notes.flags[notes.of(at, kind)]! |= NOTE.key;
    }
  }

  #begin(kind: number, at: number, payloadAt: number, end: number): void {
    const row = this.notes.of(at, kind);
    this.#followers[kind]!.begin(row, this.#bytes, payloadAt, end);
    if (kind !== this.#leadIndex) return;
    this.#scanRow = this.notes.has(row, NOTE.key | NOTE.foreign) ? UNKNOWN : row;
    this.#scanLeft = KEY_SCAN_BYTES;
    this.#scan.begin();
  }

  #scanKind(payloadAt: number, end: number): void {
    const from = this.#followers[this.#leadIndex]!.dataAt(payloadAt, end);
    const kind = this.#scan.read(this.#bytes, from, end);
    this.#scanLeft -= PACKET_BYTES;
    if (kind === 'idr' || kind === 'key') this.notes.flags[this.#scanRow]! |= NOTE.key;
    if (kind === 'recovery') this.notes.flags[this.#scanRow]! |= NOTE.recovery;
    if (kind !== undefined || this.#scanLeft < 0) this.#scanRow = UNKNOWN;
  }
}

// ISO/IEC 13818-1 §2.4.3.3: each byte is the same, save for those of the PCR
function isRepeat(bytes: Uint8Array, before: number, at: number): boolean {
  const hasPcr = (bytes[at + 3]! & 0x20) !== 0 && bytes[at + 4]! >= 7 && bytes[at + 5]! & 0x10;
  for (let index = 1; index < PACKET_BYTES; index++) {
    if (hasPcr && index === 6) index = 12;
    if (bytes[before + index] !== bytes[at + index]) return false;
  }
  return true;
}

function isSameTable(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
