// This file measures what weir adds to the first byte of a channel that nobody watched yet.
import type { Bench } from '../contest.ts';
import { added, type Figure, median, milliseconds, verdict } from '../figure.ts';
import { startWeir } from '../peers.ts';
import { segmentPath, TimedClient } from '../timed-client.ts';

const TARGET_MS = 50;
const LATE_MS = 200;
/** RFC 8216 §6.3.3: a player begins with the third segment from the end, or before it. */
const FROM_END = 2;

export async function coldStartFigure(bench: Bench): Promise<Figure> {
  const tries = bench.isQuick ? 2 : 15;
  const { origin } = bench;
  const spec = (tag: string) => ({ tag, segmentMs: 4000, sizeBytes: 1_500_000, lateMs: LATE_MS });
  const paths = Array.from({ length: tries }, (_, index) => origin.path(spec(`cold${index}`)));
  await using weir = await startWeir({
    channels: paths.map((path, index) => ({ id: `cold${index}`, source: origin.url(path) })),
  });
  bench.say(`${tries} channels that nobody watched`);
  const extra: number[] = [];
  const own: number[] = [];
  for (const [index, path] of paths.entries()) {
    const directMs = await firstByteMs(origin.port, path);
    own.push(directMs);
    extra.push((await firstByteMs(weir.port, `/live/cold${index}/index.m3u8`)) - directMs);
  }
  const addedMs = median(extra);
  return {
    what: 'cold start: first byte of the first segment',
    weir: `upstream's own ${added(addedMs, milliseconds)}`,
    target: `+ ≤ ${TARGET_MS} ms`,
    verdict: verdict(addedMs <= TARGET_MS),
    note: `from asking for the playlist to the first byte of the third segment from its end; of the upstream itself ${milliseconds(median(own))}, of which ${LATE_MS} ms are made; median of ${tries} channels, at most + ${milliseconds(Math.max(...extra))}`,
  };
}

async function firstByteMs(port: number, playlistPath: string): Promise<number> {
  const startMs = performance.now();
  using client = await TimedClient.open(port);
  const { status, text } = await client.get(playlistPath);
  if (status !== 200) throw new Error(`Cannot start ${playlistPath}: ${status}`);
  await client.get(segmentPath(playlistPath, text, FROM_END), 'first body byte');
  return performance.now() - startMs;
}
