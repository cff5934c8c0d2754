// This file reads and writes the program association table.
import { CRC_BYTES, crc32, SECTION_HEADER_BYTES } from './section.ts';

export const PAT_PID = 0;

export type ProgramEntry = { readonly program: number; readonly pmtPid: number };

/** The programs of a PAT section that applies now; undefined where the section is none. */
// ISO/IEC 13818-1 §2.4.4.3
export function parsePat(section: Uint8Array): ProgramEntry[] | undefined {
  const isCurrent = (section[5]! & 1) === 1; // current_next_indicator
  if (section[0] !== 0x00 || !isCurrent) return undefined; // table_id
  const entries: ProgramEntry[] = [];
  const end = section.length - CRC_BYTES;
  for (let at = SECTION_HEADER_BYTES; at + 4 <= end; at += 4) {
    const program = (section[at]! << 8) | section[at + 1]!; // program_number
    const pmtPid = ((section[at + 2]! & 0x1f) << 8) | section[at + 3]!;
    if (program !== 0) entries.push({ program, pmtPid }); // 0 names the network_PID
  }
  return entries;
}

/** The PAT that names `entry` alone; stream and version are those of `section`. */
export function narrowPat(section: Uint8Array, { program, pmtPid }: ProgramEntry): Uint8Array {
  const narrow = new Uint8Array(SECTION_HEADER_BYTES + 4 + CRC_BYTES);
  narrow.set(section.subarray(0, SECTION_HEADER_BYTES)); // table_id … last_section_number
  narrow[1] = section[1]! & 0xf0;
  narrow[2] = narrow.length - 3; // section_length
  narrow[6] = 0; // section_number
  narrow[7] = 0; // last_section_number
  narrow[8] = program >> 8; // program_number
  narrow[9] = program;
  narrow[10] = 0xe0 | (pmtPid >> 8); // program_map_PID
  narrow[11] = pmtPid;
  const crc = crc32(narrow.subarray(0, -CRC_BYTES));
  new DataView(narrow.buffer).setUint32(narrow.length - CRC_BYTES, crc);
  return narrow;
}
