// This file turns the settings of `overflow` into the places that segments will go to.
import type { Problems } from './errors.ts';
import type { PathBase } from './path-base.ts';
import { originAt, type SectionSetting, sectionsAt, settingAt, valueAt } from './setting.ts';

export type OverflowTier =
  | { readonly kind: 'disk'; readonly path: string; readonly sizeBytes: number }
  | { readonly kind: 'redis' | 'postgres' | 'mysql'; readonly url: string };

export function overflowTiers(
  root: SectionSetting,
  toPath: PathBase,
  problems: Problems,
): OverflowTier[] {
  const tiers: OverflowTier[] = [];
  for (const section of sectionsAt(root, 'overflow')) {
    const url = valueAt(section, 'overflow[].url');
    const hasDisk = settingAt(section, 'overflow[].disk') !== undefined;
    if (hasDisk === (url !== undefined)) {
      if (problems.concern(section.key)) continue;
      const message = `${hasDisk ? 'disk and url together' : 'empty'}, wanted a disk or a url`;
      problems.add('CONFIG_KEY_CONFLICT', section.origin, section.key, message);
    } else if (url !== undefined) {
      tiers.push({ kind: databaseKind(url), url });
    } else {
      const path: string | undefined = valueAt(section, 'overflow[].disk.path');
      if (path === undefined) continue;
      const origin = originAt(section, 'overflow[].disk.path');
      const sizeBytes = valueAt(section, 'overflow[].disk.size');
      tiers.push({ kind: 'disk', path: toPath(path, origin), sizeBytes });
    }
  }
  return tiers;
}

function databaseKind(url: string): 'redis' | 'postgres' | 'mysql' {
  if (/^redis/i.test(url)) return 'redis';
  return /^postgres/i.test(url) ? 'postgres' : 'mysql';
}
