// This file finds the programme of a file and keeps its tables as they are at each point.
import type { Packet } from './packet.ts';
import { PAT_PID, parsePat } from './pat.ts';
import { isAudio, isVideo, type ProgramMap, type ProgramStream, parsePmt } from './pmt.ts';
import { SectionReader } from './section.ts';

export type Program = {
  readonly pmtPid: number;
  readonly map: ProgramMap;
  /** The stream whose frames the file is cut at: the first video, or the first audio. */
  readonly lead: ProgramStream;
  readonly pat: Uint8Array;
  readonly pmt: Uint8Array;
};

// ISO/IEC 13818-1 §2.4.3.3, Table 2-3: PIDs below 0x20 carry tables
const FIRST_STREAM_PID = 0x20;

/** A file with several programmes is taken for the first whose map comes and has media. */
export class ProgramReader {
  readonly #readers = new Map<number, SectionReader>([[PAT_PID, new SectionReader()]]);
  #pat: Uint8Array | undefined;
  #program: Program | undefined;

  get program(): Program | undefined {
    return this.#program;
  }

  get hasPat(): boolean {
    return this.#pat !== undefined;
  }

  isTable(pid: number): boolean {
    return pid < FIRST_STREAM_PID || this.#readers.has(pid);
  }

  /** True where a whole table that is used ended in `packet`. */
  read(bytes: Uint8Array, packet: Packet): boolean {
    const reader = this.#readers.get(packet.pid);
    if (reader === undefined) return false;
    let isUsed = false;
    for (const section of reader.read(bytes, packet)) {
      const take = packet.pid === PAT_PID ? this.#takePat : this.#takePmt;
      if (take.call(this, section, packet.pid)) isUsed = true;
    }
    return isUsed;
  }

  #takePat(section: Uint8Array): boolean {
    const entries = parsePat(section);
    if (entries === undefined) return false;
    this.#pat = section;
    if (this.#program !== undefined) {
      this.#program = { ...this.#program, pat: section };
      return true;
    }
    for (const { pmtPid } of entries) {
      if (!this.#readers.has(pmtPid)) this.#readers.set(pmtPid, new SectionReader());
    }
    return true;
  }

  #takePmt(section: Uint8Array, pmtPid: number): boolean {
    const known = this.#program;
    const map = parsePmt(section);
    const isOther = known !== undefined && known.map.program !== map?.program;
    if (map === undefined || isOther || this.#pat === undefined) return false;
    const lead = map.streams.find(isVideo) ?? map.streams.find(isAudio);
    if (lead === undefined) return false;
    this.#program = { pmtPid, map, lead, pat: this.#pat, pmt: section };
    return true;
  }
}
