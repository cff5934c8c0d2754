// This file gives whatever Xtream clients ask for by number a number that it keeps for ever.
import { type Clock, type Timer, within } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { othersTurn } from '../../base/turn.ts';
import type { SharedStore } from '../../channel/shared-store.ts';
import {
  DERIVED_FROM,
  derivedNumber,
  type Known,
  NUMBER_MAX,
  type Numbered,
  type NumberedKind,
  numberedOf,
  parseKnown,
  parseNumber,
} from './numbered.ts';

export type StreamIdsDeps = {
  readonly store: Pick<SharedStore, 'load' | 'claim' | 'watch'>;
  /** False while other nodes may claim what this one does; absent: never. */
  readonly isStoreUp?: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
};

const KIND = 'stream-id';
/** Line-ups of 50,000 channels with films come to a fifth; each costs some 200 bytes of memory. */
const COUNT_MAX = 1_000_000;
/** One statement of a database each. */
const BATCH = 1000;
/** Other nodes may be faster as often as this; each time we know all that they did. */
const ATTEMPTS_MAX = 8;
/** A millisecond of them: whoever watches has his turn then. */
const LOOKS_A_TURN = 2000;
/**
 * A list waits no longer for the store: what has no number by then gets one of its name. 50,000 take
 * a second or two the first time, and players give up after ten or more.
 */
const WAIT_MS = 8000;
const RETRY_MS = 10_000;

/**
 * The document of a number says what it is of, and the first node to write it has it. Two nodes that
 * number the same thing at once may give it two: both are of it, and the lower one is told.
 *
 * Where the store is down a number is made of the name, so that every node and every start makes
 * the same, and it is claimed as soon as the store is back.
 */
export class StreamIds implements Disposable {
  readonly #deps: StreamIdsDeps;
  readonly #known = new Map<number, Known>();
  readonly #numbers = new Map<string, number>();
  /** What got a number of its name that no other node has been told of. */
  readonly #unclaimed = new Map<number, string>();
  readonly #ended = new DisposableStack();
  #work: Promise<void> = Promise.resolve();
  #isLoaded = false;
  #isFailing = false;
  #highest = 0;
  #losses = 0;
  #retry: Timer | undefined;

  constructor(deps: StreamIdsDeps) {
    this.#deps = deps;
    this.#ended.use(deps.store.watch(KIND, () => void this.#inTurn(() => this.#load())));
  }

  /** How often something lost its number to what another node gave the same: it wants another. */
  get losses(): number {
    return this.#losses;
  }

  /** Undefined before `number` was asked for it. */
  numberOf(kind: NumberedKind, id: string): number | undefined {
    return this.#numbers.get(`${kind} ${id}`);
  }

  /** Unix seconds at which it got its number. */
  addedS(number: number): number {
    return this.#known.get(number)?.addedS ?? 0;
  }

  at(number: number): Numbered | undefined {
    const key = this.#known.get(number)?.key;
    return key === undefined ? undefined : numberedOf(key);
  }

