// This file reads the headers of PES packets, also where one goes on in the next transport packet.
import type { Packet } from './packet.ts';
import { parseTimestamp } from './timestamp.ts';

/** A PTS or DTS: its value, and where its five bytes are in the bytes that were read. */
export type Stamp = { readonly value: number; readonly at: readonly number[] };

export type PesHeader = {
  readonly streamId: number;
  readonly pts?: Stamp;
  /** As the standard has it: absent where it equals the PTS. */
  readonly dts?: Stamp;
  /** Where the elementary stream's bytes begin in the packet the header ended in. */
  readonly dataAt: number;
};

type Pending = { readonly values: number[]; readonly at: number[] };

/** Up to and including PES_header_data_length. */
const FIXED_BYTES = 9;
const STAMP_BYTES = 5;
// ISO/IEC 13818-1 §2.4.3.7: streams whose packets have no optional header
export const PLAIN_STREAM_IDS = new Set([0xbc, 0xbe, 0xbf, 0xf0, 0xf1, 0xf2, 0xf8, 0xff]);

export class PesHeaderReader {
  readonly #pending = new Map<number, Pending>();

  /** True while a header has begun and its timestamps have not all been seen. */
  get isAmid(): boolean {
    return this.#pending.size > 0;
  }

  /** The header that ends in `packet`, if one does and carries what a PES header must. */
  read(bytes: Uint8Array, packet: Packet): PesHeader | undefined {
    if (!packet.hasPayload || packet.scrambled) return undefined;
    if (packet.unitStart) {
      const size = wholeBytes(bytes, packet);
      if (size > 0) {
        this.#pending.delete(packet.pid);
        return parseWhole(bytes, packet, size);
      }
      this.#pending.set(packet.pid, { values: [], at: [] });
    }
    const pending = this.#pending.get(packet.pid);
    if (pending === undefined) return undefined;
    for (let at = packet.payloadAt; at < packet.endAt; at++) {
      pending.values.push(bytes[at]!);
      pending.at.push(at);
      const length = neededBytes(pending.values);
      if (length !== undefined && pending.values.length < length) continue;
      this.#pending.delete(packet.pid);
      return length === undefined ? undefined : parsePesHeader(pending, packet);
    }
    return undefined;
  }
}

/** Bytes up to the last timestamp where all are in the packet, as nearly always; otherwise 0. */
function wholeBytes(bytes: Uint8Array, packet: Packet): number {
  const { payloadAt: at, endAt } = packet;
  if (at + FIXED_BYTES > endAt) return 0;
  if (bytes[at] !== 0 || bytes[at + 1] !== 0 || bytes[at + 2] !== 1) return 0;
  if ((bytes[at + 6]! & 0xc0) !== 0x80 || PLAIN_STREAM_IDS.has(bytes[at + 3]!)) return 0;
  const wanted = stampsBytes(bytes[at + 7]!);
  const size = FIXED_BYTES + wanted;
  return bytes[at + 8]! < wanted || at + size > endAt ? 0 : size;
}

function stampsBytes(flags: number): number {
  const stamps = flags >> 6;
  return stamps === 3 ? 2 * STAMP_BYTES : stamps === 2 ? STAMP_BYTES : 0;
}

function parseWhole(bytes: Uint8Array, packet: Packet, size: number): PesHeader {
  const values: number[] = [];
  const at: number[] = [];
  for (let index = 0; index < size; index++) {
    values.push(bytes[packet.payloadAt + index]!);
    at.push(packet.payloadAt + index);
  }
  return parsePesHeader({ values, at }, packet);
}

/** How many bytes the header needs as far as it is known; undefined where it is no PES header. */
function neededBytes(values: readonly number[]): number | undefined {
  const [b0 = 0, b1 = 0, b2 = 1, streamId = 0xe0, , , marker = 0x80, flags] = values;
  if (b0 !== 0 || b1 !== 0 || b2 !== 1) return undefined; // packet_start_code_prefix
  if (PLAIN_STREAM_IDS.has(streamId) || (marker & 0xc0) !== 0x80) return undefined;
  if (values.length < FIXED_BYTES) return FIXED_BYTES;
  const dataLength = values[8]!;
  const wanted = stampsBytes(flags ?? 0);
  return dataLength < wanted ? undefined : FIXED_BYTES + wanted;
}

// ISO/IEC 13818-1 §2.4.3.6: the bits before a timestamp are not looked at, some muxers err in them
function parsePesHeader({ values, at }: Pending, packet: Packet): PesHeader {
  const flags = values[7]! >> 6;
  const stamp = (from: number): Stamp => ({
    value: parseTimestamp(values.slice(from, from + STAMP_BYTES)),
    at: at.slice(from, from + STAMP_BYTES),
  });
  const left = FIXED_BYTES + values[8]! - values.length;
  return {
    streamId: values[3]!,
    dataAt: Math.min(packet.endAt, at.at(-1)! + 1 + left),
    ...(flags >= 2 ? { pts: stamp(FIXED_BYTES) } : {}),
    ...(flags === 3 ? { dts: stamp(FIXED_BYTES + STAMP_BYTES) } : {}),
  };
}
