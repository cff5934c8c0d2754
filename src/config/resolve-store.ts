// This file refuses a URL of the shared store that its client would not take.
import { readSqlAddress } from '../net/sql-address.ts';
import type { Problems } from './errors.ts';
import { originAt, type SectionSetting, valueAt } from './setting.ts';

/** Undefined where there is none: then a file is the store. */
export function storeUrl(root: SectionSetting, problems: Problems): string | undefined {
  const url = valueAt(root, 'store');
  if (url === undefined) return undefined;
  const address = readSqlAddress('postgres', url);
  if (typeof address !== 'string') return url;
  problems.add(
    'CONFIG_VALUE',
    originAt(root, 'store'),
    'store',
    `no URL of a Postgres: ${address}`,
  );
  return undefined;
}
