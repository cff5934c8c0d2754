// This file looks whether the folders in which archives lie are those that are there now.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { lookIntoStore } from '../channel/store.ts';
import { markOf } from '../recording/archive/archive-places.ts';
import type { Shelf } from '../recording/archive/shelf.ts';
import type { Finding } from './finding.ts';

/** Undefined where it is there, or nothing is known of it. Nothing is written into it. */
export function absentFolder(
  dataDir: string,
  kind: Shelf['kind'],
  path: string,
): Finding | undefined {
  using store = lookIntoStore(dataDir);
  const mark = store && markOf(store, kind, path);
  if (mark === undefined || existsSync(join(path, mark))) return undefined;
  return {
    state: 'fail',
    what: 'archive folder',
    found: `${path} is not the folder archives lie in: it is not mounted, or empty (TIER_ABSENT)`,
    advice: `nothing is written there and nothing given up until it is back; to begin anew in it, make the file ${join(path, mark)}`,
  };
}
