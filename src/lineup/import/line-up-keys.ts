// This file finds what is known of a line-up where the configuration calls it otherwise than before.
import type { LineUpSetting } from '../../config/resolve-lineups.ts';
import type { KnownLineUp } from './editions.ts';
import { KnownMarks } from './identity/known-marks.ts';
import { recognise } from './identity/recognise.ts';
import type { ListEntries } from './list-entries.ts';
import { packKnown } from './packed-entries.ts';

/** What a list is read by, whatever it is called and however often. */
export function readAs({ place, rules, headers, account }: LineUpSetting): string {
  const text = JSON.stringify([place, rules, headers, account]);
  return Bun.CryptoHasher.hash('sha256', text, 'hex').slice(0, 16);
}

/**
 * The same line-ups under the keys that they have now: one that was given a name, or stands in another
 * place among several at one address, is read by the same as before. What another has the key of is
 * kept under one that no configuration has.
 */
export function underPresentKeys(
  lineUps: ReadonlyMap<string, KnownLineUp>,
  settings: readonly LineUpSetting[],
): ReadonlyMap<string, KnownLineUp> {
  const formerKeys = formerKeysOf(lineUps, settings);
  if ([...formerKeys].every(([key, former]) => key === former)) return lineUps;
  const present = new Map<string, KnownLineUp>();
  for (const [key, former] of formerKeys) present.set(key, lineUps.get(former) as KnownLineUp);
  const claimed = new Set(formerKeys.values());
  const named = new Set(settings.map(({ key }) => key));
  for (const [key, lineUp] of lineUps) {
    if (!claimed.has(key)) present.set(freeKey(key, [named, lineUps, present]), lineUp);
  }
  return present;
}

/** By the key of each line-up that is known: the key under which it is. */
function formerKeysOf(
  lineUps: ReadonlyMap<string, KnownLineUp>,
  settings: readonly LineUpSetting[],
): ReadonlyMap<string, string> {
  const former = new Map<string, string>();
  const claimed = new Set<string>();
  const claim = (key: string, at: string | undefined) => {
    if (at === undefined || former.has(key) || claimed.has(at)) return;
    former.set(key, at);
    claimed.add(at);
  };
  const reads = new Map(settings.map((setting) => [setting.key, readAs(setting)]));
  const isReadAs = (at: string, read: string) => lineUps.get(at)?.record.readAs === read;
  for (const [key, read] of reads) claim(key, isReadAs(key, read) ? key : undefined);
  for (const [key, read] of reads) {
    claim(
      key,
      [...lineUps.keys()].find((at) => !claimed.has(at) && isReadAs(at, read)),
    );
  }
  for (const { key } of settings) claim(key, lineUps.has(key) ? key : undefined);
  return former;
}

function freeKey(key: string, taken: readonly Pick<ReadonlyMap<string, unknown>, 'has'>[]): string {
  const [named, known, present] = taken;
  if (!named?.has(key) && !present?.has(key)) return key;
  for (let count = 2; ; count++) {
    const other = `${key} (${count})`;
    if (!named?.has(other) && !known?.has(other) && !present?.has(other)) return other;
  }
}

/** An heir has at least this share of what either of them has. */
const LEAST_SHARE = 0.5;

/**
 * The key of the line-up of which one that was never read before is the heir: no configuration names
 * that any more, and most channels are the same. So they are where a provider has moved, or another
 * takes its place, and each keeps its id.
 */
export function inheritedKey(
  entries: ListEntries,
  lineUps: ReadonlyMap<string, KnownLineUp>,
  settings: readonly LineUpSetting[],
): string | undefined {
  const named = new Set(settings.map(({ key }) => key));
  let [best, most] = [undefined as string | undefined, 0];
  for (const [key, { rows }] of lineUps) {
    if (named.has(key)) continue;
    const present = packKnown([...rows].filter(({ goneMs }) => goneMs === undefined));
    const recognised = recognise(entries, present, new KnownMarks(present));
    const found = recognised.found.filter((index) => index >= 0).length;
    const least = Math.min(entries.rows.length, present.length) * LEAST_SHARE;
    if (found > most && found >= least) [best, most] = [key, found];
  }
  return best;
}
