// This file says in words where what all nodes agree by is kept.
import { join } from 'node:path';
import { SHARED_FILE } from '../channel/shared-file.ts';
import type { Config } from '../config/config.ts';
import { readSqlAddress } from '../net/sql-address.ts';

type Kept = Pick<Config, 'storeUrl' | 'dataDir'>;

/** Without a password. */
export function storePlace({ storeUrl, dataDir }: Kept): string {
  if (storeUrl === undefined) return join(dataDir, SHARED_FILE.name);
  const address = readSqlAddress('postgres', storeUrl);
  return typeof address === 'string' ? 'postgres' : address.place;
}

/** For `weir check`. */
export function storeRows(config: Kept): string[] {
  const place = storePlace(config);
  if (config.storeUrl === undefined) return [`${place}, of this weir alone`];
  return [
    `${place}: users, numbers and keys, shared with every weir that names it`,
    'what this file says of a channel wins over it; while it is away a copy is used',
  ];
}
