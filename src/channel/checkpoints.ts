// This file has a thread bring what was written into weir.sqlite to its place, before there is much of it.
import { AskedThread } from '../base/asked-thread.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { AppError, errorFields, errorRecord } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { CheckpointCall, CheckpointSettings } from './checkpoint-worker.ts';
import { pagesInLog } from './log-pages.ts';
import { storePath } from './store.ts';

export type CheckpointOptions = {
  readonly dataDir: string;
  readonly entry: URL;
  readonly clock: Clock;
  readonly log: Log;
};

type Thread = AskedThread<CheckpointSettings, CheckpointCall, { readonly checkpoint: unknown }>;

const LOOK_MS = 5000;
/** 8 MiB: some hundreds of rows. */
const START_PAGES = 2048;

/**
 * SQLite writes into a log first, and takes that over into its file now and then: megabytes, flushed
 * to the disk, on the thread that happens to write. Here another does it, over a connection of its
 * own, which holds up no reader and no writer. Should it not come to it, the writer does at four
 * times as much (`WAL_MAX_PAGES`).
 */
export class Checkpoints implements AsyncDisposable {
  readonly #options: CheckpointOptions;
  readonly #thread: Thread;
  #timer: Timer;
  #isClosed = false;

  constructor(options: CheckpointOptions) {
    const { dataDir, entry, clock, log } = options;
    this.#options = options;
    const settings = { path: storePath(dataDir) };
    this.#thread = new AskedThread({ entry, clock, log, settings, gone, name: 'weir.sqlite' });
    this.#timer = clock.after(LOOK_MS, () => void this.#look());
  }

  /** To be closed before the store: whoever closes last puts the file in order. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#timer[Symbol.dispose]();
    await this.#thread[Symbol.asyncDispose]();
  }

  async #look(): Promise<void> {
    const { dataDir, clock, log } = this.#options;
    try {
      if (pagesInLog(`${storePath(dataDir)}-wal`) >= START_PAGES)
        await this.#thread.call({ what: 'checkpoint' });
    } catch (error) {
      if (!this.#isClosed)
        log.warn('weir.sqlite is not put in order', errorFields(errorRecord(error)));
    }
    if (!this.#isClosed) this.#timer = clock.after(LOOK_MS, () => void this.#look());
  }
}

function gone(reason: string): AppError {
  const message = `Cannot put weir.sqlite in order: its thread is gone (${reason})`;
  return new AppError('CHANNEL_CHECKPOINT', message);
}
