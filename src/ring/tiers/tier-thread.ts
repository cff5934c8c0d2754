// This file keeps the thread in which the tiers live running.
import { assert } from '../../base/assert.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { endThread } from '../../base/end-thread.ts';
import type { Log } from '../../base/log.ts';
import { aborted, checkAborted, TierError, tierErrorOf } from './errors.ts';
import type { FolderMarks } from './folder-mark.ts';
import { type Caller, RemoteTier } from './remote-tier.ts';
import type { Tier } from './tier.ts';
import type { FromTiers, TierAnswers, TierCall, ToTiers } from './tier-messages.ts';
import type { TierSpec } from './tier-spec.ts';

export type TierThreadOptions = {
  readonly entry: URL;
  readonly clock: Clock;
  readonly log: Log;
};

type Waiting = {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: TierError) => void;
  readonly place: string;
};

/** A thread that has not answered for this long is stuck in a loop and is replaced. */
const STUCK_MS = 15_000;
const PING_EVERY_MS = 5000;
/** It has this long to close what it has open. */
const END_MS = 2000;
/** One that dies sooner than this is replaced only after as long: no storm of starts. */
const REBIRTH_MS = 1000;

/**
 * Drivers parse megabytes and sum them up, which the serving thread has no time for. All tiers share
 * one thread: what is slow about them is waiting. Should it die, every call fails with
 * TIER_UNREACHABLE, another is started, and the tiers in it want to be opened again.
 */
export class TierThread implements AsyncDisposable {
  readonly #options: TierThreadOptions;
  readonly #specs = new Map<number, TierSpec>();
  readonly #waiting = new Map<number, Waiting>();
  #thread: Worker | undefined;
  #nextTier = 1;
  #nextCall = 1;
  #bornMs = 0;
  #answeredMs = 0;
  #replaced = 0;
  #isClosed = false;
  #ping: Timer | undefined;
  #rebirth: Timer | undefined;

  constructor(options: TierThreadOptions) {
    this.#options = options;
  }

  /** A tier that lives there; the thread is started for the first. `marks`: of folders. */
  tier(spec: TierSpec, marks?: FolderMarks): Tier {
    assert(!this.#isClosed, 'no tier is made in a thread that was closed');
    const tier = this.#nextTier++;
    this.#specs.set(tier, spec);
    if (this.#thread === undefined && this.#rebirth === undefined) this.#start();
    else this.#post({ type: 'make', tier, spec });
    const caller: Caller = {
      call: (call, place, signal) => this.#call(tier, call, place, signal),
      forget: () => this.#specs.delete(tier),
    };
    return new RemoteTier(spec, caller, marks);
  }

  stats(): { readonly waiting: number; readonly replaced: number } {
    return { waiting: this.#waiting.size, replaced: this.#replaced };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#ping?.[Symbol.dispose]();
    this.#rebirth?.[Symbol.dispose]();
    const thread = this.#thread;
    this.#thread = undefined;
    if (thread !== undefined) await endThread(thread, this.#options.clock, END_MS);
    this.#failAll('it is closed');
  }

  #call<C extends TierCall>(
    tier: number,
    call: C,
    place: string,
    signal: AbortSignal,
  ): Promise<TierAnswers[C['what']]> {
    checkAborted(signal, place);
    if (this.#thread === undefined) throw noThread(place, 'it is not there yet');
    const id = this.#nextCall++;
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#waiting.delete(id);
        signal.removeEventListener('abort', leave);
      };
      const leave = () => {
        settle();
        this.#post({ type: 'abort', id });
        reject(aborted(place));
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.set(id, {
        place,
        resolve: (value) => {
          settle();
          resolve(value as TierAnswers[C['what']]);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      this.#post({ type: 'call', id, tier, call });
    });
  }

  #start(): void {
    const { entry, clock } = this.#options;
    const thread = new Worker(entry);
    this.#thread = thread;
    this.#bornMs = clock.monotonicMs();
    this.#answeredMs = this.#bornMs;
    thread.onmessage = ({ data }: MessageEvent<FromTiers>) => {
      if (this.#thread === thread) this.#take(data);
    };
    thread.onerror = (event) => {
      event.preventDefault?.();
      this.#died(thread, event.message);
    };
    thread.addEventListener('close', () => this.#died(thread, 'it ended'));
    for (const [tier, spec] of this.#specs) this.#post({ type: 'make', tier, spec });
    this.#ping ??= clock.after(PING_EVERY_MS, () => this.#pingIt());
  }

  #take(data: FromTiers): void {
    if (data.type === 'answer') this.#waiting.get(data.id)?.resolve(data.value);
    else if (data.type === 'failure') this.#waiting.get(data.id)?.reject(tierErrorOf(data.error));
    else if (data.type === 'pong') this.#answeredMs = this.#options.clock.monotonicMs();
  }

  #died(thread: Worker, reason: string): void {
    if (this.#isClosed || this.#thread !== thread) return;
    const { clock, log } = this.#options;
    this.#thread = undefined;
    this.#replaced++;
    log.error('thread of the tiers died and is replaced', { reason });
    thread.terminate();
    this.#failAll(reason);
    const ageMs = clock.monotonicMs() - this.#bornMs;
    this.#rebirth = clock.after(ageMs < REBIRTH_MS ? REBIRTH_MS : 0, () => {
      this.#rebirth = undefined;
      this.#start();
    });
  }

  #failAll(reason: string): void {
    for (const { reject, place } of [...this.#waiting.values()]) reject(noThread(place, reason));
  }

  #pingIt(): void {
    const { clock } = this.#options;
    const thread = this.#thread;
    if (thread !== undefined && clock.monotonicMs() - this.#answeredMs > STUCK_MS) {
      this.#died(thread, 'it does not answer');
    }
    this.#post({ type: 'ping' });
    this.#ping = clock.after(PING_EVERY_MS, () => this.#pingIt());
  }

  #post(message: ToTiers): void {
    this.#thread?.postMessage(message);
  }
}

function noThread(place: string, reason: string): TierError {
  const message = `Cannot reach ${place}: its thread is gone (${reason})`;
  return new TierError('TIER_UNREACHABLE', message, { place });
}
