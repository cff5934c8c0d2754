// This file rewrites a planned segment, slice by slice, into packets of the spliced stream.
import { PACKET_BYTES } from './packet.ts';
import { INSERT } from './splice-clock.ts';
import { FATE } from './splice-fates.ts';
import { NO_TIME, NOTE, type SpliceNotes } from './splice-notes.ts';
import {
  mendFlags,
  SPLIT_BYTES,
  type SpliceState,
  STATE,
  stripPcr,
  wrapPcr,
  writePid,
  writeSplit,
} from './splice-packets.ts';
import type { PlannedStretch, SegmentPlan } from './splice-plan.ts';
import type { PacketRun } from './splice-survey.ts';
import { NO_SLOT, type Slot } from './splice-tables.ts';
import { addTicks, writePcr, writeTimestamp } from './timestamp.ts';

export type SpliceMark = {
  /** From the start of the piece. */
  readonly offset: number;
  /** When the frame that begins there is decoded; counted on over 2^33. */
  readonly time90k: number;
  /** PAT, PMT and a key frame follow: a viewer may begin here. */
  readonly isJoin: boolean;
};

export type SplicePiece = {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly marks: readonly SpliceMark[];
};

/** What is read for a piece. */
const SLICE_BYTES = 348 * PACKET_BYTES;
/** Before what is read: room for what is inserted. Where it is used up the piece ends early. */
const ROOM_BYTES = 64 * PACKET_BYTES;
const PIDS = 8192;

export class SpliceWriter {
  readonly #bytes: Uint8Array;
  readonly #runs: readonly PacketRun[];
  readonly #notes: SpliceNotes;
  readonly #plan: SegmentPlan;
  readonly #state: SpliceState;
  readonly #slots = new Int16Array(PIDS);
  #stretchIndex = -1;
  #runIndex = 0;
  #at = 0;
  #row = 0;
  #insertIndex = 0;
  /** No insert and no note is before this place. */
  #eventAt = 0;
  // The piece being written: what is kept moves from `kept` to `write`, which is never after it
  #out = new Uint8Array();
  #write = 0;
  #kept = 0;
  #marks: SpliceMark[] = [];
  #joinOffset: number | undefined;
  #repeatAt = -1;

  constructor(
    bytes: Uint8Array,
    survey: { readonly runs: readonly PacketRun[]; readonly notes: SpliceNotes },
    plan: SegmentPlan,
    state: SpliceState,
  ) {
    this.#bytes = bytes;
    this.#runs = survey.runs;
    this.#notes = survey.notes;
    this.#plan = plan;
    this.#state = state;
  }

  /** The next piece; undefined where the segment is written. */
  next(): SplicePiece | undefined {
    const planned = this.#plan.stretches[this.#stretchIndex];
    if (planned === undefined) return this.#nextStretch();
    while (this.#runAt() <= this.#at) this.#runIndex += 1;
    const run = this.#runs[this.#runIndex];
    const end = planned.stretch.toAt;
    const from = Math.max(this.#at, run?.from ?? end);
    if (run === undefined || from >= end) return this.#nextStretch();
    const to = Math.min(run.to, end, from + SLICE_BYTES);
    this.#open(from, to);
    this.#at = this.#rewrite(planned, from, to);
    return { bytes: this.#out.subarray(0, this.#write), marks: this.#marks };
  }

  #runAt(): number {
    return this.#runs[this.#runIndex]?.to ?? Number.POSITIVE_INFINITY;
  }

  /** What was due at the end of this stretch, then what the segment before left to the next. */
  #nextStretch(): SplicePiece | undefined {
    const ended = this.#plan.stretches[this.#stretchIndex];
    if (ended !== undefined && this.#hasInsert(ended.stretch.toAt - 1)) {
      this.#open(0, 0);
      while (this.#hasInsert(ended.stretch.toAt - 1) && this.#insert(ended, ROOM_BYTES));
      return { bytes: this.#out.subarray(0, this.#write), marks: [] };
    }
    this.#stretchIndex += 1;
    const planned = this.#plan.stretches[this.#stretchIndex];
    if (planned === undefined) return undefined;
    this.#enter(planned);
    return this.#state.heldBack.length > 0 ? this.#releaseHeldBack() : this.next();
  }

  #enter({ stretch, output, isSplice }: PlannedStretch): void {
    if (isSplice) this.#state.splice();
    this.#at = Math.max(this.#at, stretch.fromAt);
    this.#slots.fill(NO_SLOT);
    stretch.program.map.streams.forEach(({ pid }, index) => {
      this.#slots[pid] = output.slots[index]!;
    });
    this.#findEvent();
  }

  #releaseHeldBack(): SplicePiece {
    const { heldBack, counters, states } = this.#state;
    const out = new Uint8Array(heldBack.length * PACKET_BYTES);
    heldBack.forEach(({ slot, bytes }, index) => {
      const at = index * PACKET_BYTES;
      out.set(bytes, at);
      out[at + 3] = (bytes[3]! & 0xf0) | counters[slot]!;
      counters[slot] = (counters[slot]! + 1) & 0x0f;
      states[slot] = STATE.open;
    });
    this.#state.heldBack = [];
    return { bytes: out, marks: [] };
  }

  #open(from: number, to: number): void {
    this.#out = new Uint8Array(ROOM_BYTES + to - from);
    this.#out.set(this.#bytes.subarray(from, to), ROOM_BYTES);
    this.#write = 0;
    this.#kept = ROOM_BYTES;
    this.#marks = [];
  }

