// This file reads what an archive has kept, once the weir that kept it has ended.
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { openStore } from '../../src/channel/store.ts';
import { formatMediaPlaylist } from '../../src/media/m3u8/format-media.ts';
import { segmentOf } from '../../src/recording/archive/archive-rendition.ts';
import type { ArchivedSegment } from '../../src/recording/archive/archived.ts';
import { listedSegment } from '../../src/recording/archive/hls/listed-segment.ts';
import { HlsShelf } from '../../src/recording/archive/hls/shelf.ts';
import { createTier } from '../../src/ring/tiers/create-tier.ts';
import type { TierSpec } from '../../src/ring/tiers/tier-spec.ts';
import { runProgram } from './programs.ts';
import type { TempFolder } from './temp-folder.ts';

/** `hls`: the folder it lies in as plain HLS; `tier`: its only tier. */
export type KeptAt = { readonly hls: string } | { readonly tier: TierSpec };

export type KeptSegment = ArchivedSegment & {
  readonly channel: string;
  readonly rendition: string;
  /** Undefined of a gap, and where what was promised is not there. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
};

const NEVER = new AbortController().signal;
const READ_MS = 10_000;

/** All rows of the index with what lies where they say, in order. */
export async function readKept(dataDir: string, at: KeptAt): Promise<KeptSegment[]> {
  using store = openStore(dataDir);
  const rows = store.archive;
  if (rows === undefined) throw new Error('Cannot read the archive: it has no index');
  const owner = Buffer.from(store.secret('archive', 8)).toString('hex');
  const read = await openBodies(at, owner);
  const kept: KeptSegment[] = [];
  for (const { id, channel, rendition } of rows.renditions()) {
    for (const row of rows.oldest(id, Number.MAX_SAFE_INTEGER)) {
      const segment = segmentOf(row, row.untilMs - 1);
      const place = { channel, rendition };
      const bytes = segment.gap ? undefined : await read.bytes(place, segment);
      kept.push({ ...segment, ...place, bytes });
    }
  }
  await read.close();
  return kept;
}

type Place = { readonly channel: string; readonly rendition: string };

async function openBodies(at: KeptAt, owner: string) {
  if ('hls' in at) {
    // It is read and not written, so it may be another's
    const shelf = new HlsShelf({ path: at.hls, clock: systemClock, log: silentLog });
    const bytes = async (place: Place, segment: ArchivedSegment) =>
      await (await shelf.get(place, segment, READ_MS))?.body.bytes();
    return { bytes, close: () => shelf[Symbol.asyncDispose]() };
  }
  const tier = createTier(at.tier, systemClock);
  await tier.open(NEVER);
  const bytes = async (place: Place, { name }: ArchivedSegment) =>
    await (await tier.get({ ...place, name: `archive-${owner}-${name}` }, NEVER))?.body.bytes();
  return { bytes, close: () => tier[Symbol.asyncDispose]() };
}

/** Writes it so that a player can play it. */
export async function writePlayable(
  folder: TempFolder,
  segments: readonly KeptSegment[],
): Promise<string> {
  for (const { name, bytes } of segments) if (bytes !== undefined) await folder.write(name, bytes);
  const [first] = segments;
  const text = formatMediaPlaylist({
    kind: 'media',
    version: 3,
    targetDuration: Math.max(...segments.map(({ durationS }) => Math.ceil(durationS))),
    mediaSequence: first?.number ?? 0,
    discontinuitySequence: 0,
    hasDiscontinuitySequence: true,
    endList: true,
    type: 'VOD',
    iFramesOnly: false,
    independentSegments: false,
    segments: segments.map(listedSegment),
  });
  return await folder.write('index.m3u8', text);
}

export type Played = { readonly errors: readonly string[]; readonly frames: number };

/** Decodes every picture and all sound of a list. */
export async function playWhole(path: string, withinMs: number): Promise<Played> {
  const cmd = [
    'nice',
    '-n',
    '19',
    'ffmpeg',
    '-nostdin',
    '-v',
    'error',
    '-allowed_extensions',
    'ALL',
  ];
  const maps = [
    '-map',
    '0:v:0',
    '-map',
    '0:a:0',
    '-fps_mode',
    'passthrough',
    '-f',
    'framecrc',
    '-',
  ];
  const { code, stdout, stderr } = await runProgram([...cmd, '-i', path, ...maps], withinMs);
  const errors = stderr.split('\n').filter((line) => line.trim() !== '');
  if (code !== 0) errors.push(`ffmpeg ended with ${code}`);
  const frames = stdout.split('\n').filter((line) => line.startsWith('0,')).length;
  return { errors, frames };
}

/** The folders under `root` that have a media playlist. */
export async function mediaLists(root: string): Promise<string[]> {
  const found = [...new Bun.Glob('*/*/*/index.m3u8').scanSync(root)];
  return found.sort().map((path) => join(root, path, '..'));
}
