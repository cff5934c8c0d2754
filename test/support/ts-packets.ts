// This file makes MPEG-TS packets by hand, so that tests can say what is in each.
import { bitwiseCrc32 } from './ts-inspect/tables.ts';

export type PacketParts = {
  readonly pid: number;
  readonly starts?: boolean;
  readonly counter?: number;
  readonly scrambled?: boolean;
  readonly randomAccess?: boolean;
  /** 27 MHz. */
  readonly pcr?: number;
  /** What does not fill the packet is filled up by stuffing before it; absent: no payload. */
  readonly payload?: readonly number[];
};

export function tsPacket(parts: PacketParts): Uint8Array {
  const { pid, starts = false, counter = 0, pcr, payload, randomAccess = false } = parts;
  const size = payload?.length ?? 0;
  if (size > 184) throw new Error(`${size} bytes do not fit a packet`);
  const packet = new Uint8Array(188).fill(0xff);
  const hasField = size < 184;
  const control = (hasField ? 0x20 : 0) | (payload === undefined ? 0 : 0x10);
  const scrambling = parts.scrambled === true ? 0x80 : 0;
  packet.set([0x47, (starts ? 0x40 : 0) | (pid >> 8), pid & 0xff, scrambling | control | counter]);
  if (hasField) packet[4] = 183 - size;
  const needed = pcr !== undefined ? 7 : randomAccess ? 1 : 0;
  if (hasField && 183 - size < needed) throw new Error('no room for the adaptation field');
  if (hasField && size < 183) {
    packet[5] = (randomAccess ? 0x40 : 0) | (pcr === undefined ? 0 : 0x10);
  }
  if (pcr !== undefined) packet.set(pcrBytes(pcr), 6);
  if (payload !== undefined) packet.set(payload, 188 - size);
  return packet;
}

function pcrBytes(pcr: number): number[] {
  const base = BigInt(Math.floor(pcr / 300)) << 15n;
  const value = base | 0x7e00n | BigInt(pcr % 300);
  return [40n, 32n, 24n, 16n, 8n, 0n].map((shift) => Number((value >> shift) & 0xffn));
}

/** Five bytes; `prefix` is 2 for a lone PTS, 3 and 1 for PTS and DTS. */
export function stampBytes(prefix: number, ticks: number): number[] {
  const value = BigInt(ticks);
  return [
    (prefix << 4) | (Number((value >> 30n) & 7n) << 1) | 1,
    Number((value >> 22n) & 0xffn),
    (Number((value >> 15n) & 0x7fn) << 1) | 1,
    Number((value >> 7n) & 0xffn),
    (Number(value & 0x7fn) << 1) | 1,
  ];
}

export type PesParts = {
  readonly streamId?: number;
  readonly pts?: number;
  readonly dts?: number;
  /** Stuffing after the timestamps. */
  readonly stuffing?: number;
};

export function pesHeader({ streamId = 0xe0, pts, dts, stuffing = 0 }: PesParts): number[] {
  const stamps = [
    ...(pts === undefined ? [] : stampBytes(dts === undefined ? 2 : 3, pts)),
    ...(dts === undefined ? [] : stampBytes(1, dts)),
  ];
  const flags = (pts === undefined ? 0 : 0x80) | (dts === undefined ? 0 : 0x40);
  const filling = new Array<number>(stuffing).fill(0xff);
  const length = stamps.length + stuffing;
  return [0, 0, 1, streamId, 0, 0, 0x84, flags, length, ...stamps, ...filling];
}

/** A whole section: what stands between its length and its CRC is `body`. */
export function psiSection(tableId: number, body: readonly number[]): Uint8Array {
  const length = body.length + 4;
  const head = [tableId, 0xb0 | (length >> 8), length & 0xff, ...body];
  const crc = bitwiseCrc32(head);
  return Uint8Array.from([...head, crc >>> 24, (crc >>> 16) & 255, (crc >>> 8) & 255, crc & 255]);
}

export function patSection(programs: readonly (readonly [number, number])[]): Uint8Array {
  const entries = programs.flatMap(([program, pid]) => [
    program >> 8,
    program & 0xff,
    0xe0 | (pid >> 8),
    pid & 0xff,
  ]);
  return psiSection(0, [0, 1, 0xc1, 0, 0, ...entries]);
}

/** `streams` are [stream_type, PID]; `info` are descriptors of the programme. */
export function pmtSection(
  program: number,
  pcrPid: number,
  streams: readonly (readonly [number, number])[],
  info: readonly number[] = [],
): Uint8Array {
  const entries = streams.flatMap(([type, pid]) => [type, 0xe0 | (pid >> 8), pid & 0xff, 0xf0, 0]);
  const head = [program >> 8, program & 0xff, 0xc1, 0, 0, 0xe0 | (pcrPid >> 8), pcrPid & 0xff];
  return psiSection(2, [
    ...head,
    0xf0 | (info.length >> 8),
    info.length & 255,
    ...info,
    ...entries,
  ]);
}

/** A packet that a section of up to 183 bytes fits in. */
export function psiPacket(pid: number, counter: number, section: Uint8Array): Uint8Array {
  const payload = [0, ...section];
  const stuffing = new Array<number>(184 - payload.length).fill(0xff);
  return tsPacket({ pid, starts: true, counter, payload: [...payload, ...stuffing] });
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts));
}
