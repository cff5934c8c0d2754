// This file measures what viewers of what is in memory notice while a place beyond memory fails.
import { programPath } from '../../support/program-path.ts';
import { type RedisServer, startRedis } from '../../support/redis-server.ts';
import type { Bench } from '../contest.ts';
import { FaultProxyAside } from '../fault-proxy-aside.ts';
import { type Figure, median, milliseconds, quantile, type Verdict, verdict } from '../figure.ts';
import { beside } from '../other-work.ts';
import { startWeir } from '../peers.ts';
import type { BenchServer } from '../server.ts';
import { type Loaded, type LoadSpec, SteadyLoad } from '../steady-load.ts';

const MORE_THAN_BEFORE = 1.2;
const SEGMENT_BYTES = 1_500_000;
const SEGMENT_MS = 4000;
const CHANNELS = 6;
const SETTLE_MS = 40_000;

/** In this order in every round; twice the first, so that it shows what chance alone makes of it. */
const STATES = ['as it should be', 'the same again', 'killed', '2 s slow', 'back'] as const;
type State = (typeof STATES)[number];
const FAULTS = ['killed', '2 s slow', 'back'] as const satisfies readonly State[];

const KINDS = ['playlist', 'segment'] as const;
type Kind = (typeof KINDS)[number];
const PER_SECOND: Record<Kind, number> = { playlist: 200, segment: 80 };

/** Of one processor: with more of it used by others a window says more of them than of us. */
const OTHERS_MAX = 0.15;
/** Of each state; with fewer nothing is decided. */
const WINDOWS_MIN = 4;

type Window = {
  readonly loads: readonly Loaded[];
  readonly othersShare: number;
  /** In each second, of the serving thread. */
  readonly servingMs: number;
};
type Seen = ReadonlyMap<State, Window[]>;

export async function tierOutageFigures(bench: Bench): Promise<Figure[]> {
  const figures = KINDS.map((kind) => ({
    what: `p99 of a ${kind} in memory while Redis dies, dawdles and is back`,
    target: `≤ ${MORE_THAN_BEFORE} × that before`,
  }));
  if (programPath('redis-server') === undefined) {
    const none = { weir: 'MISSING', verdict: 'not measured', note: 'no redis-server' } as const;
    return [...figures, SERVING].map((figure) => ({ ...figure, ...none }));
  }
  await using outage = await Outage.start(bench);
  const [rounds, forMs] = bench.isQuick ? [1, 1500] : [10, 2 * SEGMENT_MS];
  const seen = await measure(bench, outage, rounds, forMs);
  const puts = await outage.puts();
  const how = `open loop from processes of their own, ${PER_SECOND.playlist} playlists and ${PER_SECOND.segment} segments a second of ${CHANNELS} channels, each with 1.5 MB for Redis every ${SEGMENT_MS / 1000} s (${puts} were put); states in turn, each ${forMs / 1000} s and begun by the change; median [middle half] of the p99 of each time, of those in which others used less than ${OTHERS_MAX * 100} % of a processor`;
  return [
    ...figures.map((figure, index) => ({ ...figure, ...judge(index, seen, how) })),
    servingFigure(seen, rounds),
  ];
}

/** Goes on, up to twice as long, until each state was seen `rounds` times on a quiet machine. */
async function measure(bench: Bench, outage: Outage, rounds: number, forMs: number): Promise<Seen> {
  const seen = new Map<State, Window[]>(STATES.map((state) => [state, []]));
  const isEnough = () => [...seen.values()].every((each) => quiet(each).length >= rounds);
  for (let round = 0; round < 2 * rounds && !isEnough(); round++) {
    for (const state of STATES) {
      await outage.enter(state);
      const window = await beside(() => outage.load(forMs));
      seen.get(state)?.push(window);
      const p99s = window.loads.map(({ p99Ms }) => milliseconds(p99Ms)).join(' and ');
      const others = `others used ${Math.round(window.othersShare * 100)} %`;
      const serving = `serving thread ${Math.round(window.servingMs)} ms/s`;
      bench.say(`Redis ${state}, round ${round + 1}: ${p99s}; ${serving}; ${others}`);
    }
  }
  return seen;
}

function quiet(windows: readonly Window[]): Window[] {
  return windows.filter(({ othersShare }) => othersShare <= OTHERS_MAX);
}

