// This file turns the settings of `overflow` into the places that segments will go to.
import type { Problems } from './errors.ts';
import type { PathBase } from './path-base.ts';
import { originAt, type SectionSetting, sectionsAt, settingAt, valueAt } from './setting.ts';

export type OverflowTier =
  | {
      readonly kind: 'disk';
      readonly path: string;
      readonly sizeBytes: number;
      readonly ageMs: number;
    }
  | {
      readonly kind: 'redis' | 'postgres' | 'mysql';
      readonly url: string;
      /** Absent: as much as it takes. */
      readonly sizeBytes?: number | undefined;
      readonly ageMs: number;
    };

export function overflowTiers(
  root: SectionSetting,
  toPath: PathBase,
  problems: Problems,
): OverflowTier[] {
  const tiers: OverflowTier[] = [];
  for (const section of sectionsAt(root, 'overflow')) {
    const url = valueAt(section, 'overflow[].url');
    const hasDisk = settingAt(section, 'overflow[].disk') !== undefined;
    const ageMs = valueAt(section, 'overflow[].age');
    const size = settingAt(section, 'overflow[].size');
    if (hasDisk === (url !== undefined)) {
      if (problems.concern(section.key)) continue;
      const message = `${hasDisk ? 'disk and url together' : 'empty'}, wanted a disk or a url`;
      problems.add('CONFIG_KEY_CONFLICT', section.origin, section.key, message);
    } else if (url !== undefined) {
      const sizeBytes: number | undefined = valueAt(section, 'overflow[].size');
      tiers.push({ kind: databaseKind(url), url, sizeBytes, ageMs });
    } else if (size !== undefined) {
      const message = 'beside a disk, wanted size inside it';
      problems.add('CONFIG_KEY_CONFLICT', size.origin, `${section.key}.size`, message);
    } else {
      const path: string | undefined = valueAt(section, 'overflow[].disk.path');
      if (path === undefined) continue;
      const origin = originAt(section, 'overflow[].disk.path');
      const sizeBytes = valueAt(section, 'overflow[].disk.size');
      tiers.push({ kind: 'disk', path: toPath(path, origin), sizeBytes, ageMs });
    }
  }
  return tiers;
}

function databaseKind(url: string): 'redis' | 'postgres' | 'mysql' {
  if (/^redis/i.test(url)) return 'redis';
  return /^postgres/i.test(url) ? 'postgres' : 'mysql';
}
