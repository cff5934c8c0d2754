// This file is what a rendition has in the tiers: what is put there, and what is looked for.
import type { Clock } from '../../base/clock.ts';
import type { ListedSegment } from '../../ring/listing.ts';
import { contentName } from '../../ring/name.ts';
import type { CopyPlace, Overflow } from '../../ring/tiers/overflow.ts';
import type { Span } from '../../ring/tiers/stamped.ts';
import type { Stored } from '../../ring/tiers/tier.ts';
import type { RenditionSpec } from '../../source/source.ts';
import type { LoopSpec } from '../messages.ts';

export type CopiesDeps = {
  readonly overflow: Overflow;
  readonly place: CopyPlace;
  readonly clock: Clock;
};

/** A segment, or the name of an init segment or a key. */
export type Wanted = ListedSegment | string;

/** What is live is fetched, by whichever weir, no longer than this after it was first listed. */
const LIVE_MS = 120_000;
/** Clocks of two weirs may differ so much, or the later one is not believed. */
const SKEW_MS = 60_000;
/** Named by nobody else: what this process alone can find again. */
const OWN = crypto.randomUUID().slice(0, 8);

export class Copies {
  readonly #deps: CopiesDeps;
  #source: RenditionSpec | undefined;
  /** It may be made into another container than its source has. */
  #isMadeHere = false;
  /** When the source last began to count anew: what was put before is called the same. */
  #countsSinceMs = Number.NEGATIVE_INFINITY;

  constructor(deps: CopiesDeps) {
    this.#deps = deps;
  }

  /** Which bodies a loop is to ask for before it fetches them: a folder is no quicker than a ring. */
  get lookAside(): NonNullable<LoopSpec['lookAside']> {
    return this.#deps.overflow.isShared ? 'always' : 'on-demand';
  }

  plays({ source, form }: LoopSpec): void {
    this.#source = source;
    this.#isMadeHere = form !== undefined;
  }

  countsAnew(): void {
    this.#countsSinceMs = this.#deps.clock.nowMs();
  }

  /** `name`: as viewers know it. */
  loaded(name: string, wanted: Wanted, stored: Stored, isOnDemand: boolean): void {
    const { overflow, place } = this.#deps;
    const tierName = this.#tierName(name, wanted);
    if (tierName === undefined) return;
    overflow.keep({ ...place, name, tierName, span: this.#span(isOnDemand) }, stored);
  }

  async look(wanted: Wanted, isOnDemand: boolean): Promise<Stored | undefined> {
    const { overflow, place } = this.#deps;
    const tierName = this.#tierName(undefined, wanted);
    if (tierName === undefined) return undefined;
    const where = isOnDemand ? 'all' : 'shared';
    return await overflow.look(place, tierName, this.#span(isOnDemand), where);
  }

  /** What has left the ring; undefined at once where it was never kept. */
  recall(name: string): Promise<Stored | undefined> | undefined {
    return this.#deps.overflow.recall(this.#deps.place, name);
  }

  /** What is finished stays what it is; what is live was put now, by us or by others. */
  #span(isOnDemand: boolean): Span {
    if (isOnDemand) return { fromMs: 0, toMs: Number.POSITIVE_INFINITY };
    const nowMs = this.#deps.clock.nowMs();
    return { fromMs: Math.max(nowMs - LIVE_MS, this.#countsSinceMs), toMs: nowMs + SKEW_MS };
  }

  /**
   * A function of the upstream alone, so that weirs whose numbers differ share it. Of what is cut or
   * made into another container here it is our own name, of what is looped here there is no need. Keys are kept in memory only.
   */
  #tierName(name: string | undefined, wanted: Wanted): string | undefined {
    const source = this.#source;
    if (source === undefined || source.kind === 'loop') return undefined;
    // A key beside what it opens would be worth as much as no key
    if (typeof wanted === 'string' && wanted.startsWith('key-')) return undefined;
    if (source.kind === 'stream' || this.#isMadeHere)
      return name === undefined ? undefined : `${OWN}-${name}`;
    const at =
      source.kind === 'hls' ? withoutQuery(source.url) : `${source.template} ${source.quality}`;
    const what = typeof wanted === 'string' ? wanted : contentName(wanted);
    return `${Bun.hash.wyhash(at).toString(36)}-${what}`;
  }
}

/** A token that runs out stands there. */
function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, '');
}
