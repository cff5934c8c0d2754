// This file kills a weir that archives, again and again, and looks at what it has kept.
import { copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from '../../src/base/random.ts';
import type { ClockOrigin } from '../support/clock-origin.ts';
import {
  type KeptAt,
  type KeptSegment,
  mediaLists,
  playWhole,
  readKept,
  writePlayable,
} from '../support/kept-archive.ts';
import { listedUrls, nameIn } from '../support/listed-urls.ts';
import { createTempFolder } from '../support/temp-folder.ts';
import { tierSum } from '../support/tier-figures.ts';
import { until } from '../support/until.ts';
import { Weir } from '../support/weir.ts';

const CHANNELS = ['one', 'two', 'three'] as const;
/** From ready to the kill, at most. */
const LIFE_MS = 3000;
const LOOK_MS = 50;
const PLAY_MS = 60_000;

export type Kills = {
  readonly origin: ClockOrigin;
  readonly as: 'tiers' | 'hls';
  readonly count: number;
  readonly seed: number;
};

/** What one life of weir has listed of a channel, and what of it a viewer has had whole. */
type Seen = {
  readonly id: string;
  readonly listed: Set<string>;
  readonly had: Set<string>;
  /** Segments that waited for the archive when it was looked at last. */
  queued: number;
};

/** What was wrong after any of the kills, or at the end; and what was kept. */
export async function killMany(kills: Kills): Promise<{ flaws: string[]; kept: number }> {
  await using temp = await createTempFolder();
  const dataDir = join(temp.path, 'data');
  const folder = join(temp.path, 'kept');
  const at: KeptAt =
    kills.as === 'hls'
      ? { hls: folder }
      : { tier: { kind: 'disk', path: folder, sizeBytes: 2 ** 40 } };
  const random = seededRandom(kills.seed);
  const flaws: string[] = [];
  for (let round = 1; round <= kills.count; round++) {
    // Every other time it has written what it began with: six segments at once
    const isSettled = round % 2 === 0;
    const seen = await liveAndDie(kills, dataDir, folder, random() * LIFE_MS, isSettled);
    const kept = await readKept(dataDir, at);
    const found = [...flawsOfKept(kept, kills.origin), ...holes(seen, kept)];
    if (isSettled) found.push(...lost(seen, kept));
    if (kills.as === 'hls') found.push(...(await flawsOfLists(folder, false)));
    flaws.push(...found.map((flaw) => `kill ${round}: ${flaw}`));
  }
  await liveAndStop(kills, dataDir, folder);
  const kept = await readKept(dataDir, at);
  flaws.push(...flawsOfKept(kept, kills.origin));
  flaws.push(...(kills.as === 'hls' ? await flawsOfLists(folder, true) : await flawsOfRows(kept)));
  return { flaws, kept: kept.length };
}

function start({ origin, as }: Kills, dataDir: string, folder: string): Promise<Weir> {
  const archive = as === 'hls' ? `{ keep: 1h, as: hls, path: ${folder} }` : '1h';
  const lines = CHANNELS.map(
    (id) => `  - { id: ${id}, archive: ${archive}, sources: ['${origin.url(id)}'] }`,
  );
  const overflow = as === 'hls' ? '' : `overflow: [{ disk: { path: ${folder}, size: 1GiB } }]\n`;
  const yaml = `allow_private: [127.0.0.0/8]\n${overflow}channels:\n${lines.join('\n')}\n`;
  return Weir.start({ yaml, dataDir, readyWithinMs: 60_000 });
}

async function liveAndDie(
  kills: Kills,
  dataDir: string,
  folder: string,
  lifeMs: number,
  isSettled: boolean,
): Promise<readonly Seen[]> {
  await using weir = await start(kills, dataDir, folder);
  const seen = CHANNELS.map((id): Seen => ({ id, listed: new Set(), had: new Set(), queued: 0 }));
  const hasWritten = async () => {
    await look(weir, seen);
    return seen.every(({ had, queued }) => had.size > 0 && queued === 0);
  };
  if (isSettled) await until(hasWritten, PLAY_MS);
  const endMs = performance.now() + lifeMs;
  while (performance.now() < endMs) {
    await look(weir, seen);
    await Bun.sleep(LOOK_MS);
  }
  await weir.kill();
  return seen;
}

async function look(weir: Weir, seen: readonly Seen[]): Promise<void> {
  for (const each of seen) {
    const { id, listed, had } = each;
    for (const url of await listedUrls(weir.url(`/live/${id}/index.m3u8`))) {
      const name = nameIn(url);
      if (listed.has(name)) continue;
      listed.add(name);
      // The first list of a channel names what is still on its way
      void have(url).then((isWhole) => isWhole && had.add(name));
    }
    each.queued = await tierSum(weir, 'weir_archive_queue', `channel="${id}"`);
  }
}

async function have(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url);
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false;
  }
}

