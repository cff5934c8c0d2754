// This file remembers what lies in a folder of segments.

export type DiskPlace = {
  /** Of the channel. */
  readonly folder: string;
  readonly file: string;
};

export type DiskEntry = {
  /** Of the whole file. */
  readonly bytes: number;
  readonly expiresAtMs: number;
};

type Files = Map<string, DiskEntry>;

/** It may lag behind what other processes do, until the next look. */
export class DiskIndex {
  readonly #folders = new Map<string, Files>();
  #bytes = 0;
  #count = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#count;
  }

  has({ folder, file }: DiskPlace): boolean {
    return this.#folders.get(folder)?.has(file) ?? false;
  }

  set(place: DiskPlace, entry: DiskEntry): void {
    this.remove(place);
    const files: Files = this.#folders.get(place.folder) ?? new Map();
    this.#folders.set(place.folder, files);
    files.set(place.file, entry);
    this.#bytes += entry.bytes;
    this.#count++;
  }

  remove({ folder, file }: DiskPlace): void {
    const files = this.#folders.get(folder);
    const entry = files?.get(file);
    if (files === undefined || entry === undefined) return;
    files.delete(file);
    if (files.size === 0) this.#folders.delete(folder);
    this.#bytes -= entry.bytes;
    this.#count--;
  }

  /** Forgets what lies in `folder` and is not among `names`. */
  keepOnly(folder: string, names: ReadonlySet<string>): void {
    for (const file of this.#folders.get(folder)?.keys() ?? []) {
      if (!names.has(file)) this.remove({ folder, file });
    }
  }

  /** Forgets what lies in none of `folders`. */
  keepFolders(folders: ReadonlySet<string>): void {
    for (const folder of this.#folders.keys()) {
      if (!folders.has(folder)) this.keepOnly(folder, new Set());
    }
  }

  expired(nowMs: number): DiskPlace[] {
    return this.#all()
      .filter(({ entry }) => entry.expiresAtMs <= nowMs)
      .map(({ place }) => place);
  }

  /** Those whose time ends first, until together they have `bytes`. */
  oldest(bytes: number): DiskPlace[] {
    if (bytes <= 0) return [];
    const sorted = this.#all().sort((a, b) => a.entry.expiresAtMs - b.entry.expiresAtMs);
    const places: DiskPlace[] = [];
    let sum = 0;
    for (const { place, entry } of sorted) {
      if (sum >= bytes) break;
      places.push(place);
      sum += entry.bytes;
    }
    return places;
  }

  #all(): { readonly place: DiskPlace; readonly entry: DiskEntry }[] {
    return [...this.#folders].flatMap(([folder, files]) =>
      [...files].map(([file, entry]) => ({ place: { folder, file }, entry })),
    );
  }
}
