// This file measures how long a viewer waits who zaps to a channel that is kept warm.
import type { Bench } from '../contest.ts';
import { count, type Figure, milliseconds, quantile, verdict } from '../figure.ts';
import { benchMedia } from '../media.ts';
import { startWeir } from '../peers.ts';
import { type BenchServer, statusOf } from '../server.ts';
import { TimedClient } from '../timed-client.ts';
import { runWrk } from '../wrk.ts';

const TARGET_P99_MS = 10;
/** Between two zaps: nobody's burst is measured with the next one's first byte. */
const PAUSE_MS = 25;
/** The first seconds of so many viewers are their bursts. */
const SETTLE_MS = 8000;

type Waits = { readonly streamMs: number[]; readonly playlistMs: number[] };

export async function zapFigure(bench: Bench): Promise<Figure> {
  const [channels, viewers, zaps] = bench.isQuick ? [4, 20, 20] : [20, 500, 400];
  const what = 'zapping to a warm channel';
  const target = `p99 ≤ ${TARGET_P99_MS} ms`;
  if (bench.lacking.includes('ffmpeg')) {
    return { what, weir: '–', target, verdict: 'not measured', note: 'ffmpeg makes the media' };
  }
  const file = await benchMedia();
  await using server = await startWeir({
    memory: '1GiB',
    channels: Array.from({ length: channels }, (_, index) => {
      return { id: `warm${index}`, loop: file, keepWarm: true };
    }),
  });
  await warm(server, channels);
  bench.say(`${zaps} zaps over ${channels} channels that nobody watches`);
  const alone = await zap(server, channels, zaps);
  bench.say(`${zaps} zaps beside ${viewers} viewers`);
  const settleMs = bench.isQuick ? 1000 : SETTLE_MS;
  const forS = Math.ceil((settleMs + zaps * (2 * PAUSE_MS + 20)) / 1000);
  // Half of them on the first channel, where zaps lead as well, half on its neighbour
  const watching = [0, 1].map((index) =>
    runWrk(server.url(`/live/warm${index}.ts`), viewers / 2, forS),
  );
  await Bun.sleep(settleMs);
  const crowded = await zap(server, channels, zaps);
  await Promise.all(watching);
  const all = [alone, crowded].flatMap(({ streamMs, playlistMs }) => [streamMs, playlistMs]);
  const p99Ms = Math.max(...all.map((waits) => quantile(waits, 0.99)));
  return {
    what,
    weir: `${text(alone)}; with ${viewers} viewers: ${text(crowded)}`,
    target,
    verdict: verdict(p99Ms <= TARGET_P99_MS),
    note: `p50 and p99 of ${count(zaps)} zaps each, in turn over ${channels} channels with \`keep_warm\`, 4 Mbit/s each, on a new connection: from sending the request to the first byte of the endless stream, and of the playlist, seen by the client over loopback: server time and more. The ${viewers} viewers watch two of the channels as endless streams; to all others a zap begins one. At most ${milliseconds(Math.max(...all.flat()))}`,
  };
}

/** Once each, so that all of its media is here: a process that was started a moment ago is not warm. */
async function warm(server: BenchServer, channels: number): Promise<void> {
  for (let index = 0; index < channels; index++) {
    const status = await statusOf(server.url(`/live/warm${index}/index.m3u8`));
    if (status !== 200) throw new Error(`Cannot warm channel ${index}: ${status}`);
  }
  await zap(server, channels, channels);
}

async function zap(server: BenchServer, channels: number, zaps: number): Promise<Waits> {
  const waits: Waits = { streamMs: [], playlistMs: [] };
  for (let index = 0; index < zaps; index++) {
    const path = `/live/warm${index % channels}`;
    waits.streamMs.push(await firstByteMs(server, `${path}.ts`));
    await Bun.sleep(PAUSE_MS);
    waits.playlistMs.push(await firstByteMs(server, `${path}/index.m3u8`));
    await Bun.sleep(PAUSE_MS);
  }
  return waits;
}

async function firstByteMs({ name, port }: BenchServer, path: string): Promise<number> {
  using client = await TimedClient.open(port);
  const { status, firstBodyByteMs, text: said } = await client.get(path, 'first body byte');
  if (status !== 200) throw new Error(`Cannot zap ${name} to ${path}: ${status} ${said}`);
  return firstBodyByteMs;
}

function text({ streamMs, playlistMs }: Waits): string {
  const of = (waits: readonly number[]) =>
    `${milliseconds(quantile(waits, 0.5))} / ${milliseconds(quantile(waits, 0.99))}`;
  return `TS ${of(streamMs)}, playlist ${of(playlistMs)}`;
}
