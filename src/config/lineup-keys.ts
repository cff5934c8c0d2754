// This file says what line-ups are remembered by.
import { ownNames } from '../base/own-names.ts';
import { isUrl } from '../base/place.ts';
import type { Problems } from './errors.ts';
import { originAt, type SectionSetting, sectionsAt, valueAt } from './setting.ts';

/** Channels are remembered by it: of two nobody could say whose they are. */
export function refuseEqualNames(root: SectionSetting, problems: Problems): void {
  const names = new Map<string, string>();
  for (const section of sectionsAt(root, 'lineups')) {
    const name: string | undefined = valueAt(section, 'lineups[].name');
    if (name === undefined) continue;
    const first = names.get(name);
    if (first === undefined) {
      names.set(name, section.key);
      continue;
    }
    const origin = originAt(section, 'lineups[].name');
    const message = `"${name}" is the name of ${first} too, wanted another`;
    problems.add('CONFIG_ID_DUPLICATE', origin, `${section.key}.name`, message);
  }
}

/** What an account changes about its address is the query, and what stands before the host. */
export function keyOf(place: string): string {
  const url = isUrl(place) ? URL.parse(place) : null;
  return url === null ? place : `${url.protocol}//${url.host}${url.pathname}`;
}

/** Two accounts at one host: the second in the file is called the second, wherever it is named. */
export function withOwnNames<T extends { readonly key: string; readonly shown: string }>(
  settings: readonly T[],
): T[] {
  const keys = ownNames(settings.map(({ key }) => key));
  const shown = ownNames(settings.map((setting) => setting.shown));
  return settings.map((setting, at) => ({
    ...setting,
    key: keys[at] as string,
    shown: shown[at] as string,
  }));
}
