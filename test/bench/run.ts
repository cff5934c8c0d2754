// This file measures weir and its peers, prints a table and writes RESULTS.md.

import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensurePrograms } from '../runner/programs.ts';
import { weirCommand } from '../support/weir.ts';
import { BenchOrigin } from './bench-origin.ts';
import type { Bench } from './contest.ts';
import type { Figure } from './figure.ts';
import { benchM3uParse } from './m3u-parse.ts';
import { cores, describeMachine } from './machine.ts';
import { benchPlaylistParse } from './playlist-parse.ts';
import { archiveFigure } from './rows/archive.ts';
import { coldStartFigure } from './rows/cold-start.ts';
import { endlessTsFigure } from './rows/endless-ts.ts';
import { guideFigures } from './rows/guide.ts';
import { hitLatencyFigure } from './rows/hit-latency.ts';
import { lineUpFigures } from './rows/lineup.ts';
import { ringMemoryFigures } from './rows/ring-memory.ts';
import { singleFetchFigure } from './rows/single-fetch.ts';
import { stalledReadersFigure } from './rows/stalled-readers.ts';
import { startUpFigures } from './rows/start-up.ts';
import { streamCutFigure } from './rows/stream-cut.ts';
import { throughputFigures } from './rows/throughput.ts';
import { tierFigures } from './rows/tiers.ts';
import { zapFigure } from './rows/zap.ts';
import { benchSplice } from './splice.ts';
import { formatMarkdown, formatTable, type Page } from './table.ts';

type Row = {
  readonly name: string;
  readonly measure: (bench: Bench) => Promise<readonly Figure[] | Figure>;
};

/** In the order of DESIGN's table. */
const ROWS: readonly Row[] = [
  { name: 'throughput', measure: throughputFigures },
  { name: 'stalled', measure: stalledReadersFigure },
  { name: 'single-fetch', measure: singleFetchFigure },
  { name: 'ring', measure: ringMemoryFigures },
  { name: 'latency', measure: hitLatencyFigure },
  { name: 'cold', measure: coldStartFigure },
  { name: 'zap', measure: zapFigure },
  { name: 'endless', measure: endlessTsFigure },
  { name: 'start', measure: startUpFigures },
  { name: 'stream-cut', measure: streamCutFigure },
  { name: 'tiers', measure: tierFigures },
  { name: 'archive', measure: archiveFigure },
  { name: 'guide', measure: guideFigures },
  { name: 'lineup', measure: lineUpFigures },
];

const RESULTS = join(import.meta.dir, 'RESULTS.md');

const { values } = parseArgs({
  options: {
    /** A minute instead of a quarter of an hour; shows that all works, no more. */
    quick: { type: 'boolean', default: false },
    /** Rows by name, with commas between. */
    only: { type: 'string' },
    /** Where the page goes; a quick or partial run writes none unless it is told where. */
    out: { type: 'string' },
    /** Where the figures go as JSON. */
    json: { type: 'string' },
  },
});

/** What users run is what is measured: the binary that WEIR_BINARY names, or one built now. */
function useBinary(): void {
  if (process.env['WEIR_BINARY'] !== undefined) return;
  const cmd = [process.execPath, join(import.meta.dir, '../build.ts'), '--host'];
  const { exitCode, stdout, stderr } = Bun.spawnSync({ cmd });
  const name = /^weir-\S+/m.exec(String(stdout))?.[0];
  if (exitCode !== 0 || name === undefined) {
    throw new Error(`Cannot measure: the binary does not build\n${stdout}${stderr}`);
  }
  process.env['WEIR_BINARY'] = join('dist', name);
}

/** The clients in this process must not take time from the server's core. */
function leaveServerCore(): void {
  const { load } = cores();
  Bun.spawnSync({ cmd: ['taskset', '-a', '-p', '-c', load, String(process.pid)] });
}

async function programsLacking(): Promise<readonly string[]> {
  const lacking = await ensurePrograms(['nginx', 'varnishd', 'wrk', 'taskset', 'ffmpeg']);
  if (lacking.includes('taskset')) throw new Error('Cannot measure: taskset is missing');
  for (const program of lacking) {
    console.log(`\n*** ${program.toUpperCase()} IS MISSING: its figures are not measured ***\n`);
  }
  return lacking;
}

async function measureAll(rows: readonly Row[], isQuick: boolean): Promise<Figure[]> {
  const lacking = await programsLacking();
  const figures: Figure[] = [];
  for (const { name, measure } of rows) {
    // A fresh one each: what it counts is of this row alone
    await using origin = await BenchOrigin.start();
    const say = (text: string) => console.log(`${name}: ${text}`);
    figures.push(...[await measure({ origin, isQuick, lacking, say })].flat());
  }
  return figures;
}

function chosenRows(only: string | undefined): readonly Row[] {
  if (only === undefined) return ROWS;
  const names = only.split(',');
  const unknown = names.filter((name) => !ROWS.some((row) => row.name === name));
  if (unknown.length === 0) return ROWS.filter((row) => names.includes(row.name));
  console.error(`Cannot measure ${unknown}: wanted of ${ROWS.map((row) => row.name)}`);
  process.exit(2);
}

useBinary();
leaveServerCore();
const { quick, only, out, json } = values;
const figures = await measureAll(chosenRows(only), quick);
const page: Page = {
  command: 'npm run bench',
  machine: describeMachine(`binary ${basename(weirCommand()[0]!)}`),
  figures,
  parsers:
    quick || only !== undefined
      ? []
      : [...benchPlaylistParse(), ...benchM3uParse(), ...benchSplice()],
};
console.log(`\n${page.machine.join('\n')}\n\n${formatTable(figures)}\n`);
if (json !== undefined) await Bun.write(json, JSON.stringify(figures));
const target = out ?? (quick || only !== undefined ? undefined : RESULTS);
if (target !== undefined) await Bun.write(target, formatMarkdown(page));
