// This file keeps bodies in files that lie in memory: the kernel sends those without copying them.
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statfsSync,
  statSync,
  unlink,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Clock, Timer } from '../base/clock.ts';
import { errorFields, errorRecord } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { FolderLock } from '../channel/folder-lock.ts';

/** Makes one body of the pieces it came in. */
export type BodyMaker = (chunks: readonly Uint8Array[]) => Blob;

/** Where Linux has memory that looks like a folder. */
const MEMORY_FOLDER = '/dev/shm';
const OWN_PREFIX = 'weir-bodies-';
/** statfs(2): what the file system is. */
const TMPFS_MAGIC = 0x01021994;
/** Room beside the ring: bodies that were let go of and are not collected yet, and those on their way. */
const BESIDE_RING_BYTES = 64 * 1024 * 1024;
/** To open a file costs more than to copy what is smaller. */
const FILE_MIN_BYTES = 128 * 1024;
/** A folder without a lock may be one that is being made. */
const MAKING_MS = 10_000;
/** What came to nobody (a worker died in between) is looked for this often. */
const SWEEP_MS = 60_000;

export function heapBody(chunks: readonly Uint8Array[]): Blob {
  return new Blob(chunks as Uint8Array<ArrayBuffer>[]);
}

/**
 * The first bytes of a body that is a file of ours, at once: where they lie in memory there is
 * nothing to wait for, and handing the work to another thread takes longer than the work. Undefined
 * for any other.
 */
export function readFileHead(body: Blob, sizeBytes: number): Uint8Array<ArrayBuffer> | undefined {
  const { name: path } = body as Blob & { readonly name?: string };
  if (path?.startsWith(join(MEMORY_FOLDER, OWN_PREFIX)) !== true) return undefined;
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const bytes = new Uint8Array(sizeBytes);
    return bytes.subarray(0, readSync(file, bytes));
  } catch {
    // Whoever asks otherwise is told what is wrong
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** For a worker: bodies in files of `folder` where that has room, and where they are worth one. */
export function fileBodies(folder: string): BodyMaker {
  const prefix = crypto.randomUUID();
  let count = 0;
  return (chunks) => {
    const sizeBytes = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (sizeBytes < FILE_MIN_BYTES) return heapBody(chunks);
    const path = join(folder, `${prefix}-${count++}`);
    return writeWhole(path, chunks) ? Bun.file(path) : heapBody(chunks);
  };
}

/** False where there is no room for it, or no folder any more. */
function writeWhole(path: string, chunks: readonly Uint8Array[]): boolean {
  let file: number | undefined;
  try {
    file = openSync(path, 'wx', 0o600);
    for (const chunk of chunks) {
      for (let at = 0; at < chunk.byteLength; ) at += writeSync(file, chunk, at);
    }
    return true;
  } catch {
    if (file !== undefined) unlinkSync(path);
    return false;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Why bodies are kept on the heap instead; undefined where nothing stands against files. */
export function whyNoMemoryFiles(ringBytes: number, folder = MEMORY_FOLDER): string | undefined {
  try {
    const { type, bavail, bsize } = statfsSync(folder);
    if (type !== TMPFS_MAGIC) return `${folder} is not in memory`;
    const freeMiB = Math.floor((bavail * bsize) / 2 ** 20);
    const wantedMiB = Math.ceil((ringBytes + BESIDE_RING_BYTES) / 2 ** 20);
    if (freeMiB < wantedMiB) return `${folder} has ${freeMiB} MiB free, wanted ${wantedMiB}`;
    return undefined;
  } catch {
    return `there is no ${folder}`;
  }
}

/**
 * The folder of one process. A body's file goes when the last who holds the Blob has let go of it,
 * as memory does: who is in mid-answer has it open.
 */
export class MemoryFiles implements Disposable {
  readonly path: string;
  readonly #clock: Clock;
  readonly #lock: FolderLock;
  readonly #names = new Set<string>();
  readonly #letGo = new FinalizationRegistry<string>((name) => this.#remove(name));
  #timer: Timer;

  /** Undefined where this machine has no room for it; the log says so. */
  static create(ringBytes: number, clock: Clock, log: Log): MemoryFiles | undefined {
    const reason = whyNoMemoryFiles(ringBytes);
    try {
      if (reason === undefined) return new MemoryFiles(clock, MEMORY_FOLDER);
      log.info('segments are kept on the heap: serving them takes twice the processor', { reason });
    } catch (error) {
      log.warn('segments are kept on the heap', errorFields(errorRecord(error)));
    }
    return undefined;
  }

  constructor(clock: Clock, parent: string) {
    removeAbandoned(parent, clock);
    this.#clock = clock;
    this.path = mkdtempSync(join(parent, OWN_PREFIX));
    this.#lock = new FolderLock(this.path);
    this.#lock.isOurs();
    this.#timer = clock.after(SWEEP_MS, () => this.#sweep(new Set()));
  }

  /** From now on the file of `body` lives as long as `body` does; one on the heap is left alone. */
  adopt(body: Blob): void {
    const { name: path } = body as Blob & { readonly name?: string };
    if (path === undefined || !path.startsWith(`${this.path}/`)) return;
    const name = path.slice(this.path.length + 1);
    this.#names.add(name);
    this.#letGo.register(body, name);
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
    this.#lock[Symbol.dispose]();
    rmSync(this.path, { recursive: true, force: true });
  }

  #remove(name: string): void {
    this.#names.delete(name);
    // Freeing the pages takes a while; what is gone already is as good
    unlink(join(this.path, name), () => {});
  }

  /** What nobody adopted from one look to the next came to nobody. */
  #sweep(seenBefore: ReadonlySet<string>): void {
    const strays = new Set<string>();
    for (const name of namesIn(this.path)) {
      if (this.#names.has(name) || name.startsWith('weir.lock')) continue;
      if (seenBefore.has(name)) this.#remove(name);
      else strays.add(name);
    }
    this.#timer = this.#clock.after(SWEEP_MS, () => this.#sweep(strays));
  }
}

/** Folders of processes that were killed: nobody holds their lock. */
function removeAbandoned(parent: string, clock: Clock): void {
  for (const name of namesIn(parent)) {
    if (!name.startsWith(OWN_PREFIX)) continue;
    const path = join(parent, name);
    try {
      if (clock.nowMs() - statSync(path).mtimeMs < MAKING_MS) continue;
      using lock = new FolderLock(path);
      if (lock.isOurs()) rmSync(path, { recursive: true, force: true });
    } catch {
      // Somebody else's, or gone by now
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
