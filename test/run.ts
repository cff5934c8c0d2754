// This file runs every check there is, or the groups of tests named on its command line.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Glob } from 'bun';
import { brokenLines, countTests, skippedLines, sumOf } from './runner/junit.ts';
import { useMemoryFolder } from './runner/memory-folder.ts';
import { measurePressure } from './runner/pressure.ts';
import { ensurePrograms } from './runner/programs.ts';
import { checkStage, run, type StageResult } from './runner/stage.ts';
import { KODI } from './support/kodi-programs.ts';
import { SHARED_MEDIA } from './support/recorded-media.ts';

type Group = {
  /** A folder in test/; what is in no group's folder belongs to `unit`. */
  readonly name: string;
  /** Files that run at the same time, where they mostly wait; absent: one after the other. */
  readonly parallel?: number;
  readonly timeoutMs: number;
  readonly programs?: readonly string[];
  /** Runs only where it is asked for by name. */
  readonly onRequest?: boolean;
};

const MINUTE = 60_000;

/** In the order they run: what is quick to fail goes first. */
const GROUPS: readonly Group[] = [
  {
    name: 'unit',
    timeoutMs: 8 * MINUTE,
    // Databases and deadlines are waited for more than the processor
    parallel: 3,
    programs: [
      ...['ffmpeg', 'ffprobe', 'openssl'],
      ...['redis-server', 'redis-cli', 'postgres', 'pgbouncer', 'mariadbd'],
    ],
  },
  // Before the folder that holds it: a file belongs to the first that fits.
  { name: 'fault/crowds', timeoutMs: 6 * MINUTE, parallel: 2 },
  {
    name: 'fault',
    timeoutMs: 8 * MINUTE,
    // They wait for what stalls and vanishes: two cores are idle for most of it
    parallel: 5,
    programs: ['ffmpeg', 'ffprobe', 'openssl', 'redis-server', 'postgres', 'mariadbd'],
  },
  {
    name: 'e2e',
    timeoutMs: 5 * MINUTE,
    // They wait for what is live more than they work
    parallel: 3,
    programs: ['ffmpeg', 'ffprobe', 'openssl', 'chromium'],
  },
  {
    name: 'players',
    timeoutMs: 20 * MINUTE,
    programs: ['ffmpeg', 'ffprobe', 'chromium', 'vlc', 'mpv', ...KODI],
    onRequest: true,
  },
  { name: 'bench', timeoutMs: 20 * MINUTE, onRequest: true },
];

const ROOT = resolve(import.meta.dir, '..');
/** For tests and hooks that say nothing else: a busy machine may take seconds to start a weir. */
const TEST_MS = 30_000;

const BIN = join(ROOT, 'node_modules/.bin');
/**
 * What takes long is begun first, or it would run alone at the end. Measured by `bun test` with
 * --parallel=2 --update-timings; what is not named here counts as quick.
 */
const SLOW_FILES = 'test/runner/slow-files.json';

function filesOf(group: Group): string[] {
  const found = [...new Glob('**/*.test.ts').scanSync(join(ROOT, 'test'))].sort();
  const groupOf = (file: string) => GROUPS.find(({ name }) => file.startsWith(`${name}/`));
  const own = found.filter((file) => (groupOf(file)?.name ?? 'unit') === group.name);
  return own.filter((file) => !file.startsWith('fixtures/')).map((file) => `test/${file}`);
}

async function testStage(group: Group, lacking: readonly string[]): Promise<StageResult> {
  const files = filesOf(group);
  const missing = (group.programs ?? []).filter((program) => lacking.includes(program));
  const notes = missing.map((program) => `${group.name}: whatever needs ${program}`);
  const { name } = group;
  if (files.length === 0) {
    return {
      name,
      passed: 0,
      failed: 0,
      skipped: [`${name}: it has no test files`],
      broken: [],
      seconds: 0,
    };
  }
  const startMs = performance.now();
  const pressure = measurePressure();
  let counts = await runTests(files, group.timeoutMs, group.parallel);
  const bad = files.filter((file) => counts.get(file)!.failed > 0);
  // A machine that others use holds nobody to his deadlines: what fails twice, the second time alone,
  // is broken, and what failed once is shown
  if (bad.length > 0) {
    const percent = Math.round((pressure() ?? 0) * 100);
    const first = brokenLines(counts).join('\n');
    notes.push(`${name}: the first run, with processors short ${percent} % of it, of\n${first}`);
    title(`tests: ${name}, what failed once more, alone`);
    counts = new Map([...counts, ...(await runTests(bad, group.timeoutMs, undefined))]);
  }
  const seconds = (performance.now() - startMs) / 1000;
  const skipped = [...notes, ...skippedLines(counts)];
  return { name, ...sumOf(counts), skipped, broken: brokenLines(counts), seconds };
}

