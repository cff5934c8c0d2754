// This file takes PSI sections out of packets and puts them into packets.
import { PACKET_BYTES, type Packet, SYNC_BYTE } from './packet.ts';

/** Table id, length, and what both PAT and PMT have after them; the CRC stands at the end. */
export const SECTION_HEADER_BYTES = 8;
export const CRC_BYTES = 4;
// ISO/IEC 13818-1 §2.4.4.1: pointer_field
const POINTER_BYTES = 1;
/** ISO/IEC 13818-1 §2.4.4.3: the first two bits of a PAT's or PMT's section_length are 0. */
export const SECTION_MAX_BYTES = 1024;
const SECTION_MIN_BYTES = SECTION_HEADER_BYTES + CRC_BYTES;
/** Up to and including section_length. */
const LENGTH_BYTES = 3;
const STUFFING = 0xff;

/** Gathers the sections of one PID; holds no more than one. */
export class SectionReader {
  /** Made with the first byte: most PIDs that could carry a table never do. */
  #buffer: Uint8Array | undefined;
  /** Bytes of the section that are there; -1 until one begins. */
  #filled = -1;

  /** The sections that end in `packet` and whose CRC is right. */
  read(bytes: Uint8Array, packet: Packet): Uint8Array[] {
    if (!packet.hasPayload || packet.scrambled) return [];
    let at = packet.payloadAt;
    const found: Uint8Array[] = [];
    if (packet.unitStart) {
      const startAt = at + POINTER_BYTES + bytes[at]!;
      this.#take(bytes, at + POINTER_BYTES, Math.min(startAt, packet.endAt), found);
      this.#filled = 0;
      at = startAt;
    }
    this.#take(bytes, at, packet.endAt, found);
    return found;
  }

  #take(bytes: Uint8Array, from: number, to: number, found: Uint8Array[]): void {
    if (this.#filled < 0) return;
    this.#buffer ??= new Uint8Array(SECTION_MAX_BYTES);
    const buffer = this.#buffer;
    for (let at = from; at < to && this.#filled >= 0; ) {
      if (this.#filled === 0 && bytes[at] === STUFFING) this.#filled = -1;
      if (this.#filled < 0) return;
      const wanted = this.#filled < LENGTH_BYTES ? LENGTH_BYTES : sectionBytes(buffer);
      const end = Math.min(to, at + wanted - this.#filled);
      buffer.set(bytes.subarray(at, end), this.#filled);
      this.#filled += end - at;
      at = end;
      if (this.#filled >= LENGTH_BYTES) this.#endPart(buffer, found);
    }
  }

  #endPart(buffer: Uint8Array, found: Uint8Array[]): void {
    const length = sectionBytes(buffer);
    if (length < SECTION_MIN_BYTES || length > SECTION_MAX_BYTES) this.#filled = -1;
    if (this.#filled < length) return;
    const section = buffer.slice(0, length);
    if (crc32(section) === 0) found.push(section);
    this.#filled = 0;
  }
}

/** The whole section: what section_length counts, and what stands before. */
function sectionBytes(section: Uint8Array): number {
  return LENGTH_BYTES + (((section[1]! & 0x0f) << 8) | section[2]!); // section_length
}

/** A section as whole packets of its own; the first has the counter given. */
export function writeSection(section: Uint8Array, pid: number, counter: number): Uint8Array {
  const room = PACKET_BYTES - 4;
  const count = Math.ceil((POINTER_BYTES + section.length) / room);
  const packets = new Uint8Array(count * PACKET_BYTES).fill(STUFFING);
  for (let index = 0, from = 0; index < count; index++) {
    const at = index * PACKET_BYTES;
    packets[at] = SYNC_BYTE;
    packets[at + 1] = (index === 0 ? 0x40 : 0) | (pid >> 8); // payload_unit_start_indicator, PID
    packets[at + 2] = pid;
    packets[at + 3] = 0x10 | ((counter + index) & 0x0f); // payload only, continuity_counter
    if (index === 0) packets[at + 4] = 0; // pointer_field
    const head = index === 0 ? POINTER_BYTES : 0;
    const part = section.subarray(from, from + room - head);
    packets.set(part, at + 4 + head);
    from += part.length;
  }
  return packets;
}

// ISO/IEC 13818-1 Annex A: over a whole section, its CRC included, the result is 0
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc << 8) ^ CRC_TABLE[((crc >>> 24) ^ byte) & 0xff]!;
  return crc >>> 0;
}

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, index) => {
  let crc = index << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});
