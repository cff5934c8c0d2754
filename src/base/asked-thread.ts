// This file keeps a thread that is asked and answers, one call at a time or several.
import type { Clock, Timer } from './clock.ts';
import { endThread } from './end-thread.ts';
import { AppError, type ErrorRecord } from './errors.ts';
import { BEAT_MS, Heartbeat } from './heartbeat.ts';
import type { Log } from './log.ts';

export type AskedThreadOptions<Settings, Call = unknown> = {
  /** As in `threads.ts`; what runs there calls `answerCalls`. */
  readonly entry: URL;
  readonly clock: Clock;
  readonly log: Log;
  /** For the log: "the guides". */
  readonly name: string;
  readonly settings: Settings;
  /** What a call fails with that nobody answers any more. */
  readonly gone: (reason: string, call: Call) => AppError;
  /** What it does takes moments: one that is silent for a quarter of a minute is stuck, and is ended. */
  readonly isQuick?: boolean;
  /** Its collector comes often: for work that lets go of far more than it keeps. */
  readonly isFrugal?: boolean;
  /** One that dies is started again no sooner, however often it is asked: no storm of starts. */
  readonly rebirthMs?: number;
};

/** What is sent to such a thread. */
export type ToAsked<Settings, Call> =
  | { readonly type: 'settings'; readonly settings: Settings }
  | { readonly type: 'call'; readonly id: number; readonly call: Call }
  /** Nobody waits for that call any more. */
  | { readonly type: 'abort'; readonly id: number }
  | { readonly type: 'ping' }
  /** Close what is open and say so; nothing follows. */
  | { readonly type: 'end' };

export type FromAsked =
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly error: ErrorRecord }
  | { readonly type: 'pong' }
  | { readonly type: 'ended' };

type Waiting<Call> = {
  readonly call: Call;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: AppError) => void;
};

/** It has this long to close what it has open. */
const END_MS = 2000;
const REBIRTH_MS = 5000;
const GIVEN_UP = 'it was given up';

/** Started by the first call. Should it die, calls under way fail, and a later one starts another. */
export class AskedThread<
  Settings,
  Call extends { readonly what: string },
  Answers extends { readonly [What in Call['what']]: unknown },
> implements AsyncDisposable
{
  readonly #options: AskedThreadOptions<Settings, Call>;
  readonly #waiting = new Map<number, Waiting<Call>>();
  #thread: Worker | undefined;
  #nextCall = 1;
  #beat: Timer | undefined;
  #diedMs = Number.NEGATIVE_INFINITY;
  #deaths = 0;
  #isClosed = false;

  constructor(options: AskedThreadOptions<Settings, Call>) {
    this.#options = options;
  }

  /** Rejects with AppError, its code that of what went wrong there; as `gone` where `signal` aborts. */
  async call<C extends Call>(call: C, signal?: AbortSignal): Promise<Answers[C['what']]> {
    if (signal?.aborted) throw this.#options.gone(GIVEN_UP, call);
    const thread = this.#running(call);
    const id = this.#nextCall++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const leave = () => {
      post<Settings, Call>(thread, { type: 'abort', id });
      reject(this.#options.gone(GIVEN_UP, call));
    };
    this.#waiting.set(id, { call, resolve, reject });
    signal?.addEventListener('abort', leave, { once: true });
    try {
      post<Settings, Call>(thread, { type: 'call', id, call });
      return (await promise) as Answers[C['what']];
    } finally {
      this.#waiting.delete(id);
      signal?.removeEventListener('abort', leave);
    }
  }

  stats(): { readonly waiting: number; readonly deaths: number } {
    return { waiting: this.#waiting.size, deaths: this.#deaths };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const thread = this.#thread;
    this.#left();
    this.#failAll('it is closed');
    if (thread !== undefined) await endThread(thread, this.#options.clock, END_MS);
  }

  #running(call: Call): Worker {
    if (this.#thread !== undefined) return this.#thread;
    const {
      clock,
      entry,
      settings,
      gone,
      isQuick,
      isFrugal = false,
      rebirthMs = REBIRTH_MS,
    } = this.#options;
    if (this.#isClosed) throw gone('it is closed', call);
    if (clock.monotonicMs() - this.#diedMs < rebirthMs) throw gone('it has just died', call);
    const thread = new Worker(entry, { smol: isFrugal });
    const heart = new Heartbeat();
    this.#thread = thread;
    thread.onmessage = ({ data }: MessageEvent<FromAsked>) => this.#take(data, heart);
    thread.onerror = (event) => {
      event.preventDefault?.();
      this.#died(thread, event.message);
    };
    thread.addEventListener('close', () => this.#died(thread, 'it ended'));
    post<Settings, Call>(thread, { type: 'settings', settings });
    if (isQuick === true) this.#beatLater(thread, heart);
    return thread;
  }

  #take(data: FromAsked, heart: Heartbeat): void {
    if (data.type === 'answer') this.#waiting.get(data.id)?.resolve(data.value);
    else if (data.type === 'failure') this.#waiting.get(data.id)?.reject(errorOf(data.error));
    else if (data.type === 'pong') heart.answered();
  }

  #beatLater(thread: Worker, heart: Heartbeat): void {
    this.#beat = this.#options.clock.after(BEAT_MS, () => {
      if (!heart.ask()) return this.#died(thread, 'it does not answer');
      post<Settings, Call>(thread, { type: 'ping' });
      this.#beatLater(thread, heart);
    });
  }

  #died(thread: Worker, reason: string): void {
    if (this.#isClosed || this.#thread !== thread) return;
    const { clock, log, name } = this.#options;
    log.error(`thread of ${name} died`, { reason });
    this.#left();
    this.#deaths++;
    this.#diedMs = clock.monotonicMs();
    thread.terminate();
    this.#failAll(reason);
  }

  #left(): void {
    this.#thread = undefined;
    this.#beat?.[Symbol.dispose]();
  }

  #failAll(reason: string): void {
    const { gone } = this.#options;
    for (const { call, reject } of [...this.#waiting.values()]) reject(gone(reason, call));
  }
}

function post<Settings, Call>(thread: Worker, message: ToAsked<Settings, Call>): void {
  thread.postMessage(message);
}

function errorOf({ code, message, detail }: ErrorRecord): AppError {
  return new AppError(code, message, detail);
}
