// This file turns the settings of `guides` into the places that guides are read from.
import type { Problems } from './errors.ts';
import type { PathBase } from './path-base.ts';
import { placeAt } from './place.ts';
import { type SectionSetting, sectionsAt, valueAt } from './setting.ts';

export type GuideSetting = {
  /** A URL or a file. */
  readonly place: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Minutes after midnight at which it is read again each day. */
  readonly at: number;
};

const PLACES = ['guides[].url', 'guides[].path'] as const;

export function guideSettings(
  root: SectionSetting,
  toPath: PathBase,
  problems: Problems,
): GuideSetting[] {
  return sectionsAt(root, 'guides').flatMap((section) => {
    const place = placeAt(section, PLACES, toPath, problems);
    if (place === undefined) return [];
    const userAgent = valueAt(section, 'guides[].user_agent');
    const headers = userAgent === undefined ? {} : { 'user-agent': userAgent };
    return [{ place, headers, at: valueAt(section, 'guides[].at') }];
  });
}
