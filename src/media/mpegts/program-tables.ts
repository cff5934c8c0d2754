// This file makes the tables of a stream with one programme.
import { FormatError } from '../../base/errors.ts';
import type { MuxTrack } from './mux-track.ts';
import { CRC_BYTES, crc32, SECTION_HEADER_BYTES, SECTION_MAX_BYTES } from './section.ts';

/** As FFmpeg has them: players that guess before a table came guess these. */
export const PMT_PID = 0x1000;
export const FIRST_STREAM_PID = 0x100;
const TRANSPORT_STREAM = 1;

/** Which programme it is, and where its map stands. */
export type ProgramPlace = { readonly program: number; readonly pmtPid: number };

export const OWN_PLACE: ProgramPlace = { program: 1, pmtPid: PMT_PID };

/** The PID of a track, by its place where it has none. The first of them carries the clock. */
export function pidOf(tracks: readonly MuxTrack[], index: number): number {
  return tracks[index]?.pid ?? FIRST_STREAM_PID + index;
}

// ISO/IEC 13818-1 §2.4.4.3
export function createPat({ program, pmtPid }: ProgramPlace = OWN_PLACE): Uint8Array {
  const section = new Uint8Array(SECTION_HEADER_BYTES + 4 + CRC_BYTES);
  section[0] = 0x00; // table_id
  writeHeader(section, TRANSPORT_STREAM, 0);
  section[8] = program >> 8; // program_number
  section[9] = program & 0xff;
  section[10] = 0xe0 | (pmtPid >> 8); // reserved, program_map_PID
  section[11] = pmtPid & 0xff;
  return withCrc(section);
}

/** `version` goes up where the tracks change. A map has to fit one section, as nearly all do. */
// ISO/IEC 13818-1 §2.4.4.8
export function createPmt(
  tracks: readonly MuxTrack[],
  version: number,
  { program } = OWN_PLACE,
): Uint8Array {
  const streams = tracks.map((track, index) => ({ ...track, pid: pidOf(tracks, index) }));
  const mapped = { program, pcrPid: pidOf(tracks, 0), info: NO_INFO, streams };
  const section = createProgramMap(mapped, version);
  if (section.length <= SECTION_MAX_BYTES) return section;
  const message = `Cannot write the program map: it has ${section.length} bytes`;
  const wanted = `wanted ${SECTION_MAX_BYTES} at most`;
  throw new FormatError('mpegts', 0, `${message}, ${wanted}`, 'ISO/IEC 13818-1 §2.4.4.9');
}

export type MappedStream = {
  readonly pid: number;
  readonly streamType: number;
  readonly descriptors: Uint8Array;
};

export type MappedProgram = {
  /** Its number; absent: ours. */
  readonly program?: number;
  readonly pcrPid: number;
  /** Descriptors of the programme itself, one after the other. */
  readonly info: Uint8Array;
  readonly streams: readonly MappedStream[];
};

const NO_INFO = new Uint8Array();

// ISO/IEC 13818-1 §2.4.4.8
export function createProgramMap(
  { program = OWN_PLACE.program, pcrPid, info, streams }: MappedProgram,
  version: number,
): Uint8Array {
  let size = SECTION_HEADER_BYTES + 4 + info.length + CRC_BYTES;
  for (const { descriptors } of streams) size += 5 + descriptors.length;
  const section = new Uint8Array(size);
  section[0] = 0x02; // table_id
  writeHeader(section, program, version);
  section[8] = 0xe0 | (pcrPid >> 8); // reserved, PCR_PID
  section[9] = pcrPid & 0xff;
  section[10] = 0xf0 | (info.length >> 8); // reserved, program_info_length
  section[11] = info.length & 0xff;
  section.set(info, 12);
  let at = 12 + info.length;
  for (const { pid, streamType, descriptors } of streams) {
    section[at] = streamType; // stream_type
    section[at + 1] = 0xe0 | (pid >> 8); // reserved, elementary_PID
    section[at + 2] = pid & 0xff;
    section[at + 3] = 0xf0 | (descriptors.length >> 8); // reserved, ES_info_length
    section[at + 4] = descriptors.length & 0xff;
    section.set(descriptors, at + 5);
    at += 5 + descriptors.length;
  }
  return withCrc(section);
}

function writeHeader(section: Uint8Array, extension: number, version: number): void {
  const length = section.length - 3;
  section[1] = 0xb0 | (length >> 8); // section_syntax_indicator, section_length
  section[2] = length & 0xff;
  section[3] = extension >> 8; // transport_stream_id, program_number
  section[4] = extension & 0xff;
  section[5] = 0xc1 | ((version & 0x1f) << 1); // reserved, version_number, current_next_indicator
  // section_number and last_section_number stay 0
}

function withCrc(section: Uint8Array): Uint8Array {
  const at = section.length - CRC_BYTES;
  new DataView(section.buffer).setUint32(at, crc32(section.subarray(0, at))); // CRC_32
  return section;
}
