// This file measures places beyond memory, and what viewers of what is in memory notice of them.
import { systemClock } from '../../../src/base/clock.ts';
import { createTier } from '../../../src/ring/tiers/create-tier.ts';
import type { TierSpec } from '../../../src/ring/tiers/tier-spec.ts';
import { startMariadb } from '../../support/mariadb-server.ts';
import { startPostgres } from '../../support/postgres-server.ts';
import { programPath } from '../../support/program-path.ts';
import { type RedisServer, startRedis } from '../../support/redis-server.ts';
import type { Bench, Contender } from '../contest.ts';
import { FaultProxyAside } from '../fault-proxy-aside.ts';
import { type Figure, median, milliseconds, verdict } from '../figure.ts';
import { startWeir } from '../peers.ts';
import { type BenchServer, benchDir } from '../server.ts';
import { watchHits } from './hit-latency.ts';

const SEGMENT_BYTES = 1_500_000;
const AGE_MS = 600_000;
/** What a miss waits for all places together. */
const BUDGET_MS = 50;
const MORE_THAN_BEFORE = 1.2;

type Place = {
  readonly what: string;
  /** Without it there is nothing to measure. */
  readonly program?: string;
  readonly open: () => Promise<{ readonly spec: TierSpec } & AsyncDisposable>;
};

const PLACES: readonly Place[] = [
  {
    what: 'a folder',
    open: async () => ({
      spec: { kind: 'disk', path: benchDir('tier'), sizeBytes: 2 ** 30 },
      [Symbol.asyncDispose]: async () => {},
    }),
  },
  {
    what: 'Redis',
    program: 'redis-server',
    open: async () => {
      const server = await startRedis();
      return opened(server, { kind: 'redis', url: `redis://127.0.0.1:${server.port}/0` });
    },
  },
  {
    what: 'Postgres',
    program: 'postgres',
    open: async () => {
      const server = await startPostgres();
      await server.run('CREATE DATABASE weir');
      return opened(server, { kind: 'postgres', url: server.url('root', 'root-pass', 'weir') });
    },
  },
  {
    what: 'MariaDB',
    program: 'mariadbd',
    open: async () => {
      const server = await startMariadb();
      await server.run('CREATE DATABASE weir');
      await server.run("CREATE USER weir@'%' IDENTIFIED BY 'pass'");
      await server.run("GRANT ALL ON weir.* TO weir@'%'");
      return opened(server, { kind: 'mysql', url: server.url('weir', 'pass', 'weir') });
    },
  },
];

