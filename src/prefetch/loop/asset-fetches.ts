// This file fetches what segments need beside themselves: init segments and keys, each once.
import type { Clock } from '../../base/clock.ts';
import { type Asset, assetsOf, isEncrypted, type ListedSegment } from '../../ring/listing.ts';
import { giveUpAfterMs } from '../../source/deadlines.ts';
import type { BodyFetchRequest, Expectation } from './body-fetch.ts';
import type { BodyRemux } from './body-remux.ts';
import type { Fetches } from './fetches.ts';
import type { ListState } from './list-state.ts';

/** Assets remembered as fetched; a channel rarely has more keys within a window. */
const ASSETS_MAX = 64;

type Known = { readonly asset: Asset; readonly expect: Expectation };
type Run = { readonly run: Promise<boolean>; doneMs: number | undefined };

export class AssetFetches {
  readonly #clock: Clock;
  readonly #fetches: Fetches;
  readonly #remux: BodyRemux;
  readonly #state: ListState;
  readonly #known = new Map<string, Known>();
  readonly #runs = new Map<string, Run>();

  constructor(clock: Clock, fetches: Fetches, remux: BodyRemux, state: ListState) {
    this.#clock = clock;
    this.#fetches = fetches;
    this.#remux = remux;
    this.#state = state;
  }

  /** Whatever the segment needs may be asked for from now on. */
  know({ map, keys }: ListedSegment): void {
    if (map !== undefined) this.#know(map.asset, isEncrypted(map.keys) ? 'encrypted' : 'init');
    for (const { asset } of [...keys, ...(map?.keys ?? [])]) {
      if (asset !== undefined) this.#know(asset, 'key');
    }
    // What is on demand may be asked for at any time
    while (!this.#state.onDemand && this.#known.size > ASSETS_MAX) {
      const oldest = this.#known.keys().next().value as string;
      this.#known.delete(oldest);
      this.#runs.delete(oldest);
    }
  }

  /** The one named last is remembered longest. */
  #know(asset: Asset, expect: Expectation): void {
    this.#known.delete(asset.name);
    this.#known.set(asset.name, { asset, expect });
  }

  /** Nobody asks for what was handed over, unless it was forgotten there or is on its way. */
  want(name: string): void {
    if (this.#fetches.isUnderWay(this.#runs.get(name)?.doneMs)) return;
    this.#runs.delete(name);
    const known = this.#known.get(name);
    if (known !== undefined) void this.#start(known);
  }

  /** True once all that the segment needs is here. */
  async ready(segment: ListedSegment): Promise<boolean> {
    const runs = assetsOf(segment).map(({ name }) => {
      const known = this.#known.get(name);
      return known === undefined ? false : this.#start(known);
    });
    if (runs.length === 0) return true;
    return (await Promise.all(runs)).every(Boolean);
  }

  /** Single flight per asset; one that failed is tried again by the next segment that needs it. */
  #start({ asset: { name, ref }, expect }: Known): Promise<boolean> {
    const before = this.#runs.get(name);
    if (before !== undefined) return before.run;
    const { targetDurationS } = this.#state;
    const request: BodyFetchRequest = {
      key: name,
      kind: 'asset',
      ref,
      expect,
      targetDurationS,
      deadlineMs:
        this.#clock.monotonicMs() + giveUpAfterMs(targetDurationS, this.#fetches.timeouts),
      take: (chunks) => void this.#remux.keep(name, chunks),
    };
    const fetch = this.#fetches.open(request);
    const run = this.#fetches.settle(fetch, name, Promise.resolve(true)).then((whole) => {
      entry.doneMs = this.#clock.monotonicMs();
      if (!whole) this.#runs.delete(name);
      return whole;
    });
    const entry: Run = { run, doneMs: undefined };
    this.#runs.set(name, entry);
    return run;
  }
}
