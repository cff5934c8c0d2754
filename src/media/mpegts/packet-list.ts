// This file gathers packets into chunks, without copying what lies together.

/**
 * Less than this is copied: a view of it would cost more than its bytes, and would keep the whole
 * chunk in memory that it is a part of.
 */
const VIEW_LEAST_BYTES = 4096;
/** Room for copies is taken this much at a time. */
const ARENA_BYTES = 64 * 1024;

/** Where lists copy to, one after the other; what was copied never changes again. */
export class Arena {
  #bytes = new Uint8Array(0);
  #used = 0;

  /** Copies, and says where to: in `bytes`, up to `end`. */
  copy(bytes: Uint8Array, from: number, to: number): { bytes: Uint8Array; end: number } {
    const size = to - from;
    if (this.#used + size > this.#bytes.length) {
      this.#bytes = new Uint8Array(Math.max(ARENA_BYTES, size));
      this.#used = 0;
    }
    this.#bytes.set(bytes.subarray(from, to), this.#used);
    this.#used += size;
    return { bytes: this.#bytes, end: this.#used };
  }
}

export class PacketList {
  readonly #arena: Arena;
  readonly #chunks: Uint8Array[] = [];
  #sizeBytes = 0;
  /** What was copied last and is no chunk yet: it may go on. */
  #copied: Uint8Array = new Uint8Array(0);
  #copiedFrom = 0;
  #copiedTo = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Takes `bytes` from `from` to `to`, which must not change any more. */
  add(bytes: Uint8Array, from: number, to: number): void {
    const size = to - from;
    if (size <= 0) return;
    this.#sizeBytes += size;
    if (size >= VIEW_LEAST_BYTES) {
      this.#endCopied();
      this.#chunks.push(bytes.subarray(from, to));
      return;
    }
    const copy = this.#arena.copy(bytes, from, to);
    const isNext = copy.bytes === this.#copied && copy.end - size === this.#copiedTo;
    if (!isNext) {
      this.#endCopied();
      this.#copied = copy.bytes;
      this.#copiedFrom = copy.end - size;
    }
    this.#copiedTo = copy.end;
  }

  append(list: PacketList): void {
    this.#endCopied();
    for (const chunk of list.takeChunks()) {
      this.#chunks.push(chunk);
      this.#sizeBytes += chunk.length;
    }
  }

  /** All of it; the list must not be used any more. */
  takeChunks(): Uint8Array[] {
    this.#endCopied();
    return this.#chunks;
  }

  #endCopied(): void {
    if (this.#copiedTo > this.#copiedFrom) {
      this.#chunks.push(this.#copied.subarray(this.#copiedFrom, this.#copiedTo));
    }
    this.#copiedFrom = this.#copiedTo;
  }
}
