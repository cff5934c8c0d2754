// This file puts packets of sound between those of pictures that come without.
import type { MuxTrack, MuxUnit } from './mux-track.ts';
import { PACKET_BYTES, parsePacket } from './packet.ts';
import { packetCount, writeUnit } from './packetize.ts';
import { PesHeaderReader } from './pes.ts';
import { replaceSection, withSound } from './program-with-sound.ts';
import { ticksBetween } from './timestamp.ts';

export type InsertPlace = {
  readonly picturePid: number;
  readonly pmtPid: number;
  readonly soundPid: number;
};

const POINTER_BYTES = 1;

/**
 * Of one piece of pictures, in parts of whole packets. Each unit of sound stands before the first
 * picture that is decoded no earlier, behind the tables that name it, which are changed in place.
 * All times are those of the joined stream. What it is cut into makes no difference.
 */
export class SoundInsert {
  readonly #place: InsertPlace;
  readonly #track: MuxTrack;
  readonly #units: readonly MuxUnit[];
  readonly #headers = new PesHeaderReader();
  #next = 0;
  #counter: number;
  #hasPictures = false;

  /** `units` are in the order of their times; `counter` is that of the first packet. */
  constructor(place: InsertPlace, track: MuxTrack, units: readonly MuxUnit[], counter: number) {
    this.#place = place;
    this.#track = track;
    this.#units = units;
    this.#counter = counter;
  }

  /** `bytes` are changed. */
  take(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let from = 0;
    for (let at = 0; at < bytes.length; at += PACKET_BYTES) {
      const pid = ((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!;
      if (pid === this.#place.pmtPid) this.#name(bytes, at);
      if (pid !== this.#place.picturePid) continue;
      const isPlain = (bytes[at + 1]! & 0xc0) === 0;
      if (isPlain && !this.#headers.isAmid) continue;
      const header = this.#headers.read(bytes, parsePacket(bytes, at));
      const decoded = (header?.dts ?? header?.pts)?.value;
      if (decoded === undefined) continue;
      const due = this.#hasPictures ? this.#dueBy(decoded) : [];
      this.#hasPictures = true;
      if (due.length === 0) continue;
      parts.push(bytes.subarray(from, at), this.#write(due));
      from = at;
    }
    if (parts.length === 0) return bytes;
    parts.push(bytes.subarray(from));
    return joined(parts);
  }

  /** What is left of the sound. */
  end(): Uint8Array<ArrayBuffer> {
    const left = this.#units.slice(this.#next);
    this.#next = this.#units.length;
    return this.#write(left);
  }

  #name(bytes: Uint8Array, at: number): void {
    const packet = parsePacket(bytes, at);
    if (!packet.unitStart || !packet.hasPayload) return;
    const from = packet.payloadAt + POINTER_BYTES + bytes[packet.payloadAt]!;
    // A map of more packets ends behind this one: what is wanted of it is what it says here
    const to = from + 3 + (((bytes[from + 1]! & 0x0f) << 8) | bytes[from + 2]!); // section_length
    if (to > packet.endAt) return;
    const section = withSound(bytes.slice(from, to), this.#track, this.#place.soundPid);
    if (section === undefined) return;
    if (section.length + POINTER_BYTES > packet.endAt - packet.payloadAt) return;
    replaceSection(bytes, packet, section);
  }

  #dueBy(decoded: number): readonly MuxUnit[] {
    const from = this.#next;
    for (; this.#next < this.#units.length; this.#next++) {
      if (ticksBetween(this.#units[this.#next]!.dts, decoded) < 0) break;
    }
    return this.#units.slice(from, this.#next);
  }

  #write(units: readonly MuxUnit[]): Uint8Array<ArrayBuffer> {
    const counts = units.map((unit) => packetCount(unit, {}));
    const out = new Uint8Array(counts.reduce((sum, count) => sum + count, 0) * PACKET_BYTES);
    let at = 0;
    for (const [index, unit] of units.entries()) {
      const { soundPid } = this.#place;
      at = writeUnit(out, at, soundPid, this.#counter, this.#track, unit, {});
      this.#counter = (this.#counter + counts[index]!) & 0x0f;
    }
    return out;
  }
}

function joined(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
