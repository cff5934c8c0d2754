// This file is a weir with a database beyond its memory, which fails as it is told to.
import type { ServerProcess } from '../../support/server-process.ts';
import type { Bench } from '../contest.ts';
import { FaultProxyAside } from '../fault-proxy-aside.ts';
import { startWeir } from '../peers.ts';
import type { BenchServer } from '../server.ts';
import { type Loaded, type LoadSpec, SteadyLoad } from '../steady-load.ts';
import type { Engine } from './outage-engines.ts';

/** In this order in every round; twice the first, so that it shows what chance alone makes of it. */
export const STATES = ['as it should be', 'the same again', 'killed', '2 s slow', 'back'] as const;
export type State = (typeof STATES)[number];

export const KINDS = ['playlist', 'segment'] as const;
type Kind = (typeof KINDS)[number];
export const PER_SECOND: Record<Kind, number> = { playlist: 200, segment: 80 };

export const SEGMENT_BYTES = 1_500_000;
export const SEGMENT_MS = 4000;
export const CHANNELS = 6;
const SETTLE_MS = 40_000;

export type Seen = {
  /** Of each kind. */
  readonly loads: readonly Loaded[];
  /** In each second, of the serving thread. */
  readonly servingMs: number;
};

/** Held with `await using`. */
export class Outage implements AsyncDisposable {
  readonly #parts = new AsyncDisposableStack();
  #server!: ServerProcess;
  #proxy!: FaultProxyAside;
  #weir!: BenchServer;
  #loads: SteadyLoad[] = [];

  static async start({ origin }: Bench, engine: Engine): Promise<Outage> {
    const outage = new Outage();
    const parts = outage.#parts;
    const server = parts.use(await engine.start());
    outage.#server = server.process;
    outage.#proxy = parts.use(await FaultProxyAside.listen(server.port));
    const ids = Array.from({ length: CHANNELS }, (_, index) => `tiers${index}`);
    const spec = { segmentMs: SEGMENT_MS, sizeBytes: SEGMENT_BYTES };
    const channels = ids.map((id) => ({
      id,
      source: origin.url(origin.path({ ...spec, tag: id })),
      keepWarm: true,
    }));
    const overflow = `[{ url: "${server.urlAt(outage.#proxy.port)}", size: 256MiB }]`;
    outage.#weir = parts.use(await startWeir({ channels, overflow }));
    const playlistPaths = ids.map((id) => `/live/${id}/index.m3u8`);
    await outage.#warm(playlistPaths);
    for (const what of KINDS) {
      const { port } = outage.#weir;
      const load: LoadSpec = { what, port, playlistPaths, perSecond: PER_SECOND[what] };
      outage.#loads.push(parts.use(await SteadyLoad.start(load)));
    }
    await outage.enter('as it should be');
    await outage.load(SEGMENT_MS);
    return outage;
  }

  async enter(state: State): Promise<void> {
    if (state === 'as it should be') await this.#settled();
    if (state === 'killed') await this.#server.kill();
    if (state === '2 s slow') {
      await this.#server.start();
      await this.#proxy.set({ kind: 'delay', delayMs: 2000 });
    }
    if (state === 'back') await this.#proxy.set({ kind: 'pass' });
  }

  async load(forMs: number): Promise<Seen> {
    const [startMs, beforeMs] = [performance.now(), this.#weir.mainThreadCpuMs()];
    const loads = await Promise.all(this.#loads.map((load) => load.run(forMs)));
    const usedMs = this.#weir.mainThreadCpuMs() - beforeMs;
    return { loads, servingMs: (usedMs / (performance.now() - startMs)) * 1000 };
  }

  async puts(): Promise<number> {
    return await this.#metric('weir_tier_puts_total{');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts[Symbol.asyncDispose]();
  }

  /** What a cold channel lists is still on its way, and is sent as it comes. */
  async #warm(playlistPaths: readonly string[]): Promise<void> {
    for (const path of playlistPaths) {
      const url = this.#weir.url(path);
      const text = await (await fetch(url)).text();
      const names = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      for (const name of names) await (await fetch(new URL(name, url))).arrayBuffer();
    }
  }

  /** Up, and all that waited for it is there; and something new has come after that. */
  async #settled(): Promise<void> {
    const endMs = performance.now() + SETTLE_MS;
    const before = await this.puts();
    while (performance.now() < endMs) {
      const isUp = (await this.#metric('weir_tier_state{', 'state="up"')) === 1;
      const queued = await this.#metric('weir_tier_queue{');
      if (isUp && queued === 0 && (await this.puts()) > before) return;
      await Bun.sleep(200);
    }
    throw new Error('Cannot measure: nothing is put into the database');
  }

  async #metric(start: string, label = ''): Promise<number> {
    const text = await (await fetch(this.#weir.url('/metrics'))).text();
    const lines = text.split('\n').filter((line) => line.startsWith(start) && line.includes(label));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }
}
