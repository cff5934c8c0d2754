// This file keeps a thread that does half of an import, beside the one that cuts and stores.
import { assert } from '../base/assert.ts';
import { doWork, type ImportDone, type ImportWork } from './import-work.ts';

/** Pieces of work under way there: one that it does, and the next, so that it never waits. */
const UNDER_WAY_MAX = 2;

type Waiting = {
  readonly work: ImportWork;
  readonly resolve: (done: ImportDone[ImportWork['what']]) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * Lives as long as one import: its heap is worth nothing afterwards. Should it die, what it had is
 * done here, and it has no room any more.
 */
export class ImportThread implements Disposable {
  #thread: Worker | undefined;
  /** In the order in which they were sent, which is that of the answers. */
  #waiting: Waiting[] = [];

  constructor(entry: URL) {
    // A small heap: what it reads is of use for some milliseconds
    const thread = new Worker(entry, { smol: true });
    this.#thread = thread;
    thread.onmessage = ({ data }: MessageEvent<ImportDone[ImportWork['what']]>) => {
      this.#waiting.shift()?.resolve(data);
    };
    thread.onerror = (event) => {
      event.preventDefault?.();
      this.#died();
    };
    thread.addEventListener('close', () => this.#died());
  }

  get hasRoom(): boolean {
    return this.#thread !== undefined && this.#waiting.length < UNDER_WAY_MAX;
  }

  /** Only while it has room. Rejects where it has died and the work cannot be done here either. */
  async do<W extends ImportWork>(work: W): Promise<ImportDone[W['what']]> {
    const thread = this.#thread;
    assert(thread !== undefined, 'there is room only in a thread that is there');
    const done = new Promise<ImportDone[ImportWork['what']]>((resolve, reject) => {
      this.#waiting.push({ work, resolve, reject });
      thread.postMessage(work);
    });
    return (await done) as ImportDone[W['what']];
  }

  /** What is under way is never answered. */
  [Symbol.dispose](): void {
    this.#waiting = [];
    this.#died();
  }

  #died(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#thread?.terminate();
    this.#thread = undefined;
    for (const { work, resolve, reject } of waiting) {
      try {
        resolve(doWork(work));
      } catch (error) {
        reject(error);
      }
    }
  }
}
