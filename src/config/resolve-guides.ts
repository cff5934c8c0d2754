// This file turns the settings of `guides` into the places that guides are read from.
import type { Problems } from './errors.ts';
import type { PathBase } from './path-base.ts';
import { originAt, type SectionSetting, sectionsAt, settingAt, valueAt } from './setting.ts';

export type GuideSetting = {
  /** A URL or a file. */
  readonly place: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Minutes after midnight at which it is read again each day. */
  readonly at: number;
};

export function guideSettings(
  root: SectionSetting,
  toPath: PathBase,
  problems: Problems,
): GuideSetting[] {
  return sectionsAt(root, 'guides').flatMap((section) => {
    const place = placeOf(section, toPath, problems);
    if (place === undefined) return [];
    const userAgent = valueAt(section, 'guides[].user_agent');
    const headers = userAgent === undefined ? {} : { 'user-agent': userAgent };
    return [{ place, headers, at: valueAt(section, 'guides[].at') }];
  });
}

function placeOf(
  section: SectionSetting,
  toPath: PathBase,
  problems: Problems,
): string | undefined {
  const url: string | undefined = valueAt(section, 'guides[].url');
  const path: string | undefined = valueAt(section, 'guides[].path');
  const hasUrl = settingAt(section, 'guides[].url') !== undefined;
  const hasPath = settingAt(section, 'guides[].path') !== undefined;
  if (hasUrl === hasPath) {
    if (problems.concern(section.key)) return undefined;
    const message = `${hasUrl ? 'url and path together' : 'empty'}, wanted a url or a path`;
    problems.add('CONFIG_KEY_CONFLICT', section.origin, section.key, message);
    return undefined;
  }
  if (url !== undefined) return url;
  return path === undefined ? undefined : toPath(path, originAt(section, 'guides[].path'));
}