function opened(server: AsyncDisposable, spec: TierSpec) {
  return { spec, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

export async function tierFigures(bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const place of PLACES) figures.push(await roundTripFigure(bench, place));
  return [...figures, await untouchedFigure(bench)];
}

async function roundTripFigure(bench: Bench, { what, program, open }: Place): Promise<Figure> {
  const figure = {
    what: `put and get of 1.5 MB, ${what}`,
    target: `get ≤ ${BUDGET_MS} ms`,
  };
  if (program !== undefined && programPath(program) === undefined) {
    return { ...figure, weir: 'MISSING', verdict: 'not measured', note: `${program} is missing` };
  }
  bench.say(what);
  await using place = await open();
  await using tier = createTier(place.spec, systemClock);
  const { signal } = new AbortController();
  await tier.open(signal);
  const [puts, gets]: [number[], number[]] = [[], []];
  const rounds = bench.isQuick ? 5 : 60;
  for (let round = 0; round < rounds; round++) {
    const key = { channel: 'bench', rendition: 'main', name: `${round}.ts` };
    const bytes = new Uint8Array(SEGMENT_BYTES).fill(round);
    const stored = { body: new Blob([bytes]), contentType: 'video/mp2t' };
    const startMs = performance.now();
    await tier.put(key, stored, Date.now() + AGE_MS, signal);
    const putMs = performance.now();
    const found = await tier.get(key, signal);
    puts.push(putMs - startMs);
    gets.push(performance.now() - putMs);
    if (found?.body.size !== SEGMENT_BYTES) throw new Error(`Cannot measure ${what}: it is lost`);
  }
  const getMs = median(gets);
  return {
    ...figure,
    weir: `put ${milliseconds(median(puts))}, get ${milliseconds(getMs)}`,
    verdict: verdict(getMs <= BUDGET_MS),
    note: `median of ${rounds} each, one after the other, one at a time; the server beside it on the same machine`,
  };
}

const PHASES = ['as it should be', 'killed', '2 s slow', 'back'] as const;
type Phase = (typeof PHASES)[number];

async function enter(phase: Phase, redis: RedisServer, proxy: FaultProxyAside): Promise<void> {
  if (phase === 'killed') await redis.process.kill();
  if (phase === '2 s slow') {
    await redis.process.start();
    await proxy.set({ kind: 'delay', delayMs: 2000 });
  }
  if (phase === 'back') await proxy.set({ kind: 'pass' });
}

async function untouchedFigure(bench: Bench): Promise<Figure> {
  const figure = {
    what: 'p99 of a hit in memory while Redis dies, dawdles and is back',
    target: `≤ ${MORE_THAN_BEFORE} × that before`,
  };
  if (programPath('redis-server') === undefined) {
    return { ...figure, weir: 'MISSING', verdict: 'not measured', note: 'no redis-server' };
  }
  await using redis = await startRedis();
  using proxy = await FaultProxyAside.listen(redis.port);
  const source = bench.origin.url(
    bench.origin.path({ tag: 'tiers', segmentMs: 4000, sizeBytes: SEGMENT_BYTES }),
  );
  const overflow = `redis://127.0.0.1:${proxy.port}/0`;
  await using weir = await startWeir({ channels: [{ id: 'bench', source }], overflow });
  const [rounds, forMs, viewers] = bench.isQuick ? [1, 3000, 20] : [5, 8000, 200];
  const p99s = await measure(bench, { weir, redis, proxy, rounds, forMs, viewers });
  const before = median(p99s.get('as it should be') ?? []);
  const times = PHASES.slice(1).map((phase) => median(p99s.get(phase) ?? []) / before);
  const said = times.map((factor, index) => `${factor.toFixed(2)} × ${PHASES[index + 1]}`);
  return {
    ...figure,
    weir: said.join(', '),
    verdict: verdict(times.every((factor) => factor <= MORE_THAN_BEFORE)),
    note: `${viewers} viewers as above; ${milliseconds(before)} before; median of ${rounds} rounds, each of all four states in turn, ${forMs / 1000} s long and begun by the change`,
  };
}

/** What a cold channel lists is still on its way, and is sent as it comes. */
async function warm({ server, playlistPath }: Contender): Promise<void> {
  const url = server.url(playlistPath);
  const text = await (await fetch(url)).text();
  const names = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  for (const name of names) await (await fetch(new URL(name, url))).arrayBuffer();
}

type Run = {
  readonly weir: BenchServer;
  readonly redis: RedisServer;
  readonly proxy: FaultProxyAside;
  readonly rounds: number;
  readonly forMs: number;
  readonly viewers: number;
};

async function measure(bench: Bench, run: Run): Promise<Map<Phase, number[]>> {
  const { weir, redis, proxy, rounds, forMs, viewers } = run;
  const contender = { server: weir, playlistPath: '/live/bench/index.m3u8' };
  await warm(contender);
  await watchHits(contender, viewers, forMs);
  const p99s = new Map<Phase, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const phase of PHASES) {
      bench.say(`Redis ${phase}, round ${round + 1} of ${rounds}`);
      await enter(phase, redis, proxy);
      const { p99Ms } = await watchHits(contender, viewers, forMs);
      p99s.set(phase, [...(p99s.get(phase) ?? []), p99Ms]);
    }
  }
  return p99s;
}
