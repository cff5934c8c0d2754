// This file finds the packets of a transport stream in bytes that come in chunks of any size.
import { PACKET_BYTES, SYNC_BYTE } from './packet.ts';

export type PacketRun = {
  /** Whole packets, one after the other; a view of the chunk where it held them so. */
  readonly bytes: Uint8Array;
  /** Bytes that belong to no packet and were left out right before the run. */
  readonly skippedBytes: number;
};

export type ScannerStats = {
  readonly packets: number;
  /** What belonged to no packet. */
  readonly skippedBytes: number;
  /** How often the sync was lost. */
  readonly lostSyncs: number;
};

// ETSI TR 101 290 §5.2.1: five sync bytes in a row make the sync
const SYNCS_WANTED = 5;
/**
 * From one sync byte to the next: plain, with a time of 4 bytes before each packet (M2TS), with 16
 * bytes of error correction after each (Reed-Solomon).
 */
const STRIDES = [PACKET_BYTES, 192, 204] as const;
const STRIDE_MAX = 204;
const HEADER_BYTES = 4;
/** What must be seen, after a packet that is not in its place, before a sync byte is believed. */
const HELD_BYTES = SYNCS_WANTED * STRIDE_MAX + HEADER_BYTES;
/** So many packets in a row are no chance: a byte that all have, such as their PID, is not in all. */
const ESTABLISHED_PACKETS = 64;
/** The end of a stream may lack the packets that would confirm its last ones. */
const SYNCS_AT_END = 2;

type Verdict = number | 'no' | 'more';

/**
 * In sync, a packet is taken when it is whole and begins with the sync byte, so that what comes out
 * does not depend on the chunks. Out of sync, a sync byte is believed once four more follow it at
 * equal distances. At most five packets are held over, and each byte is looked at a bounded number
 * of times whatever it holds.
 *
 * The runs are views of the chunks, which must not change as long as the runs are in use.
 */
export class PacketScanner {
  /** 0 out of sync. */
  #stride = 0;
  /** In sync: bytes until the next packet, which belong to none. */
  #gap = 0;
  /** Out of sync: the stride there was, until the place of the next packet was looked at. */
  #lostStride = 0;
  readonly #held = new Uint8Array(HELD_BYTES);
  #heldLength = 0;
  #skipped = 0;
  #packets = 0;
  /** Before the sync was found. */
  #packetsBefore = 0;
  #skippedBytes = 0;
  #lostSyncs = 0;