function judge(kind: number, seen: Seen, how: string): Pick<Figure, 'weir' | 'verdict' | 'note'> {
  const of = (state: State) => quiet(seen.get(state) ?? []).map(({ loads }) => loads[kind]!);
  const p99s = (state: State) => of(state).map(({ p99Ms }) => p99Ms);
  // Both are the same state: what is before is all of it
  const before = median([...p99s('as it should be'), ...p99s('the same again')]);
  const factor = (state: State) => median(p99s(state)) / before;
  const fewest = Math.min(...STATES.map((state) => of(state).length));
  const chance = median(p99s('the same again')) / median(p99s('as it should be'));
  const isSteady = chance <= MORE_THAN_BEFORE && chance >= 1 / MORE_THAN_BEFORE;
  const isUntouched = FAULTS.every((state) => factor(state) <= MORE_THAN_BEFORE);
  const decided: Verdict =
    isSteady && fewest >= WINDOWS_MIN ? verdict(isUntouched) : 'not measured';
  const all = STATES.flatMap(of);
  const answers = all.reduce((sum, each) => sum + each.answers, 0);
  const late = milliseconds(median(all.map(({ lateMs }) => lateMs)));
  const said = fewest === 0 ? ['the machine had other work'] : factorsOf(factor);
  const each = STATES.map((state) => `${state} ${spread(p99s(state))}`);
  return {
    weir: said.join(', '),
    verdict: decided,
    note: `${each.join(', ')}; ${chance.toFixed(2)} × between the first two, where nothing changed; ${fewest} times of each at least, ${answers} answers; p99 of the load's own lateness ${late}; ${how}`,
  };
}

const SERVING = {
  what: 'processor time of the serving thread while Redis dies, dawdles and is back',
  target: `≤ ${MORE_THAN_BEFORE} × that before`,
};

/** What others do on the machine does not show in it: it decides where the waits do not. */
function servingFigure(seen: Seen, rounds: number): Figure {
  const of = (state: State) => (seen.get(state) ?? []).map(({ servingMs }) => servingMs);
  const before = median([...of('as it should be'), ...of('the same again')]);
  const factor = (state: State) => median(of(state)) / before;
  const each = STATES.map((state) => `${state} ${spread(of(state))}`);
  const isUntouched = FAULTS.every((state) => factor(state) <= MORE_THAN_BEFORE);
  return {
    ...SERVING,
    weir: factorsOf(factor).join(', '),
    verdict: verdict(isUntouched),
    note: `in each second, under the same load; ${each.join(', ')}; median [middle half] of at least ${rounds} times of each`,
  };
}

function factorsOf(factor: (state: State) => number): string[] {
  return FAULTS.map((state) => `${factor(state).toFixed(2)} × ${state}`);
}

function spread(p99s: readonly number[]): string {
  const at = (q: number) => quantile(p99s, q).toFixed(2);
  return `${milliseconds(median(p99s))} [${at(0.25)} to ${at(0.75)}]`;
}

class Outage implements AsyncDisposable {
  readonly #parts = new AsyncDisposableStack();
  #redis!: RedisServer;
  #proxy!: FaultProxyAside;
  #weir!: BenchServer;
  #loads: SteadyLoad[] = [];

  static async start({ origin }: Bench): Promise<Outage> {
    const outage = new Outage();
    const parts = outage.#parts;
    outage.#redis = parts.use(await startRedis(['--maxmemory', '512mb']));
    outage.#proxy = parts.use(await FaultProxyAside.listen(outage.#redis.port));
    const ids = Array.from({ length: CHANNELS }, (_, index) => `tiers${index}`);
    const spec = { segmentMs: SEGMENT_MS, sizeBytes: SEGMENT_BYTES };
    const channels = ids.map((id) => ({
      id,
      source: origin.url(origin.path({ ...spec, tag: id })),
      keepWarm: true,
    }));
    const overflow = `[{ url: redis://127.0.0.1:${outage.#proxy.port}/0, size: 256MiB }]`;
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
    if (state === 'killed') await this.#redis.process.kill();
    if (state === '2 s slow') {
      await this.#redis.process.start();
      await this.#proxy.set({ kind: 'delay', delayMs: 2000 });
    }
    if (state === 'back') await this.#proxy.set({ kind: 'pass' });
  }

  async load(forMs: number): Promise<Omit<Window, 'othersShare'>> {
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
    throw new Error('Cannot measure: nothing is put into Redis');
  }

  async #metric(start: string, label = ''): Promise<number> {
    const text = await (await fetch(this.#weir.url('/metrics'))).text();
    const lines = text.split('\n').filter((line) => line.startsWith(start) && line.includes(label));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }
}
