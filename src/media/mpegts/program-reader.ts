// This file finds a programme of a stream and keeps its tables as they are at each point.
import type { Packet } from './packet.ts';
import { PAT_PID, type ProgramEntry, parsePat } from './pat.ts';
import {
  isAudio,
  isVideo,
  type ProgramMap,
  type ProgramStream,
  parsePmt,
  streamDescriptors,
} from './pmt.ts';
import { isPrivateAudio } from './pmt-descriptors.ts';
import { SectionReader } from './section.ts';

export type Program = {
  readonly pmtPid: number;
  readonly map: ProgramMap;
  /** The stream whose frames the bytes are cut at: the first video, or the first audio. */
  readonly lead: ProgramStream;
  readonly pat: Uint8Array;
  readonly pmt: Uint8Array;
};

export type ProgramChoice = {
  /** Its program_number; absent: the first that has media. */
  readonly program?: number;
  /**
   * The first in the order of the PAT, whose map is waited for until `settle`, and not the first
   * whose map comes: the choice is then the same wherever the stream is joined.
   */
  readonly isInOrder?: boolean;
};

// ISO/IEC 13818-1 §2.4.3.3, Table 2-3: PIDs below 0x20 carry tables
const FIRST_STREAM_PID = 0x20;
/** A section has room for 253; a PAT of many sections for more than any multiplex carries. */
const PROGRAMS_MAX = 512;

export class ProgramReader {
  readonly #choice: ProgramChoice;
  readonly #readers = new Map<number, SectionReader>([[PAT_PID, new SectionReader()]]);
  #pat: Uint8Array | undefined;
  /** In the order of the PAT; of those not followed, what their maps were. */
  #entries: ProgramEntry[] = [];
  #maps = new Map<number, Uint8Array>();
  #program: Program | undefined;

  constructor(choice: ProgramChoice = {}) {
    this.#choice = choice;
  }

  get program(): Program | undefined {
    return this.#program;
  }

  get hasPat(): boolean {
    return this.#pat !== undefined;
  }

  /** Those that must be given to `read`. */
  get tablePids(): Iterable<number> {
    return this.#readers.keys();
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

  /** Waits no longer for the maps of programmes that stand before; true where one is found. */
  settle(): boolean {
    if (this.#program !== undefined) return false;
    for (const entry of this.#entries) if (this.#follow(entry)) return true;
    return false;
  }

  #takePat(section: Uint8Array): boolean {
    const entries = parsePat(section);
    if (entries === undefined) return false;
    const isNew = this.#pat === undefined || isChanged(this.#pat, section);
    if (isNew) this.#forgetPrograms(entries);
    this.#pat = section;
    for (const entry of entries) this.#addEntry(entry);
    if (this.#program === undefined) return true;
    this.#program = { ...this.#program, pat: section };
    return true;
  }

  /** Of a PAT that is not as it was; a programme that is still in it is followed on. */
  #forgetPrograms(entries: readonly ProgramEntry[]): void {
    const known = this.#program;
    const isKept = entries.some(
      ({ program, pmtPid }) => program === known?.map.program && pmtPid === known.pmtPid,
    );
    if (!isKept) this.#program = undefined;
    this.#entries = [];
    this.#maps.clear();
    for (const pid of this.#readers.keys()) {
      const isUsed = pid === PAT_PID || entries.some(({ pmtPid }) => pmtPid === pid);
      if (!isUsed) this.#readers.delete(pid);
    }
  }

  #addEntry(entry: ProgramEntry): void {
    const { program, pmtPid } = entry;
    const isWanted = this.#choice.program === undefined || this.#choice.program === program;
    const isKnown = this.#entries.some((known) => known.program === program);
    if (!isWanted || isKnown || this.#entries.length >= PROGRAMS_MAX) return;
    this.#entries.push(entry);
    if (!this.#readers.has(pmtPid)) this.#readers.set(pmtPid, new SectionReader());
  }

  #takePmt(section: Uint8Array, pmtPid: number): boolean {
    const map = parsePmt(section);
    if (map === undefined) return false;
    const entry = this.#entries.find((known) => known.program === map.program);
    if (entry?.pmtPid !== pmtPid) return false;
    if (this.#program !== undefined && this.#program.map.program !== map.program) return false;
    this.#maps.set(map.program, section);
    if (this.#program !== undefined || this.#choice.isInOrder !== true) return this.#follow(entry);
    for (const earlier of this.#entries) {
      if (!this.#maps.has(earlier.program)) return false;
      if (this.#follow(earlier)) return true;
    }
    return false;
  }

  /** False where its map is not known or has no media. */
  #follow({ program, pmtPid }: ProgramEntry): boolean {
    const pmt = this.#maps.get(program);
    const map = pmt === undefined ? undefined : parsePmt(pmt);
    if (pmt === undefined || map === undefined || this.#pat === undefined) return false;
    const lead = findLead(map, pmt);
    if (lead === undefined) return false;
    this.#program = { pmtPid, map, lead, pat: this.#pat, pmt };
    return true;
  }
}

/** Pictures, else sound, else private data that its descriptors say is sound. */
function findLead({ streams }: ProgramMap, pmt: Uint8Array): ProgramStream | undefined {
  const known = streams.find(isVideo) ?? streams.find(isAudio);
  if (known !== undefined) return known;
  const descriptors = streamDescriptors(pmt);
  return streams.find(({ type, pid }) => isPrivateAudio(type, descriptors.get(pid)));
}

/** Recordings joined by a cut may each have their own tables under the same version. */
function isChanged(before: Uint8Array, after: Uint8Array): boolean {
  if (versionOf(before) !== versionOf(after)) return true;
  const isSameSection = before[6] === after[6]; // section_number
  return isSameSection && before.some((byte, index) => byte !== after[index]);
}

// ISO/IEC 13818-1 §2.4.4.5: version_number
function versionOf(section: Uint8Array): number {
  return (section[5]! >> 1) & 0x1f;
}
