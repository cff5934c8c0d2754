// This file remembers what lies in a folder of segments.

export type DiskEntry = {
  /** Of the whole file. */
  readonly bytes: number;
  readonly expiresAtMs: number;
};

/** By path within the folder. It may lag behind what other processes do, until the next look. */
export class DiskIndex {
  readonly #entries = new Map<string, DiskEntry>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(path: string): boolean {
    return this.#entries.has(path);
  }

  set(path: string, entry: DiskEntry): void {
    this.remove(path);
    this.#entries.set(path, entry);
    this.#bytes += entry.bytes;
  }

  remove(path: string): void {
    this.#bytes -= this.#entries.get(path)?.bytes ?? 0;
    this.#entries.delete(path);
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  /** Forgets what lies in `folder` and is not among `names`. */
  keepOnly(folder: string, names: ReadonlySet<string>): void {
    const prefix = `${folder}/`;
    for (const path of this.#entries.keys()) {
      if (path.startsWith(prefix) && !names.has(path.slice(prefix.length))) this.remove(path);
    }
  }

  /** Forgets what lies in none of `folders`. */
  keepFolders(folders: ReadonlySet<string>): void {
    for (const path of this.#entries.keys()) {
      if (!folders.has(path.slice(0, path.indexOf('/')))) this.remove(path);
    }
  }

  expired(nowMs: number): string[] {
    const paths: string[] = [];
    for (const [path, { expiresAtMs }] of this.#entries) {
      if (expiresAtMs <= nowMs) paths.push(path);
    }
    return paths;
  }

  /** Those whose time ends first, until together they have `bytes`. */
  oldest(bytes: number): string[] {
    if (bytes <= 0) return [];
    const sorted = [...this.#entries].sort(([, a], [, b]) => a.expiresAtMs - b.expiresAtMs);
    const paths: string[] = [];
    let sum = 0;
    for (const [path, entry] of sorted) {
      if (sum >= bytes) break;
      paths.push(path);
      sum += entry.bytes;
    }
    return paths;
  }
}
