// This file keeps the bodies of archives in the tiers.
import type { Clock } from '../../base/clock.ts';
import { HostSlots } from '../../net/host-slots.ts';
import type { BodyForm, Stored, TierKey } from '../../ring/tiers/tier.ts';
import type { TierChain } from '../../ring/tiers/tier-chain.ts';
import type { ArchivedSegment } from './archived.ts';
import type { Losses, Shelf, ShelfPlace, Shelved } from './shelf.ts';

export type TierShelfDeps = {
  readonly tiers: TierChain;
  readonly clock: Clock;
  /**
   * Told apart by it from what other weirs keep in the same place. Copies of what is live are called
   * as their source calls them, and that may mean something else tomorrow.
   */
  readonly owner: string;
};

/** Half of what a tier does at once: copies of what is live want some of it too. */
const READS_AT_ONCE = 32;
/** Of the time there is; who has waited for others leaves the tier its fair time, or it would seem slow. */
const QUEUE_SHARE = 0.5;
const READ = 'read';

export class TierShelf implements Shelf {
  readonly kind = 'tiers';
  readonly #deps: TierShelfDeps;
  readonly #slots = new HostSlots(READS_AT_ONCE);

  constructor(deps: TierShelfDeps) {
    this.#deps = deps;
  }

  async put(place: ShelfPlace, { segment, stored, untilMs }: Shelved): Promise<boolean> {
    if (stored === undefined) return true;
    return await this.#deps.tiers.put(this.#key(place, segment), stored, untilMs);
  }

  async get(
    place: ShelfPlace,
    segment: ArchivedSegment,
    budgetMs: number,
    form?: BodyForm,
  ): Promise<Stored | undefined> {
    const { clock, tiers } = this.#deps;
    const endMs = clock.monotonicMs() + budgetMs;
    using slot = await this.#slots.takeWithin(clock, READ, budgetMs * QUEUE_SHARE);
    if (slot === undefined) return undefined;
    return await tiers.get(this.#key(place, segment), endMs - clock.monotonicMs(), form);
  }

  async lost(
    place: ShelfPlace,
    segments: readonly ArchivedSegment[],
  ): Promise<readonly ArchivedSegment[] | undefined> {
    const held = await this.#deps.tiers.holds(segments.map((each) => this.#key(place, each)));
    if (held.includes(undefined)) return undefined;
    return segments.filter((_, index) => held[index] === false);
  }

  async drop(place: ShelfPlace, dropped: readonly ArchivedSegment[]): Promise<boolean> {
    const held = dropped.filter(({ gap }) => !gap);
    if (held.length === 0) return true;
    return await this.#deps.tiers.delete(held.map((each) => this.#key(place, each)));
  }

  describe(): void {
    // What belongs together is in the index
  }

  losses(): Losses {
    let oldest = 0;
    let any = 0;
    for (const { evicted, trips } of this.#deps.tiers.stats()) {
      oldest += evicted;
      any += trips;
    }
    return { oldest, any };
  }

  /** The tiers are closed by whoever opened them. */
  async [Symbol.asyncDispose](): Promise<void> {}

  #key({ channel, rendition }: ShelfPlace, { name }: ArchivedSegment): TierKey {
    return { channel, rendition, name: `archive-${this.#deps.owner}-${name}` };
  }
}
