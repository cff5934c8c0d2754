// This file has ffmpeg make small pieces of media for tests.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from './programs.ts';
import { createTempFolder } from './temp-folder.ts';

const MAKE_MS = 120_000;

async function ffmpeg(folder: string, words: readonly string[]): Promise<void> {
  const cmd = ['env', '-C', folder, 'ffmpeg', '-nostdin', '-loglevel', 'error', ...words];
  const made = await runProgram(cmd, MAKE_MS);
  if (made.code !== 0) throw new Error(`ffmpeg failed: ${made.stderr}`);
}

/** The files that ffmpeg writes for these words, which name them: one run for as many as there are. */
export async function madeFiles(
  words: readonly string[],
  names: readonly string[],
): Promise<Uint8Array[]> {
  await using folder = await createTempFolder();
  await ffmpeg(folder.path, words);
  return await Promise.all(names.map((name) => Bun.file(join(folder.path, name)).bytes()));
}

export type MadeHls = { readonly init?: Uint8Array; readonly segments: readonly Uint8Array[] };

/** The segments of an HLS stream of a second each, in order. */
export async function madeHls(
  words: readonly string[],
  form: 'mpegts' | 'fmp4' = 'mpegts',
): Promise<MadeHls> {
  await using folder = await createTempFolder();
  const hls = `-f hls -hls_time 1 -hls_list_size 0 -hls_segment_type ${form}`.split(' ');
  await ffmpeg(folder.path, [...words, ...hls, '-hls_segment_filename', '%04d.seg', 'list.m3u8']);
  const names = (await readdir(folder.path)).filter((name) => name.endsWith('.seg')).sort();
  const bytesOf = (name: string) => Bun.file(join(folder.path, name)).bytes();
  const segments = await Promise.all(names.map(bytesOf));
  return form === 'fmp4' ? { segments, init: await bytesOf('init.mp4') } : { segments };
}
