// This file lists what a configuration sets, and where each setting came from.

import { OVERRIDABLE } from './environment.ts';
import { isStructure, type Key } from './key.ts';
import { formatOrigin, type Origin } from './origin.ts';
import { type KeyPath, keyAt, keysOf, nameOf, ROOT } from './schema.ts';
import { type SectionSetting, type Setting, settingAt } from './setting.ts';

export type LoadedSetting = {
  /** `prefetch.ahead` */
  readonly key: string;
  /** As written, secrets masked; the default where nothing was. */
  readonly shown: string;
  readonly origin: Origin;
  /** A change is taken up at the next start only. */
  readonly needsRestart: boolean;
};

export type LaterSetting = { readonly key: string; readonly place: string };

/** A list of every channel's keys that have no effect yet would be no list. */
const MAX_LATER = 50;

/** One row for each setting of the server, whether it was written or not. */
export function serverSettings(root: SectionSetting): LoadedSetting[] {
  return OVERRIDABLE.map((key) => {
    const setting = settingAt(root, key.path as KeyPath);
    return {
      key: key.path,
      shown: setting === undefined ? (key.default ?? '') : shownOf(setting),
      origin: setting?.origin ?? { from: 'default' },
      needsRestart: key.restart === true,
    };
  });
}

function shownOf(setting: Setting): string {
  if (setting.form === 'value') return setting.shown;
  return setting.form === 'list' ? setting.items.map(shownOf).join(', ') : '';
}

/** What is set and acted on by a later version only; the outermost key of each. */
export function laterSettings(root: SectionSetting): LaterSetting[] {
  const found: LaterSetting[] = [];
  collectLater(root, ROOT, '', found);
  return found;
}

function collectLater(setting: Setting, key: Key, at: string, found: LaterSetting[]): void {
  if (found.length >= MAX_LATER) return;
  if (key.later === true) {
    found.push({ key: at, place: formatOrigin(setting.origin) });
    return;
  }
  if (!isStructure(key.kind)) return;
  if (setting.form === 'list') {
    const item = keyAt(`${key.path}[]`);
    for (const [index, each] of setting.items.entries()) {
      if (item !== undefined) collectLater(each, item, `${at}[${index}]`, found);
    }
  } else if (setting.form === 'section') {
    for (const child of keysOf(key.path)) {
      const name = nameOf(child);
      const inner = setting.entries.get(name);
      if (inner !== undefined)
        collectLater(inner, child, at === '' ? name : `${at}.${name}`, found);
    }
  }
}
