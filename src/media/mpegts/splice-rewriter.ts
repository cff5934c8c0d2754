// This file rewrites packets of a planned segment into packets of the spliced stream.
import { PACKET_BYTES } from './packet.ts';
import { INSERT } from './splice-clock.ts';
import { FATE } from './splice-fates.ts';
import { NO_TIME, NOTE, type SpliceNotes } from './splice-notes.ts';
import {
  mendFlags,
  payloadAt,
  SPLIT_BYTES,
  type SpliceState,
  STATE,
  stripPcr,
  wrapPcr,
  writePid,
  writeSplit,
  writeStamps,
} from './splice-packets.ts';
import type { PlannedStretch, SegmentPlan } from './splice-plan.ts';
import type { SpliceSlice } from './splice-slice.ts';
import { NO_SLOT, type Slot } from './splice-tables.ts';
import { addTicks, writePcr } from './timestamp.ts';

export type SpliceMark = {
  /** From the start of the piece. */
  readonly offset: number;
  /** When the frame that begins there is decoded; counted on over 2^33, and never going back. */
  readonly time90k: number;
  /** PAT, PMT and a key frame follow: a viewer may begin here. */
  readonly isJoin: boolean;
};

const PIDS = 8192;
/** By fate. */
const STATE_OF = [STATE.closed, STATE.open, STATE.heldBack];

/** Walks the packets, the notes and what is to be inserted side by side, in the order of bytes. */
export class SpliceRewriter {
  readonly #notes: SpliceNotes;
  readonly #plan: SegmentPlan;
  readonly #state: SpliceState;
  readonly #slots = new Int16Array(PIDS);
  #planned: PlannedStretch | undefined;
  #slice: SpliceSlice | undefined;
  #marks: SpliceMark[] = [];
  #row = 0;
  #insertIndex = 0;
  /** No insert and no note is before this place. */
  #eventAt = 0;
  #joinOffset: number | undefined;
  #repeatAt = -1;

  constructor(notes: SpliceNotes, plan: SegmentPlan, state: SpliceState) {
    this.#notes = notes;
    this.#plan = plan;
    this.#state = state;
  }

  enter(planned: PlannedStretch): void {
    const { stretch, output, isSplice } = planned;
    if (isSplice) this.#state.splice();
    this.#planned = planned;
    this.#slots.fill(NO_SLOT);
    stretch.program.map.streams.forEach(({ pid }, index) => {
      this.#slots[pid] = output.slots[index]!;
    });
    this.#findEvent();
  }

  /** Rewrites what the slice holds of the segment; returns the place up to which it came. */
  rewrite(slice: SpliceSlice, from: number, to: number, marks: SpliceMark[]): number {
    this.#slice = slice;
    this.#marks = marks;
    const out = slice.bytes;
    const { counters, splits } = this.#state;
    let read = slice.start;
    let at = from;
    for (; at < to; at += PACKET_BYTES, read += PACKET_BYTES) {
      if (at >= this.#eventAt && !this.#takeEvents(at, read)) break;
      const slot = this.#slotOfKept(out, read);
      if (slot === NO_SLOT || at === this.#repeatAt) {
        slice.drop(read);
        continue;
      }
      const b3 = out[read + 3]!;
      if ((b3 & 0x20) !== 0) mendFlags(out, read);
      if (splits.size > 0) this.#mendSplit(out, read, slot);
      writePid(out, read, slot, out[read + 1]! & 0x60);
      if (this.#state.states[slot] === STATE.heldBack) {
        this.#state.heldBack.push({ slot, bytes: out.slice(read, read + PACKET_BYTES) });
        slice.drop(read);
        continue;
      }
      out[read + 3] = (b3 & 0xf0) | counters[slot]!;
      counters[slot] = (counters[slot]! + 1) & 0x0f;
    }
    slice.flush(read);
    return at;
  }

  /** The slot of a packet that goes out, now or with the next segment. */
  #slotOfKept(out: Uint8Array, read: number): Slot {
    const b1 = out[read + 1]!;
    const b3 = out[read + 3]!;
    const slot = this.#slots[((b1 & 0x1f) << 8) | out[read + 2]!]!;
    // transport_error_indicator, transport_scrambling_control, no payload
    if (slot < 0 || b1 >= 0x80 || (b3 & 0xd0) !== 0x10) return NO_SLOT;
    if (this.#state.states[slot] === STATE.closed) return NO_SLOT;
    return (b3 & 0x20) !== 0 && out[read + 4]! >= PACKET_BYTES - 5 ? NO_SLOT : slot;
  }

  #findEvent(): void {
    const notes = this.#notes;
    const insertAt = this.#plan.inserts[this.#insertIndex]?.at ?? Number.POSITIVE_INFINITY;
    const noteAt = this.#row < notes.count ? notes.at[this.#row]! : Number.POSITIVE_INFINITY;
    this.#eventAt = Math.min(insertAt, noteAt);
  }

