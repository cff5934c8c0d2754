// This file reads whole files into memory that is used again and again.
import { open } from 'node:fs/promises';

/** As many as are read at once by a disk that answers in time; those beyond are made and let go. */
const KEPT_MAX = 4;
/** A segment of 10 s at 6 Mbit/s; what is larger is let go. */
const KEPT_MAX_BYTES = 8 * 1024 * 1024;
const GRAIN_BYTES = 1024 * 1024;

/**
 * What is read is looked at and copied, or not even that; a megabyte thrown away each time is what
 * the collector finds only later.
 */
export class ReadBuffers {
  readonly #maxBytes: number;
  readonly #free: Uint8Array<ArrayBuffer>[] = [];

  /** `maxBytes`: of a file. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * What `use` makes of the bytes, which are another file's once it has returned. Undefined where the
   * file is too large. It is read through one open file: a sweep meanwhile takes away its name, and
   * not what is being read.
   */
  async read<T>(
    path: string,
    use: (bytes: Uint8Array<ArrayBuffer>) => T | undefined,
  ): Promise<T | undefined> {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    if (size > this.#maxBytes) return undefined;
    const buffer = this.#take(size);
    let at = 0;
    while (at < size) {
      const { bytesRead } = await file.read(buffer, at, size - at, at);
      // Cut by somebody else since we asked for its size
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    const made = use(buffer.subarray(0, at));
    // One whose read has failed is not given back: the system may still write into it
    this.#giveBack(buffer);
    return made;
  }

  #take(sizeBytes: number): Uint8Array<ArrayBuffer> {
    const fitting = this.#free.findIndex(({ length }) => length >= sizeBytes);
    if (fitting >= 0) return this.#free.splice(fitting, 1)[0] as Uint8Array<ArrayBuffer>;
    return new Uint8Array(Math.ceil(sizeBytes / GRAIN_BYTES) * GRAIN_BYTES);
  }

  /** The smallest goes where there are enough. */
  #giveBack(buffer: Uint8Array<ArrayBuffer>): void {
    if (buffer.length > KEPT_MAX_BYTES) return;
    this.#free.push(buffer);
    this.#free.sort((a, b) => a.length - b.length);
    if (this.#free.length > KEPT_MAX) this.#free.shift();
  }
}
