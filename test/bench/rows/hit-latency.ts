// This file measures how long viewers wait for what is in the cache.
import { type Bench, type Contender, Contest, cell } from '../contest.ts';
import { count, type Figure, median, milliseconds, quantile, verdict } from '../figure.ts';
import type { ServerName } from '../server.ts';
import { segmentPath, TimedClient } from '../timed-client.ts';

const POLL_MS = 2000;
const TARGET_P50_MS = 1;
const TARGET_P99_MS = 10;

type Latency = { readonly p50Ms: number; readonly p99Ms: number; readonly answers: number };

export async function hitLatencyFigure(bench: Bench): Promise<Figure> {
  const viewers = bench.isQuick ? 50 : 500;
  const [rounds, forMs] = bench.isQuick ? [1, 3000] : [5, 8000];
  await using contest = await Contest.start(bench);
  const all = new Map<ServerName, Latency[]>();
  for (let round = 0; round < rounds; round++) {
    bench.say(`${viewers} viewers, round ${round + 1} of ${rounds}`);
    // In turn, so that what else the machine does hits all alike
    for (const contender of contest.contenders) {
      const latency = await watchHits(contender, viewers, forMs);
      all.set(contender.server.name, [...(all.get(contender.server.name) ?? []), latency]);
    }
  }
  const results = new Map([...all].map(([name, each]) => [name, typical(each)]));
  const text = ({ p50Ms, p99Ms }: Latency) =>
    `p50 ${milliseconds(p50Ms)}, p99 ${milliseconds(p99Ms)}`;
  const { p50Ms, p99Ms, answers } = results.get('weir')!;
  return {
    what: `hit answered, ${viewers} viewers`,
    weir: text({ p50Ms, p99Ms, answers }),
    nginx: cell(results, 'nginx', text),
    varnish: cell(results, 'varnish', text),
    target: `p50 ≤ ${TARGET_P50_MS} ms, p99 ≤ ${TARGET_P99_MS} ms`,
    verdict: verdict(p50Ms <= TARGET_P50_MS && p99Ms <= TARGET_P99_MS),
    note: `each viewer polls the playlist every ${POLL_MS / 1000} s and fetches each new 1.5 MB segment; from sending a request to the first byte of its answer, seen by the client over loopback: server time and more; median of ${rounds} rounds, ${count(answers)} answers of weir`,
  };
}

/** Of the rounds, the one in the middle. */
function typical(rounds: readonly Latency[]): Latency {
  return {
    p50Ms: median(rounds.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(rounds.map(({ p99Ms }) => p99Ms)),
    answers: rounds.reduce((sum, { answers }) => sum + answers, 0),
  };
}

export async function watchHits(
  contender: Contender,
  viewers: number,
  forMs: number,
): Promise<Latency> {
  const waits: number[] = [];
  const endMs = performance.now() + forMs;
  await Promise.all(
    Array.from({ length: viewers }, async (_, index) => {
      // Evenly spread, as viewers that came at any time are
      await Bun.sleep((index / viewers) * POLL_MS);
      await view(contender, endMs, waits);
    }),
  );
  return { p50Ms: quantile(waits, 0.5), p99Ms: quantile(waits, 0.99), answers: waits.length };
}

async function view({ server, playlistPath }: Contender, endMs: number, waits: number[]) {
  using client = await TimedClient.open(server.port);
  const get = async (path: string) => {
    const answer = await client.get(path);
    if (answer.status !== 200) throw new Error(`Cannot watch ${server.name}: ${answer.status}`);
    waits.push(answer.firstByteMs);
    return answer;
  };
  let last = '';
  while (performance.now() < endMs) {
    const startMs = performance.now();
    const { text } = await get(playlistPath);
    // The last but one: the newest may still be on its way to a cache that does not run ahead
    const path = segmentPath(playlistPath, text, 1);
    if (path !== last) await get(path);
    last = path;
    await Bun.sleep(Math.max(0, POLL_MS - (performance.now() - startMs)));
  }
}
