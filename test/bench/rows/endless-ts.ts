// This file measures what an endless stream costs that very many watch.
import { join } from 'node:path';
import type { Bench } from '../contest.ts';
import { type Figure, megabytes, verdict } from '../figure.ts';
import { cores } from '../machine.ts';
import { startWeir } from '../peers.ts';
import { treeCpuMs } from '../process-tree.ts';
import { type BenchServer, benchDir } from '../server.ts';
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
  const file = join(benchDir('media'), 'endless.ts');
  await makeMedia(file);
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
  return {
    ...row,
    weir: `${percent(share)} of one core, ${megabytes(rss)} RSS`,
    verdict: verdict(share <= TARGET_SHARE),
    note: `one splice for all; an ffmpeg for each viewer (-c copy) takes ${percent(each)} of a core each, that is ${Math.round(each * viewers)} cores for as many`,
  };
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

async function makeMedia(file: string): Promise<void> {
  const video = ['-f', 'lavfi', '-i', 'testsrc2=s=1280x720:r=25:d=12,noise=alls=20:allf=t'];
  const sound = ['-f', 'lavfi', '-i', 'sine=r=48000:d=12'];
  const rate = ['-b:v', '3700k', '-maxrate', '3700k', '-bufsize', '1850k'];
  const x264 = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-g',
    '50',
    '-keyint_min',
    '50',
    ...rate,
  ];
  const cmd = ['ffmpeg', '-v', 'error', '-y', ...video, ...sound, ...x264, '-c:a', 'aac'];
  const { exitCode, stderr } = Bun.spawnSync({ cmd: [...cmd, '-f', 'mpegts', file] });
  if (exitCode !== 0) throw new Error(`Cannot make media: ${stderr}`);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
