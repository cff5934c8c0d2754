// This file looks at the machine itself: system, memory, files, disk, clock.
import { mkdtemp, readFile, rmdir, stat, statfs } from 'node:fs/promises';
import { availableParallelism, freemem, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { VERSION } from '../base/version.ts';
import type { Config } from '../config/config.ts';
import type { LoadedConfig } from '../config/load.ts';
import { formatSize } from '../config/size.ts';
import { whyNoMemoryFiles } from '../ring/memory-files.ts';
import type { Finding } from './finding.ts';
import { roomFor } from './memory-room.ts';

/** What weir needs beside the ring: code, threads, segments in flight. */
const BESIDE_RING_BYTES = 400 * 2 ** 20;
/** Two for each viewer, its connection and the segment it is sent, some for upstreams, and reserve. */
const GOOD_FILE_LIMIT = 16_384;
const LEAST_FILE_LIMIT = 1_024;
/** The numbering of channels takes kilobytes; a disk that is fuller than this is a disk in trouble. */
const LEAST_FREE_BYTES = 64 * 2 ** 20;
/** Before this version was made no clock is right. */
const LEAST_YEAR = 2026;
const MAX_YEAR = 2100;
const CLOCK_LOOK_MS = 250;
const FFMPEG_WAIT_MS = 5_000;

export async function checkMachine(loaded: LoadedConfig): Promise<Finding[]> {
  return [
    { state: 'ok', what: 'weir', found: `${VERSION}, Bun ${Bun.version}` },
    await checkSystem(),
    checkCores(loaded),
    await checkMemory(loaded.config),
    checkMemoryFiles(loaded.config),
    await checkFileLimit(),
    await checkDataFolder(loaded.config.dataDir),
    await checkClock(),
    await checkFfmpeg(),
  ];
}

async function checkSystem(): Promise<Finding> {
  const libc = process.platform === 'linux' ? `, ${await libcName()}` : '';
  const found = `${process.platform} ${release()}, ${process.arch}${libc}`;
  if (process.platform === 'linux') return { state: 'ok', what: 'system', found };
  const advice = 'slow connections are only closed on Linux: put a reverse proxy in front';
  return { state: 'warn', what: 'system', found, advice };
}

async function libcName(): Promise<string> {
  const loader = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const isMusl = await exists(`/lib/ld-musl-${loader}.so.1`);
  const isGlibc =
    (await exists('/lib64/ld-linux-x86-64.so.2')) || (await exists('/lib/ld-linux-aarch64.so.1'));
  return isGlibc ? 'glibc' : isMusl ? 'musl' : 'unknown C library';
}

function checkCores(loaded: LoadedConfig): Finding {
  const { workers } = loaded.config.prefetch;
  const found = `${availableParallelism()}, up to ${workers} threads fetch`;
  return { state: 'ok', what: 'cores', found };
}

async function checkMemory(config: Config): Promise<Finding> {
  const { memoryBytes: ringBytes } = config;
  const limitBytes = await cgroupLimit();
  const isLimited = limitBytes !== undefined && limitBytes < totalmem();
  const totalBytes = isLimited ? limitBytes : totalmem();
  const limited = isLimited ? ' allowed to this container' : `, ${formatSize(freemem())} free`;
  const [room] = roomFor(config);
  const channels = `${room?.count} to ${room?.most} channels at once of ${room?.of}`;
  const ring = `memory is ${formatSize(ringBytes)}, for ${channels}`;
  const found = `${formatSize(totalBytes)}${limited}; ${ring}`;
  if (ringBytes > totalBytes) {
    const advice = `set memory below ${formatSize(Math.max(0, totalBytes - BESIDE_RING_BYTES))}`;
    return { state: 'fail', what: 'memory', found, advice };
  }
  if (ringBytes + BESIDE_RING_BYTES > totalBytes) {
    const advice = `weir needs about ${formatSize(BESIDE_RING_BYTES)} beside it`;
    return { state: 'warn', what: 'memory', found, advice };
  }
  return { state: 'ok', what: 'memory', found };
}

/** Without them all works, at twice the cost of a segment that is sent. */
function checkMemoryFiles({ memoryBytes }: Config): Finding {
  const what = 'segments';
  const reason = whyNoMemoryFiles(memoryBytes);
  if (reason === undefined) return { state: 'ok', what, found: 'in files in memory' };
  if (process.platform !== 'linux') return { state: 'ok', what, found: 'on the heap' };
  const advice = 'room in /dev/shm halves what a segment costs: --shm-size= of docker run';
  return { state: 'warn', what, found: `on the heap: ${reason}`, advice };
}

/** What the control group of this process may use: the second version of them, then the first. */
async function cgroupLimit(): Promise<number | undefined> {
  const own = await textOf('/proc/self/cgroup');
  const path = /^0::(\/.*)$/m.exec(own ?? '')?.[1] ?? '/';
  const files = [
    `/sys/fs/cgroup${path === '/' ? '' : path}/memory.max`,
    '/sys/fs/cgroup/memory.max',
    '/sys/fs/cgroup/memory/memory.limit_in_bytes',
  ];
  for (const file of files) {
    const limitBytes = Number((await textOf(file))?.trim() || Number.NaN);
    if (Number.isFinite(limitBytes)) return limitBytes;
  }
  return undefined;
}

async function checkFileLimit(): Promise<Finding> {
  const row = /^Max open files\s+(\d+|unlimited)/m.exec((await textOf('/proc/self/limits')) ?? '');
  const limit =
    row?.[1] === 'unlimited' ? Number.POSITIVE_INFINITY : Number(row?.[1] ?? Number.NaN);
  const what = 'open files';
  if (Number.isNaN(limit)) return { state: 'ok', what, found: 'the limit cannot be read here' };
  const found = `${limit} at most, so about ${Math.max(0, Math.floor((limit - 200) / 2))} viewers at once`;
  const advice = `${GOOD_FILE_LIMIT} is enough for most: LimitNOFILE= of systemd, ulimit -n of a shell`;
  if (limit < LEAST_FILE_LIMIT) return { state: 'fail', what, found, advice };
  if (limit < GOOD_FILE_LIMIT) return { state: 'warn', what, found, advice };
  return { state: 'ok', what, found };
}

/** The folder is made at start, so until then the nearest one that is there must be writable. */
async function checkDataFolder(dataDir: string): Promise<Finding> {
  const what = 'data folder';
  let folder = dataDir;
  while (!(await exists(folder)) && dirname(folder) !== folder) folder = dirname(folder);
  const isThere = folder === dataDir;
  const advice = 'channels play without it, and count anew after a restart';
  if (isThere && !(await stat(folder)).isDirectory()) {
    return { state: 'warn', what, found: `${dataDir} is no folder`, advice };
  }
  if (!(await isWritable(folder))) {
    return { state: 'warn', what, found: `${dataDir} cannot be written`, advice };
  }
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  const state = freeBytes < LEAST_FREE_BYTES ? 'warn' : 'ok';
  const later = isThere ? '' : ', will be made';
  const found = `${dataDir}${later}, ${formatSize(freeBytes)} free`;
  return { state, what, found, ...(state === 'warn' ? { advice: 'make room on this disk' } : {}) };
}

/** A wall clock that is wrong shifts every computed source; one that jumps, every live edge. */
async function checkClock(): Promise<Finding> {
  const what = 'clock';
  const now = new Date();
  const wallStart = Date.now();
  const steadyStart = performance.now();
  await Bun.sleep(CLOCK_LOOK_MS);
  const driftMs = Math.abs(Date.now() - wallStart - (performance.now() - steadyStart));
  const found = now.toISOString();
  const year = now.getUTCFullYear();
  if (year < LEAST_YEAR || year > MAX_YEAR) {
    return { state: 'fail', what, found, advice: 'the year is wrong: set the clock, run NTP' };
  }
  if (driftMs > CLOCK_LOOK_MS / 5) {
    const moved = `${found}, moved by ${Math.round(driftMs)} ms in ${CLOCK_LOOK_MS} ms`;
    return { state: 'warn', what, found: moved, advice: 'something is setting the clock' };
  }
  return { state: 'ok', what, found };
}

async function checkFfmpeg(): Promise<Finding> {
  const what = 'ffmpeg';
  const path = Bun.which('ffmpeg');
  // Nothing of this version calls it; it is worth knowing for a look at a source by hand.
  if (path === null) return { state: 'ok', what, found: 'not here, and not needed' };
  const child = Bun.spawn([path, '-version'], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'ignore',
    timeout: FFMPEG_WAIT_MS,
  });
  const [line = ''] = (await new Response(child.stdout).text()).split('\n');
  const version = /^ffmpeg version (\S+)/.exec(line)?.[1];
  if (version === undefined) {
    return { state: 'warn', what, found: `${path} does not run`, advice: 'install it anew' };
  }
  return { state: 'ok', what, found: `${version} at ${path}` };
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

/** Tried, not asked: root may do everything, and still cannot write to what is read-only. */
async function isWritable(folder: string): Promise<boolean> {
  try {
    await rmdir(await mkdtemp(join(folder, '.weir-doctor-')));
    return true;
  } catch {
    return false;
  }
}

async function textOf(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch(() => undefined);
}
