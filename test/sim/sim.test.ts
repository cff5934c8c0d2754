// This file plays hundreds of simulated worlds and holds weir to what must hold in each of them.
import { describe, expect, test } from 'bun:test';
import { FOUND_SEEDS } from './found-seeds.ts';
import type { Outcome } from './outcome.ts';
import { shapeOf, simulate } from './simulate.ts';

/** `SIM_SEEDS=100000 bun test test/sim` for a long run; a thousand take two minutes. */
const SEEDS = Number(process.env['SIM_SEEDS'] ?? 250);
/** `SIM_SEED=n bun test test/sim` replays one seed and tells what happens. */
const ONE = process.env['SIM_SEED'];
/** `SIM_SOURCES=2`, `SIM_SLATE=1` or `SIM_STREAMS=1` beside it: with these, whatever it has. */
const SOURCES = { '1': 1, '2': 2 } as const;
/** Seeds to a test: small enough to say how far it is, large enough for a line to be worth it. */
const BATCH = 100;
const BATCH_TIMEOUT_MS = 300_000;

function told({ seed, breaches, journal }: Outcome): string {
  return [`seed ${seed}: ${breaches.join('; ')}`, journal, `SIM_SEED=${seed} replays it`].join(
    '\n',
  );
}

async function play(seeds: readonly number[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const seed of seeds) {
    const outcome = await simulate(seed);
    if (outcome.breaches.length > 0) throw new Error(told(outcome));
    outcomes.push(outcome);
  }
  return outcomes;
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

function replayOne(seed: number): void {
  test(`seed ${seed}`, async () => {
    const wanted = process.env['SIM_SOURCES'] as keyof typeof SOURCES | undefined;
    const own = shapeOf(seed);
    const sources = wanted === undefined ? own.sources : SOURCES[wanted];
    const slate = process.env['SIM_SLATE'];
    const hasSlate = slate === undefined ? own.hasSlate : slate === '1';
    const streams = process.env['SIM_STREAMS'];
    const hasStreams = streams === undefined ? own.hasStreams : streams === '1';
    const { hasArchive = false } = own;
    const shape = { sources, hasSlate, hasStreams, hasArchive };
    const outcome = await simulate(seed, shape, true);
    expect(outcome.breaches).toEqual([]);
  }, 600_000);
}

function playAll(): void {
  test.each([...FOUND_SEEDS])(
    'seed $seed: $caught',
    async (found) => {
      const { seed, sources, hasSlate = false, hasStreams = false } = found;
      const outcome = await simulate(seed, { sources, hasSlate, hasStreams });
      expect(outcome.breaches.length === 0 ? '' : told(outcome)).toBe('');
    },
    BATCH_TIMEOUT_MS,
  );

  test(
    'the same seed is the same world',
    async () => {
      for (const seed of range(1, 10)) {
        const [first, second] = [await simulate(seed), await simulate(seed)];
        expect(second.digest).toBe(first.digest);
      }
    },
    BATCH_TIMEOUT_MS,
  );

  test(
    'the worlds are of every kind, and watched',
    async () => {
      const outcomes = await play(range(1, 60));
      const kinds = new Set(outcomes.map(({ kind }) => kind));
      expect([...kinds].sort()).toEqual(['computed', 'finished', 'hls']);
      const sum = (count: (outcome: Outcome) => number) =>
        outcomes.reduce((total, outcome) => total + count(outcome), 0);
      expect(sum(({ playlists }) => playlists)).toBeGreaterThan(60 * 15);
      expect(sum(({ bodies }) => bodies)).toBeGreaterThan(60 * 15);
      // Every fourth has a second source, and most of those need it
      expect(sum(({ switches }) => switches)).toBeGreaterThan(10);
      expect(sum(({ slateBodies }) => slateBodies)).toBeGreaterThan(10);
      expect(sum(({ pieces }) => pieces)).toBeGreaterThan(60);
      expect(sum(({ archived }) => archived)).toBeGreaterThan(60);
    },
    BATCH_TIMEOUT_MS,
  );

  for (let first = 1; first <= SEEDS; first += BATCH) {
    const count = Math.min(BATCH, SEEDS - first + 1);
    test(
      `seeds ${first} to ${first + count - 1}`,
      async () => {
        await play(range(first, count));
      },
      BATCH_TIMEOUT_MS,
    );
  }
}

describe('simulated worlds', () => {
  if (ONE === undefined) playAll();
  else replayOne(Number(ONE));
});
