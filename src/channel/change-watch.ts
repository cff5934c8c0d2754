// This file finds out which kinds of documents other processes wrote, by a count of writes per kind.
import type { Clock, Timer } from '../base/clock.ts';
import type { Log } from '../base/log.ts';

/** Kind → how many writes there were. */
export type WriteCounts = ReadonlyMap<string, number>;

/** What was written elsewhere is known here after so long, and a look costs microseconds. */
const LOOK_MS = 1000;

export class ChangeWatch implements Disposable {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #read: () => Promise<WriteCounts>;
  readonly #watchers = new Map<string, Set<() => void>>();
  /** By kind: as of the last time that those who watch were told, or had loaded it themselves. */
  readonly #known = new Map<string, number>();
  #timer: Timer | undefined;
  #isDisposed = false;

  constructor(clock: Clock, log: Log, read: () => Promise<WriteCounts>) {
    this.#clock = clock;
    this.#log = log;
    this.#read = read;
  }

  /** One that begins to watch what nobody has loaded is told once, since it may have missed some. */
  watch(kind: string, changed: () => void): Disposable {
    const ofKind = this.#watchers.get(kind) ?? new Set();
    this.#watchers.set(kind, ofKind);
    const mine = () => changed();
    ofKind.add(mine);
    this.#lookLater();
    return {
      [Symbol.dispose]: () => {
        ofKind.delete(mine);
        if (ofKind.size === 0 && this.#watchers.get(kind) === ofKind) this.#watchers.delete(kind);
      },
    };
  }

  loaded(kind: string, count: number): void {
    if (!this.#known.has(kind)) this.#known.set(kind, count);
  }

  /** By ourselves. Where others wrote before, the next look finds that. */
  wrote(kind: string, before: number, after: number): void {
    if (this.#known.get(kind) === before) this.#known.set(kind, after);
  }

  /** At once, instead of with the next look. */
  async look(): Promise<void> {
    if (this.#watchers.size === 0) return;
    const counts = await this.#read();
    for (const [kind, watchers] of this.#watchers) {
      const count = counts.get(kind) ?? 0;
      if (this.#known.get(kind) === count) continue;
      this.#known.set(kind, count);
      for (const changed of [...watchers]) this.#tell(kind, changed);
    }
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#watchers.clear();
    this.#timer?.[Symbol.dispose]();
  }

  #lookLater(): void {
    if (this.#timer !== undefined || this.#isDisposed) return;
    this.#timer = this.#clock.after(LOOK_MS, async () => {
      // What is down is down for everybody, and said where it is opened
      await this.look().catch(() => {});
      this.#timer = undefined;
      if (this.#watchers.size > 0) this.#lookLater();
    });
  }

  #tell(kind: string, changed: () => void): void {
    try {
      changed();
    } catch (error) {
      this.#log.error('what others wrote was not taken up', { kind, error });
    }
  }
}
