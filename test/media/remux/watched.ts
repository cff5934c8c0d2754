// This file has ffmpeg and ffprobe say what they see in a file or a playlist.
import { runProgram } from '../../support/programs.ts';

export type Stream = 'v:0' | 'a:0' | 'a:1';

/** The hash of each frame of a stream once it is decoded; fails where ffmpeg has a complaint. */
export async function decodedHashes(file: string, stream: Stream): Promise<string[]> {
  const cmd = ['ffmpeg', '-nostdin', '-loglevel', 'error', '-i', file, '-map', `0:${stream}`];
  const ended = await runProgram([...cmd, '-f', 'framemd5', '-'], 30_000);
  if (ended.code !== 0 || ended.stderr !== '') throw new Error(`${file}: ${ended.stderr}`);
  return ended.stdout
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(',').at(-1)!.trim());
}

/** When each frame is shown, in the order in which they stand, in seconds. */
export async function shownTimes(file: string, stream: Stream): Promise<number[]> {
  const show = ['-select_streams', stream, '-show_entries', 'packet=pts_time', '-of', 'csv=p=0'];
  const ended = await runProgram(['ffprobe', '-loglevel', 'error', ...show, file], 30_000);
  if (ended.code !== 0 || ended.stderr !== '') throw new Error(`${file}: ${ended.stderr}`);
  return ended.stdout
    .split(/[\s,]+/)
    .filter((word) => word !== '')
    .map(Number);
}
