// This file is the piece being written: a copy of packets that some are taken from and put into.
import { PACKET_BYTES } from './packet.ts';

/** Before what is read: room for what is inserted. Where it is used up the piece ends early. */
const ROOM_BYTES = 64 * PACKET_BYTES;

/**
 * Packets are read from the back, mended in place, and moved to the front in runs:
 *
 *   0 ── written ── write ── free ── kept ── mended, not moved yet ── read ── to be read ── end
 *
 * `write` is never after `kept`.
 */
export class SpliceSlice {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where the first packet to be read is. */
  readonly start = ROOM_BYTES;
  #write = 0;
  #kept = ROOM_BYTES;

  constructor(source: Uint8Array, from: number, to: number) {
    this.bytes = new Uint8Array(ROOM_BYTES + to - from);
    this.bytes.set(source.subarray(from, to), ROOM_BYTES);
  }

  get written(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.#write);
  }

  /** Where the packet at `read` will be in what is written. */
  placeOf(read: number): number {
    return this.#write + (read - this.#kept);
  }

  /** Moves what was kept up to `read` behind what is written. */
  flush(read: number): void {
    if (read === this.#kept) return;
    this.bytes.copyWithin(this.#write, this.#kept, read);
    this.#write += read - this.#kept;
    this.#kept = read;
  }

  /** Leaves the packet at `read` out. */
  drop(read: number): void {
    this.flush(read);
    this.#kept = read + PACKET_BYTES;
  }

  hasRoom(read: number, sizeBytes: number): boolean {
    return this.placeOf(read) + sizeBytes <= read;
  }

  /** `write` puts something at the place it is given and returns where that ends. */
  insert(read: number, write: (out: Uint8Array, at: number) => number): void {
    this.flush(read);
    this.#write = write(this.bytes, this.#write);
  }
}
