// This file holds the relays of all channels, keeps time for them and saves their numbering.
import type { Timer } from '../../base/clock.ts';
import type { Store } from '../../channel/store.ts';
import type { ChannelConfig } from '../../config/config.ts';
import { parseSavedTimeline } from '../../ring/saved-timeline.ts';
import { Timeline } from '../../ring/timeline.ts';
import { ChannelRelay, type RelayDeps } from './channel-relay.ts';

export type RelaysDeps = Omit<RelayDeps, 'timeline'> & { readonly store: Store };

/** Everything upstream is closed within a second of `idle_stop`. */
const SWEEP_MS = 500;
const TIMELINE_KIND = 'timeline';

export class Relays implements Disposable {
  readonly #deps: RelaysDeps;
  #configs: ReadonlyMap<string, ChannelConfig> = new Map();
  /** Made when a channel is first asked for: a line-up of 50,000 costs only its words. */
  readonly #relays = new Map<string, ChannelRelay>();
  readonly #timelines = new Map<string, Timeline>();
  #warm: readonly string[] = [];
  #channels: readonly ChannelConfig[] = [];
  #timer: Timer;

  constructor(channels: readonly ChannelConfig[], deps: RelaysDeps) {
    this.#deps = deps;
    for (const [id, saved] of deps.store.load(TIMELINE_KIND)) {
      const parsed = parseSavedTimeline(saved);
      if (parsed === undefined) deps.log.warn('saved numbering not readable', { channel: id });
      this.#timelines.set(id, new Timeline(parsed));
    }
    this.apply(channels);
    this.#timer = deps.clock.after(SWEEP_MS, () => this.#tick());
  }

  /** The relay of a channel; undefined where there is no such channel. */
  get(id: string): ChannelRelay | undefined {
    return this.#relays.get(id) ?? this.#create(id);
  }

  /** The relay of a channel that somebody has asked for. */
  peek(id: string): ChannelRelay | undefined {
    return this.#relays.get(id);
  }

  config(id: string): ChannelConfig | undefined {
    return this.#configs.get(id);
  }

  /** Of the channels that somebody has asked for. */
  all(): Iterable<ChannelRelay> {
    return this.#relays.values();
  }

  /** The same array until `apply`, so that what is worked out from it can be kept with it. */
  get channels(): readonly ChannelConfig[] {
    return this.#channels;
  }

  /**
   * Takes over a new list of channels. One whose sources stay as they were, and what they are left
   * for, goes on undisturbed,
   * whatever it is called now. `byId` are the same, where whoever has them took his time over that:
   * of 50,000 it holds up everybody for some 20 ms.
   */
  apply(
    channels: readonly ChannelConfig[],
    byId: ReadonlyMap<string, ChannelConfig> = new Map(channels.map((each) => [each.id, each])),
  ): void {
    this.#channels = channels;
    this.#configs = byId;
    const runsAlone = ({ keepWarm, archive }: ChannelConfig) => keepWarm || archive !== undefined;
    this.#warm = channels.filter(runsAlone).map(({ id }) => id);
    for (const [id, relay] of this.#relays) {
      const config = this.#configs.get(id);
      if (config !== undefined && isFedAlike(config, relay.config)) {
        relay.config = config;
        continue;
      }
      relay[Symbol.dispose]();
      this.#relays.delete(id);
    }
  }

  /** Writes the numbering that changed since it was last written. */
  save(): void {
    const documents = new Map<string, unknown>();
    for (const [id, timeline] of this.#timelines) {
      const unsaved = timeline.takeUnsaved();
      if (unsaved !== undefined) documents.set(id, unsaved);
    }
    if (documents.size === 0) return;
    try {
      this.#deps.store.save(TIMELINE_KIND, documents);
    } catch (error) {
      this.#deps.log.error('numbering not saved', { error: (error as Error).message });
    }
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
    this.save();
    for (const relay of this.#relays.values()) relay[Symbol.dispose]();
  }

  #create(id: string): ChannelRelay | undefined {
    const config = this.#configs.get(id);
    if (config === undefined) return undefined;
    const { clock, random, log, outbound, leases, ring, look, openLoop } = this.#deps;
    const { settings, overflow, past } = this.#deps;
    const timeline = this.#timelines.get(id) ?? new Timeline();
    this.#timelines.set(id, timeline);
    // Once what is being placed has its numbers, and before any answer names them
    timeline.onEpoch = () => queueMicrotask(() => this.save());
    const relay = new ChannelRelay(config, {
      clock,
      random,
      log,
      outbound,
      leases,
      ring,
      timeline,
      ...(look === undefined ? {} : { look }),
      openLoop,
      settings,
      overflow,
      past,
    });
    this.#relays.set(id, relay);
    return relay;
  }

  #tick(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    for (const id of this.#warm) this.get(id);
    for (const relay of this.#relays.values()) relay.sweep(nowMs);
    this.save();
    this.#timer = this.#deps.clock.after(SWEEP_MS, () => this.#tick());
  }
}

function isFedAlike(a: ChannelConfig, b: ChannelConfig): boolean {
  const isSame = (key: 'sources' | 'slate' | 'failover') => Bun.deepEquals(a[key], b[key]);
  return isSame('sources') && isSame('slate') && isSame('failover');
}
