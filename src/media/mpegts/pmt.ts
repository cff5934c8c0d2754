// This file reads the program map table.
import { CRC_BYTES } from './section.ts';

export type ProgramMap = {
  readonly program: number;
  /** 0x1fff where the program has no PCR. */
  readonly pcrPid: number;
  readonly streams: readonly ProgramStream[];
};

export type ProgramStream = { readonly type: number; readonly pid: number };

/** Up to and including program_info_length. */
const FIXED_BYTES = 12;

// ISO/IEC 13818-1 §2.4.4.9, Table 2-34
const VIDEO_TYPES = new Set([0x01, 0x02, 0x10, 0x1b, 0x20, 0x24, 0x33, 0x42, 0xd1, 0xd2, 0xea]);
/** The last four are those that ATSC and HDMV made common: AC-3, E-AC-3, DTS. */
const AUDIO_TYPES = new Set([0x03, 0x04, 0x0f, 0x11, 0x1c, 0x2d, 0x81, 0x82, 0x84, 0x87]);

export const isVideo = (stream: ProgramStream): boolean => VIDEO_TYPES.has(stream.type);
export const isAudio = (stream: ProgramStream): boolean => AUDIO_TYPES.has(stream.type);

/** The map in a PMT section that applies now; undefined where the section is none. */
// ISO/IEC 13818-1 §2.4.4.8
export function parsePmt(section: Uint8Array): ProgramMap | undefined {
  const isCurrent = (section[5]! & 1) === 1; // current_next_indicator
  if (section[0] !== 0x02 || !isCurrent || section.length < FIXED_BYTES + CRC_BYTES) {
    return undefined;
  }
  const streams: ProgramStream[] = [];
  const end = section.length - CRC_BYTES;
  const programInfoBytes = ((section[10]! & 0x0f) << 8) | section[11]!;
  for (let at = FIXED_BYTES + programInfoBytes; at + 5 <= end; ) {
    const pid = ((section[at + 1]! & 0x1f) << 8) | section[at + 2]!; // elementary_PID
    streams.push({ type: section[at]!, pid }); // stream_type
    at += 5 + (((section[at + 3]! & 0x0f) << 8) | section[at + 4]!); // ES_info_length
  }
  return {
    program: (section[3]! << 8) | section[4]!,
    pcrPid: ((section[8]! & 0x1f) << 8) | section[9]!,
    streams,
  };
}

/** The descriptors of each elementary PID, one after the other, of a section that is a PMT. */
// ISO/IEC 13818-1 §2.4.4.8
export function streamDescriptors(section: Uint8Array): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  const end = section.length - CRC_BYTES;
  for (let at = FIXED_BYTES + (((section[10]! & 0x0f) << 8) | section[11]!); at + 5 <= end; ) {
    const pid = ((section[at + 1]! & 0x1f) << 8) | section[at + 2]!; // elementary_PID
    const endAt = at + 5 + (((section[at + 3]! & 0x0f) << 8) | section[at + 4]!); // ES_info_length
    found.set(pid, section.subarray(at + 5, Math.min(endAt, end)));
    at = endAt;
  }
  return found;
}
