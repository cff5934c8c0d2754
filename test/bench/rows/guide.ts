// This file measures how a guide comes in and goes out while weir serves.
import { join } from 'node:path';
import { xmltvTime } from '../../support/guide-world.ts';
import type { Bench } from '../contest.ts';
import {
  added,
  count,
  type Figure,
  megabytes,
  milliseconds,
  quantile,
  verdict,
} from '../figure.ts';
import { startWeir } from '../peers.ts';
import { type BenchServer, benchDir } from '../server.ts';
import { TimedClient } from '../timed-client.ts';

/** A provider's guide of a week: 123 MB of text. */
const WHOLE = { channels: 1000, perChannel: 230 };
const SHORT = { channels: 20, perChannel: 50 };

const TARGET_S = 8;
const TARGET_RSS_BYTES = 200e6;
const TARGET_LAG_MS = 20;
const TARGET_OUT_MS = 50;
const CLIENTS = 200;
/** How long an import may take before it is no measurement any more. */
const GIVE_UP_MS = 10 * 60_000;

export async function guideFigures(bench: Bench): Promise<Figure[]> {
  const size = bench.isQuick ? SHORT : WHOLE;
  const dir = benchDir('guide');
  const path = join(dir, 'guide.xml');
  const textBytes = await writeGuide(path, size);
  bench.say(`${count(size.channels * size.perChannel)} programmes, ${megabytes(textBytes)}`);
  const channels = Array.from({ length: size.channels }, (_, index) => ({
    id: `c${index}`,
    guide: idOf(index),
    source: 'http://127.0.0.1:9/none.m3u8',
  }));
  await using weir = await startWeir({ channels, guide: path, isWide: true });
  const imported = await watchImport(weir);
  bench.say(`imported in ${milliseconds(imported.ms)}`);
  const out = await fetchOut(weir, bench.isQuick ? 20 : CLIENTS);
  return [importFigure(imported, size, textBytes), outFigure(out, size)];
}

type Imported = { readonly ms: number; readonly peakBytes: number; readonly lagMs: number };

/** A request every 10 ms tells how long the serving thread lets others wait. */
async function watchImport(weir: BenchServer): Promise<Imported> {
  using client = await TimedClient.open(weir.port);
  const startMs = performance.now() - weir.readyMs;
  const lags: number[] = [];
  let peakBytes = 0;
  for (let turn = 0; performance.now() - startMs < GIVE_UP_MS; turn++) {
    lags.push((await client.get('/healthz', 'whole')).firstByteMs);
    peakBytes = Math.max(peakBytes, weir.rssBytes());
    if (turn % 10 === 0) {
      const { text } = await client.get('/api/guide', 'whole');
      if (text.includes('"kept"')) {
        return { ms: performance.now() - startMs, peakBytes, lagMs: quantile(lags, 0.99) };
      }
    }
    await Bun.sleep(10);
  }
  throw new Error('Cannot measure: the guide was not imported');
}

type Out = {
  readonly firstMs: number;
  readonly nextMs: number;
  readonly bytes: number;
  readonly grownBytes: number;
};

async function fetchOut(weir: BenchServer, clientCount: number): Promise<Out> {
  const path = '/epg.xml.gz?days=7';
  using client = await TimedClient.open(weir.port);
  const first = await client.get(path, 'first body byte');
  using again = await TimedClient.open(weir.port);
  const next = await again.get(path, 'first body byte');
  const beforeBytes = weir.rssBytes();
  let peakBytes = beforeBytes;
  const watching = setInterval(() => {
    peakBytes = Math.max(peakBytes, weir.rssBytes());
  }, 50);
  const sizes = await Promise.all(
    Array.from({ length: clientCount }, async () => {
      const response = await fetch(weir.url(path));
      return (await response.arrayBuffer()).byteLength;
    }),
  );
  clearInterval(watching);
  const bytes = sizes[0] as number;
  if (sizes.some((size) => size !== bytes)) throw new Error('Cannot measure: guides differ');
  const grownBytes = peakBytes - beforeBytes;
  return { firstMs: first.firstBodyByteMs, nextMs: next.firstBodyByteMs, bytes, grownBytes };
}

function importFigure({ ms, peakBytes, lagMs }: Imported, size: typeof WHOLE, textBytes: number) {
  const isReached =
    ms <= TARGET_S * 1000 && peakBytes <= TARGET_RSS_BYTES && lagMs <= TARGET_LAG_MS;
  const programmes = count(size.channels * size.perChannel);
  return {
    what: `guide of ${programmes} programmes imported`,
    weir: `${(ms / 1000).toFixed(1)} s, ${megabytes(peakBytes)} RSS, ${milliseconds(lagMs)} lag`,
    target: `≤ ${TARGET_S} s, ≤ ${megabytes(TARGET_RSS_BYTES)} RSS, ≤ ${TARGET_LAG_MS} ms lag`,
    verdict: verdict(isReached),
    note: `${megabytes(textBytes)} of text, from the start of the process on both cores; lag: p99 of a request every 10 ms meanwhile`,
  };
}

function outFigure({ firstMs, nextMs, bytes, grownBytes }: Out, size: typeof WHOLE): Figure {
  return {
    what: `guide of ${count(size.channels)} channels and 7 days served`,
    weir: `${milliseconds(firstMs)} the first time, then ${milliseconds(nextMs)}; ${added(grownBytes, megabytes)}`,
    target: `≤ ${TARGET_OUT_MS} ms`,
    verdict: verdict(nextMs <= TARGET_OUT_MS),
    note: `${megabytes(bytes)} of gzip, to the first byte of the body; growth over ${CLIENTS} clients at once`,
  };
}

function idOf(channel: number): string {
  return `channel${channel}.example`;
}

/** As guides are: descriptions, people, categories, both kinds of episode numbers. Returns its size. */
async function writeGuide(path: string, size: typeof WHOLE): Promise<number> {
  const file = Bun.file(path).writer();
  let sizeBytes = 0;
  const write = (text: string) => {
    sizeBytes += text.length;
    file.write(text);
  };
  write('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE tv SYSTEM "xmltv.dtd">\n<tv>\n');
  for (let channel = 0; channel < size.channels; channel++) {
    write(
      `<channel id="${idOf(channel)}"><display-name>Channel ${channel}</display-name></channel>\n`,
    );
  }
  const fromMs = Math.floor(Date.now() / 86_400_000) * 86_400_000;
  for (let channel = 0; channel < size.channels; channel++) {
    for (let number = 0; number < size.perChannel; number++) {
      write(showing(channel, number, fromMs + number * 45 * 60_000));
    }
    await file.flush();
  }
  write('</tv>\n');
  await file.end();
  return sizeBytes;
}

function showing(channel: number, number: number, startMs: number): string {
  // One in ten is not as we would write it: such ones are parsed, others only recognised
  const others = number % 10 === 0 ? '"others"' : 'others';
  const times = `start="${xmltvTime(startMs)} +0000" stop="${xmltvTime(startMs + 45 * 60_000)} +0000"`;
  return `<programme ${times} channel="${idOf(channel)}">
  <title lang="en">Programme ${number} &amp; more on ${channel}</title>
  <desc lang="en">What happens in part ${number} of the story that is told on channel ${channel}: ${(number * 7919 + channel * 104_729).toString(36)} and ${others} meet by the river. A day passes.</desc>
  <credits><director>D. ${number % 97}</director><actor>A. ${channel % 89}</actor></credits>
  <category lang="en">${['Drama', 'News', 'Sport', 'Film'][number % 4]}</category>
  <episode-num system="xmltv_ns">0.${number}.</episode-num>
</programme>
`;
}
