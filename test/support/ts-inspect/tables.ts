// This file reads and checks the tables of MPEG-TS.
import type { Say } from './say.ts';

type Section = { bytes: number[]; wanted: number };

export class TableCheck {
  readonly #sections = new Map<number, Section>();
  readonly #pmtPids = new Set<number>();
  readonly #say: Say;
  /** Elementary PID → stream type. */
  readonly streams = new Map<number, number>();
  /** Those of the map that applies now. */
  current: ReadonlyMap<number, number> = new Map();
  pmtVersion: number | undefined;
  /** The last map as it was read. */
  pmt: readonly number[] = [];
  pcrPid: number | undefined;

  constructor(say: Say) {
    this.#say = say;
  }

  isTable(pid: number): boolean {
    return pid === 0 || this.#pmtPids.has(pid);
  }

  /** As the PAT names it. */
  get firstPmtPid(): number | undefined {
    return this.#pmtPids.values().next().value;
  }

  take(pid: number, payload: Uint8Array, starts: boolean, at: number): void {
    let rest = payload;
    if (starts) {
      const pointer = payload[0] as number;
      this.#fill(pid, payload.subarray(1, 1 + pointer), at);
      this.#sections.set(pid, { bytes: [], wanted: 3 });
      rest = payload.subarray(1 + pointer);
    }
    this.#fill(pid, rest, at);
  }

  #fill(pid: number, part: Uint8Array, at: number): void {
    const section = this.#sections.get(pid);
    for (const byte of part) {
      if (section === undefined || (section.bytes.length === 0 && byte === 0xff)) return;
      section.bytes.push(byte);
      const { bytes } = section;
      if (bytes.length === 3) {
        section.wanted = 3 + (((bytes[1] as number) & 0x0f) * 256 + (bytes[2] as number));
      }
      if (bytes.length !== section.wanted || bytes.length === 3) continue;
      if (bitwiseCrc32(bytes) !== 0) this.#say(at, `PID ${pid}: wrong CRC in a table`);
      else this.#read(pid, bytes);
      section.bytes = [];
      section.wanted = 3;
    }
  }

  #read(pid: number, table: readonly number[]): void {
    const word = (at: number) => (table[at] as number) * 256 + (table[at + 1] as number);
    const end = table.length - 4;
    if (pid === 0) {
      for (let at = 8; at < end; at += 4) {
        if (word(at) !== 0) this.#pmtPids.add(word(at + 2) & 0x1fff);
      }
      return;
    }
    this.pcrPid = word(8) & 0x1fff;
    this.pmtVersion = ((table[5] as number) >> 1) & 0x1f;
    this.pmt = table;
    const current = new Map<number, number>();
    for (let at = 12 + (word(10) & 0xfff); at < end; at += 5 + (word(at + 3) & 0xfff)) {
      current.set(word(at + 1) & 0x1fff, table[at] as number);
    }
    this.current = current;
    for (const [stream, type] of current) this.streams.set(stream, type);
  }
}

export function bitwiseCrc32(bytes: readonly number[]): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      const isSet = ((crc >>> 31) ^ (byte >> bit)) & 1;
      crc = (crc << 1) ^ (isSet === 1 ? 0x04c11db7 : 0);
    }
  }
  return crc >>> 0;
}
