// This file puts a PES packet into transport packets.
import type { MuxTrack, MuxUnit } from './mux-track.ts';
import { PACKET_BYTES, SYNC_BYTE } from './packet.ts';
import { addTicks, formatTimestamp, writePcrBase } from './timestamp.ts';

/** What the first packet of a unit says in its adaptation field. */
export type UnitStart = {
  /** 90 kHz; absent where the packet carries no clock. */
  readonly pcr?: number;
  /** The clock has jumped. */
  readonly isNewTime?: boolean;
  readonly isRandomAccess?: boolean;
};

const HEADER_BYTES = 4;
const ROOM_BYTES = PACKET_BYTES - HEADER_BYTES;
/** Length and flags, where any are. */
const FLAG_FIELD_BYTES = 2;
const PCR_BYTES = 6;
/** PES_packet_length has 16 bits and counts what comes after it. */
export const PES_MAX_BYTES = 0xffff;
const PES_UNCOUNTED_BYTES = 6;

// ISO/IEC 13818-1 §2.4.3.6: up to PES_header_data_length, then five bytes a timestamp
export function pesHeaderBytes(unit: MuxUnit): number {
  return unit.dts === unit.pts ? 14 : 19;
}

export function packetCount(unit: MuxUnit, start: UnitStart): number {
  const size = pesHeaderBytes(unit) + unit.bytes.length;
  const first = ROOM_BYTES - fieldBytes(start);
  return size <= first ? 1 : 1 + Math.ceil((size - first) / ROOM_BYTES);
}

/** Writes at `at` the packets of a unit, the first with the counter given; the place after them. */
export function writeUnit(
  out: Uint8Array,
  at: number,
  pid: number,
  counter: number,
  track: MuxTrack,
  unit: MuxUnit,
  start: UnitStart,
): number {
  const headerBytes = pesHeaderBytes(unit);
  const { bytes } = unit;
  let next = writePacketHeader(out, at, pid, counter, true);
  const firstBytes = Math.min(bytes.length, ROOM_BYTES - fieldBytes(start) - headerBytes);
  next = writeField(out, next, start, ROOM_BYTES - headerBytes - firstBytes);
  setControl(out, at, ROOM_BYTES - headerBytes - firstBytes);
  next = writePesHeader(out, next, track, unit);
  out.set(bytes.subarray(0, firstBytes), next);
  let packetAt = at + PACKET_BYTES;
  for (let from = firstBytes, index = 1; from < bytes.length; index++) {
    const partBytes = Math.min(ROOM_BYTES, bytes.length - from);
    const stuffing = ROOM_BYTES - partBytes;
    const bodyAt = writePacketHeader(out, packetAt, pid, counter + index, false);
    if (stuffing > 0) writeField(out, bodyAt, {}, stuffing);
    setControl(out, packetAt, stuffing);
    out.set(bytes.subarray(from, from + partBytes), bodyAt + stuffing);
    from += partBytes;
    packetAt += PACKET_BYTES;
  }
  return packetAt;
}

/** A packet that carries the clock and nothing else; `counter` is that of the packet before it. */
export function writePcrPacket(
  out: Uint8Array,
  at: number,
  pid: number,
  counter: number,
  start: UnitStart,
): number {
  const next = writePacketHeader(out, at, pid, counter, false);
  writeField(out, next, start, ROOM_BYTES);
  out[at + 3] = 0x20 | (counter & 0x0f); // adaptation field only
  return at + PACKET_BYTES;
}

function fieldBytes({ pcr, isNewTime, isRandomAccess }: UnitStart): number {
  if (pcr !== undefined) return FLAG_FIELD_BYTES + PCR_BYTES;
  return isNewTime === true || isRandomAccess === true ? FLAG_FIELD_BYTES : 0;
}

// ISO/IEC 13818-1 §2.4.3.2
function writePacketHeader(
  out: Uint8Array,
  at: number,
  pid: number,
  counter: number,
  unitStart: boolean,
): number {
  out[at] = SYNC_BYTE; // sync_byte
  out[at + 1] = (unitStart ? 0x40 : 0) | (pid >> 8); // payload_unit_start_indicator, PID
  out[at + 2] = pid & 0xff;
  out[at + 3] = 0x10 | (counter & 0x0f); // adaptation_field_control, continuity_counter
  return at + HEADER_BYTES;
}

function setControl(out: Uint8Array, packetAt: number, adaptationBytes: number): void {
  if (adaptationBytes > 0) out[packetAt + 3]! |= 0x20;
}

/** A field of `size` bytes, its length byte counted, filled up by stuffing; the place after it. */
// ISO/IEC 13818-1 §2.4.3.4
function writeField(out: Uint8Array, at: number, start: UnitStart, size: number): number {
  if (size === 0) return at;
  out[at] = size - 1; // adaptation_field_length
  if (size === 1) return at + 1;
  const { pcr, isNewTime = false, isRandomAccess = false } = start;
  // discontinuity_indicator, random_access_indicator, PCR_flag
  out[at + 1] =
    (isNewTime ? 0x80 : 0) | (isRandomAccess ? 0x40 : 0) | (pcr === undefined ? 0 : 0x10);
  let next = at + FLAG_FIELD_BYTES;
  if (pcr !== undefined) {
    out[next + 4] = 0x7e; // reserved; program_clock_reference_extension 0
    out[next + 5] = 0;
    writePcrBase(out, next, addTicks(pcr, 0));
    next += PCR_BYTES;
  }
  out.fill(0xff, next, at + size); // stuffing_byte
  return at + size;
}

// ISO/IEC 13818-1 §2.4.3.6
function writePesHeader(out: Uint8Array, at: number, track: MuxTrack, unit: MuxUnit): number {
  const hasDts = unit.dts !== unit.pts;
  const headerBytes = pesHeaderBytes(unit);
  const length = headerBytes - PES_UNCOUNTED_BYTES + unit.bytes.length;
  // ISO/IEC 13818-1 §2.4.3.7: 0, not told, is for video only
  const told = length > PES_MAX_BYTES ? 0 : length;
  out[at] = 0; // packet_start_code_prefix
  out[at + 1] = 0;
  out[at + 2] = 1;
  out[at + 3] = track.streamId; // stream_id
  out[at + 4] = told >> 8; // PES_packet_length
  out[at + 5] = told & 0xff;
  out[at + 6] = unit.isUnaligned === true ? 0x80 : 0x84; // '10', data_alignment_indicator
  out[at + 7] = hasDts ? 0xc0 : 0x80; // PTS_DTS_flags
  out[at + 8] = headerBytes - 9; // PES_header_data_length
  out.set(formatTimestamp(hasDts ? PTS_OF_TWO : PTS_ALONE, addTicks(unit.pts, 0)), at + 9);
  if (hasDts) out.set(formatTimestamp(DTS, addTicks(unit.dts, 0)), at + 14);
  return at + headerBytes;
}

/** The bits before a timestamp and its marker bits. */
const PTS_ALONE: readonly number[] = [0x21, 0, 1, 0, 1];
const PTS_OF_TWO: readonly number[] = [0x31, 0, 1, 0, 1];
const DTS: readonly number[] = [0x11, 0, 1, 0, 1];
