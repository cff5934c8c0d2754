// This file opens the store that all nodes agree by, writes into it and reads that again.
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { errorRecord } from '../base/errors.ts';
import { silentLog } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import { openSharedForCommand, openSharedOffline } from '../channel/open-shared.ts';
import { SHARED_FILE } from '../channel/shared-file.ts';
import type { SharedStore } from '../channel/shared-store.ts';
import type { Config } from '../config/config.ts';
import { loadHeld } from '../lineup/import/editions.ts';
import type { Finding } from './finding.ts';

const KIND = 'doctor';
const deps = { clock: systemClock, random: systemRandom, log: silentLog };

/** A file that is not there yet is not made: the data folder says whether it can be. */
export async function checkStore(config: Config): Promise<Finding> {
  const what = 'store';
  const isFileMissing = config.storeUrl === undefined && !(await hasSharedFile(config));
  if (isFileMissing) return { state: 'ok', what, found: 'a file in the data folder, will be made' };
  try {
    await using store = await openSharedForCommand(config, deps);
    const tookMs = await roundTrip(store);
    const { place } = store.stats();
    return { state: 'ok', what, found: `${place} took a note and gave it back in ${tookMs} ms` };
  } catch (error) {
    const { code, message } = errorRecord(error);
    const advice = 'weir plays without it, and knows what it last knew of users and numbers';
    const waiting = await waitingWords(config);
    return { state: 'warn', what, found: `${message} (${code})${waiting}`, advice };
  }
}

/** What a server on this machine has read meanwhile, and serves. */
async function waitingWords(config: Config): Promise<string> {
  await using here = await openSharedOffline(config, deps);
  const count = (await loadHeld(here))?.waiting.length ?? 0;
  return count === 0 ? '' : `; line-ups that wait until they can be kept in it: ${count}`;
}

async function hasSharedFile({ dataDir }: Config): Promise<boolean> {
  return await Bun.file(join(dataDir, SHARED_FILE.name)).exists();
}

async function roundTrip(store: SharedStore): Promise<number> {
  const id = crypto.randomUUID();
  const startedMs = systemClock.monotonicMs();
  await store.save(KIND, new Map([[id, 'well']]));
  const found = await store.get(KIND, id);
  await store.save(KIND, new Map([[id, null]]));
  if (found !== 'well') throw new Error('Cannot use the store: it gives back other than was put');
  return Math.round(systemClock.monotonicMs() - startedMs);
}