  /** All of them have a number then; it never rejects. */
  async number(kind: NumberedKind, ids: Iterable<string>): Promise<void> {
    const wanted = new Set<string>();
    let looked = 0;
    for (const id of ids) {
      const key = `${kind} ${id}`;
      if (!this.#numbers.has(key)) wanted.add(key);
      if (++looked % LOOKS_A_TURN === 0) await othersTurn();
    }
    if (wanted.size === 0) return;
    const claimed = this.#inTurn(() => this.#claimAll([...wanted]));
    await within(this.#deps.clock, claimed, WAIT_MS);
    for (const key of wanted) if (!this.#numbers.has(key)) this.#derive(key);
    if (this.#unclaimed.size > 0) this.#retryLater();
  }

  [Symbol.dispose](): void {
    this.#ended[Symbol.dispose]();
    this.#retry?.[Symbol.dispose]();
  }

  /** One after another, so that we never claim against ourselves. A failure is told once. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const run = this.#work.then(work).then(
      () => {
        this.#isFailing = false;
      },
      (error: unknown) => {
        if (!this.#isFailing) this.#deps.log.warn('stream ids not kept for now', { error });
        this.#isFailing = true;
        this.#retryLater();
      },
    );
    this.#work = run;
    return run;
  }

  async #load(): Promise<void> {
    this.#learn(await this.#deps.store.load(KIND));
    this.#isLoaded = true;
  }

  async #claimAll(keys: readonly string[]): Promise<void> {
    if (!this.#isLoaded) await this.#load();
    if (!this.#isUp()) return;
    for (let from = 0; from < keys.length; from += BATCH) {
      await this.#claim(keys.slice(from, from + BATCH));
      await othersTurn();
    }
  }

  async #claim(keys: readonly string[]): Promise<void> {
    let wanted = keys.filter((key) => !this.#isNumbered(key));
    for (let attempt = 0; attempt < ATTEMPTS_MAX && wanted.length > 0; attempt++) {
      if (this.#known.size + wanted.length > COUNT_MAX) throw new RangeError('too many stream ids');
      const at = Math.floor(this.#deps.clock.nowMs() / 1000);
      const documents = wanted.map((key, index) => {
        return [String(this.#highest + index + 1), { is: key, at }] as const;
      });
      this.#learn(await this.#deps.store.claim(KIND, new Map(documents)));
      wanted = wanted.filter((key) => !this.#isNumbered(key));
      if (wanted.length > 0) await this.#load();
    }
  }

  #isUp(): boolean {
    return this.#deps.isStoreUp?.() ?? true;
  }

  #isNumbered(key: string): boolean {
    const number = this.#numbers.get(key);
    return number !== undefined && !this.#unclaimed.has(number);
  }

  #learn(documents: ReadonlyMap<string, unknown>): void {
    for (const [id, document] of documents) {
      const number = parseNumber(id);
      const known = parseKnown(document);
      if (number === undefined || known === undefined) continue;
      this.#know(number, known);
      // It is the store's now, by whoever wrote it
      this.#unclaimed.delete(number);
    }
  }

  #know(number: number, known: Known): void {
    const lost = this.#known.get(number)?.key;
    if (lost !== undefined && lost !== known.key && this.#numbers.get(lost) === number) {
      this.#numbers.delete(lost);
      this.#losses++;
    }
    this.#known.set(number, known);
    if (number < DERIVED_FROM) this.#highest = Math.max(this.#highest, number);
    const before = this.#numbers.get(known.key);
    if (before === undefined || number < before) this.#numbers.set(known.key, number);
  }

  #derive(key: string): void {
    let number = derivedNumber(key);
    while (this.#known.has(number)) number = number === NUMBER_MAX ? DERIVED_FROM : number + 1;
    this.#know(number, { key, addedS: Math.floor(this.#deps.clock.nowMs() / 1000) });
    this.#unclaimed.set(number, key);
  }

  #retryLater(): void {
    this.#retry ??= this.#deps.clock.after(RETRY_MS, () => {
      this.#retry = undefined;
      void this.#inTurn(() => this.#claimDerived());
    });
  }

  /** What was told in the meantime stays what it is, unless others have given it a lower one. */
  async #claimDerived(): Promise<void> {
    await this.#load();
    if (!this.#isUp()) return this.#retryLater();
    if (this.#known.size > COUNT_MAX) return;
    const kept = [...this.#unclaimed].filter(([number, key]) => this.#numbers.get(key) === number);
    this.#unclaimed.clear();
    for (const [number, key] of kept) this.#unclaimed.set(number, key);
    for (let from = 0; from < kept.length; from += BATCH) {
      const documents = kept.slice(from, from + BATCH).map(([number, key]) => {
        return [String(number), { is: key, at: this.addedS(number) }] as const;
      });
      this.#learn(await this.#deps.store.claim(KIND, new Map(documents)));
    }
    // Another's name came to the same number first: what was told here is told otherwise from now on
    const lost = kept.filter(([number, key]) => this.#known.get(number)?.key !== key);
    for (const [, key] of lost) this.#numbers.delete(key);
    await this.#claimAll(lost.map(([, key]) => key));
  }
}
