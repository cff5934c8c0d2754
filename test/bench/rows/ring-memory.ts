// This file measures the memory of a full ring, and whether it grows.
import type { Bench } from '../contest.ts';
import {
  added,
  count,
  type Figure,
  floors,
  megabytes,
  type Point,
  slope,
  verdict,
} from '../figure.ts';
import { startWeir } from '../peers.ts';
import { type BenchServer, statusOf } from '../server.ts';

const MIB = 2 ** 20;
const SEGMENT_BYTES = 500_000;
const SEGMENT_MS = 500;
/** DESIGN: beside the ring and what is in flight. */
const OVERHEAD_BYTES = 150e6;
/** Over `FLAT_SEGMENTS`; a leak of a kilobyte for each segment would be more. */
const FLAT_BYTES = 16 * MIB;
const FLAT_SEGMENTS = 20_000;
/**
 * The collector is called about 60 times while so many are let go: RSS rises and falls with it by
 * more than is judged here, and its floor over such a stretch does not.
 */
const STRETCH_SEGMENTS = 1000;

export async function ringMemoryFigures(bench: Bench): Promise<Figure[]> {
  // As many as are admitted to a ring of that size; what it holds beyond their windows fills it
  const [channels, ringMib, segments] = bench.isQuick ? [6, 64, 120] : [28, 256, 40_000];
  const { origin } = bench;
  await using weir = await startWeir({
    memory: `${ringMib}MiB`,
    channels: Array.from({ length: channels }, (_, index) => {
      const spec = { tag: `ring${index}`, segmentMs: SEGMENT_MS, sizeBytes: SEGMENT_BYTES };
      return { id: `ring${index}`, source: origin.url(origin.path(spec)) };
    }),
  });
  await wake(weir, channels);
  bench.say(`${count(segments)} segments through ${channels} channels`);
  const samples: Point[] = [];
  const limitMs = performance.now() + (bench.isQuick ? 20_000 : 1_200_000);
  let done = 0;
  while (done < segments && performance.now() < limitMs) {
    await Bun.sleep(200);
    done = await fetchedSegments(weir);
    samples.push({ x: done, y: weir.rssBytes() });
  }
  const held = await metric(weir, 'weir_ring_held_bytes');
  return figures(samples, { held, channels, ringMib, done, segments });
}

/** A lone request is a probe; the second is a viewer, who then is not waited for any more. */
async function wake(weir: BenchServer, channels: number): Promise<void> {
  for (let index = 0; index < 2 * channels; index++) {
    const url = weir.url(`/live/ring${index % channels}/index.m3u8`);
    const status = await statusOf(url);
    if (status !== 200) throw new Error(`Cannot wake ${url}: ${status}`);
  }
}

type World = {
  readonly held: number;
  readonly channels: number;
  readonly ringMib: number;
  readonly done: number;
  readonly segments: number;
};

function figures(samples: readonly Point[], world: World): Figure[] {
  const { held, channels, ringMib, done, segments } = world;
  const ringBytes = ringMib * MIB;
  const inFlightBytes = channels * SEGMENT_BYTES;
  const allowed = ringBytes + inFlightBytes + OVERHEAD_BYTES;
  const full = samples.slice(Math.floor(samples.length / 4));
  const peak = Math.max(...full.map(({ y }) => y));
  const stretch = Math.min(STRETCH_SEGMENTS, segments / 10);
  const lows = floors(full, stretch);
  const growth = slope(lows) * FLAT_SEGMENTS;
  const note = `${channels} channels, a segment of ${megabytes(SEGMENT_BYTES)} each ${SEGMENT_MS} ms, ring of ${ringMib} MiB (${megabytes(held)} held at the end), ${count(done)} segments; the first quarter of the time is filling and not counted`;
  const isDone = done >= segments;
  return [
    {
      what: 'RSS under a full ring',
      weir: `${megabytes(peak)} at most`,
      target: `≤ ring + in flight + 150 MB = ${megabytes(allowed)}`,
      verdict: verdict(isDone && peak <= allowed),
      note,
    },
    {
      what: `RSS over ${count(FLAT_SEGMENTS)} segments`,
      weir: added(growth, megabytes),
      target: `flat: ± ≤ ${megabytes(FLAT_BYTES)}`,
      verdict: verdict(isDone && Math.abs(growth) <= FLAT_BYTES),
      note: `the floor under the sawtooth of collections: the least of five samples a second over each ${count(stretch)} segments, ${lows.length} such floors from ${megabytes(Math.min(...lows.map(({ y }) => y)))} to ${megabytes(Math.max(...lows.map(({ y }) => y)))}, and the median of the slopes between any two of them (Theil-Sen), as growth over ${count(FLAT_SEGMENTS)}; a line through all samples tells a run that ends high in the sawtooth from one that ends low, not growth`,
    },
  ];
}

/** Upstream fetches of segments that came whole, over all channels. */
async function fetchedSegments(weir: BenchServer): Promise<number> {
  const lines = (await metricsText(weir)).split('\n');
  const ours = lines.filter((line) => /^weir_upstream_fetches_total\{.*what="segment"/.test(line));
  const whole = ours.filter((line) => line.includes('outcome="ok"'));
  return whole.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

async function metric(weir: BenchServer, name: string): Promise<number> {
  const text = await metricsText(weir);
  return Number(new RegExp(`^${name}(?:\\{\\})? (\\S+)`, 'm').exec(text)?.[1] ?? Number.NaN);
}

async function metricsText(weir: BenchServer): Promise<string> {
  return (await fetch(weir.url('/metrics'))).text();
}