  /** What is noted of the packet at `at` and due before it; false where there is no room left. */
  #takeEvents(at: number, read: number): boolean {
    if (!this.#insertUpTo(at, read)) return false;
    const notes = this.#notes;
    while (this.#row < notes.count && notes.at[this.#row]! < at) this.#row += 1;
    if (this.#row < notes.count && notes.at[this.#row] === at) {
      if (!this.#slice!.hasRoom(read, PACKET_BYTES)) return false;
      this.#takeNote(this.#row, at, read);
      this.#row += 1;
    }
    this.#findEvent();
    return true;
  }

  /** What is due at the end of the stretch goes into a slice of its own. */
  finish(slice: SpliceSlice): void {
    this.#slice = slice;
    this.#insertUpTo(this.#planned!.stretch.toAt - 1, slice.start);
  }

  /** True where `finish` has something to write. */
  get isUnfinished(): boolean {
    return this.#planned !== undefined && this.#hasInsert(this.#planned.stretch.toAt - 1);
  }

  #hasInsert(at: number): boolean {
    const insert = this.#plan.inserts[this.#insertIndex];
    return insert !== undefined && insert.at <= at;
  }

  #insertUpTo(at: number, read: number): boolean {
    while (this.#hasInsert(at)) if (!this.#insert(read)) return false;
    return true;
  }

  /** False where there is no room left; what belongs to a join stays in one piece with it. */
  #insert(read: number): boolean {
    const { output } = this.#planned!;
    const { what, pcr27m } = this.#plan.inserts[this.#insertIndex]!;
    const slice = this.#slice!;
    const tableBytes = what === INSERT.clock ? PACKET_BYTES : output.packets.length;
    const withIt = what === INSERT.join ? 2 * PACKET_BYTES : 0;
    if (!slice.hasRoom(read, tableBytes + withIt)) return false;
    if (what === INSERT.join) this.#joinOffset = slice.placeOf(read);
    slice.insert(read, (out, at) =>
      what === INSERT.clock
        ? this.#state.writeClock(output.pcrSlot, pcr27m, out, at)
        : this.#state.writeTables(output.packets, out, at),
    );
    this.#insertIndex += 1;
    return true;
  }

  #takeNote(row: number, at: number, read: number): void {
    const notes = this.#notes;
    if (notes.has(row, NOTE.repeat)) {
      this.#repeatAt = at;
      return;
    }
    const slot = this.#planned!.output.slots[notes.stream[row]!] ?? NO_SLOT;
    if (notes.has(row, NOTE.start) && slot !== NO_SLOT) this.#start(row, slot, read);
    if (notes.has(row, NOTE.pcr)) this.#takePcr(row, read);
  }

  /** The packet keeps its PCR, loses it, or is left out and leaves it to a packet of ours. */
  #takePcr(row: number, read: number): void {
    const { pcrSlot } = this.#planned!.output;
    const pcr27m = this.#plan.fates.pcr27m[row]!;
    const slice = this.#slice!;
    const slot = this.#slotOfKept(slice.bytes, read);
    const isOut = slot !== NO_SLOT && this.#state.states[slot] === STATE.open;
    if (isOut && pcr27m !== NO_TIME) {
      writePcr(slice.bytes, read + 6, wrapPcr(pcr27m));
      return;
    }
    if (slot !== NO_SLOT) stripPcr(slice.bytes, read);
    if (pcr27m === NO_TIME) return;
    slice.insert(read, (out, at) => this.#state.writeClock(pcrSlot, pcr27m, out, at));
  }

  /** A PES packet begins: it goes out with its new times, or it does not. */
  #start(row: number, slot: Slot, read: number): void {
    const { fates } = this.#plan;
    const fate = fates.fate[row]!;
    const out = this.#slice!.bytes;
    this.#state.states[slot] = STATE_OF[fate]!;
    this.#state.splits.delete(slot);
    if (fate === FATE.drop || fates.pts90k[row] === NO_TIME) return;
    const pts90k = addTicks(fates.pts90k[row]!, 0);
    const dts90k = addTicks(fates.dts90k[row]!, 0);
    if (this.#notes.has(row, NOTE.split)) {
      this.#state.splits.set(slot, { pts90k, dts90k, hasDts: false, seenBytes: 0 });
    } else {
      writeStamps(out, payloadAt(out, read), pts90k, dts90k);
    }
    const isLead = this.#notes.stream[row] === this.#planned!.stretch.lead;
    if (isLead && fate === FATE.keep) this.#mark(fates.dts90k[row]!, read);
  }

  #mark(dts90k: number, read: number): void {
    const time90k = Math.max(this.#state.latest90k, dts90k);
    this.#state.latest90k = time90k;
    const isJoin = this.#joinOffset !== undefined;
    const offset = this.#joinOffset ?? this.#slice!.placeOf(read);
    this.#marks.push({ offset, time90k, isJoin });
    this.#joinOffset = undefined;
  }

  #mendSplit(out: Uint8Array, read: number, slot: Slot): void {
    const { splits } = this.#state;
    const stamps = splits.get(slot);
    if (stamps === undefined) return;
    writeSplit(out, payloadAt(out, read), read + PACKET_BYTES, stamps);
    if (stamps.seenBytes === SPLIT_BYTES) splits.delete(slot);
  }
}
