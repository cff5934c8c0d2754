// This file measures how a line-up comes in while weir serves, new and with other tokens.
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from '../contest.ts';
import { count, type Figure, megabytes, milliseconds, verdict } from '../figure.ts';
import { startWeir } from '../peers.ts';
import { type BenchServer, benchDir } from '../server.ts';
import { TimedClient } from '../timed-client.ts';

/** A provider's list with all it has. */
const WHOLE = 50_000;
const SHORT = 500;

const TARGET_S = 2;
const TARGET_RSS_BYTES = 200e6;
const TARGET_LAG_MS = 20;
/** The thread that reads line-ups ends five seconds after the last work. */
const THREAD_IDLE_MS = 8000;
/** How long a refresh may take before it is no measurement any more. */
const GIVE_UP_MS = 120_000;

export async function lineUpFigures(bench: Bench): Promise<Figure[]> {
  const entries = bench.isQuick ? SHORT : WHOLE;
  const path = join(benchDir('lineup'), 'list.m3u');
  await writeList(path, 10, 'first');
  const loop = 'demo';
  await using weir = await startWeir({
    channels: [{ id: 'own', loop }],
    lineUp: path,
    isWide: true,
  });
  await writeList(path, entries, 'first');
  const taken = await refresh(weir, entries);
  bench.say(`new in ${milliseconds(taken.ms)}`);
  // Refreshes are hours apart: the thread of the first has ended long before
  if (!bench.isQuick) await Bun.sleep(THREAD_IDLE_MS);
  await writeList(path, entries, 'second');
  const again = await refresh(weir, entries);
  bench.say(`again in ${milliseconds(again.ms)}`);
  return [
    figureOf(`line-up of ${count(entries)} entries imported`, taken),
    figureOf(`line-up of ${count(entries)} entries refreshed, other tokens`, again),
  ];
}

type Refreshed = { readonly ms: number; readonly peakBytes: number; readonly lagMs: number };

/** A request every 5 ms tells how long the serving thread lets others wait. */
async function refresh(weir: BenchServer, entries: number): Promise<Refreshed> {
  using client = await TimedClient.open(weir.port);
  const before = await loadedAt(client);
  const startMs = performance.now();
  weir.hangUp();
  let lagMs = 0;
  let peakBytes = 0;
  for (let turn = 0; performance.now() - startMs < GIVE_UP_MS; turn++) {
    lagMs = Math.max(lagMs, (await client.get('/healthz', 'whole')).firstByteMs);
    peakBytes = Math.max(peakBytes, weir.rssBytes());
    const now = turn % 4 === 0 ? await loadedAt(client) : before;
    if (now.readAt !== before.readAt && now.channels === entries) {
      return { ms: performance.now() - startMs, peakBytes, lagMs };
    }
    await Bun.sleep(5);
  }
  throw new Error('Cannot measure: the line-up was not read');
}

async function loadedAt(client: TimedClient): Promise<{ readAt: string; channels: number }> {
  const { text } = await client.get('/api/lineups', 'whole');
  const [first] = JSON.parse(text.slice(text.indexOf('['))) as {
    readAt: string;
    channels: number;
  }[];
  return first ?? { readAt: '', channels: 0 };
}

function figureOf(what: string, { ms, peakBytes, lagMs }: Refreshed): Figure {
  const isReached =
    ms <= TARGET_S * 1000 && peakBytes <= TARGET_RSS_BYTES && lagMs <= TARGET_LAG_MS;
  return {
    what,
    weir: `${(ms / 1000).toFixed(1)} s, ${megabytes(peakBytes)} RSS, ${milliseconds(lagMs)} lag`,
    target: `≤ ${TARGET_S} s, ≤ ${megabytes(TARGET_RSS_BYTES)} RSS, ≤ ${TARGET_LAG_MS} ms lag`,
    verdict: verdict(isReached),
    note: 'from SIGHUP until its channels are served, on both cores; lag: the longest of a request every 5 ms meanwhile',
  };
}

/** As providers write it: ids shared by qualities, accents, commas, a token on every URL. */
async function writeList(path: string, entries: number, token: string): Promise<void> {
  const lines = ['#EXTM3U x-tvg-url="http://guide.example/all.xml.gz"'];
  for (let index = 0; index < entries; index++) {
    const name = `Télé ${index}, ${index % 3 === 0 ? 'HD' : 'SD'}`;
    lines.push(
      `#EXTINF:-1 tvg-id="tele${index >> 1}.example" tvg-name="${name}" tvg-logo="http://logo.example/${index}.png" group-title="Group ${index % 40}",${name}`,
      `http://provider.example:8080/live/user/${token}/${index}.m3u8?token=${token}`,
    );
  }
  await Bun.write(`${path}.new`, lines.join('\n'));
  renameSync(`${path}.new`, path);
}
