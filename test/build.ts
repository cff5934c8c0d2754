// This file makes the executables: those named, with --host the one for this system, else all.
import { mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';

const ROOT = resolve(import.meta.dir, '..');
const SRC = join(ROOT, 'src');
const DIST = join(ROOT, 'dist');

/** Name of the file → what Bun calls the system. */
const TARGETS: Readonly<Record<string, string>> = {
  'weir-linux-x64': 'bun-linux-x64',
  'weir-linux-arm64': 'bun-linux-arm64',
  'weir-linux-x64-musl': 'bun-linux-x64-musl',
  'weir-linux-arm64-musl': 'bun-linux-arm64-musl',
  'weir-darwin-x64': 'bun-darwin-x64',
  'weir-darwin-arm64': 'bun-darwin-arm64',
  'weir-windows-x64.exe': 'bun-windows-x64',
};

/** A runtime that is not there yet is fetched from the npm registry: some 40 MB. */
const BUILD_TIMEOUT_MS = 180_000;

async function hostName(): Promise<string> {
  if (process.platform === 'win32') return `weir-windows-${process.arch}.exe`;
  return `weir-${process.platform}-${process.arch}${(await isMusl()) ? '-musl' : ''}`;
}

/** By the loader that this process asked for: both may be installed. */
async function isMusl(): Promise<boolean> {
  return (await Bun.file(process.execPath).slice(0, 4096).text()).includes('/ld-musl-');
}

/** Every worker is an entry of its own: the bundler does not follow their URLs. */
async function entries(): Promise<string[]> {
  const text = await Bun.file(join(SRC, 'threads.ts')).text();
  const workers = [...text.matchAll(/new URL\('\.\/([^']+)', import\.meta\.url\)/g)];
  if (workers.length === 0) throw new Error('Cannot build: src/threads.ts names no worker');
  return ['main.ts', ...workers.map((match) => match[1]!)].map((file) => join(SRC, file));
}

async function build(name: string, target: string, files: readonly string[]): Promise<string> {
  // Under another name until it is done, so that a file in dist/ is always a whole one.
  const outfile = join(DIST, 'unfinished', name);
  const flags = [
    '--compile',
    `--target=${target}`,
    // Without it a command loads the code of every other
    '--splitting',
    // A start in half the time. Workers of the executable once broke by it (oven-sh/bun#40903), so
    // the end-to-end tests run against the executable too
    '--bytecode',
    '--format=esm',
    '--minify-whitespace',
    '--minify-syntax',
    // What lies in the folder it is started from must not steer a server.
    '--no-compile-autoload-dotenv',
    '--no-compile-autoload-bunfig',
    `--root=${SRC}`,
    `--outfile=${outfile}`,
  ];
  const child = Bun.spawn({
    cmd: [process.execPath, 'build', ...flags, ...files],
    cwd: ROOT,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: BUILD_TIMEOUT_MS,
  });
  const said = await Promise.all(
    [child.stdout, child.stderr].map((out) => new Response(out).text()),
  );
  const code = await child.exited;
  if (code !== 0 || !(await Bun.file(outfile).exists())) throw new Error(said.join('\n').trim());
  renameSync(outfile, join(DIST, name));
  return join(DIST, name);
}

async function sha256Of(file: string): Promise<string> {
  const hash = new Bun.CryptoHasher('sha256');
  for await (const chunk of Bun.file(file).stream()) hash.update(chunk);
  return hash.digest('hex');
}

async function main(args: readonly string[]): Promise<void> {
  const host = await hostName();
  const asked = args.map((arg) => (arg === '--host' ? host : arg));
  const names = asked.length > 0 ? asked : Object.keys(TARGETS);
  for (const name of names) {
    if (TARGETS[name] !== undefined) continue;
    throw new Error(`Cannot build ${name}: wanted one of ${Object.keys(TARGETS).join(', ')}`);
  }
  const files = await entries();
  console.log(`Entries: ${files.map((file) => relative(ROOT, file)).join(' ')}`);
  mkdirSync(join(DIST, 'unfinished'), { recursive: true });
  const sums: string[] = [];
  const lacking: string[] = [];
  for (const name of names) {
    const startMs = performance.now();
    try {
      const file = await build(name, TARGETS[name]!, files);
      const megabytes = (statSync(file).size / 1e6).toFixed(1).padStart(8);
      const seconds = ((performance.now() - startMs) / 1000).toFixed(1).padStart(6);
      console.log(`${name.padEnd(24)}${megabytes} MB ${seconds} s`);
      sums.push(`${await sha256Of(file)}  ${basename(file)}`);
    } catch (error) {
      lacking.push(name);
      console.log(`${name.padEnd(24)}  FAILED\n${error instanceof Error ? error.message : error}`);
    }
  }
  rmSync(join(DIST, 'unfinished'), { recursive: true, force: true });
  await Bun.write(join(DIST, 'SHA256SUMS'), `${sums.join('\n')}\n`);
  if (lacking.length === 0) return;
  console.log(`Not built: ${lacking.join(', ')}`);
  process.exit(1);
}

await main(process.argv.slice(2));
