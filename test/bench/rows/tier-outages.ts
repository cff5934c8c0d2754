// This file measures what viewers of what is in memory notice while a place beyond memory fails.
import { programPath } from '../../support/program-path.ts';
import { type RedisServer, startRedis } from '../../support/redis-server.ts';
import type { Bench } from '../contest.ts';
import { FaultProxyAside } from '../fault-proxy-aside.ts';
import { type Figure, median, milliseconds, quantile, type Verdict, verdict } from '../figure.ts';
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

/** What each kind came to in each state, one for each round. */
type Seen = Map<string, Loaded[]>;

export async function tierOutageFigures(bench: Bench): Promise<Figure[]> {
  const figures = KINDS.map((kind) => ({
    what: `p99 of a ${kind} in memory while Redis dies, dawdles and is back`,
    target: `≤ ${MORE_THAN_BEFORE} × that before`,
  }));
  if (programPath('redis-server') === undefined) {
    const none = { weir: 'MISSING', verdict: 'not measured', note: 'no redis-server' } as const;
    return figures.map((figure) => ({ ...figure, ...none }));
  }
  await using outage = await Outage.start(bench);
  const [rounds, forMs] = bench.isQuick ? [1, 1500] : [10, 2 * SEGMENT_MS];
  const seen: Seen = new Map();
  for (let round = 0; round < rounds; round++) {
    for (const state of STATES) {
      bench.say(`Redis ${state}, round ${round + 1} of ${rounds}`);
      await outage.enter(state);
      for (const [index, loaded] of (await outage.load(forMs)).entries()) {
        const id = `${KINDS[index]} ${state}`;
        seen.set(id, [...(seen.get(id) ?? []), loaded]);
      }
    }
  }
  const puts = await outage.puts();
  const how = `open loop from processes of their own, ${PER_SECOND.playlist} playlists and ${PER_SECOND.segment} segments a second of ${CHANNELS} channels, each with 1.5 MB for Redis every ${SEGMENT_MS / 1000} s (${puts} were put); ${rounds} rounds of all states in turn, each ${forMs / 1000} s and begun by the change; each against the first of its own round, median [middle half]`;
  return figures.map((figure, index) => ({ ...figure, ...judge(KINDS[index]!, seen, how) }));
}

function judge(kind: Kind, seen: Seen, how: string): Pick<Figure, 'weir' | 'verdict' | 'note'> {
  const of = (state: State) => seen.get(`${kind} ${state}`) ?? [];
  const before = of('as it should be').map(({ p99Ms }) => p99Ms);
  const factors = (state: State) => of(state).map(({ p99Ms }, round) => p99Ms / before[round]!);
  const said = FAULTS.map((state) => `${spread(factors(state))} ${state}`);
  const chance = median(factors('the same again'));
  const isSteady = chance <= MORE_THAN_BEFORE && chance >= 1 / MORE_THAN_BEFORE;
  const isUntouched = FAULTS.every((state) => median(factors(state)) <= MORE_THAN_BEFORE);
  const decided: Verdict = isSteady ? verdict(isUntouched) : 'not measured';
  const late = median(STATES.flatMap(of).map(({ lateMs }) => lateMs));
  const answers = STATES.flatMap(of).reduce((sum, each) => sum + each.answers, 0);
  const base = `${milliseconds(median(before))} before, ${milliseconds(Math.min(...before))} to ${milliseconds(Math.max(...before))}`;
  const control = `${spread(factors('the same again'))} with no change at all`;
  return {
    weir: said.join(', '),
    verdict: decided,
    note: `${base}; ${control}; ${answers} answers; p99 of the load's own lateness ${milliseconds(late)}; ${how}`,
  };
}

function spread(factors: readonly number[]): string {
  const at = (q: number) => quantile(factors, q).toFixed(2);
  return `${median(factors).toFixed(2)} × [${at(0.25)} to ${at(0.75)}]`;
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

  async load(forMs: number): Promise<Loaded[]> {
    return await Promise.all(this.#loads.map((load) => load.run(forMs)));
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