  /** Moves what was kept up to `read` behind what is written. */
  #flush(read: number): void {
    this.#out.copyWithin(this.#write, this.#kept, read);
    this.#write += read - this.#kept;
    this.#kept = read;
  }

  /** Returns the place up to which it came. */
  #rewrite(planned: PlannedStretch, from: number, to: number): number {
    const out = this.#out;
    const { counters, splits } = this.#state;
    let read = ROOM_BYTES;
    let at = from;
    for (; at < to; at += PACKET_BYTES, read += PACKET_BYTES) {
      if (at >= this.#eventAt && !this.#takeEvents(planned, at, read)) break;
      const slot = this.#slotOfKept(read);
      if (slot === NO_SLOT || at === this.#repeatAt) {
        this.#drop(read);
        continue;
      }
      const b3 = out[read + 3]!;
      if ((b3 & 0x20) !== 0) mendFlags(out, read);
      if (splits.size > 0) this.#mendSplit(read, slot);
      writePid(out, read, slot, out[read + 1]! & 0x60);
      if (this.#state.states[slot] === STATE.heldBack) {
        this.#state.heldBack.push({ slot, bytes: out.slice(read, read + PACKET_BYTES) });
        this.#drop(read);
        continue;
      }
      out[read + 3] = (b3 & 0xf0) | counters[slot]!;
      counters[slot] = (counters[slot]! + 1) & 0x0f;
    }
    this.#flush(read);
    return at;
  }

  /** The slot of a packet that goes out, now or with the next segment. */
  #slotOfKept(read: number): Slot {
    const out = this.#out;
    const b1 = out[read + 1]!;
    const b3 = out[read + 3]!;
    const slot = this.#slots[((b1 & 0x1f) << 8) | out[read + 2]!]!;
    // transport_error_indicator, transport_scrambling_control, no payload
    if (slot < 0 || b1 >= 0x80 || (b3 & 0xd0) !== 0x10) return NO_SLOT;
    if (this.#state.states[slot] === STATE.closed) return NO_SLOT;
    return (b3 & 0x20) !== 0 && out[read + 4]! >= PACKET_BYTES - 5 ? NO_SLOT : slot;
  }

  #drop(read: number): void {
    this.#flush(read);
    this.#kept = read + PACKET_BYTES;
  }

  #findEvent(): void {
    const notes = this.#notes;
    const insertAt = this.#plan.inserts[this.#insertIndex]?.at ?? Number.POSITIVE_INFINITY;
    const noteAt = this.#row < notes.count ? notes.at[this.#row]! : Number.POSITIVE_INFINITY;
    this.#eventAt = Math.min(insertAt, noteAt);
  }

  /** What is noted of the packet at `at` and due before it; false where there is no room left. */
  #takeEvents(planned: PlannedStretch, at: number, read: number): boolean {
    while (this.#hasInsert(at)) if (!this.#insert(planned, read)) return false;
    const notes = this.#notes;
    while (this.#row < notes.count && notes.at[this.#row]! < at) this.#row += 1;
    if (this.#row < notes.count && notes.at[this.#row] === at) {
      if (!this.#hasRoom(read, PACKET_BYTES)) return false;
      this.#takeNote(planned, this.#row, at, read);
      this.#row += 1;
    }
    this.#findEvent();
    return true;
  }

  #hasInsert(at: number): boolean {
    const insert = this.#plan.inserts[this.#insertIndex];
    return insert !== undefined && insert.at <= at;
  }

  /** False where there is no room left; what belongs together stays in one piece. */
  #insert({ output }: PlannedStretch, read: number): boolean {
    const { what, pcr27m } = this.#plan.inserts[this.#insertIndex]!;
    if (!this.#hasRoom(read, output.packets.length + 2 * PACKET_BYTES)) return false;
    this.#flush(read);
    if (what === INSERT.join) this.#joinOffset = this.#write;
    this.#write =
      what === INSERT.clock
        ? this.#state.writeClock(output.pcrSlot, pcr27m, this.#out, this.#write)
        : this.#state.writeTables(output.packets, this.#out, this.#write);
    this.#insertIndex += 1;
    return true;
  }

  #hasRoom(read: number, sizeBytes: number): boolean {
    return this.#write + (read - this.#kept) + sizeBytes <= read;
  }

  #takeNote(planned: PlannedStretch, row: number, at: number, read: number): void {
    const notes = this.#notes;
    if (notes.has(row, NOTE.repeat)) {
      this.#repeatAt = at;
      return;
    }
    const slot = planned.output.slots[notes.stream[row]!] ?? NO_SLOT;
    if (notes.has(row, NOTE.start) && slot !== NO_SLOT) this.#start(planned, row, slot, read);
    if (notes.has(row, NOTE.pcr)) this.#takePcr(planned, row, read);
  }

  /** The packet keeps its PCR, loses it, or is left out and leaves it to a packet of ours. */
  #takePcr({ output }: PlannedStretch, row: number, read: number): void {
    const pcr27m = this.#plan.fates.pcr27m[row]!;
    const slot = this.#slotOfKept(read);
    const isOut = slot !== NO_SLOT && this.#state.states[slot] === STATE.open;
    if (isOut && pcr27m !== NO_TIME) {
      writePcr(this.#out, read + 6, wrapPcr(pcr27m));
      return;
    }
    if (slot !== NO_SLOT) stripPcr(this.#out, read);
    if (pcr27m === NO_TIME) return;
    this.#flush(read);
    this.#write = this.#state.writeClock(output.pcrSlot, pcr27m, this.#out, this.#write);
  }

  /** A PES packet begins: it goes out with its new times, or it does not. */
  #start({ stretch }: PlannedStretch, row: number, slot: Slot, read: number): void {
    const { fates } = this.#plan;
    const fate = fates.fate[row]!;
    this.#state.states[slot] = STATE_OF[fate]!;
    this.#state.splits.delete(slot);
    if (fate === FATE.drop || fates.pts90k[row] === NO_TIME) return;
    const pts90k = addTicks(fates.pts90k[row]!, 0);
    const dts90k = addTicks(fates.dts90k[row]!, 0);
    if (this.#notes.has(row, NOTE.split)) {
      this.#state.splits.set(slot, { pts90k, dts90k, hasDts: false, seenBytes: 0 });
    } else {
      this.#writeStamps(payloadAt(this.#out, read), pts90k, dts90k);
    }
    if (this.#notes.stream[row] !== stretch.lead || fate !== FATE.keep) return;
    const isJoin = this.#joinOffset !== undefined;
    const offset = this.#joinOffset ?? this.#write + (read - this.#kept);
    this.#marks.push({ offset, time90k: fates.dts90k[row]!, isJoin });
    this.#joinOffset = undefined;
  }

  // ISO/IEC 13818-1 §2.4.3.6
  #writeStamps(at: number, pts90k: number, dts90k: number): void {
    const out = this.#out;
    const hasDts = out[at + 7]! >= 0xc0; // PTS_DTS_flags
    writeTimestamp(out, at + 9, pts90k);
    if (hasDts) writeTimestamp(out, at + 14, dts90k);
  }

  #mendSplit(read: number, slot: Slot): void {
    const { splits } = this.#state;
    const stamps = splits.get(slot);
    if (stamps === undefined) return;
    writeSplit(this.#out, payloadAt(this.#out, read), read + PACKET_BYTES, stamps);
    if (stamps.seenBytes === SPLIT_BYTES) splits.delete(slot);
  }
}

/** By fate. */
const STATE_OF = [STATE.closed, STATE.open, STATE.heldBack];

function payloadAt(out: Uint8Array, at: number): number {
  return at + 4 + ((out[at + 3]! & 0x20) !== 0 ? 1 + out[at + 4]! : 0);
}
