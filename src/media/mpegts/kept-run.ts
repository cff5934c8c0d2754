// This file knows which packets of a run are kept and are in no list yet.
import type { PacketList } from './packet-list.ts';

/** Packets that are kept one after the other go into a list together: a view, and no copies. */
export class KeptRun {
  #bytes: Uint8Array = new Uint8Array();
  #keptFrom = 0;
  /** Bytes in the runs before this one. */
  #before = 0;

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  begin(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#keptFrom = 0;
  }

  /** All of it is in lists, or dropped. */
  end(): void {
    this.#before += this.#bytes.length;
    this.begin(new Uint8Array());
  }

  /** Where `at` is in the stream. */
  positionOf(at: number): number {
    return this.#before + at;
  }

  /** What is kept before `at` and is in no list. */
  unlistedBytes(at: number): number {
    return Math.max(0, at - this.#keptFrom);
  }

  /** Puts what is kept before `at` into the list; without one it is dropped. */
  flushTo(at: number, list: PacketList | undefined): void {
    if (at > this.#keptFrom) list?.add(this.#bytes, this.#keptFrom, at);
    this.#keptFrom = at;
  }

  /** The packet from `at` to `end` is not kept. */
  skip(at: number, end: number, list: PacketList | undefined): void {
    if (at > this.#keptFrom) list?.add(this.#bytes, this.#keptFrom, at);
    this.#keptFrom = end;
  }
}
