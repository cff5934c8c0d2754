// This file knows when somebody last wanted something of each channel of a simulation.
import { upstreamOf } from './world-options.ts';

export class Presence {
  readonly #askedMs = new Map<string, number>();
  /** Viewers that are connected. */
  readonly #present = new Map<string, number>();

  /** A viewer asks something of the channel, or waits for an answer still. */
  asked(channel: string, nowMs: number): void {
    this.#askedMs.set(upstreamOf(channel), nowMs);
  }

  /** A viewer is connected until the result is called, which says when it goes. */
  attends(channel: string): (nowMs: number) => void {
    const key = upstreamOf(channel);
    this.#present.set(key, (this.#present.get(key) ?? 0) + 1);
    return (nowMs) => {
      this.#present.set(key, (this.#present.get(key) as number) - 1);
      this.asked(channel, nowMs);
    };
  }

  /** Since somebody wanted something of what this upstream feeds; undefined where nobody ever did. */
  idleMs(upstream: string, nowMs: number): number | undefined {
    if ((this.#present.get(upstream) ?? 0) > 0) return 0;
    const askedMs = this.#askedMs.get(upstream);
    return askedMs === undefined ? undefined : nowMs - askedMs;
  }

  /** When somebody last wanted something of any. */
  get lastMs(): number {
    return Math.max(0, ...this.#askedMs.values());
  }
}
