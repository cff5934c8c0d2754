// This file makes the packets that the spliced stream adds, and mends those it keeps.
import { PACKET_BYTES, SYNC_BYTE } from './packet.ts';
import { FIRST_PID, SLOTS } from './splice-tables.ts';
import { PCR_WRAP, timestampByte, writePcr, writeTimestamp } from './timestamp.ts';

/** Up to and including the DTS. */
export const SPLIT_BYTES = 19;

export const STATE = { closed: 0, open: 1, heldBack: 2 } as const;

/** Timestamps whose bytes lie in several packets. */
export type SplitStamps = {
  readonly pts90k: number;
  readonly dts90k: number;
  hasDts: boolean;
  /** Bytes of the PES packet written so far. */
  seenBytes: number;
};

/** What the writing of one segment leaves to the next. */
export class SpliceState {
  /** The continuity counter of each slot's next packet with payload. */
  readonly counters = new Uint8Array(SLOTS);
  /** Whether the PES packet that is under way goes out. */
  readonly states = new Uint8Array(SLOTS);
  readonly splits = new Map<number, SplitStamps>();
  /** Packets whose PES packet ends in the next segment, in their order. */
  heldBack: { readonly slot: number; readonly bytes: Uint8Array }[] = [];
  /** The time of the last mark. */
  latest90k = Number.NEGATIVE_INFINITY;
  #pat = 0;
  #pmt = 0;

  /** Nothing that is under way will be gone on with. */
  splice(): void {
    this.states.fill(STATE.closed);
    this.splits.clear();
    this.heldBack = [];
  }

  /** The rest of what was held back has come. */
  releaseHeldBack(): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(this.heldBack.length * PACKET_BYTES);
    this.heldBack.forEach(({ slot, bytes }, index) => {
      const at = index * PACKET_BYTES;
      out.set(bytes, at);
      out[at + 3] = (bytes[3]! & 0xf0) | this.counters[slot]!;
      this.counters[slot] = (this.counters[slot]! + 1) & 0x0f;
      this.states[slot] = STATE.open;
    });
    this.heldBack = [];
    return out;
  }

  /** PAT and PMT with their counters; returns where they end. */
  writeTables(packets: Uint8Array, out: Uint8Array, at: number): number {
    out.set(packets, at);
    out[at + 3] = 0x10 | this.#pat;
    this.#pat = (this.#pat + 1) & 0x0f;
    for (let from = PACKET_BYTES; from < packets.length; from += PACKET_BYTES) {
      out[at + from + 3] = 0x10 | this.#pmt;
      this.#pmt = (this.#pmt + 1) & 0x0f;
    }
    return at + packets.length;
  }

  // ISO/IEC 13818-1 §2.4.3.3: the counter stands in a packet without payload
  writeClock(slot: number, pcr27m: number, out: Uint8Array, at: number): number {
    const counter = (this.counters[slot]! + 15) & 0x0f;
    out.fill(0xff, at, at + PACKET_BYTES);
    out[at] = SYNC_BYTE;
    writePid(out, at, slot, 0);
    out[at + 3] = 0x20 | counter; // adaptation_field_control: no payload
    out[at + 4] = PACKET_BYTES - 5; // adaptation_field_length
    out[at + 5] = 0x10; // PCR_flag
    writePcr(out, at + 6, wrapPcr(pcr27m));
    return at + PACKET_BYTES;
  }
}

export function wrapPcr(pcr27m: number): number {
  return ((pcr27m % PCR_WRAP) + PCR_WRAP) % PCR_WRAP;
}

/** `flags` are the three bits before the PID. */
export function writePid(out: Uint8Array, at: number, slot: number, flags: number): void {
  out[at + 1] = flags | ((FIRST_PID + slot) >> 8);
  out[at + 2] = (FIRST_PID + slot) & 0xff;
}

/** Takes the PCR out of an adaptation field; what comes after it moves up. */
export function stripPcr(out: Uint8Array, at: number): void {
  const fieldEnd = at + 5 + out[at + 4]!;
  out[at + 5]! &= ~0x10;
  out.copyWithin(at + 6, at + 12, fieldEnd);
  out.fill(0xff, fieldEnd - 6, fieldEnd);
}

/** Where the payload of the packet at `at` begins. */
export function payloadAt(out: Uint8Array, at: number): number {
  return at + 4 + ((out[at + 3]! & 0x20) !== 0 ? 1 + out[at + 4]! : 0);
}

// ISO/IEC 13818-1 §2.4.3.6
/** The header lies whole at `at`; a DTS is written where it has one. */
export function writeStamps(out: Uint8Array, at: number, pts90k: number, dts90k: number): void {
  const hasDts = out[at + 7]! >= 0xc0; // PTS_DTS_flags
  writeTimestamp(out, at + 9, pts90k);
  if (hasDts) writeTimestamp(out, at + 14, dts90k);
}

// ISO/IEC 13818-1 §2.4.3.6: PTS_DTS_flags in byte 7, PTS from byte 9, DTS from byte 14
export function writeSplit(out: Uint8Array, from: number, to: number, stamps: SplitStamps): void {
  for (let at = from; at < to && stamps.seenBytes < SPLIT_BYTES; at++) {
    const place = stamps.seenBytes++;
    if (place === 7) stamps.hasDts = out[at]! >= 0xc0;
    if (place >= 14) {
      if (stamps.hasDts) out[at] = timestampByte(out[at]!, place - 14, stamps.dts90k);
    } else if (place >= 9) {
      out[at] = timestampByte(out[at]!, place - 9, stamps.pts90k);
    }
  }
}

// ISO/IEC 13818-1 §2.4.3.4
/** A source's breaks are none in the output; fields that do not fit are not there. */
export function mendFlags(out: Uint8Array, at: number): void {
  const fieldBytes = out[at + 4]!;
  if (fieldBytes === 0) return;
  out[at + 5]! &= 0x7f; // discontinuity_indicator
  if ((out[at + 5]! & 0x10) !== 0 && fieldBytes < 7) out[at + 5]! &= 0x60;
}