async function liveAndStop(kills: Kills, dataDir: string, folder: string): Promise<void> {
  await using weir = await start(kills, dataDir, folder);
  const before = await tierSum(weir, 'weir_archive_segments');
  const endMs = performance.now() + PLAY_MS;
  while (performance.now() < endMs) {
    if ((await tierSum(weir, 'weir_archive_segments')) >= before + CHANNELS.length) break;
    await Bun.sleep(LOOK_MS);
  }
}

/** Each row has its body, of the origin to the last byte, and what follows is what was shown next. */
export function flawsOfKept(kept: readonly KeptSegment[], origin: ClockOrigin): string[] {
  const flaws: string[] = [];
  let before: (KeptSegment & { readonly index: number }) | undefined;
  for (const segment of kept) {
    const { channel, name, bytes, number, gap, startMs } = segment;
    const isSame = before?.channel === channel;
    if (isSame && before?.number !== number - 1)
      flaws.push(`${channel}/${name} is number ${number}`);
    if (isSame && startMs <= (before?.startMs ?? 0))
      flaws.push(`${channel}/${name} goes back in time`);
    if (gap) {
      before = undefined;
      continue;
    }
    const index = bytes === undefined ? undefined : origin.indexOf(bytes);
    if (index === undefined) {
      flaws.push(`${channel}/${name}: ${bytes === undefined ? 'no body' : 'another body'}`);
    } else if (isSame && before !== undefined && !segment.discontinuity) {
      if (!origin.isNext(index, before.index)) {
        flaws.push(`${channel}/${name} shows ${index} after ${before.index}`);
      }
    }
    before = index === undefined ? undefined : { ...segment, index };
  }
  return flaws;
}

/** What a viewer had, of which a kill may take the end: what comes after one that waits, waits too. */
function wholeOf({ listed, had }: Seen): string[] {
  const numberOf = (name: string) => Number.parseInt(name, 10);
  const names = [...listed].sort((a, b) => numberOf(a) - numberOf(b));
  const end = names.findIndex((name) => !had.has(name));
  return end < 0 ? names : names.slice(0, end);
}

function missingOf(seen: Seen, kept: readonly KeptSegment[]): string[] {
  const own = kept.filter(({ channel }) => channel === seen.id);
  const held = new Set(own.map(({ name }) => name));
  return wholeOf(seen).filter((name) => !held.has(name));
}

/** Right after a kill what lacks is the newest, whatever waited then. */
function holes(seen: readonly Seen[], kept: readonly KeptSegment[]): string[] {
  return seen.flatMap((each) => {
    const missing = missingOf(each, kept);
    const whole = wholeOf(each);
    if (missing.every((name, index) => name === whole.slice(-missing.length)[index])) return [];
    return [`${each.id} lacks ${missing} of ${whole}`];
  });
}

/** More than the last one: what waited when it was looked at last, and one that came since. */
function lost(seen: readonly Seen[], kept: readonly KeptSegment[]): string[] {
  return seen.flatMap((each) => {
    const missing = missingOf(each, kept);
    return missing.length <= each.queued + 1 ? [] : [`${each.id} has lost ${missing}`];
  });
}

/** Each list names what is there; `isEnded`: and is finished, and plays to its end. */
async function flawsOfLists(root: string, isEnded: boolean): Promise<string[]> {
  const flaws: string[] = [];
  for (const folder of await mediaLists(root)) {
    const path = join(folder, 'index.m3u8');
    const text = await Bun.file(path).text();
    if (isEnded && !text.endsWith('#EXT-X-ENDLIST\n')) flaws.push(`${path} is not finished`);
    // A player would wait for more of one that is not finished
    const copy = join(folder, 'closed.m3u8');
    if (isEnded) await copyFile(path, copy);
    else await writeFile(copy, `${text}#EXT-X-ENDLIST\n`);
    const { errors, frames } = await playWhole(copy, PLAY_MS);
    await rm(copy);
    flaws.push(...errors.map((error) => `${path}: ${error}`));
    if (frames === 0) flaws.push(`${path} shows nothing`);
  }
  return flaws;
}

async function flawsOfRows(kept: readonly KeptSegment[]): Promise<string[]> {
  const flaws: string[] = [];
  for (const id of CHANNELS) {
    await using folder = await createTempFolder();
    const segments = kept.filter(({ channel, gap }) => channel === id && !gap);
    const { errors, frames } = await playWhole(await writePlayable(folder, segments), PLAY_MS);
    flaws.push(...errors.map((error) => `${id}: ${error}`));
    if (frames === 0) flaws.push(`${id} shows nothing`);
  }
  return flaws;
}
