// This file measures how long places beyond memory take for a segment.
import { rm } from 'node:fs/promises';
import { systemClock } from '../../../src/base/clock.ts';
import { createTier } from '../../../src/ring/tiers/create-tier.ts';
import type { TierSpec } from '../../../src/ring/tiers/tier-spec.ts';
import { startMariadb } from '../../support/mariadb-server.ts';
import { startPostgres } from '../../support/postgres-server.ts';
import { programPath } from '../../support/program-path.ts';
import { startRedis } from '../../support/redis-server.ts';
import type { Bench } from '../contest.ts';
import { type Figure, median, milliseconds, verdict } from '../figure.ts';
import { benchDir } from '../server.ts';
import { tierOutageFigures } from './tier-outages.ts';

const SEGMENT_BYTES = 1_500_000;
const AGE_MS = 600_000;
/** What a miss waits for all places together. */
const BUDGET_MS = 50;

type Place = {
  readonly what: string;
  /** Without it there is nothing to measure. */
  readonly program?: string;
  readonly open: () => Promise<{ readonly spec: TierSpec } & AsyncDisposable>;
};

const PLACES: readonly Place[] = [
  {
    what: 'a folder',
    open: async () => {
      const path = benchDir('tier');
      return {
        spec: { kind: 'disk', path, sizeBytes: 2 ** 30 },
        [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
      };
    },
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
  return [...figures, ...(await tierOutageFigures(bench))];
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
