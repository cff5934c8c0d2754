// This file measures what viewers cost who are all at other times of one channel's past.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordArchive } from '../../support/recorded-archive.ts';
import type { Bench } from '../contest.ts';
import { type Figure, megabytes, verdict } from '../figure.ts';
import { startWeir } from '../peers.ts';
import type { BenchServer } from '../server.ts';

const SEGMENT_S = 4;
const PACKET = 188;
const SEGMENT_BYTES = 7979 * PACKET;
const RING_MIB = 64;
/** DESIGN: beside the ring and what is in flight. */
const OVERHEAD_BYTES = 150e6;
/** Viewers come one after the other, not all in the same moment. */
const COMES_EVERY_MS = 100;
/** What a viewer of a file takes at once. */
const SIP_MS = 250;

type World = {
  readonly weir: BenchServer;
  readonly startMs: number;
  readonly viewers: number;
  readonly forMs: number;
  /** Of viewers, what each waited for longest. */
  readonly waitsMs: number[];
};

export async function archiveFigure(bench: Bench): Promise<Figure> {
  const [viewers, segments, forMs] = bench.isQuick ? [10, 20, 5000] : [100, 300, 60_000];
  const dir = mkdtempSync(join(tmpdir(), 'bench-archive-'));
  try {
    bench.say(`recording ${segments} segments`);
    const tierDir = join(dir, 'tier');
    const dataDir = join(dir, 'data');
    const endMs = Math.floor(Date.now() / 1000) * 1000;
    const what = { channel: 'bench', loop: [segment()], segmentS: SEGMENT_S, count: segments };
    const startMs = await recordArchive({ dataDir, tierDir, ...what, endMs });
    const live = { tag: 'archive', segmentMs: SEGMENT_S * 1000, sizeBytes: SEGMENT_BYTES };
    await using weir = await startWeir({
      memory: `${RING_MIB}MiB`,
      dataDir,
      overflow: `[{ disk: { path: ${tierDir}, size: 2GiB }, age: 1d }]`,
      channels: [
        { id: 'bench', archive: '24h', source: bench.origin.url(bench.origin.path(live)) },
      ],
    });
    bench.say(`${viewers} viewers at as many times`);
    const spanS = segments * SEGMENT_S - forMs / 1000 - 2 * SEGMENT_S;
    const waitsMs: number[] = [];
    const world = { weir, startMs, viewers, forMs, waitsMs };
    let peak = 0;
    const watched = setInterval(() => {
      peak = Math.max(peak, weir.rssBytes());
    }, 100);
    const all = Array.from({ length: viewers }, async (_, index) => {
      await Bun.sleep(index * COMES_EVERY_MS);
      const atMs = startMs + ((index * spanS) / viewers) * 1000;
      return index % 2 === 0 ? watchList(world, atMs) : watchFile(world, atMs);
    });
    await Promise.all(all).finally(() => clearInterval(watched));
    return figure(world, peak);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function figure({ viewers, forMs, waitsMs }: World, peak: number): Figure {
  const stalls = waitsMs.filter((waitMs) => waitMs > SEGMENT_S * 1000).length;
  const allowed = RING_MIB * 2 ** 20 + viewers * SEGMENT_BYTES + OVERHEAD_BYTES;
  const longest = Math.max(...waitsMs);
  return {
    what: `${viewers} viewers at as many times of an archive`,
    weir: `${stalls} stalls, RSS ${megabytes(peak)} at most`,
    target: `0 stalls, ≤ ring + in flight + 150 MB = ${megabytes(allowed)}`,
    verdict: verdict(stalls === 0 && peak <= allowed),
    note: `each in real time for ${forMs / 1000} s, half of them segments of ${megabytes(SEGMENT_BYTES)} by lists, half one file; from a folder on disk, ring of ${RING_MIB} MiB; a stall is a wait of more than ${SEGMENT_S} s, the longest was ${Math.round(longest)} ms`,
  };
}

/** A body every four seconds, as the list names them. */
async function watchList({ weir, forMs, waitsMs }: World, atMs: number): Promise<void> {
  const address = weir.url(`/live/bench/index.m3u8?at=${atMs / 1000}`);
  const text = await (await fetch(address)).text();
  const names = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const endMs = performance.now() + forMs;
  for (const name of names) {
    const fromMs = performance.now();
    if (fromMs >= endMs) return;
    const { byteLength } = await (await answered(new URL(name, address).href)).arrayBuffer();
    if (byteLength !== SEGMENT_BYTES) throw new Error(`${name} has ${byteLength} bytes`);
    waitsMs.push(performance.now() - fromMs);
    await Bun.sleep(Math.min(endMs, fromMs + SEGMENT_S * 1000) - performance.now());
  }
}

/** As players do: a 503 is asked again, and the wait for that counts. */
async function answered(address: string): Promise<Response> {
  for (;;) {
    const answer = await fetch(address);
    if (answer.status === 200) return answer;
    if (answer.status !== 503) throw new Error(`${address}: ${answer.status}`);
    await answer.arrayBuffer();
    await Bun.sleep(1000);
  }
}

/** As much of the file as is shown meanwhile, in sips. */
async function watchFile({ weir, forMs, waitsMs }: World, atMs: number): Promise<void> {
  const { body } = await answered(weir.url(`/archive/bench.ts?from=${atMs / 1000}&duration=20m`));
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const endMs = performance.now() + forMs;
  let owed = 0;
  while (performance.now() < endMs) {
    owed += (SEGMENT_BYTES / SEGMENT_S) * (SIP_MS / 1000);
    while (owed > 0) {
      const fromMs = performance.now();
      const { done, value } = await reader.read();
      waitsMs.push(performance.now() - fromMs);
      if (done) return;
      owed -= value.length;
    }
    await Bun.sleep(SIP_MS);
  }
  await reader.cancel();
}

/** Packets of one stream without timestamps: nothing that is measured looks into them. */
function segment(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(SEGMENT_BYTES).fill(0x5a);
  for (let at = 0; at < bytes.length; at += PACKET) {
    bytes.set([0x47, 0x01, 0x00, 0x10 | ((at / PACKET) % 16)], at);
  }
  return bytes;
}
