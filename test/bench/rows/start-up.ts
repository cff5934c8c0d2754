// This file measures how soon weir is ready, and what it needs when nobody watches.
import type { Bench } from '../contest.ts';
import { type Figure, median, megabytes, milliseconds, verdict } from '../figure.ts';
import { startWeir } from '../peers.ts';

const TARGET_MS = 150;
const TARGET_BYTES = 100e6;

export async function startUpFigures(bench: Bench): Promise<Figure[]> {
  const [tries, idleMs] = bench.isQuick ? [1, 500] : [7, 10_000];
  bench.say(`${tries} starts`);
  const ready: number[] = [];
  let rssBytes = 0;
  for (let index = 0; index < tries; index++) {
    await using weir = await startWeir({ channels: [] });
    ready.push(weir.readyMs);
    if (index < tries - 1) continue;
    await Bun.sleep(idleMs);
    rssBytes = weir.rssBytes();
  }
  const readyMs = median(ready);
  return [
    {
      what: 'start to ready',
      weir: milliseconds(readyMs),
      target: `≤ ${TARGET_MS} ms`,
      verdict: verdict(readyMs <= TARGET_MS),
      note: `from starting the process, on one core, to the first 200 of /readyz; median of ${tries}`,
    },
    {
      what: 'idle RSS',
      weir: megabytes(rssBytes),
      target: `≤ ${megabytes(TARGET_BYTES)}`,
      verdict: verdict(rssBytes <= TARGET_BYTES),
      note: `without a configuration, ${idleMs / 1000} s after the start`,
    },
  ];
}
