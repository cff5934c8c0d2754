// This file makes segments every frame of which is known again after it was decoded.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from './programs.ts';
import type { TempFolder } from './temp-folder.ts';
import { joinBytes } from './ts-packets.ts';

export type CountableOptions = {
  /** Of files in the folder. */
  readonly name: string;
  readonly segmentS: number;
  readonly count: number;
  /** Where its clock begins, as every encoder's does somewhere else. */
  readonly startsAtS?: number;
  /** The same pictures, in other colours: no frame is taken for one of the other's. */
  readonly isNegative?: boolean;
  readonly soundRate?: 44_100 | 48_000;
};

export type CountableMedia = {
  readonly segments: readonly Uint8Array[];
  /** Decoded frame → which it is, counted from the first of all. */
  readonly frames: ReadonlyMap<string, number>;
};

export const FRAMES_PER_SECOND = 25;

/** A test picture with a tone in one run of the clock, cut at key frames, with B-frames. */
export async function makeCountable(
  folder: TempFolder,
  options: CountableOptions,
): Promise<CountableMedia> {
  const { name, segmentS, count, startsAtS = 0, isNegative = false, soundRate = 48_000 } = options;
  const lasts = `duration=${segmentS * count}`;
  const picture = `testsrc2=size=160x90:rate=${FRAMES_PER_SECOND}:${lasts}`;
  const sound = `sine=frequency=440:sample_rate=${soundRate}:${lasts}`;
  const keys = String(segmentS * FRAMES_PER_SECOND);
  const cmd = [
    ...['ffmpeg', '-nostdin', '-v', 'error', '-f', 'lavfi', '-i', picture],
    ...['-f', 'lavfi', '-i', sound, ...(isNegative ? ['-vf', 'negate'] : [])],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-crf', '30', '-threads', '1'],
    ...['-pix_fmt', 'yuv420p', '-g', keys, '-keyint_min', keys, '-sc_threshold', '0'],
    ...['-c:a', 'aac', '-b:a', '48k', '-output_ts_offset', String(startsAtS)],
    ...['-f', 'hls', '-hls_time', String(segmentS), '-hls_list_size', '0'],
    ...['-hls_segment_filename', join(folder.path, `${name}-%03d.ts`)],
    join(folder.path, `${name}.m3u8`),
  ];
  const { code, stderr } = await runProgram(cmd, 60_000);
  if (code !== 0) throw new Error(`Cannot make ${name}: ffmpeg said ${stderr}`);
  const files = readdirSync(folder.path).filter((file) => /-\d+\.ts$/.test(file));
  const own = files.filter((file) => file.startsWith(`${name}-`)).sort();
  const segments = await Promise.all(own.map((file) => Bun.file(join(folder.path, file)).bytes()));
  const whole = await folder.write(`${name}-whole.ts`, joinBytes(segments));
  const { pictures, errors } = await decodeFile(whole);
  const frames = new Map(pictures.map((md5, index) => [md5, index]));
  const wanted = segmentS * count * FRAMES_PER_SECOND;
  if (errors.length > 0 || frames.size !== wanted || segments.length !== count) {
    throw new Error(`Cannot use ${name}: ${frames.size} frames in ${segments.length}, ${errors}`);
  }
  return { segments, frames };
}

export type DecodedFile = {
  /** What ffmpeg said at error level, and how it ended where that was not well. */
  readonly errors: readonly string[];
  /** MD5 of each picture, in the order in which they are shown. */
  readonly pictures: readonly string[];
  readonly soundFrames: number;
};

/** Decodes picture and sound to the end, or to the first error. */
export async function decodeFile(path: string): Promise<DecodedFile> {
  const output = ['-map', '0:v:0', '-map', '0:a:0', '-fps_mode', 'passthrough'];
  const cmd = ['ffmpeg', '-nostdin', '-v', 'error', '-xerror', '-i', path, ...output];
  const { code, stdout, stderr } = await runProgram([...cmd, '-f', 'framemd5', '-'], 60_000);
  const errors = stderr.split('\n').filter((line) => line.trim() !== '');
  if (code !== 0) errors.push(`ffmpeg ended with ${code}`);
  const rows = stdout.split('\n').filter((line) => /^\d/.test(line));
  const of = (stream: string) => rows.filter((row) => row.startsWith(`${stream},`));
  const pictures = of('0').map((row) => row.slice(row.lastIndexOf(',') + 1).trim());
  return { errors, pictures, soundFrames: of('1').length };
}

/** Where ffprobe sees the time of a stream stand still or go back: DTS in any, PTS in sound. */
export async function backwardTimes(path: string): Promise<readonly string[]> {
  const entries = 'packet=codec_type,stream_index,pts,dts';
  const cmd = ['ffprobe', '-v', 'error', '-show_entries', entries, '-of', 'csv=p=0', path];
  const { code, stdout } = await runProgram(cmd, 60_000);
  const latest = new Map<string, number>();
  const backward = code === 0 ? [] : [`ffprobe ended with ${code}`];
  for (const line of stdout.split('\n')) {
    const [type = '', stream = '', pts = '', dts = ''] = line.split(',');
    if (stream === '') continue;
    const times = type === 'audio' ? { pts, dts } : { dts };
    for (const [name, text] of Object.entries(times)) {
      const time = Number.parseInt(text, 10);
      const key = `${stream} ${name}`;
      // It does not know of every frame when that is decoded
      if (Number.isNaN(time)) continue;
      const before = latest.get(key);
      latest.set(key, time);
      if (before !== undefined && time <= before) {
        backward.push(`${type} ${stream}: ${name} ${time} after ${before}`);
      }
    }
  }
  return backward;
}
