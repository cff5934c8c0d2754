// This file is a tier that lives in another thread, as this thread sees it.

import { TierError } from './errors.ts';
import type { FolderMarks } from './folder-mark.ts';
import type { BodyForm, Stored, Swept, Tier, TierKey, TierUse } from './tier.ts';
import type { TierAnswers, TierCall } from './tier-messages.ts';
import { placeOf, type TierSpec } from './tier-spec.ts';

export type Caller = {
  call<C extends TierCall>(
    call: C,
    place: string,
    signal: AbortSignal,
  ): Promise<TierAnswers[C['what']]>;
  /** The tier is not made again, should the thread die. */
  forget(): void;
};

/** Closing takes as long as it takes: the thread is ended by whoever owns it. */
const NEVER = new AbortController().signal;

export class RemoteTier implements Tier {
  readonly kind: Tier['kind'];
  readonly place: string;
  readonly #caller: Caller;
  readonly #marks: FolderMarks | undefined;
  #isClosed = false;

  constructor(spec: TierSpec, caller: Caller, marks?: FolderMarks) {
    this.kind = spec.kind;
    this.place = placeOf(spec);
    this.#caller = caller;
    this.#marks = marks;
  }

  async open(signal: AbortSignal): Promise<void> {
    const mustBeThere = this.#marks?.mustBeThere(this.place) ?? false;
    if (await this.#call({ what: 'open', mustBeThere }, signal)) this.#marks?.found(this.place);
  }

  async get(
    key: TierKey,
    signal: AbortSignal,
    form: BodyForm = 'memory',
  ): Promise<Stored | undefined> {
    const found = await this.#call({ what: 'get', key, form }, signal);
    if (found === undefined) return undefined;
    const { body, contentType, sizeBytes } = found;
    // A file that crossed has forgotten its size; what is cut of it knows its own
    return { body: form === 'pieces' ? body.slice(0, sizeBytes) : body, contentType };
  }

  async holds(keys: readonly TierKey[], signal: AbortSignal): Promise<readonly boolean[]> {
    return await this.#call({ what: 'holds', keys }, signal);
  }

  async put(key: TierKey, stored: Stored, expiresAtMs: number, signal: AbortSignal): Promise<void> {
    await this.#call({ what: 'put', key, stored, expiresAtMs }, signal);
  }

  async delete(keys: readonly TierKey[], signal: AbortSignal): Promise<void> {
    await this.#call({ what: 'delete', keys }, signal);
  }

  async sweep(nowMs: number, signal: AbortSignal): Promise<Swept> {
    return await this.#call({ what: 'sweep', nowMs }, signal);
  }

  async use(signal: AbortSignal): Promise<TierUse> {
    return await this.#call({ what: 'use' }, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#caller.forget();
    try {
      await this.#caller.call({ what: 'close' }, this.place, NEVER);
    } catch {
      // A thread that is gone has nothing open any more
    }
  }

  async #call<C extends TierCall>(call: C, signal: AbortSignal): Promise<TierAnswers[C['what']]> {
    if (this.#isClosed) {
      const message = `Cannot use ${this.place}: it is closed`;
      throw new TierError('TIER_CLOSED', message, { place: this.place });
    }
    return await this.#caller.call(call, this.place, signal);
  }
}
