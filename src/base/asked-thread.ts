// This file keeps a thread that is asked and answers, one call at a time or several.
import type { Clock } from './clock.ts';
import { endThread } from './end-thread.ts';
import { AppError, type ErrorRecord } from './errors.ts';
import type { Log } from './log.ts';

export type AskedThreadOptions<Settings> = {
  /** As in `threads.ts`; what runs there calls `answerCalls`. */
  readonly entry: URL;
  readonly clock: Clock;
  readonly log: Log;
  /** Its collector comes often: for work that lets go of far more than it keeps. */
  readonly isFrugal?: boolean;
  /** For the log: "the guides". */
  readonly name: string;
  readonly settings: Settings;
  /** What a call fails with that nobody answers any more. */
  readonly gone: (reason: string) => AppError;
};

/** What is sent to such a thread. */
export type ToAsked<Settings, Call> =
  | { readonly type: 'settings'; readonly settings: Settings }
  | { readonly type: 'call'; readonly id: number; readonly call: Call }
  /** Close what is open and say so; nothing follows. */
  | { readonly type: 'end' };

export type FromAsked =
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly error: ErrorRecord }
  | { readonly type: 'ended' };

type Waiting = {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: AppError) => void;
};

/** It has this long to close what it has open. */
const END_MS = 2000;
/** One that dies is started again no sooner, however often it is asked: no storm of starts. */
const REBIRTH_MS = 5000;

/** Started by the first call. Should it die, calls under way fail, and a later one starts another. */
export class AskedThread<
  Settings,
  Call extends { readonly what: string },
  Answers extends { readonly [What in Call['what']]: unknown },
> implements AsyncDisposable
{
  readonly #options: AskedThreadOptions<Settings>;
  readonly #waiting = new Map<number, Waiting>();
  #thread: Worker | undefined;
  #nextCall = 1;
  #diedMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(options: AskedThreadOptions<Settings>) {
    this.#options = options;
  }

  /** Rejects with AppError, its code that of what went wrong there. */
  async call<C extends Call>(call: C): Promise<Answers[C['what']]> {
    const thread = this.#running();
    const id = this.#nextCall++;
    return await new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      thread.postMessage({ type: 'call', id, call } satisfies ToAsked<Settings, Call>);
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
    const { clock, entry, settings, gone, isFrugal = false } = this.#options;
    if (this.#isClosed) throw gone('it is closed');
    if (clock.monotonicMs() - this.#diedMs < REBIRTH_MS) throw gone('it has just died');
    const thread = new Worker(entry, { smol: isFrugal });
    this.#thread = thread;
    thread.onmessage = ({ data }: MessageEvent<FromAsked>) => this.#take(data);
    thread.onerror = (event) => {
      event.preventDefault?.();
      this.#died(thread, event.message);
    };
    thread.addEventListener('close', () => this.#died(thread, 'it ended'));
    thread.postMessage({ type: 'settings', settings } satisfies ToAsked<Settings, Call>);
    return thread;
  }

  #take(data: FromAsked): void {
    if (data.type === 'ended') return;
    const waiting = this.#waiting.get(data.id);
    this.#waiting.delete(data.id);
    if (data.type === 'answer') waiting?.resolve(data.value);
    else waiting?.reject(errorOf(data.error));
  }

  #died(thread: Worker, reason: string): void {
    if (this.#isClosed || this.#thread !== thread) return;
    const { clock, log, name } = this.#options;
    log.error(`thread of ${name} died`, { reason });
    this.#thread = undefined;
    this.#diedMs = clock.monotonicMs();
    thread.terminate();
    this.#failAll(reason);
  }

  #failAll(reason: string): void {
    for (const { reject } of [...this.#waiting.values()]) reject(this.#options.gone(reason));
    this.#waiting.clear();
  }
}

function errorOf({ code, message, detail }: ErrorRecord): AppError {
  return new AppError(code, message, detail);
}
