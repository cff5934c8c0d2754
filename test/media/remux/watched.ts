// This file has ffmpeg and ffprobe say what they see in a file or a playlist.
import { runProgram } from '../../support/programs.ts';

export type Stream = 'v:0' | 'a:0' | 'a:1';

/** Of one stream of a file. */
export type Watched = {
  /** The hash of each frame once it is decoded. */
  readonly hashes: readonly string[];
  /** When each packet is shown, in the order in which they stand, in seconds. */
  readonly times: readonly number[];
};

/** In the order of `streams`, by one run of each program; fails where one has a complaint. */
export async function watched(file: string, streams: readonly Stream[]): Promise<Watched[]> {
  const [hashes, times] = await Promise.all([
    decodedHashes(file, streams),
    shownTimes(file, streams),
  ]);
  return streams.map((_, index) => ({ hashes: hashes[index]!, times: times[index]! }));
}

/** The hashes of each stream's frames; fails where ffmpeg has a complaint. */
export async function decodedHashes(
  file: string,
  streams: readonly Stream[],
): Promise<readonly string[][]> {
  const maps = streams.flatMap((stream) => ['-map', `0:${stream}`]);
  const cmd = ['ffmpeg', '-nostdin', '-loglevel', 'error', '-i', file, ...maps];
  // A line: stream, dts, pts, duration, size, hash
  const rows = rowsOf(file, await runProgram([...cmd, '-f', 'framemd5', '-'], 30_000));
  return streams.map((_, index) =>
    rows.filter(([stream]) => Number(stream) === index).map((row) => row.at(-1)!),
  );
}

async function shownTimes(file: string, streams: readonly Stream[]): Promise<number[][]> {
  const show = ['-show_entries', 'packet=codec_type,stream_index,pts_time', '-of', 'csv=p=0'];
  const cmd = ['ffprobe', '-loglevel', 'error', ...show, file];
  const rows = rowsOf(file, await runProgram(cmd, 30_000));
  return streams.map((stream) => {
    const [kind, nth] = stream.split(':');
    const own = rows.filter(([type]) => type?.startsWith(kind!));
    const indices = [...new Set(own.map(([, index]) => Number(index)))].sort((a, b) => a - b);
    const index = indices[Number(nth)];
    return own.filter((row) => Number(row[1]) === index).map((row) => Number(row[2]));
  });
}

function rowsOf(file: string, ended: Awaited<ReturnType<typeof runProgram>>): string[][] {
  if (ended.code !== 0 || ended.stderr !== '') throw new Error(`${file}: ${ended.stderr}`);
  const lines = ended.stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => line.split(',').map((word) => word.trim()));
}
