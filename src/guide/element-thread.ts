// This file keeps a thread that reads elements of a guide while another cuts and stores them.
import { type ElementBatch, type ElementsRead, readElements } from './read-elements.ts';

/** Batches under way there: one that it reads, and the next, so that it never waits. */
const UNDER_WAY_MAX = 2;

type Waiting = { readonly batch: ElementBatch; readonly resolve: (read: ElementsRead) => void };

/**
 * Lives as long as one import: its heap is worth nothing afterwards. Should it die, what it had is
 * read here, and so is all that follows.
 */
export class ElementThread implements Disposable {
  #thread: Worker | undefined;
  /** In the order in which they were sent, which is that of the answers. */
  #waiting: Waiting[] = [];

  constructor(entry: URL) {
    // A small heap: what it reads is of use for some milliseconds
    const thread = new Worker(entry, { smol: true });
    this.#thread = thread;
    thread.onmessage = ({ data }: MessageEvent<ElementsRead>) => {
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

  read(batch: ElementBatch): Promise<ElementsRead> {
    const thread = this.#thread;
    if (thread === undefined) return Promise.resolve(readElements(batch));
    return new Promise((resolve) => {
      this.#waiting.push({ batch, resolve });
      thread.postMessage(batch);
    });
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
    for (const { batch, resolve } of waiting) resolve(readElements(batch));
  }
}
