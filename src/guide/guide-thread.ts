// This file keeps the thread of the guides, and asks it.
import type { Clock } from '../base/clock.ts';
import { endThread } from '../base/end-thread.ts';
import { AppError, type ErrorRecord } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { GuideError } from './errors.ts';
import type {
  FromGuides,
  GuideAnswers,
  GuideCall,
  GuideSettings,
  ToGuides,
} from './guide-messages.ts';

export type GuideThreadOptions = {
  readonly entry: URL;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: GuideSettings;
};

type Waiting = {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: AppError) => void;
};

/** It has this long to close what it has open. */
const END_MS = 2000;
/** One that dies is started again no sooner, however often it is asked: no storm of starts. */
const REBIRTH_MS = 5000;

/** Started by the first call. Should it die, calls under way fail, and a later one starts another. */
export class GuideThread implements AsyncDisposable {
  readonly #options: GuideThreadOptions;
  readonly #waiting = new Map<number, Waiting>();
  #thread: Worker | undefined;
  #nextCall = 1;
  #diedMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(options: GuideThreadOptions) {
    this.#options = options;
  }

  /** Rejects with AppError, its code that of what went wrong there. */
  async call<C extends GuideCall>(call: C): Promise<GuideAnswers[C['what']]> {
    const thread = this.#running();
    const id = this.#nextCall++;
    return await new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      thread.postMessage({ type: 'call', id, call } satisfies ToGuides);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const thread = this.#thread;
    this.#thread = undefined;
    this.#failAll('it is closed');
    if (thread !== undefined) await endThread(thread, this.#options.clock, END_MS);
  }

  #running(): Worker {
    if (this.#thread !== undefined) return this.#thread;
    const { clock, entry, settings } = this.#options;
    if (this.#isClosed) throw gone('it is closed');
    if (clock.monotonicMs() - this.#diedMs < REBIRTH_MS) throw gone('it has just died');
    const thread = new Worker(entry);
    this.#thread = thread;
    thread.onmessage = ({ data }: MessageEvent<FromGuides>) => this.#take(data);
    thread.onerror = (event) => {
      event.preventDefault?.();
      this.#died(thread, event.message);
    };
    thread.addEventListener('close', () => this.#died(thread, 'it ended'));
    thread.postMessage({ type: 'settings', settings } satisfies ToGuides);
    return thread;
  }

  #take(data: FromGuides): void {
    if (data.type === 'ended') return;
    const waiting = this.#waiting.get(data.id);
    this.#waiting.delete(data.id);
    if (data.type === 'answer') waiting?.resolve(data.value);
    else waiting?.reject(errorOf(data.error));
  }

  #died(thread: Worker, reason: string): void {
    if (this.#isClosed || this.#thread !== thread) return;
    this.#options.log.error('thread of the guides died', { reason });
    this.#thread = undefined;
    this.#diedMs = this.#options.clock.monotonicMs();
    thread.terminate();
    this.#failAll(reason);
  }

  #failAll(reason: string): void {
    for (const { reject } of [...this.#waiting.values()]) reject(gone(reason));
    this.#waiting.clear();
  }
}

function gone(reason: string): GuideError {
  return new GuideError('GUIDE_THREAD', `Cannot ask for guides: their thread is gone (${reason})`);
}

function errorOf({ code, message, detail }: ErrorRecord): AppError {
  return new AppError(code, message, detail);
}
