// This file holds the last seconds of an endless stream for all who watch it.
import { Wakening } from './wakening.ts';

export type Chunk = {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly time90k: number;
  /** Who begins here can play. */
  readonly isJoin: boolean;
};

/** What a viewer that falls behind may be behind; then it is skipped forward. */
const KEPT_TICKS = 12 * 90_000;
/** As much at 20 Mbit/s: a stream of more is kept for a shorter time. */
const KEPT_BYTES = 32 * 1024 * 1024;
/** A new viewer begins with a key frame this far back, where there is one: its player wants some. */
const JOIN_TICKS = 2 * 90_000;

/**
 * ```
 *   forgotten │ kept: first … joins … newest │ not let out yet
 * ```
 * Chunks are numbered; invariant: those kept are contiguous.
 */
export class StreamBuffer {
  readonly changed = new Wakening();
  readonly #chunks: Chunk[] = [];
  #firstNumber = 0;
  #bytes = 0;
  #ended = false;

  get ended(): boolean {
    return this.#ended;
  }

  get sizeBytes(): number {
    return this.#bytes;
  }

  append(chunk: Chunk): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.bytes.length;
    let count = 0;
    while (this.#isSpare(count, chunk.time90k)) {
      this.#bytes -= (this.#chunks[count] as Chunk).bytes.length;
      count++;
    }
    this.#chunks.splice(0, count);
    this.#firstNumber += count;
    this.changed.fire();
  }

  end(): void {
    this.#ended = true;
    this.changed.fire();
  }

  get firstNumber(): number {
    return this.#firstNumber;
  }

  get endNumber(): number {
    return this.#firstNumber + this.#chunks.length;
  }

  at(number: number): Chunk | undefined {
    return this.#chunks[number - this.#firstNumber];
  }

  /** Where a new viewer begins: undefined while no key frame is kept. */
  joinNumber(): number | undefined {
    const newest = this.#chunks.at(-1)?.time90k ?? 0;
    let found: number | undefined;
    for (let index = this.#chunks.length - 1; index >= 0; index--) {
      const { isJoin, time90k } = this.#chunks[index] as Chunk;
      if (!isJoin) continue;
      found = this.#firstNumber + index;
      if (newest - time90k >= JOIN_TICKS) break;
    }
    return found;
  }

  #isSpare(index: number, newest: number): boolean {
    const chunk = this.#chunks[index];
    if (chunk === undefined || index >= this.#chunks.length - 1) return false;
    return newest - chunk.time90k > KEPT_TICKS || this.#bytes > KEPT_BYTES;
  }
}

/** So often a viewer may be skipped forward; then its line is too slow for the channel. */
const SKIPS_MAX = 5;

/** One viewer's place in the stream. */
export class StreamReader {
  readonly #buffer: StreamBuffer;
  /** Number of the next chunk; undefined until there is a key frame to begin with. */
  #next: number | undefined;
  #skips = 0;

  constructor(buffer: StreamBuffer) {
    this.#buffer = buffer;
  }

  get skips(): number {
    return this.#skips;
  }

  /** The next bytes; undefined where the stream has ended, or the viewer is too slow for it. */
  async next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    for (;;) {
      const buffer = this.#buffer;
      if (this.#next !== undefined && this.#next < buffer.firstNumber) {
        this.#skips++;
        this.#next = undefined;
        if (this.#skips > SKIPS_MAX) return undefined;
      }
      this.#next ??= buffer.joinNumber();
      const chunk = this.#next === undefined ? undefined : buffer.at(this.#next);
      if (chunk !== undefined) {
        this.#next = (this.#next as number) + 1;
        return chunk.bytes;
      }
      if (buffer.ended) return undefined;
      await buffer.changed.next();
    }
  }
}
