// This file measures the memory of a full ring, and whether it grows.
import type { Bench } from '../contest.ts';
import { added, count, type Figure, megabytes, slope, verdict } from '../figure.ts';
import { startWeir } from '../peers.ts';
import { type BenchServer, statusOf } from '../server.ts';

const MIB = 2 ** 20;
const SEGMENT_BYTES = 500_000;
const SEGMENT_MS = 500;
/** DESIGN: beside the ring and what is in flight. */
const OVERHEAD_BYTES = 150e6;
/** Over all segments; what a sawtooth of collections leaves of a flat line. */
const FLAT_BYTES = 16 * MIB;

type Sample = { readonly x: number; readonly y: number };

export async function ringMemoryFigures(bench: Bench): Promise<Figure[]> {
  // As many as are admitted to a ring of that size; what it holds beyond their windows fills it
  const [channels, ringMib, segments] = bench.isQuick ? [6, 64, 120] : [28, 256, 20_000];
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
  const samples: Sample[] = [];
  const limitMs = performance.now() + (bench.isQuick ? 20_000 : 900_000);
  let done = 0;
  while (done < segments && performance.now() < limitMs) {
    await Bun.sleep(bench.isQuick ? 200 : 1000);
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

function figures(samples: readonly Sample[], world: World): Figure[] {
  const { held, channels, ringMib, done, segments } = world;
  const ringBytes = ringMib * MIB;
  const inFlightBytes = channels * SEGMENT_BYTES;
  const allowed = ringBytes + inFlightBytes + OVERHEAD_BYTES;
  const full = samples.slice(Math.floor(samples.length / 4));
  const peak = Math.max(...full.map(({ y }) => y));
  const growth = slope(full) * segments;
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
      what: `RSS over ${count(segments)} segments`,
      weir: added(growth, megabytes),
      target: `flat: ± ≤ ${megabytes(FLAT_BYTES)}`,
      verdict: verdict(isDone && growth <= FLAT_BYTES),
      note: 'least squares over the same samples, one each second',
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
