// This file runs many viewers at once and gathers what they saw.
import type { Received } from './viewer/body-reader.ts';
import { type GetOptions, RawClient } from './viewer/raw-client.ts';
import { Viewer, type ViewerOptions, type ViewerReport } from './viewer/viewer.ts';

export type SwarmOptions = ViewerOptions & {
  readonly count: number;
  /** Over which the viewers arrive, evenly; 0: all at once. */
  readonly rampMs?: number;
};

export class Swarm implements AsyncDisposable {
  readonly #viewers: Viewer[];
  readonly #watching: Promise<ViewerReport>[] = [];
  readonly #timers: ReturnType<typeof setTimeout>[] = [];

  constructor(options: SwarmOptions) {
    this.#viewers = Array.from({ length: options.count }, () => new Viewer(options));
    const gapMs = (options.rampMs ?? 0) / options.count;
    for (const [index, viewer] of this.#viewers.entries()) {
      if (gapMs === 0) this.#watching.push(viewer.watch());
      else {
        const begin = () => this.#watching.push(viewer.watch());
        this.#timers.push(setTimeout(begin, index * gapMs));
      }
    }
  }

  /** What they have seen so far. */
  reports(): ViewerReport[] {
    return this.#viewers.map((viewer) => viewer.report());
  }

  /** Sends all home and says what they saw. */
  async stop(): Promise<ViewerReport[]> {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const viewer of this.#viewers) viewer.stop();
    await Promise.all(this.#watching);
    return this.reports();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Lets `count` viewers watch for `forMs`. */
export async function watch(options: SwarmOptions, forMs: number): Promise<ViewerReport[]> {
  await using swarm = new Swarm(options);
  await Bun.sleep(forMs);
  return swarm.stop();
}

/** Connections dialled at once; more overflow the listen queue of a busy machine. */
const DIALS_AT_ONCE = 100;

/** `count` clients, connected beforehand, ask for `url` evenly within `withinMs`. */
export async function stampede(
  url: string,
  count: number,
  withinMs: number,
  options: GetOptions = {},
): Promise<Received[]> {
  const clients = Array.from({ length: count }, () => new RawClient(url));
  try {
    for (let from = 0; from < count; from += DIALS_AT_ONCE) {
      await Promise.all(clients.slice(from, from + DIALS_AT_ONCE).map((client) => client.dial()));
    }
    const answers: Promise<Received>[] = [];
    const startMs = performance.now();
    for (const [index, client] of clients.entries()) {
      answers.push(client.get(url, options));
      // Sends in small groups, so that the time is filled whatever the timer's grain.
      const dueMs = (withinMs * index) / count;
      if (index % 50 === 49 && performance.now() - startMs < dueMs) await Bun.sleep(1);
    }
    return await Promise.all(answers);
  } finally {
    for (const client of clients) client[Symbol.dispose]();
  }
}
