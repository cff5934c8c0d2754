// This file keeps what viewers of either output were sent, and has ffmpeg and ffprobe look at it.
import { backwardTimes, decodeFile, FRAMES_PER_SECOND } from '../support/countable-media.ts';
import type { TempFolder } from '../support/temp-folder.ts';
import { joinBytes } from '../support/ts-packets.ts';
import type { ViewerReport } from '../support/viewer/viewer.ts';

export type Stream = {
  readonly bytes: Uint8Array;
  readonly status: number;
  /** The other side ended it, in order or not. */
  readonly hasEnded: boolean;
};

/** What came of an endless stream until it was left. */
export async function watchStream(url: string, left: AbortSignal): Promise<Stream> {
  const pieces: Uint8Array[] = [];
  let status = 0;
  let hasEnded = false;
  try {
    const answer = await fetch(url, { signal: left });
    status = answer.status;
    for await (const piece of answer.body as ReadableStream<Uint8Array>) pieces.push(piece);
    hasEnded = true;
  } catch {
    // The one end that is expected is our own
    hasEnded = !left.aborted;
  }
  return { bytes: Buffer.concat(pieces), status, hasEnded };
}

const PACKET_BYTES = 188;

/** Without the packet that was on its way as it was left. */
export function wholePackets(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, bytes.length - (bytes.length % PACKET_BYTES));
}

/** A frame of one of the sources, or one that none of them made: of the slate. */
export type Shown = { readonly source: string; readonly frame: number } | undefined;

export type Judged = {
  /** What ffmpeg and ffprobe found wrong; empty is good. */
  readonly wrong: readonly string[];
  readonly shown: readonly Shown[];
};

export type FrameOf = (md5: string) => Shown;

/** Viewers who came at the same time got the same. */
const known = new Map<string, Promise<Judged>>();

/** MPEG-TS that goes on in itself, decoded from its first picture to its last. */
export function judgeRun(bytes: Uint8Array, folder: TempFolder, frameOf: FrameOf): Promise<Judged> {
  const hash = new Bun.CryptoHasher('sha256').update(bytes).digest('hex');
  const judged = known.get(hash) ?? judge(bytes, `${hash}.mpegts`, folder, frameOf);
  known.set(hash, judged);
  return judged;
}

async function judge(
  bytes: Uint8Array,
  name: string,
  folder: TempFolder,
  frameOf: FrameOf,
): Promise<Judged> {
  const path = await folder.write(name, bytes);
  const { errors, pictures } = await decodeFile(path);
  const backward = await backwardTimes(path);
  return { wrong: [...errors, ...backward], shown: pictures.map(frameOf) };
}

/**
 * What an HLS viewer played. RFC 8216 §4.3.2.3: at a discontinuity clocks, counters and codecs may
 * begin anew, and players begin a new decoder: what lies between two is judged as one.
 */
export async function judgeSegments(
  { segments }: ViewerReport,
  folder: TempFolder,
  frameOf: FrameOf,
): Promise<Judged> {
  const runs: Uint8Array[][] = [];
  let cuts: number | undefined;
  for (const { listed, answer } of segments) {
    if (cuts !== listed.discontinuity) runs.push([]);
    cuts = listed.discontinuity;
    runs.at(-1)?.push(answer.body as Uint8Array);
  }
  const judged: Judged[] = [];
  for (const run of runs) judged.push(await judgeRun(joinBytes(run), folder, frameOf));
  return {
    wrong: judged.flatMap(({ wrong }, index) => wrong.map((what) => `run ${index}: ${what}`)),
    shown: judged.flatMap(({ shown }) => shown),
  };
}

/** Sources in the order in which they were shown. */
export function sourcesOf(shown: readonly Shown[]): readonly string[] {
  const names = shown.map((frame) => frame?.source ?? 'slate');
  return names.filter((name, index) => name !== names[index - 1]);
}

/** Each place where it does not go on by one frame: seconds shown again (above 0) or lost. */
export function slipsOf(shown: readonly Shown[]): readonly number[] {
  const slips: number[] = [];
  for (let index = 1; index < shown.length; index++) {
    const [before, after] = [shown[index - 1], shown[index]];
    if (before === undefined || after === undefined) continue;
    const by = after.frame - before.frame;
    if (by !== 1) slips.push((1 - by) / FRAMES_PER_SECOND);
  }
  return slips;
}
