// This file holds the relays of all channels, keeps time for them and saves their numbering.
import type { Clock, Timer } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Store } from '../channel/store.ts';
import type { ChannelConfig } from '../config/config.ts';
import type { Outbound } from '../net/outbound.ts';
import type { Ring } from '../ring/ring.ts';
import { parseSavedTimeline } from '../ring/saved-timeline.ts';
import { Timeline } from '../ring/timeline.ts';
import { ChannelRelay } from './channel-relay.ts';
import type { OpenLoop, RenditionSettings } from './rendition.ts';

export type RelaysDeps = {
  readonly clock: Clock;
  readonly log: Log;
  readonly outbound: Outbound;
  readonly ring: Ring;
  readonly store: Store;
  readonly openLoop: OpenLoop;
  readonly settings: RenditionSettings;
};

/** Everything upstream is closed within a second of `idle_stop`. */
const SWEEP_MS = 500;
const TIMELINE_KIND = 'timeline';

export class Relays implements Disposable {
  readonly #deps: RelaysDeps;
  readonly #relays = new Map<string, ChannelRelay>();
  readonly #timelines = new Map<string, Timeline>();
  #channels: readonly ChannelConfig[] = [];
  #timer: Timer;

  constructor(channels: readonly ChannelConfig[], deps: RelaysDeps) {
    this.#deps = deps;
    for (const [id, saved] of deps.store.load(TIMELINE_KIND)) {
      const parsed = parseSavedTimeline(saved);
      if (parsed === undefined) deps.log.warn('saved numbering not readable', { channel: id });
      this.#timelines.set(id, new Timeline(parsed));
    }
    for (const channel of channels) this.#add(channel);
    this.#channels = channels;
    this.#timer = deps.clock.after(SWEEP_MS, () => this.#tick());
  }

  get(id: string): ChannelRelay | undefined {
    return this.#relays.get(id);
  }

  all(): Iterable<ChannelRelay> {
    return this.#relays.values();
  }

  /** The same array until `apply`, so that what is worked out from it can be kept with it. */
  get channels(): readonly ChannelConfig[] {
    return this.#channels;
  }

  /** Takes over a new list of channels; those that stay as they were go on undisturbed. */
  apply(channels: readonly ChannelConfig[]): void {
    const wanted = new Map(channels.map((channel) => [channel.id, channel]));
    for (const [id, relay] of this.#relays) {
      const channel = wanted.get(id);
      if (channel !== undefined && Bun.deepEquals(channel, relay.config)) continue;
      relay[Symbol.dispose]();
      this.#relays.delete(id);
    }
    const before = new Map(this.#relays);
    this.#relays.clear();
    for (const channel of channels) {
      const kept = before.get(channel.id);
      if (kept === undefined) this.#add(channel);
      else this.#relays.set(channel.id, kept);
    }
    this.#channels = channels;
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

  #add(config: ChannelConfig): void {
    const { clock, log, outbound, ring, openLoop, settings } = this.#deps;
    let timeline = this.#timelines.get(config.id);
    if (timeline === undefined) {
      timeline = new Timeline();
      this.#timelines.set(config.id, timeline);
    }
    this.#relays.set(
      config.id,
      new ChannelRelay(config, { clock, log, outbound, ring, timeline, openLoop, settings }),
    );
  }

  #tick(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    for (const relay of this.#relays.values()) relay.sweep(nowMs);
    this.save();
    this.#timer = this.#deps.clock.after(SWEEP_MS, () => this.#tick());
  }
}
