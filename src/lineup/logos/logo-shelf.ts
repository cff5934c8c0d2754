// This file keeps pictures in a folder, as much as it may hold, the one asked for longest ago goes.
import {
  mkdir,
  readdir,
  readFile,
  rename,
  stat,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { type HeldLogo, readLogoFile, writeLogoFile } from './logo-file.ts';

export type LogoShelfDeps = {
  /** Nothing in it but what has a name of our making is touched. */
  readonly folder: string;
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly log: Log;
};

type Place = { readonly sizeBytes: number; usedMs: number };

const NAME = /^[0-9a-f]{40}\.logo$/;
const HALF = /^[0-9a-f]{40}\.logo\.half$/;
/** Made free beyond what must be, so that not every new one has to sort all the others. */
const SPARE_SHARE = 0.05;
/** How exactly it is known on the disk when one was last asked for. */
const TOUCH_MS = 3_600_000;
const LOOKS_AT_ONCE = 32;
/** What a disk does not take is held so long as there is room for it. */
const MEMORY_MAX_BYTES = 8 * 1_048_576;

export class LogoShelf {
  readonly #deps: LogoShelfDeps;
  readonly #places = new Map<string, Place>();
  /** What could not be written; the oldest first. */
  readonly #memory = new Map<string, HeldLogo>();
  #bytes = 0;
  #memoryBytes = 0;
  #looked: Promise<void> | undefined;
  #isBroken = false;

  constructor(deps: LogoShelfDeps) {
    this.#deps = deps;
  }

  /** Of what an earlier run left too, once it was asked for: nobody need have wanted a picture yet. */
  stats(): { readonly count: number; readonly bytes: number } {
    void this.#look();
    return { count: this.#places.size, bytes: this.#bytes };
  }

  async get(key: string): Promise<HeldLogo | undefined> {
    await this.#look();
    const name = nameOf(key);
    const place = this.#places.get(name);
    if (place === undefined) return this.#memory.get(name);
    try {
      const logo = readLogoFile(await readFile(join(this.#deps.folder, name)));
      if (logo === undefined) await this.#remove(name);
      else await this.#touch(name, place);
      return logo;
    } catch {
      // Whoever took it away, it is to be had again
      this.#forget(name);
      return this.#memory.get(name);
    }
  }

  /** Whole or not at all, whatever happens meanwhile. Never rejects. */
  async put(key: string, logo: HeldLogo): Promise<void> {
    await this.#look();
    const { folder, clock } = this.#deps;
    const name = nameOf(key);
    const bytes = writeLogoFile(logo);
    try {
      await mkdir(folder, { recursive: true });
      const half = join(folder, `${name}.half`);
      await writeFile(half, bytes, { mode: 0o644 });
      await rename(half, join(folder, name));
      this.#isBroken = false;
    } catch (error) {
      this.#remember(name, logo, error);
      return;
    }
    this.#forget(name);
    this.#places.set(name, { sizeBytes: bytes.length, usedMs: clock.nowMs() });
    this.#bytes += bytes.length;
    await this.#shrink();
  }

  /** What lies there from an earlier run, once. */
  #look(): Promise<void> {
    this.#looked ??= this.#lookInto().catch(() => {});
    return this.#looked;
  }

  async #lookInto(): Promise<void> {
    const { folder } = this.#deps;
    const names = await readdir(folder);
    for (const name of names.filter((each) => HALF.test(each))) {
      await unlink(join(folder, name)).catch(() => {});
    }
    const whole = names.filter((each) => NAME.test(each));
    for (let at = 0; at < whole.length; at += LOOKS_AT_ONCE) {
      await Promise.all(whole.slice(at, at + LOOKS_AT_ONCE).map((name) => this.#learn(name)));
    }
    await this.#shrink();
  }

  async #learn(name: string): Promise<void> {
    const found = await stat(join(this.#deps.folder, name)).catch(() => undefined);
    if (found === undefined || !found.isFile()) return;
    this.#places.set(name, { sizeBytes: found.size, usedMs: found.mtimeMs });
    this.#bytes += found.size;
  }

  async #touch(name: string, place: Place): Promise<void> {
    const nowMs = this.#deps.clock.nowMs();
    if (nowMs - place.usedMs < TOUCH_MS) return;
    place.usedMs = nowMs;
    const now = new Date(nowMs);
    await utimes(join(this.#deps.folder, name), now, now).catch(() => {});
  }

  async #shrink(): Promise<void> {
    const { maxBytes } = this.#deps;
    if (this.#bytes <= maxBytes) return;
    const oldest = [...this.#places].sort(([, a], [, b]) => a.usedMs - b.usedMs);
    for (const [name] of oldest) {
      if (this.#bytes <= maxBytes * (1 - SPARE_SHARE)) return;
      await this.#remove(name);
    }
  }

  async #remove(name: string): Promise<void> {
    this.#forget(name);
    await unlink(join(this.#deps.folder, name)).catch(() => {});
  }

  #forget(name: string): void {
    const place = this.#places.get(name);
    if (place !== undefined) this.#bytes -= place.sizeBytes;
    this.#places.delete(name);
    this.#dropFromMemory(name);
  }

  #remember(name: string, logo: HeldLogo, error: unknown): void {
    if (!this.#isBroken) {
      const { folder } = this.#deps;
      this.#deps.log.warn('logos are not kept: the folder cannot be written', { folder, error });
    }
    this.#isBroken = true;
    this.#dropFromMemory(name);
    this.#memory.set(name, logo);
    this.#memoryBytes += logo.bytes.length;
    for (const oldest of this.#memory.keys()) {
      if (this.#memoryBytes <= MEMORY_MAX_BYTES) return;
      this.#dropFromMemory(oldest);
    }
  }

  #dropFromMemory(name: string): void {
    const held = this.#memory.get(name);
    if (held !== undefined) this.#memoryBytes -= held.bytes.length;
    this.#memory.delete(name);
  }
}

/** Of the address, which may hold a password, nothing is to be read. */
function nameOf(key: string): string {
  return `${Bun.CryptoHasher.hash('sha256', key, 'hex').slice(0, 40)}.logo`;
}
