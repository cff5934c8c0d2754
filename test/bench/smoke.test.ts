// This file keeps the measurements from rotting: it runs all of them, shortly, and looks at no time.
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure } from './figure.ts';
import { parseWrk } from './wrk.ts';

/** Far more than it takes alone: other tests run beside it. */
const TIMEOUT_MS = 240_000;

/** In the order of the table; a row that is lost would not be missed. */
const ROWS = [
  /^cached 1\.5 MB segment/,
  /^live playlist/,
  /^\d+ readers that stall$/,
  /^upstream fetches per segment, \d+ viewers/,
  /^RSS under a full ring$/,
  /^RSS over [\d,]+ segments$/,
  /^hit answered, \d+ viewers$/,
  /^cold start/,
  /^zapping to a warm channel/,
  /^endless TS, \d+ viewers/,
  /^start to ready$/,
  /^idle RSS$/,
  /^endless MPEG-TS cut, one core$/,
  /^put and get of 1\.5 MB, a folder$/,
  /^put and get of 1\.5 MB, Redis$/,
  /^put and get of 1\.5 MB, Postgres$/,
  /^put and get of 1\.5 MB, MariaDB$/,
  /^p99 of a playlist in memory while Redis dies/,
  /^p99 of a segment in memory while Redis dies/,
  /^processor time of the serving thread while Redis dies/,
  /^\d+ viewers at as many times of an archive$/,
  /^guide of [\d,]+ programmes imported$/,
  /^guide of [\d,]+ channels and 7 days served$/,
  /^line-up of [\d,]+ entries imported$/,
  /^line-up of [\d,]+ entries refreshed, other tokens$/,
];

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'weir-bench-smoke-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test.skipIf(process.platform !== 'linux' || Bun.which('taskset') === null)(
  'npm run bench -- --quick measures every row',
  async () => {
    const json = join(dir, 'figures.json');
    const page = join(dir, 'page.md');
    const run = Bun.spawn({
      cmd: [process.execPath, 'test/bench/run.ts', '--quick', '--json', json, '--out', page],
      cwd: join(import.meta.dir, '../..'),
      stdout: 'pipe',
      stderr: 'pipe',
      timeout: TIMEOUT_MS,
    });
    const [printed, complaints] = await Promise.all([
      new Response(run.stdout).text(),
      new Response(run.stderr).text(),
    ]);
    expect({ code: await run.exited, complaints }).toEqual({ code: 0, complaints: '' });

    const figures = (await Bun.file(json).json()) as Figure[];
    expect(figures).toHaveLength(ROWS.length);
    for (const [index, figure] of figures.entries()) {
      expect(figure.what).toMatch(ROWS[index]!);
      expect(['reached', 'missed', 'not measured']).toContain(figure.verdict);
      expect(`${figure.weir} ${figure.nginx} ${figure.varnish}`).not.toMatch(/NaN|Infinity/);
      expect(figure.note).not.toBe('');
      expect(printed).toContain(figure.what);
      expect(await Bun.file(page).text()).toContain(`| ${figure.what} |`);
    }
  },
  TIMEOUT_MS,
);

const WRK = `Running 1s test @ http://127.0.0.1:1/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.23ms  456.00us  10.00ms   90.00%
    Req/Sec    50.00k     1.00k   51.00k    80.00%
  50321 requests in 1.01s, 30.00MB read
`;
const RATE = 'Requests/sec:  49822.77\nTransfer/sec:     29.70MB\n';

test.each([
  ['no errors', '', 0],
  ['refusals', '  Non-2xx or 3xx responses: 12\n', 12],
  ['broken sockets', '  Socket errors: connect 1, read 20, write 300, timeout 4000\n', 4321],
])('parseWrk() counts %s', (_, line, failed) => {
  expect(parseWrk(`${WRK}${line}${RATE}`)).toEqual({
    requests: 50_321,
    perSecond: 49_822.77,
    failed,
  });
});

test('parseWrk() refuses what is no report', () => {
  expect(() => parseWrk('unable to connect')).toThrow('Cannot read what wrk says');
});
