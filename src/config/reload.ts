// This file takes up a changed configuration while the server runs.
import type { Clock, Timer } from '../base/clock.ts';
import { AppError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { type ConfigChanges, diffConfig } from './changes.ts';
import { ConfigError, formatProblem } from './errors.ts';
import type { LoadedConfig } from './load.ts';
import { mishapOf } from './mishap.ts';
import type { FileStamp, Stamp, Watch } from './watch.ts';

export type ReloadParts = {
  readonly clock: Clock;
  readonly log: Log;
  readonly watch: Watch;
  readonly stamp: Stamp;
  /** Reads everything anew; rejects with ConfigError where it is wrong. */
  readonly load: () => Promise<LoadedConfig>;
  /** Takes `next` up. Where it rejects, the old configuration goes on being the current one. */
  readonly apply: (next: LoadedConfig, changes: ConfigChanges) => Promise<void> | void;
};

/** Where the system's watch sees nothing, a look this often does. */
const POLL_MS = 2000;
/** A file counts as written once it has stayed the same for this long, looked at as often. */
const SETTLE_MS = 200;
/** One that was emptied to be written anew comes to its length again, if its writer is slow. */
const SHRUNK_SETTLE_MS = 3000;
/** A file that never stays the same is read anyway after so long. */
const MAX_SETTLE_MS = 30_000;

/*
 *            hint or poll, stamp differs          long enough the same
 *   quiet ───────────────────────────────► settling ──────────► loading ──► quiet
 *     ▲                                     │    ▲ differs again     │
 *     └──── stamp is that of the last load ─┘    └───────────────────┘ asked for meanwhile
 *
 * One load runs at a time. Whatever a load ends in, its stamp is remembered, so that a broken file
 * is reported once and not at every look.
 */
export class ConfigReloader implements Disposable {
  readonly #parts: ReloadParts;
  readonly #watcher: Disposable;
  #current: LoadedConfig;
  /** Of the last load, whatever came of it. */
  #seen: FileStamp | undefined;
  /** Of the current configuration. */
  #whole: FileStamp | undefined;
  #poll: Timer | undefined;
  #settling = false;
  #loading: Promise<void> = Promise.resolve();
  #isDisposed = false;
  #taken = 0;
  #refused = 0;

  /** `first` is what the server was started with, and `stamp` that of its file before it was read. */
  constructor(first: LoadedConfig, stamp: FileStamp | undefined, parts: ReloadParts) {
    this.#current = first;
    this.#seen = stamp;
    this.#whole = stamp;
    this.#parts = parts;
    this.#watcher = parts.watch(first.watchPath, () => void this.#look());
    this.#pollLater();
  }

  get current(): LoadedConfig {
    return this.#current;
  }

  stats(): Readonly<{ taken: number; refused: number }> {
    return { taken: this.#taken, refused: this.#refused };
  }

  /** Loads whatever the file's stamp says, as SIGHUP asks. Never rejects. */
  reload(reason: string): Promise<void> {
    this.#loading = this.#loading.then(() => this.#load(reason));
    return this.#loading;
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#watcher[Symbol.dispose]();
    this.#poll?.[Symbol.dispose]();
  }

  #pollLater(): void {
    if (this.#isDisposed) return;
    this.#poll = this.#parts.clock.after(POLL_MS, async () => {
      await this.#look();
      this.#pollLater();
    });
  }

  async #look(): Promise<void> {
    if (this.#settling || this.#isDisposed) return;
    this.#settling = true;
    try {
      if ((await this.#settle()) && !this.#isDisposed) await this.reload('file changed');
    } finally {
      this.#settling = false;
    }
  }

  /** Waits until the file stays the same. Has it then another stamp than at the last load? */
  async #settle(): Promise<boolean> {
    const { clock } = this.#parts;
    const startedMs = clock.monotonicMs();
    let sinceMs = startedMs;
    let stamp = await this.#stamp();
    while (stamp?.mark !== this.#seen?.mark && !this.#isDisposed) {
      const nowMs = clock.monotonicMs();
      const quietMs = this.#hasShrunk(stamp) ? SHRUNK_SETTLE_MS : SETTLE_MS;
      if (nowMs - sinceMs >= quietMs || nowMs - startedMs >= MAX_SETTLE_MS) return true;
      await this.#wait(SETTLE_MS);
      const next = await this.#stamp();
      if (next?.mark !== stamp?.mark) sinceMs = clock.monotonicMs();
      stamp = next;
    }
    return false;
  }

  /** Editors that replace the file do so with a whole one, however short. */
  #hasShrunk(stamp: FileStamp | undefined): boolean {
    if (stamp === undefined || stamp.inode !== this.#whole?.inode) return false;
    return stamp.sizeBytes < this.#whole.sizeBytes;
  }

  async #load(reason: string): Promise<void> {
    if (this.#isDisposed) return;
    const { log } = this.#parts;
    // Taken before reading: a change in mid-read is seen as one by the next look.
    const stamp = await this.#stamp();
    this.#seen = stamp;
    try {
      const next = await this.#parts.load();
      const mishap = mishapOf(this.#current, next);
      if (mishap !== undefined) throw mishap;
      const changes = diffConfig(this.#current, next);
      if (!changes.isEmpty) await this.#parts.apply(next, changes);
      this.#current = next;
      this.#whole = stamp;
      this.#taken++;
      this.#say(reason, changes);
    } catch (error) {
      this.#refused++;
      log.error('configuration refused, the old one stays', { reason, ...whatIsWrong(error) });
    }
  }

  #say(reason: string, changes: ConfigChanges): void {
    const { log } = this.#parts;
    if (changes.isEmpty) {
      log.info('configuration unchanged', { reason });
      return;
    }
    const { added, removed, changed } = changes.channels;
    log.info('configuration reloaded', {
      reason,
      added: added.map(({ id }) => id),
      removed: removed.map(({ id }) => id),
      changed: changed.map(({ after }) => after.id),
      settings: changes.settings,
    });
    if (changes.nextStart.length > 0) {
      log.warn('settings that are taken up at the next start', { settings: changes.nextStart });
    }
  }

  #stamp(): Promise<FileStamp | undefined> {
    return this.#parts.stamp(this.#current.watchPath);
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#parts.clock.after(delayMs, resolve);
    });
  }
}

function whatIsWrong(error: unknown): Record<string, unknown> {
  if (error instanceof ConfigError) {
    return { code: error.code, problems: error.problems.map(formatProblem) };
  }
  const code = error instanceof AppError ? error.code : 'BASE_UNEXPECTED';
  return { code, problems: [error instanceof Error ? error.message : String(error)] };
}
