// This file keeps what a survey noted of a segment's packets, in columns.

/** What a note says of its packet; several may hold. */
export const NOTE = {
  /** A PES packet, or a section, begins in it. */
  start: 0x01,
  pcr: 0x02,
  /** The packet before it on its PID, sent once more. */
  repeat: 0x04,
  /** It begins a frame that can be decoded with none before it. */
  key: 0x08,
  /** Of what begins here some packets are missing. */
  damaged: 0x10,
  /** What begins here goes on after the end of the segment. */
  openEnd: 0x20,
  /** The PES header goes on in the next packet. */
  split: 0x40,
  /** It says that a PES packet begins, and none does. */
  foreign: 0x80,
  /** Its frame can be decoded, but not all that comes right after. */
  recovery: 0x100,
} as const;

/** What stands in a column of times where the packet says none. */
export const NO_TIME = -1;

const FIRST_SIZE = 1024;

/** A row is a packet; only packets of which something must be remembered have one. */
export class SpliceNotes {
  count = 0;
  at = new Int32Array(FIRST_SIZE);
  /** Its place in the program map; which map, the stretch says. */
  stream = new Uint8Array(FIRST_SIZE);
  flags = new Uint16Array(FIRST_SIZE);
  pts90k = new Float64Array(FIRST_SIZE);
  /** The PTS where the packet has no DTS of its own. */
  dts90k = new Float64Array(FIRST_SIZE);
  pcr27m = new Float64Array(FIRST_SIZE);

  /** A packet has one note: asked again for the same place, it gives the same. */
  of(at: number, stream: number): number {
    const last = this.count - 1;
    if (last >= 0 && this.at[last] === at) return last;
    if (this.count === this.at.length) this.#grow();
    const row = this.count++;
    this.at[row] = at;
    this.stream[row] = stream;
    this.flags[row] = 0;
    this.pts90k[row] = NO_TIME;
    this.dts90k[row] = NO_TIME;
    this.pcr27m[row] = NO_TIME;
    return row;
  }

  has(row: number, flag: number): boolean {
    return (this.flags[row]! & flag) !== 0;
  }

  /** True where a PES packet with a time begins, and nothing speaks against it. */
  isTimed(row: number): boolean {
    const flags = this.flags[row]!;
    return (flags & (NOTE.start | NOTE.foreign)) === NOTE.start && this.dts90k[row]! >= 0;
  }

  #grow(): void {
    const size = this.at.length * 2;
    this.at = widened(new Int32Array(size), this.at);
    this.stream = widened(new Uint8Array(size), this.stream);
    this.flags = widened(new Uint16Array(size), this.flags);
    this.pts90k = widened(new Float64Array(size), this.pts90k);
    this.dts90k = widened(new Float64Array(size), this.dts90k);
    this.pcr27m = widened(new Float64Array(size), this.pcr27m);
  }
}

function widened<T extends Int32Array | Uint8Array | Uint16Array | Float64Array>(
  wide: T,
  old: T,
): T {
  wide.set(old);
  return wide;
}
