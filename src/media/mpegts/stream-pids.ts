// This file knows what is done with the packets of each PID of an endless stream.
import { Continuity } from './continuity.ts';
import { NULL_PID, type Packet } from './packet.ts';
import type { Program } from './program-reader.ts';

export const ROLE = {
  /** Not of the programme. */
  dropped: 0,
  plain: 1,
  /** Each packet is looked at: a frame of the lead stream has begun and its kind is not known. */
  watched: 2,
  /** Dropped until a unit begins, since the beginning of this one was not kept. */
  gated: 3,
  /** What is left of a unit that began in the piece before goes there. */
  tail: 4,
  table: 5,
} as const;

/** Of a PES packet that does not say its length. */
const UNBOUNDED_BYTES = 2 ** 30;
const PES_LENGTH_BYTES = 6;

/** All by PID, in flat arrays: the loop over packets makes no object and asks no map. */
export class StreamPids {
  readonly roles = new Uint8Array(NULL_PID + 1);
  /** What is to come of the PES packet that began last. */
  readonly open = new Int32Array(NULL_PID + 1);
  readonly continuity = new Continuity();
  #streams: readonly number[] = [];
  #tails = 0;

  get tails(): number {
    return this.#tails;
  }

  /** The PIDs of a programme whose packets are kept from here on, save what is gated. */
  follow(
    program: Program | undefined,
    leadPid: number | undefined,
    tablePids: Iterable<number>,
  ): void {
    const known = new Set(this.#streams);
    const streams = program?.map.streams.map(({ pid }) => pid) ?? [];
    this.#streams = [...new Set(streams)];
    const before = this.roles.slice();
    this.roles.fill(ROLE.dropped);
    const pcrPid = program?.map.pcrPid ?? NULL_PID;
    if (pcrPid !== NULL_PID) this.roles[pcrPid] = ROLE.plain;
    for (const pid of this.#streams) {
      this.roles[pid] = known.has(pid) ? before[pid]! : ROLE.gated;
      if (!known.has(pid)) this.continuity.forget(pid);
    }
    if (leadPid !== undefined && this.#streams.includes(leadPid) && !known.has(leadPid)) {
      this.roles[leadPid] = ROLE.plain;
    }
    for (const pid of tablePids) this.roles[pid] = ROLE.table;
    this.#tails = this.#streams.filter((pid) => this.roles[pid] === ROLE.tail).length;
  }

  /** Nothing is kept until units begin anew, the lead stream aside. */
  gate(leadPid: number): void {
    this.#change(ROLE.plain, ROLE.gated);
    if (this.#streams.includes(leadPid)) this.roles[leadPid] = ROLE.plain;
  }

  /** The units that are amid go on in the piece that ends. */
  beginTails(leadPid: number): void {
    for (const pid of this.#streams) {
      const isAmid = this.roles[pid] === ROLE.plain && this.open[pid]! > 0;
      if (pid === leadPid || !isAmid) continue;
      this.roles[pid] = ROLE.tail;
      this.#tails += 1;
    }
  }

  /** The unit before `pid`'s next one is whole. */
  endTail(pid: number, isKept: boolean): void {
    this.roles[pid] = isKept ? ROLE.plain : ROLE.gated;
    this.#tails -= 1;
  }

  endTails(isKept: boolean): void {
    this.#change(ROLE.tail, isKept ? ROLE.plain : ROLE.gated);
    this.#tails = 0;
  }

  /** A unit begins in `packet`. */
  beginUnit(bytes: Uint8Array, { pid, payloadAt: at, endAt }: Packet): void {
    const size = endAt - at;
    // ISO/IEC 13818-1 §2.4.3.6: packet_start_code_prefix, PES_packet_length
    const isPes = bytes[at] === 0 && bytes[at + 1] === 0 && bytes[at + 2] === 1;
    if (size < PES_LENGTH_BYTES) this.open[pid] = UNBOUNDED_BYTES;
    else if (!isPes) this.open[pid] = 0;
    else {
      const length = (bytes[at + 4]! << 8) | bytes[at + 5]!;
      this.open[pid] = length === 0 ? UNBOUNDED_BYTES : PES_LENGTH_BYTES + length - size;
    }
  }

  #change(from: number, to: number): void {
    for (const pid of this.#streams) if (this.roles[pid] === from) this.roles[pid] = to;
  }
}
