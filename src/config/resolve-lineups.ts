// This file turns the settings of `lineups` into the line-ups that channels are made of.
import { nearest } from '../base/nearest.ts';
import { showPlace } from '../base/place.ts';
import type { Problems } from './errors.ts';
import { keyOf, refuseEqualNames, withOwnNames } from './lineup-keys.ts';
import type { Match } from './match.ts';
import type { PathBase } from './path-base.ts';
import { placeAt } from './place.ts';
import { resolveHeaders } from './resolve-headers.ts';
import type { ListPath } from './schema.ts';
import {
  originAt,
  type SectionSetting,
  sectionAt,
  sectionsAt,
  settingAt,
  valueAt,
  valuesAt,
} from './setting.ts';

/** What an entry is judged by. */
export type LineUpFilter = {
  readonly group: readonly Match[];
  readonly name: readonly Match[];
  readonly guide: readonly Match[];
};

export type Replacement = { readonly from: Match; readonly to: string };

export type LineUpRules = {
  readonly include?: LineUpFilter;
  readonly exclude?: LineUpFilter;
  readonly rename: readonly Replacement[];
  readonly regroup: readonly Replacement[];
  /** Numbers of our own from here on. */
  readonly renumberFrom?: number;
  readonly sort: 'list' | 'name' | 'number' | 'group';
};

export type LineUpSetting = {
  /** What it is known by in the store, the same while its address changes; unique. */
  readonly key: string;
  /** For people, without secrets. */
  readonly shown: string;
  /** A URL or a file. */
  readonly place: string;
  readonly refreshMs: number;
  readonly rules: LineUpRules;
  /** Its entries become further sources of the channels before them, where they are the same. */
  readonly merge: boolean;
  /** Lower-case names; for the request of the list alone. */
  readonly headers: Readonly<Record<string, string>>;
  /** For the list, and for streams whose entry names none. */
  readonly userAgent?: string;
  readonly provider?: string;
  /** Absent: `place` is a list. */
  readonly account?: AccountSetting;
};

export type AccountSetting = {
  /** Of the panel, without a slash at its end. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** For people: without the password. */
  readonly shown: string;
};

const PLACES = ['lineups[].url', 'lineups[].path', 'lineups[].xtream'] as const;
/** As `lineups[].refresh` has it where nothing is written. */
const DEFAULT_REFRESH_MS = 6 * 3_600_000;
const NO_RULES: LineUpRules = { rename: [], regroup: [], sort: 'list' };

/** Those of the file, then those of `--m3u`. */
export function lineUpSettings(
  root: SectionSetting,
  m3u: readonly string[],
  toPath: PathBase,
  problems: Problems,
): LineUpSetting[] {
  refuseEqualNames(root, problems);
  const written = sectionsAt(root, 'lineups').flatMap((section) => {
    const place = placeAt(section, PLACES, toPath, problems);
    refuseUnknownProvider(root, section, problems);
    return place === undefined ? [] : [settingOf(section, place, problems)];
  });
  const typed = m3u.map((place) => ({
    key: keyOf(place),
    shown: showPlace(place),
    place,
    refreshMs: DEFAULT_REFRESH_MS,
    rules: NO_RULES,
    merge: false,
    headers: {},
  }));
  return withOwnNames([...written, ...typed]);
}

function settingOf(section: SectionSetting, place: string, problems: Problems): LineUpSetting {
  const name = valueAt(section, 'lineups[].name');
  const userAgent = valueAt(section, 'lineups[].user_agent');
  const provider = valueAt(section, 'lineups[].provider');
  const headers = resolveHeaders(sectionAt(section, 'lineups[].headers'), problems);
  const account = accountOf(section, problems);
  return {
    key: name ?? account?.shown ?? keyOf(place),
    shown: name ?? account?.shown ?? showPlace(place),
    place,
    refreshMs: valueAt(section, 'lineups[].refresh'),
    rules: rulesOf(section),
    merge: valueAt(section, 'lineups[].merge'),
    headers: userAgent === undefined ? headers : { ...headers, 'user-agent': userAgent },
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(provider === undefined ? {} : { provider }),
    ...(account === undefined ? {} : { account }),
  };
}

function rulesOf(section: SectionSetting): LineUpRules {
  const include = filterOf(section, 'include');
  const exclude = filterOf(section, 'exclude');
  const renumberFrom = valueAt(section, 'lineups[].renumber');
  return {
    ...(include === undefined ? {} : { include }),
    ...(exclude === undefined ? {} : { exclude }),
    rename: sectionsAt(section, 'lineups[].rename').flatMap((rule) => {
      const from: Match | undefined = valueAt(rule, 'lineups[].rename[].from');
      return from === undefined ? [] : [{ from, to: valueAt(rule, 'lineups[].rename[].to') ?? '' }];
    }),
    regroup: sectionsAt(section, 'lineups[].regroup').flatMap((rule) => {
      const from: Match | undefined = valueAt(rule, 'lineups[].regroup[].from');
      return from === undefined
        ? []
        : [{ from, to: valueAt(rule, 'lineups[].regroup[].to') ?? '' }];
    }),
    ...(renumberFrom === undefined ? {} : { renumberFrom }),
    sort: valueAt(section, 'lineups[].sort'),
  };
}

function filterOf(section: SectionSetting, name: 'include' | 'exclude'): LineUpFilter | undefined {
  if (sectionAt(section, `lineups[].${name}`) === undefined) return undefined;
  const matches = (path: ListPath) => valuesAt(section, path).map(({ value }) => value as Match);
  return {
    group: matches(`lineups[].${name}.group`),
    name: matches(`lineups[].${name}.name`),
    guide: matches(`lineups[].${name}.guide`),
  };
}

/** Undefined where it is none, or is not whole, which is said. */
function accountOf(section: SectionSetting, problems: Problems): AccountSetting | undefined {
  const url: string | undefined = valueAt(section, 'lineups[].xtream');
  const username: string | undefined = valueAt(section, 'lineups[].username');
  const password: string | undefined = valueAt(section, 'lineups[].password');
  const given = { username, password };
  for (const name of ['username', 'password'] as const) {
    const setting = settingAt(section, `lineups[].${name}`);
    const key = `${section.key}.${name}`;
    if (url === undefined && setting !== undefined) {
      const message = 'no effect here, wanted only beside xtream';
      problems.add('CONFIG_KEY_CONFLICT', setting.origin, key, message);
    } else if (url !== undefined && given[name] === undefined && !problems.concern(key)) {
      const message = 'missing, wanted it beside xtream';
      problems.add('CONFIG_KEY_MISSING', section.origin, key, message);
    }
  }
  if (url === undefined || username === undefined || password === undefined) return undefined;
  return { url, username, password, shown: `${showPlace(url)} of ${username}` };
}

/** A name that was mistyped would mean no limit at all. */
function refuseUnknownProvider(
  root: SectionSetting,
  section: SectionSetting,
  problems: Problems,
): void {
  const known = sectionAt(root, 'providers')?.entries ?? new Map();
  const provider = valueAt(section, 'lineups[].provider');
  if (provider === undefined || known.has(provider)) return;
  const near = nearest(provider, known.keys());
  const wanted = near === undefined ? 'one of those under providers' : `"${near}"`;
  const message = `"${provider}" is no provider, wanted ${wanted}`;
  const origin = originAt(section, 'lineups[].provider');
  problems.add('CONFIG_VALUE', origin, `${section.key}.provider`, message);
}