  push(chunk: Uint8Array): PacketRun[] {
    const runs: PacketRun[] = [];
    this.#takeAll(chunk, runs);
    return runs;
  }
  /** The packets at the end that nothing confirms any more; then it begins anew. */
  flush(): PacketRun[] {
    const runs: PacketRun[] = [];
    if (this.#stride === 0) this.#search(new Uint8Array(), 0, runs, true);
    this.#skip(this.#heldLength);
    this.#heldLength = 0;
    this.#stride = 0;
    this.#gap = 0;
    this.#skipped = 0;
    return runs;
  }

  stats(): Readonly<ScannerStats> {
    return {
      packets: this.#packets,
      skippedBytes: this.#skippedBytes,
      lostSyncs: this.#lostSyncs,
    };
  }

  #takeAll(chunk: Uint8Array, runs: PacketRun[]): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#stride === 0) at = this.#search(chunk, at, runs, false);
      else at = this.#frame(chunk, at, runs);
    }
  }

  /** Takes packets in sync from `from` on; the place up to which the bytes are dealt with. */
  #frame(bytes: Uint8Array, from: number, runs: PacketRun[]): number {
    const at = Math.min(from + this.#gap, bytes.length);
    this.#gap -= at - from;
    if (at === bytes.length) return at;
    if (this.#heldLength > 0) return this.#fillHeld(bytes, at, runs);
    if (bytes[at] !== SYNC_BYTE) {
      const isEstablished = this.#packets - this.#packetsBefore >= ESTABLISHED_PACKETS;
      this.#lostStride = isEstablished ? this.#stride : 0;
      this.#stride = 0;
      this.#lostSyncs += 1;
      return at;
    }
    if (at + PACKET_BYTES > bytes.length) return this.#hold(bytes, at);
    return this.#stride === PACKET_BYTES
      ? this.#takePlain(bytes, at, runs)
      : this.#takeSpaced(bytes, at, runs);
  }

  #takePlain(bytes: Uint8Array, from: number, runs: PacketRun[]): number {
    const last = bytes.length - PACKET_BYTES;
    let at = from + PACKET_BYTES;
    while (at <= last && bytes[at] === SYNC_BYTE) at += PACKET_BYTES;
    this.#emit(bytes.subarray(from, at), runs);
    return at;
  }

  #takeSpaced(bytes: Uint8Array, from: number, runs: PacketRun[]): number {
    const stride = this.#stride;
    const last = bytes.length - PACKET_BYTES;
    let count = 1;
    while (from + count * stride <= last && bytes[from + count * stride] === SYNC_BYTE) count++;
    const packets = new Uint8Array(count * PACKET_BYTES);
    for (let index = 0; index < count; index++) {
      const at = from + index * stride;
      packets.set(bytes.subarray(at, at + PACKET_BYTES), index * PACKET_BYTES);
    }
    this.#emit(packets, runs);
    this.#gap = stride - PACKET_BYTES;
    return from + (count - 1) * stride + PACKET_BYTES;
  }

  #fillHeld(bytes: Uint8Array, from: number, runs: PacketRun[]): number {
    const at = Math.min(from + PACKET_BYTES - this.#heldLength, bytes.length);
    this.#held.set(bytes.subarray(from, at), this.#heldLength);
    this.#heldLength += at - from;
    if (this.#heldLength < PACKET_BYTES) return at;
    this.#emit(this.#held.slice(0, PACKET_BYTES), runs);
    this.#heldLength = 0;
    this.#gap = this.#stride - PACKET_BYTES;
    return at;
  }

  /** Looks for the sync in what is held, then in `chunk`. */
  #search(chunk: Uint8Array, from: number, runs: PacketRun[], isLast: boolean): number {
    const total = this.#heldLength + chunk.length - from;
    // A sync byte that was spoiled moves no packet: the next one's place goes before all others
    const place = this.#lostStride;
    const verdict = place === 0 ? 'no' : this.#judge(chunk, from, place, total, isLast);
    if (verdict === 'more') return this.#holdFrom(chunk, from, 0);
    this.#lostStride = 0;
    if (verdict !== 'no') return this.#takeFound(from, place, verdict, runs);
    for (let at = 0; at < total; at++) {
      if (this.#byteAt(chunk, from, at) !== SYNC_BYTE) continue;
      if (at + HEADER_BYTES <= total && !this.#isHeader(chunk, from, at)) continue;
      const judged = this.#judge(chunk, from, at, total, isLast);
      if (judged === 'no') continue;
      if (judged !== 'more') return this.#takeFound(from, at, judged, runs);
      this.#skip(at);
      return this.#holdFrom(chunk, from, at);
    }
    this.#skip(total);
    this.#heldLength = 0;
    return chunk.length;
  }

  #byteAt(chunk: Uint8Array, from: number, at: number): number {
    const held = this.#heldLength;
    return (at < held ? this.#held[at] : chunk[from + at - held]) as number;
  }

  /** The stride of the packets that begin at `at`, the narrowest that is confirmed. */
  #judge(chunk: Uint8Array, from: number, at: number, total: number, isLast: boolean): Verdict {
    for (const stride of STRIDES) {
      let syncs = 0;
      let header = at;
      while (syncs < SYNCS_WANTED && header + HEADER_BYTES <= total) {
        if (!this.#isHeader(chunk, from, header)) break;
        syncs++;
        header += stride;
      }
      if (syncs === SYNCS_WANTED) return stride;
      if (header + HEADER_BYTES <= total) continue;
      if (!isLast) return 'more';
      if (syncs >= SYNCS_AT_END) return stride;
    }
    return 'no';
  }

  // ISO/IEC 13818-1 §2.4.3.2: sync_byte, transport_error_indicator, adaptation_field_control
  /** A byte that has the same value in each packet is told from the sync byte by what follows. */
  #isHeader(chunk: Uint8Array, from: number, at: number): boolean {
    if (this.#byteAt(chunk, from, at) !== SYNC_BYTE) return false;
    const isWhole = (this.#byteAt(chunk, from, at + 1) & 0x80) === 0;
    return isWhole && (this.#byteAt(chunk, from, at + 3) & 0x30) !== 0;
  }

  #takeFound(from: number, at: number, stride: number, runs: PacketRun[]): number {
    const held = this.#heldLength;
    this.#skip(at);
    this.#stride = stride;
    this.#packetsBefore = this.#packets;
    this.#heldLength = 0;
    if (at >= held) return from + at - held;
    this.#takeAll(this.#held.slice(at, held), runs);
    return from;
  }

  #hold(bytes: Uint8Array, from: number): number {
    this.#held.set(bytes.subarray(from));
    this.#heldLength = bytes.length - from;
    return bytes.length;
  }

  /** Keeps what is held, and after it the chunk, from `at` on. */
  #holdFrom(chunk: Uint8Array, from: number, at: number): number {
    const held = this.#heldLength;
    if (at >= held) return this.#hold(chunk, from + at - held);
    if (at > 0) this.#held.copyWithin(0, at, held);
    this.#held.set(chunk.subarray(from), held - at);
    this.#heldLength = held - at + chunk.length - from;
    return chunk.length;
  }

  #skip(count: number): void {
    this.#skipped += count;
    this.#skippedBytes += count;
  }

  #emit(bytes: Uint8Array, runs: PacketRun[]): void {
    runs.push({ bytes, skippedBytes: this.#skipped });
    this.#skipped = 0;
    this.#packets += bytes.length / PACKET_BYTES;
  }
}
