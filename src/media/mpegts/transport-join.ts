// This file works out how pieces of MPEG-TS are shifted so that they join to one stream in place.
import { type CounterSpan, counterStep } from './counters.ts';
import { PACKET_BYTES, parsePacket } from './packet.ts';
import { PAT_PID } from './pat.ts';
import { restampHere } from './restamp.ts';
import { CRC_BYTES, crc32, SECTION_HEADER_BYTES } from './section.ts';
import { addTicks, TICKS_PER_SECOND, ticksBetween } from './timestamp.ts';
import type { TransportMarks } from './transport-marks.ts';

/** What is done to a piece: nothing where all of it is 0. The size stays. */
export type JoinShift = {
  /** Added to every PTS, DTS and PCR. */
  readonly ticks: number;
  /** PID → what is added to its counters; absent: 0. */
  readonly counters: ReadonlyMap<number, number>;
  /** What its tables are to call themselves; undefined: as they do. */
  readonly tableVersion?: number;
};

/**
 * A jump forward of less than this is time that was lost, and the clock goes over it as it did when
 * it was live; FFmpeg too takes 10 s for the limit of what is one clock. More is closed up.
 */
const LOST_MAX_TICKS = 10 * TICKS_PER_SECOND;
/** What a last frame may last at most: one of subtitles is believed to last until the next. */
const LAST_MAX_TICKS = TICKS_PER_SECOND;

/** Where the clock of one PID, or the PCR, has got to in the joined stream. */
type Reached = { readonly last: number; readonly end: number };

/**
 * Takes the marks of piece after piece. Where the clock goes on, it is left alone; where it does
 * not, the piece is moved so that each track begins where it had ended, or soon after.
 */
export class TransportJoiner {
  #ticks = 0;
  readonly #counters = new Map<number, CounterSpan>();
  readonly #reached = new Map<number, Reached>();
  #clock: Reached | undefined;
  #tables:
    | { readonly digest: string; readonly source: number; readonly version: number }
    | undefined;

