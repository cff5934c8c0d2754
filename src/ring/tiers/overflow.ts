// This file keeps copies of what was loaded in the tiers, and finds them again.
import type { Clock } from '../../base/clock.ts';
import { putWithin, type Span, stamped } from './stamped.ts';
import type { Stored } from './tier.ts';
import type { TierChain } from './tier-chain.ts';
import type { TierStats } from './tier-stats.ts';

/** Whose bodies they are. */
export type CopyPlace = { readonly channel: string; readonly rendition: string };

export type Copy = CopyPlace & {
  /** As the URL has it. */
  readonly name: string;
  /** As every weir calls the same content of the same source. */
  readonly tierName: string;
  /** When the content can have been put by this weir or another. */
  readonly span: Span;
};

export type OverflowStats = {
  readonly tiers: readonly TierStats[];
  /** Bodies that were not fetched from the upstream. */
  readonly taken: number;
  /** Bodies that viewers were sent although they had left the ring. */
  readonly recalled: number;
};

export type OverflowOptions = {
  readonly all: TierChain;
  /** Those of them that other weirs use too. */
  readonly shared: TierChain;
  readonly clock: Clock;
  /** How long the one that holds them longest does. */
  readonly ageMs: number;
};

/** Names remembered; 200 bytes each, a week of one channel or an hour of thirty. */
const COPIES_MAX = 32_768;

/** Nothing here throws or rejects, and nobody waits for more than the budget of a miss. */
export class Overflow implements AsyncDisposable {
  readonly #options: OverflowOptions;
  /** The oldest first. */
  readonly #copies = new Map<string, Copy & { readonly untilMs: number }>();
  #taken = 0;
  #recalled = 0;

  constructor(options: OverflowOptions) {
    this.#options = options;
  }

  get isShared(): boolean {
    return !this.#options.shared.isEmpty;
  }

  start(): void {
    this.#options.all.start();
  }

  /** Puts it into all tiers, whenever they come round to it. */
  keep(copy: Copy, stored: Stored): void {
    const { all, clock, ageMs } = this.#options;
    const nowMs = clock.nowMs();
    this.#remember(copy, nowMs + ageMs);
    const { channel, rendition, tierName: name } = copy;
    void all.put({ channel, rendition, name }, stamped(stored, nowMs));
  }

  /** What this weir or another has put: for a rendition loop that is about to fetch it. */
  async look(
    { channel, rendition }: CopyPlace,
    name: string,
    span: Span,
    where: 'shared' | 'all',
  ): Promise<Stored | undefined> {
    const found = putWithin(await this.#options[where].get({ channel, rendition, name }), span);
    if (found !== undefined) this.#taken++;
    return found;
  }

  /** For a viewer: what this weir has kept under this name. Undefined at once where it has not. */
  recall(place: CopyPlace, name: string): Promise<Stored | undefined> | undefined {
    const id = idOf(place, name);
    const copy = this.#copies.get(id);
    if (copy === undefined) return undefined;
    if (copy.untilMs > this.#options.clock.nowMs()) return this.#recall(copy);
    this.#copies.delete(id);
    return undefined;
  }

  stats(): OverflowStats {
    const tiers = this.#options.all.stats();
    return { tiers, taken: this.#taken, recalled: this.#recalled };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.all[Symbol.asyncDispose]();
  }

  async #recall({ channel, rendition, tierName: name, span }: Copy): Promise<Stored | undefined> {
    const found = putWithin(await this.#options.all.get({ channel, rendition, name }), span);
    if (found !== undefined) this.#recalled++;
    return found;
  }

  #remember(copy: Copy, untilMs: number): void {
    const id = idOf(copy, copy.name);
    this.#copies.delete(id);
    this.#copies.set(id, { ...copy, untilMs });
    if (this.#copies.size <= COPIES_MAX) return;
    const oldest = this.#copies.keys().next().value as string;
    this.#copies.delete(oldest);
  }
}

/** None of the three holds a slash. */
function idOf({ channel, rendition }: CopyPlace, name: string): string {
  return `${channel}/${rendition}/${name}`;
}
