// This file runs the real programs that watch what weir serves.
import type { Subprocess } from 'bun';
import { programPath } from './program-path.ts';

export type Ended = {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** Runs a program to its end, or to `timeoutMs`, after which it is killed and `code` is null. */
export async function runProgram(cmd: readonly string[], timeoutMs: number): Promise<Ended> {
  const child = Bun.spawn({
    cmd: [...cmd],
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  await child.exited;
  return { code: child.exitCode, stdout, stderr };
}

/** True where the program is on this machine; says loudly where it is not. */
export function hasProgram(name: string): boolean {
  if (programPath(name) !== undefined) return true;
  console.warn(`SKIPPED: ${name} is not on this machine`);
  return false;
}

export type Decoded = {
  /** Lines that ffmpeg wrote at error level or above. */
  readonly errors: readonly string[];
  readonly durationS: number;
  /** Steps between video frames that were not one frame long, in seconds. */
  readonly jumps: readonly number[];
};

/**
 * Decodes `seconds` of a stream as fast as it comes and looks at every frame's time. `readS` bounds
 * the run on the wall.
 */
export async function decodeWithFfmpeg(url: string, seconds: number): Promise<Decoded> {
  const start = url.includes('.m3u8') ? ['-live_start_index', '-3'] : [];
  const input = [...start, '-i', url, '-t', String(seconds)];
  const output = ['-map', '0:v:0', '-map', '0:a:0', '-c:v', 'rawvideo', '-c:a', 'pcm_s16le'];
  const cmd = ['ffmpeg', '-nostdin', '-loglevel', 'error', ...input];
  const check = [...output, '-f', 'framecrc', '-fps_mode', 'passthrough', '-'];
  const { stdout, stderr, code } = await runProgram([...cmd, ...check], (seconds + 60) * 1000);
  const errors = stderr.split('\n').filter((line) => line.trim() !== '');
  if (code !== 0) errors.push(`ffmpeg ended with ${code}`);
  return { errors, ...framesOf(stdout) };
}

/**
 * Decodes a live stream, at the pace it comes, until it is `left`. Before that ffmpeg has to keep
 * on reading; what it says of being stopped does not count.
 */
export async function followWithFfmpeg(url: string, left: Promise<unknown>): Promise<Decoded> {
  const output = ['-map', '0:v:0', '-map', '0:a:0', '-c:v', 'rawvideo', '-c:a', 'pcm_s16le'];
  const check = [...output, '-f', 'framecrc', '-fps_mode', 'passthrough', '-'];
  const input = ['-nostdin', '-loglevel', 'error', '-live_start_index', '-3', '-i', url];
  const child = Bun.spawn({
    cmd: ['ffmpeg', ...input, ...check],
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  let [frames, said] = ['', ''];
  const reading = Promise.all([
    readInto(child.stdout, (text) => {
      frames += text;
    }),
    readInto(child.stderr, (text) => {
      said += text;
    }),
  ]);
  try {
    await Promise.race([left, child.exited]);
    const errors = said.split('\n').filter((line) => line.trim() !== '');
    if (child.exitCode !== null) errors.push(`ffmpeg ended by itself with ${child.exitCode}`);
    await endProgram(child);
    await reading;
    return { errors, ...framesOf(frames) };
  } finally {
    child.kill('SIGKILL');
  }
}

async function readInto(
  stream: ReadableStream<Uint8Array>,
  take: (text: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  for await (const piece of stream) take(decoder.decode(piece, { stream: true }));
}

/** framecrc lines: stream, dts, pts, duration, size, crc; a `#tb 0: 1/25` line says the unit. */
function framesOf(framecrc: string): { durationS: number; jumps: number[] } {
  const base = /^#tb 0: (\d+)\/(\d+)/m.exec(framecrc);
  const unitS = base === null ? 0 : Number(base[1]) / Number(base[2]);
  const times: number[] = [];
  let frameS = 0;
  for (const line of framecrc.split('\n')) {
    if (!line.startsWith('0,')) continue;
    const [, , pts, duration] = line.split(',').map((field) => Number(field));
    times.push((pts as number) * unitS);
    frameS ||= (duration as number) * unitS;
  }
  const jumps: number[] = [];
  for (let i = 1; i < times.length; i++) {
    const step = (times[i] as number) - (times[i - 1] as number);
    if (Math.abs(step - frameS) > frameS * 0.6) jumps.push(step);
  }
  const first = times[0] ?? 0;
  return { durationS: times.length === 0 ? 0 : (times.at(-1) as number) - first + frameS, jumps };
}

/** What ffprobe says of the streams of a URL. */
export async function probe(url: string): Promise<readonly Record<string, unknown>[]> {
  const show = ['-show_entries', 'stream=codec_name,codec_type,width,height', '-of', 'json'];
  const { stdout } = await runProgram(['ffprobe', '-loglevel', 'error', ...show, url], 30_000);
  const { streams = [] } = JSON.parse(stdout || '{}') as { streams?: Record<string, unknown>[] };
  return streams;
}

/** Ends a program that was started to run beside a test. */
export async function endProgram(child: Subprocess): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
  await child.exited;
  clearTimeout(timer);
}
