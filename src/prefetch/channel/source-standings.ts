// This file knows the sources of a channel in their order, and how each of them does.
import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { ErrorRecord } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import type { SourceConfig } from '../../config/config.ts';
import { type HealthReport, SourceHealth } from '../../source/failover/source-health.ts';

export type SourceReport = HealthReport & {
  /** Place in the configuration, from 0; the slate comes after all. */
  readonly source: number;
  readonly kind: SourceConfig['kind'] | 'slate';
  readonly provider?: string;
  readonly active: boolean;
};

export type Standing = Pick<HealthReport, 'score' | 'failures' | 'goodAgoMs' | 'coolDownLeftMs'>;

type Source = {
  readonly config: SourceConfig;
  readonly health: SourceHealth;
  readonly isSlate: boolean;
};

/** By their places in the configuration, from 0. */
export class SourceStandings {
  readonly #clock: Clock;
  readonly #sources: readonly Source[];
  #activeIndex = 0;

  /** `slate`: what plays where nothing else does. */
  constructor(
    sources: readonly SourceConfig[],
    slate: SourceConfig | undefined,
    { clock, random }: { readonly clock: Clock; readonly random: Random },
  ) {
    assert(sources.length > 0, 'a channel has a source');
    this.#clock = clock;
    const create = (config: SourceConfig, isSlate: boolean): Source => {
      return { config, health: new SourceHealth(random), isSlate };
    };
    const own = sources.map((config) => create(config, false));
    this.#sources = slate === undefined ? own : [...own, create(slate, true)];
  }

  /** The one that plays, or played last. */
  get activeIndex(): number {
    return this.#activeIndex;
  }

  plays(index: number): void {
    this.#activeIndex = index;
  }

  /** All of them. */
  indexes(): number[] {
    return [...this.#sources.keys()];
  }

  configOf(index: number): SourceConfig {
    return this.#at(index).config;
  }

  providerOf(index: number): string | undefined {
    return providerOf(this.#at(index).config);
  }

  /** It need not cool down before it is tried. */
  isReady(index: number): boolean {
    return !this.#at(index).health.isCooling(this.#clock.monotonicMs());
  }

  /** Tells a source from others, over restarts; nothing of its address can be read off. */
  keyOf(index: number): string {
    const { config } = this.#at(index);
    const { kind } = config;
    const at = kind === 'loop' ? config.files : kind === 'template' ? config.template : config.url;
    return Bun.hash.wyhash(JSON.stringify([kind, at])).toString(36);
  }

  get playsSlate(): boolean {
    return this.isSlate(this.#activeIndex);
  }

  isSlate(index: number): boolean {
    return this.#at(index).isSlate;
  }

  /** For a viewer who waits: those that cool down come after the others, for want of anything. */
  inOrder(): number[] {
    const nowMs = this.#clock.monotonicMs();
    const rank = ({ health, isSlate }: Source) => (isSlate ? 2 : health.isCooling(nowMs) ? 1 : 0);
    return this.indexes().sort((a, b) => rank(this.#at(a)) - rank(this.#at(b)) || a - b);
  }

  /** Those that viewers of the active one can be sent to. */
  alternatives(): number[] {
    return this.inOrder().filter((index) => index !== this.#activeIndex && this.isReady(index));
  }

  /** Those that come before the active one and may be tried again. */
  better(): number[] {
    const nowMs = this.#clock.monotonicMs();
    // Anything is better than the slate
    const isDue = (health: SourceHealth) =>
      this.playsSlate ? health.isWorthATry(nowMs) : !health.isCooling(nowMs);
    return this.indexes().filter(
      (index) => index < this.#activeIndex && isDue(this.#at(index).health),
    );
  }

  good(mediaMs?: number): void {
    this.#at(this.#activeIndex).health.good(this.#clock.monotonicMs(), mediaMs);
  }

  failed(index: number, error: ErrorRecord): void {
    this.#at(index).health.failed(this.#clock.monotonicMs(), error);
  }

  /** It ended, and may go on in a moment: that is no failure. */
  ended(index: number, error: ErrorRecord): void {
    this.#at(index).health.ended(this.#clock.monotonicMs(), error);
  }

  /** What it answers says nothing of whether it plays: its list may be the one it stopped at. */
  stoodStill(index: number): boolean {
    return this.#at(index).health.stoodStill;
  }

  rest(): void {
    this.#at(this.#activeIndex).health.rest();
  }

  /** Why it is, or is not, the one that plays: for the log. */
  standing(index: number): Standing {
    const { score, failures, goodAgoMs, coolDownLeftMs } = this.#at(index).health.report(
      this.#clock.monotonicMs(),
    );
    return { score, failures, coolDownLeftMs, ...(goodAgoMs === undefined ? {} : { goodAgoMs }) };
  }

  reports(isOpen: boolean): SourceReport[] {
    const nowMs = this.#clock.monotonicMs();
    return this.#sources.map(({ config, health, isSlate }, source) => {
      const provider = providerOf(config);
      return {
        source,
        kind: isSlate ? 'slate' : config.kind,
        ...(provider === undefined ? {} : { provider }),
        active: isOpen && source === this.#activeIndex,
        ...health.report(nowMs),
      };
    });
  }

  #at(index: number): Source {
    return this.#sources[index] as Source;
  }
}

function providerOf(config: SourceConfig): string | undefined {
  return 'provider' in config ? config.provider : undefined;
}
