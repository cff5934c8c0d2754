// This file measures what an endless stream costs that very many watch.
import type { Bench } from '../contest.ts';
import { type Figure, megabytes, verdict } from '../figure.ts';
import { cores } from '../machine.ts';
import { benchMedia } from '../media.ts';
import { startWeir } from '../peers.ts';
import { treeCpuMs } from '../process-tree.ts';
import { RtmpPeer } from '../rtmp-peer.ts';
import type { BenchServer } from '../server.ts';
import { runWrk } from '../wrk.ts';

const TARGET_SHARE = 0.35;
/** The first seconds are the burst that each new viewer gets. */
const SETTLE_MS = 8000;

export async function endlessTsFigure(bench: Bench): Promise<Figure> {
  const viewers = bench.isQuick ? 50 : 1000;
  const forMs = bench.isQuick ? 2000 : 15_000;
  const what = `endless TS, ${viewers.toLocaleString('en-US')} viewers × 4 Mbit/s`;
  const target = `≤ ${percent(TARGET_SHARE)} of one core`;
  const row = { what, nginx: '–', varnish: '–', target };
  if (bench.lacking.includes('ffmpeg')) {
    return { ...row, weir: '–', verdict: 'not measured', note: 'ffmpeg makes the media' };
  }
  const file = await benchMedia();
  await using server = await startWeir({ channels: [{ id: 'bench', loop: file }] });
  bench.say(`${viewers} viewers of an endless stream`);
  const path = '/live/bench.ts';
  const settleMs = bench.isQuick ? 1000 : SETTLE_MS;
  const watching = runWrk(server.url(path), viewers, Math.ceil((settleMs + forMs) / 1000) + 2);
  await Bun.sleep(settleMs);
  const share = await shareOf(() => server.cpuMs(), forMs);
  const rss = server.rssBytes();
  await watching;
  const each = await ffmpegShare(server, forMs);
  const rtmp = bench.lacking.includes('nginx')
    ? undefined
    : await rtmpShare(file, viewers, settleMs, forMs);
  return {
    ...row,
    nginx: rtmp === undefined ? '–' : `${percent(rtmp.share)} over RTMP`,
    weir: `${percent(share)} of one core, ${megabytes(rss)} RSS`,
    verdict: verdict(share <= TARGET_SHARE),
    note: `one splice for all; an ffmpeg for each viewer (-c copy) takes ${percent(each)} of a core each, that is ${Math.round(each * viewers)} cores for as many. ${rtmpNote(rtmp)}`,
  };
}

type RtmpShare = { readonly share: number; readonly bitsPerSecond: number };

/** nginx-rtmp sends no MPEG-TS, but as much of the same media to as many, each as it comes. */
async function rtmpShare(
  file: string,
  viewers: number,
  settleMs: number,
  forMs: number,
): Promise<RtmpShare | undefined> {
  await using peer = await RtmpPeer.start(file);
  if (peer === undefined) return undefined;
  using crowd = await peer.watch(viewers);
  await Bun.sleep(settleMs);
  const before = { bytes: crowd.receivedBytes, atMs: performance.now() };
  const share = await shareOf(() => peer.server.cpuMs(), forMs);
  const seconds = (performance.now() - before.atMs) / 1000;
  const bitsPerSecond = ((crowd.receivedBytes - before.bytes) * 8) / viewers / seconds;
  return { share, bitsPerSecond };
}

function rtmpNote(rtmp: RtmpShare | undefined): string {
  if (rtmp === undefined) return 'nginx-rtmp was not to be had';
  const rate = (rtmp.bitsPerSecond / 1e6).toFixed(1);
  return `nginx-rtmp has no endless MPEG-TS; its column is the same media published to it over RTMP and played over RTMP by as many, of whom each got ${rate} Mbit/s`;
}

async function shareOf(cpuMs: () => number, forMs: number): Promise<number> {
  const before = { cpuMs: cpuMs(), atMs: performance.now() };
  await Bun.sleep(forMs);
  return (cpuMs() - before.cpuMs) / (performance.now() - before.atMs);
}

/** The usual way of others: a process for each viewer, which repacks the channel's HLS. */
async function ffmpegShare(server: BenchServer, forMs: number): Promise<number> {
  const input = ['-re', '-i', server.url('/live/bench/index.m3u8')];
  const cmd = ['ffmpeg', '-v', 'quiet', ...input, '-c', 'copy', '-f', 'mpegts', '-y', '/dev/null'];
  const child = Bun.spawn({ cmd: ['taskset', '-c', cores().server, ...cmd], stdin: 'ignore' });
  try {
    await Bun.sleep(Math.min(2000, forMs));
    return await shareOf(() => treeCpuMs(child.pid), forMs);
  } finally {
    child.kill('SIGKILL');
    await child.exited;
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
