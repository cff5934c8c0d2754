// This file reads the program association table.
import { CRC_BYTES, SECTION_HEADER_BYTES } from './section.ts';

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
