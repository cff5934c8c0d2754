// This file is a tier that lives in another thread, as this thread sees it.
import type { AskedThread } from '../../base/asked-thread.ts';
import { errorRecord } from '../../base/errors.ts';
import { aborted, checkAborted, TierError, tierErrorOf } from './errors.ts';
import type { FolderMarks } from './folder-mark.ts';
import type { BodyForm, Stored, Swept, Tier, TierKey, TierUse } from './tier.ts';
import type { TierAnswers, TierCall, TierDeed } from './tier-messages.ts';
import { placeOf, type TierSpec } from './tier-spec.ts';

type Thread = Pick<AskedThread<undefined, TierCall, TierAnswers>, 'call'>;

export class RemoteTier implements Tier {
  readonly kind: Tier['kind'];
  readonly place: string;
  readonly #tier: number;
  readonly #spec: TierSpec;
  readonly #thread: Thread;
  readonly #marks: FolderMarks | undefined;
  #isClosed = false;

  /** `tier`: by which `thread` knows it. */
  constructor(tier: number, spec: TierSpec, thread: Thread, marks?: FolderMarks) {
    this.kind = spec.kind;
    this.place = placeOf(spec);
    this.#tier = tier;
    this.#spec = spec;
    this.#thread = thread;
    this.#marks = marks;
  }

  async open(signal: AbortSignal): Promise<void> {
    const mustBeThere = this.#marks?.mustBeThere(this.place) ?? false;
    const isMarked = await this.#call({ what: 'open', spec: this.#spec, mustBeThere }, signal);
    if (isMarked) this.#marks?.found(this.place);
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
    try {
      await this.#thread.call({ what: 'close', tier: this.#tier, place: this.place });
    } catch {
      // A thread that is gone has nothing open any more
    }
  }

  async #call<D extends TierDeed>(deed: D, signal: AbortSignal): Promise<TierAnswers[D['what']]> {
    if (this.#isClosed) {
      const message = `Cannot use ${this.place}: it is closed`;
      throw new TierError('TIER_CLOSED', message, { place: this.place });
    }
    checkAborted(signal, this.place);
    try {
      const { place } = this;
      const answer = await this.#thread.call({ ...deed, tier: this.#tier, place }, signal);
      return answer as TierAnswers[D['what']];
    } catch (error) {
      if (signal.aborted) throw aborted(this.place);
      throw error instanceof TierError ? error : tierErrorOf(errorRecord(error));
    }
  }
}
