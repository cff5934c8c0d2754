// This file counts what a channel has done, for metrics and the API.
import type { StreamCounts } from '../../source/source.ts';

export class ChannelCounts {
  readonly #fetches = new Map<string, number>();
  readonly #stream: { -readonly [K in keyof StreamCounts]?: number } = {};
  readonly #switches = new Map<string, number>();
  #stallsAvoided = 0;

  /** What and how it ended → how often. */
  get fetches(): ReadonlyMap<string, number> {
    return this.#fetches;
  }

  get stream(): Readonly<Partial<StreamCounts>> {
    return this.#stream;
  }

  get switches(): ReadonlyMap<string, number> {
    return this.#switches;
  }

  get stallsAvoided(): number {
    return this.#stallsAvoided;
  }

  fetched(what: string, outcome: string): void {
    add(this.#fetches, `${what} ${outcome}`);
  }

  switched(reason: string): void {
    add(this.#switches, reason);
  }

  streamed(counts: StreamCounts): void {
    for (const [what, count] of Object.entries(counts)) {
      const name = what as keyof StreamCounts;
      this.#stream[name] = (this.#stream[name] ?? 0) + count;
    }
  }

  stallAvoided(): void {
    this.#stallsAvoided++;
  }
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
