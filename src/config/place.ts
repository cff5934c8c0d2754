// This file reads where something lies that a section names in one of several ways.
import type { Problems } from './errors.ts';
import type { PathBase } from './path-base.ts';
import type { ScalarPath } from './schema.ts';
import { isSet, originAt, type SectionSetting, valueAt } from './setting.ts';

type PlaceKey = Extract<ScalarPath, `${'guides' | 'lineups'}[].${'url' | 'path' | 'xtream'}`>;

/** A URL, or a file from everywhere; undefined where not exactly one of `keys` is written, which is said. */
export function placeAt(
  section: SectionSetting,
  keys: readonly PlaceKey[],
  toPath: PathBase,
  problems: Problems,
): string | undefined {
  const written = keys.filter((key) => isSet(section, key));
  const [key] = written;
  if (key === undefined || written.length > 1) {
    if (problems.concern(section.key)) return undefined;
    const seen = key === undefined ? 'no place' : `${namesOf(written).join(' and ')} together`;
    const message = `${seen}, wanted one of ${namesOf(keys).join(', ')}`;
    problems.add('CONFIG_KEY_CONFLICT', section.origin, section.key, message);
    return undefined;
  }
  const place: string | undefined = valueAt(section, key);
  return place !== undefined && key.endsWith('.path')
    ? toPath(place, originAt(section, key))
    : place;
}

function namesOf(keys: readonly PlaceKey[]): string[] {
  return keys.map((key) => key.slice(key.lastIndexOf('.') + 1));
}
