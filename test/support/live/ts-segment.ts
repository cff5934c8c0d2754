// This file makes MPEG-TS segments that demuxers accept, around a payload that can be made again.
import { PPS, SPS } from './parameter-sets.ts';
import { payload } from './payload.ts';

const PACKET_BYTES = 188;
const PMT_PID = 0x1000;
const VIDEO_PID = 0x100;

/** `index` counts the segments of a channel without a gap; `sizeBytes` is rounded to packets. */
export function tsSegment(
  name: string,
  index: number,
  durationMs: number,
  sizeBytes: number,
): Uint8Array {
  const packetCount = Math.max(3, Math.round(sizeBytes / PACKET_BYTES));
  const videoCount = packetCount - 2;
  const bytes = payload(name, packetCount * PACKET_BYTES);
  writeSection(bytes, 0, 0, index, patSection());
  writeSection(bytes, PACKET_BYTES, PMT_PID, index, pmtSection());
  for (let packet = 0; packet < videoCount; packet++) {
    const at = (packet + 2) * PACKET_BYTES;
    writeHeader(bytes, at, VIDEO_PID, packet === 0, index * videoCount + packet);
  }
  writePesStart(bytes, 2 * PACKET_BYTES, Math.round(index * durationMs * 90));
  return bytes;
}

// ISO/IEC 13818-1 §2.4.3.2
function writeHeader(
  bytes: Uint8Array,
  at: number,
  pid: number,
  isStart: boolean,
  count: number,
): void {
  bytes[at] = 0x47;
  bytes[at + 1] = (isStart ? 0x40 : 0) | (pid >> 8);
  bytes[at + 2] = pid & 0xff;
  bytes[at + 3] = 0x10 | (count % 16);
}

function writeSection(
  bytes: Uint8Array,
  at: number,
  pid: number,
  count: number,
  section: Uint8Array,
): void {
  bytes.fill(0xff, at, at + PACKET_BYTES);
  writeHeader(bytes, at, pid, true, count);
  bytes[at + 4] = 0; // pointer_field
  bytes.set(section, at + 5);
}

// ISO/IEC 13818-1 §2.4.4.3
function patSection(): Uint8Array {
  return withCrc([0x00, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, 0xe0 | (PMT_PID >> 8), PMT_PID & 0xff]);
}

// ISO/IEC 13818-1 §2.4.4.8: one H.264 stream (type 0x1B) that also carries the clock
function pmtSection(): Uint8Array {
  const [high, low] = [0xe0 | (VIDEO_PID >> 8), VIDEO_PID & 0xff];
  return withCrc([0x02, 0xb0, 18, 0, 1, 0xc1, 0, 0, high, low, 0xf0, 0, 0x1b, high, low, 0xf0, 0]);
}

// ISO/IEC 13818-1 Annex A
function withCrc(section: readonly number[]): Uint8Array {
  let crc = 0xffffffff;
  for (const byte of section) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return Uint8Array.from([...section, crc >>> 24, crc >>> 16, crc >>> 8, crc]);
}

/** Adaptation field with clock reference, PES header with PTS, the start of a key frame. */
function writePesStart(bytes: Uint8Array, at: number, pts90k: number): void {
  const pts = pts90k % 2 ** 33;
  bytes[at + 3] = 0x30 | (bytes[at + 3]! & 0x0f); // adaptation_field_control: both
  const pcrHigh = Math.floor(pts / 2);
  // ISO/IEC 13818-1 §2.4.3.4: random_access_indicator, PCR_flag, program_clock_reference
  bytes.set([7, 0x50], at + 4);
  bytes.set([pcrHigh >>> 24, pcrHigh >>> 16, pcrHigh >>> 8, pcrHigh], at + 6);
  bytes.set([((pts % 2) << 7) | 0x7e, 0], at + 10);
  // ISO/IEC 13818-1 §2.4.3.6: video stream, length 0 (unbounded), PTS only
  bytes.set([0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5], at + 12);
  const top = Math.floor(pts / 2 ** 30);
  const middle = Math.floor(pts / 2 ** 15) % 2 ** 15;
  const bottom = pts % 2 ** 15;
  bytes.set([0x21 | (top << 1), middle >> 7, ((middle & 0x7f) << 1) | 1], at + 21);
  bytes.set([bottom >> 7, ((bottom & 0x7f) << 1) | 1], at + 24);
  // H.264 §B.1: access unit delimiter, parameter sets, the start of a slice of an IDR picture
  const code = [0, 0, 0, 1];
  bytes.set([...code, 0x09, 0xf0, ...code, ...SPS, ...code, ...PPS, ...code, 0x65, 0x88], at + 26);
}
