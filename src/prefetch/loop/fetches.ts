// This file runs the fetches of one rendition loop: of segments, and of what they need.
import type { Timeouts } from '../../config/config.ts';
import type { BodyKey, LoopSpec } from '../messages.ts';
import { BodyFetch, type BodyFetchRequest } from './body-fetch.ts';
import type { ListState } from './list-state.ts';
import { LookAside } from './look-aside.ts';
import type { LoopDeps } from './loop-deps.ts';
import { RetryBudget } from './retry-budget.ts';

/** Messages from one thread to another take less; who asks meanwhile has not seen them. */
const UNDER_WAY_MS = 100;
/** An init segment is a few hundred bytes, a key sixteen. */
const ASSET_MAX_BYTES = 1024 * 1024;

export class Fetches implements Disposable {
  readonly timeouts: Timeouts;
  readonly #spec: LoopSpec;
  readonly #deps: LoopDeps;
  readonly #state: ListState;
  readonly #budget = new RetryBudget();
  readonly #aside: LookAside;
  readonly #running = new Map<BodyKey, BodyFetch>();
  readonly #wanted = new Set<BodyKey>();
  readonly #runs = new Set<Promise<boolean>>();

  constructor(spec: LoopSpec, deps: LoopDeps, state: ListState) {
    this.#spec = spec;
    this.#deps = deps;
    this.#state = state;
    this.#aside = new LookAside(spec, deps.clock, deps.emit);
    this.timeouts = spec.source.kind === 'loop' ? {} : spec.source.timeouts;
  }

  get count(): number {
    return this.#running.size;
  }

  get wantedCount(): number {
    return this.#wanted.size;
  }

  isRunning(key: BodyKey): boolean {
    return this.#running.has(key);
  }

  isWanted(key: BodyKey): boolean {
    return this.#wanted.has(key);
  }

  /** Somebody waits for it; true where it is being fetched. */
  want(key: BodyKey): boolean {
    this.#wanted.add(key);
    const fetch = this.#running.get(key);
    fetch?.pipe();
    return fetch !== undefined;
  }

  unwant(key: BodyKey): void {
    this.#wanted.delete(key);
  }

  /** The answer to `look`. */
  found(key: BodyKey, body: Blob | undefined): void {
    this.#aside.found(key, body);
  }

  /** What was handed over just now is on its way to the other thread. */
  isUnderWay(handedOverMs = Number.NEGATIVE_INFINITY): boolean {
    return this.#deps.clock.monotonicMs() - handedOverMs < UNDER_WAY_MS;
  }

  open(request: BodyFetchRequest): BodyFetch {
    const { makeBody, ...deps } = this.#deps;
    const { segmentMaxBytes } = this.#spec;
    const isAsset = request.kind === 'asset';
    const fetch = new BodyFetch(
      {
        ...deps,
        makeBody,
        budget: this.#budget,
        timeouts: this.timeouts,
        maxBytes: isAsset ? Math.min(ASSET_MAX_BYTES, segmentMaxBytes) : segmentMaxBytes,
        ...(this.#aside.asks(this.#state.onDemand) ? { aside: this.#aside } : {}),
      },
      request,
    );
    if (this.#wanted.has(request.key)) fetch.pipe();
    this.#running.set(request.key, fetch);
    return fetch;
  }

  /**
   * Runs what was opened to its end: true where it came whole. Its `loaded` waits for what `ready`
   * stands for, without which it is worth nothing.
   */
  async settle(fetch: BodyFetch, key: BodyKey, ready: Promise<boolean>): Promise<boolean> {
    const run = fetch.run(ready);
    this.#runs.add(run);
    const whole = await run.finally(() => this.#runs.delete(run));
    this.#running.delete(key);
    this.#wanted.delete(key);
    return whole;
  }

  hurrySegments(deadlineMs: number): void {
    for (const [key, fetch] of this.#running) if (typeof key === 'number') fetch.hurry(deadlineMs);
  }

  closeSegments(): void {
    for (const [key, fetch] of this.#running) if (typeof key === 'number') fetch.close();
  }

  /** Resolves once none of those that run has anything open. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#runs);
  }

  [Symbol.dispose](): void {
    for (const fetch of this.#running.values()) fetch.close();
  }
}