async function runTests(files: readonly string[], timeoutMs: number, parallel: number | undefined) {
  const dir = mkdtempSync(join(tmpdir(), 'weir-run-'));
  const report = join(dir, 'report.xml');
  const flags = ['--reporter=junit', `--reporter-outfile=${report}`, `--timeout=${TEST_MS}`];
  if (parallel !== undefined) flags.push(`--parallel=${parallel}`, `--timings=${SLOW_FILES}`);
  // Servers that a killed run leaves behind would hold ports and memory.
  const cmd = [process.execPath, 'test', '--no-orphans', ...flags];
  const code = await run({ cmd: [...cmd, ...files.map((file) => `./${file}`)], timeoutMs });
  const text = await Bun.file(report)
    .text()
    .catch(() => undefined);
  rmSync(dir, { recursive: true, force: true });
  return countTests(text, files, code);
}

function title(text: string): void {
  console.log(`\n── ${text} ${'─'.repeat(Math.max(0, 90 - text.length))}`);
}

async function checks(): Promise<StageResult[]> {
  title('format and lint');
  const biome = [join(BIN, 'biome'), 'check', '--config-path=.biome.json', 'src', 'test'];
  const lint = await checkStage('format and lint', { cmd: biome, timeoutMs: MINUTE });
  title('types');
  const tsc = [join(BIN, 'tsc'), '--noEmit'];
  return [lint, await checkStage('types', { cmd: tsc, timeoutMs: 2 * MINUTE })];
}

function chosen(names: readonly string[]): Group[] {
  for (const name of names) {
    if (GROUPS.some((group) => `${group.name}/`.startsWith(`${name}/`))) continue;
    const known = GROUPS.map((group) => group.name).join(', ');
    console.log(`Cannot run "${name}": no such group, wanted one of ${known}`);
    process.exit(2);
  }
  return GROUPS.filter(({ name, onRequest }) =>
    names.length > 0 ? names.some((asked) => `${name}/`.startsWith(`${asked}/`)) : !onRequest,
  );
}

async function main(names: readonly string[]): Promise<void> {
  process.chdir(ROOT);
  useMemoryFolder();
  shareMedia();
  const groups = chosen(names);
  const programs = [...new Set(groups.flatMap((group) => group.programs ?? []))];
  title('programs');
  const lacking = await ensurePrograms(programs);
  console.log(lacking.length === 0 ? 'All there' : `COULD NOT BE HAD: ${lacking.join(', ')}`);
  const results = names.length > 0 ? [] : await checks();
  for (const group of groups) {
    title(`tests: ${group.name}`);
    results.push(await testStage(group, lacking));
  }
  summarize(results);
}

/** What one test has recorded serves all that want the same, and goes with the run. */
function shareMedia(): void {
  const folder = mkdtempSync(join(tmpdir(), 'weir-media-'));
  process.env[SHARED_MEDIA] = folder;
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
}

function summarize(results: readonly StageResult[]): void {
  title('summary');
  for (const { name, passed, failed, seconds } of results) {
    const counts = `${String(passed).padStart(6)} passed ${String(failed).padStart(4)} failed`;
    console.log(`${name.padEnd(16)}${counts} ${seconds.toFixed(1).padStart(7)} s`);
  }
  const skipped = results.flatMap((result) => result.skipped);
  if (skipped.length > 0)
    console.log(`\nSkipped, or run twice:\n${skipped.map((line) => `  ${line}`).join('\n')}`);
  const broken = results.flatMap((result) => result.broken);
  if (broken.length > 0) console.log(`\nBroken:\n${broken.map((line) => `  ${line}`).join('\n')}`);
  const sum = (of: 'passed' | 'failed') => results.reduce((total, result) => total + result[of], 0);
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`);
  process.exit(sum('failed') === 0 ? 0 : 1);
}

await main(process.argv.slice(2));