  next(marks: TransportMarks): JoinShift {
    if (!this.#goesOn(marks)) this.#ticks = this.#joiningTicks(marks);
    const counters = this.#countersOf(marks);
    const tableVersion = this.#versionOf(marks);
    this.#take(marks);
    return {
      ticks: this.#ticks,
      counters,
      ...(tableVersion === undefined ? {} : { tableVersion }),
    };
  }

  /** No track begins before its last time, and not all of them far behind their end. */
  #goesOn(marks: TransportMarks): boolean {
    if (this.#reached.size === 0) return true;
    let goesOn = false;
    for (const [pid, first] of marks.tracks) {
      const before = this.#reached.get(pid);
      if (before === undefined) continue;
      const at = addTicks(first, this.#ticks);
      if (ticksBetween(before.last, at) <= 0) return false;
      // Subtitles may be silent for long: the clock has jumped where all have
      if (ticksBetween(before.end, at) <= LOST_MAX_TICKS) goesOn = true;
    }
    return goesOn || marks.tracks.length === 0;
  }

  /** The least that puts every track, and the PCR, behind what it was before. */
  #joiningTicks(marks: TransportMarks): number {
    const [some] = this.#reached.values();
    const [lead] = marks.tracks;
    if (some === undefined || lead === undefined) return this.#ticks;
    const shared = marks.tracks.filter(([pid]) => this.#reached.has(pid));
    // Of streams that were not there before, all behind all
    const steps =
      shared.length > 0
        ? shared.map(([pid, first]) => addTicks(this.#reached.get(pid)!.end, -first))
        : [...this.#reached.values()].map(({ end }) => addTicks(end, -lead[1]));
    // Counted from one of them, as they may lie on both sides of the clock's end
    const [step = 0] = steps;
    const ticks = step + Math.max(...steps.map((each) => ticksBetween(step, each)));
    if (this.#clock === undefined || marks.clock === undefined) return ticks;
    const early = ticksBetween(addTicks(marks.clock[0], ticks), this.#clock.end);
    return early > 0 && early < LOST_MAX_TICKS ? ticks + early : ticks;
  }

  #countersOf(marks: TransportMarks): Map<number, number> {
    const shifts = new Map<number, number>();
    for (const [pid, first, last, payload] of marks.counters) {
      const span = { first, last, firstHasPayload: payload === 1 };
      const before = this.#counters.get(pid);
      const shift = before === undefined ? 0 : counterStep(before, span);
      if (shift !== 0) shifts.set(pid, shift);
      this.#counters.set(pid, { ...span, last: (last + shift) % 16 });
    }
    return shifts;
  }

  // ISO/IEC 13818-1 §2.4.4.5: the version goes up by 1 whenever the definition changes
  #versionOf({ tables }: TransportMarks): number | undefined {
    if (tables === undefined) return undefined;
    const [, source, digest] = tables;
    const before = this.#tables;
    const isNew = before !== undefined && before.digest !== digest;
    const version = isNew ? (before.version + 1) % 32 : (before?.version ?? source);
    this.#tables = { digest, source, version };
    return version === source ? undefined : version;
  }

  #take(marks: TransportMarks): void {
    for (const [pid, first, last, end] of marks.tracks) {
      const at = addTicks(first, this.#ticks);
      const endTicks = Math.min(end, last + LAST_MAX_TICKS);
      this.#reached.set(pid, { last: addTicks(at, last), end: addTicks(at, endTicks) });
    }
    // A track that has stopped says nothing of where the others are
    const here = new Set(marks.tracks.map(([pid]) => pid));
    for (const pid of this.#reached.keys()) if (!here.has(pid)) this.#reached.delete(pid);
    if (marks.clock === undefined) return;
    const [first, last] = marks.clock;
    const at = addTicks(first, this.#ticks);
    const end = addTicks(at, last + 1);
    this.#clock = { last: addTicks(at, last), end };
  }
}

export function isAsItIs({ ticks, counters, tableVersion }: JoinShift): boolean {
  return ticks === 0 && counters.size === 0 && tableVersion === undefined;
}

/**
 * Makes of the whole packets of a piece, where they are, those of the joined stream. Says how many
 * bytes of them are done; the rest is to be had anew, with what follows. All are at its end.
 */
export function joinHere(
  bytes: Uint8Array,
  { tables }: TransportMarks,
  { ticks, counters, tableVersion }: JoinShift,
): number {
  const doneBytes = restampHere(bytes, { ticks, counterOf: (pid) => counters.get(pid) ?? 0 });
  if (tableVersion !== undefined && tables !== undefined) {
    setTableVersions(bytes, tables[0], tableVersion);
  }
  return doneBytes;
}

/** Of tables that lie in one packet, as nearly all do; others keep the version they have. */
function setTableVersions(bytes: Uint8Array, pmtPid: number, version: number): void {
  for (let at = 0; at < bytes.length; at += PACKET_BYTES) {
    const pid = ((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!;
    if (pid !== PAT_PID && pid !== pmtPid) continue;
    const { unitStart, hasPayload, payloadAt, endAt } = parsePacket(bytes, at);
    if (!unitStart || !hasPayload) continue;
    const from = payloadAt + 1 + bytes[payloadAt]!; // pointer_field
    const isTable = bytes[from] === (pid === PAT_PID ? 0x00 : 0x02); // table_id
    const to = from + 3 + (((bytes[from + 1]! & 0x0f) << 8) | bytes[from + 2]!); // section_length
    if (!isTable || to > endAt || to - from < SECTION_HEADER_BYTES + CRC_BYTES) continue;
    bytes[from + 5] = (bytes[from + 5]! & 0xc1) | (version << 1); // version_number
    const crc = crc32(bytes.subarray(from, to - CRC_BYTES));
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(to - CRC_BYTES, crc);
  }
}
