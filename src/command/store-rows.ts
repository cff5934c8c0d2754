// This file says in words where what all nodes agree by is kept.
import { join } from 'node:path';
import { SHARED_FILE } from '../channel/shared-file.ts';
import type { Config } from '../config/config.ts';
import { readSqlAddress } from '../net/sql-address.ts';

/** For `weir check`. */
export function storeRows({ storeUrl, dataDir }: Config): string[] {
  if (storeUrl === undefined) return [`${join(dataDir, SHARED_FILE.name)}, of this weir alone`];
  const address = readSqlAddress('postgres', storeUrl);
  const place = typeof address === 'string' ? 'postgres' : address.place;
  return [
    `${place}: users, numbers and keys, shared with every weir that names it`,
    'what this file says of a channel wins over it; while it is away a copy is used',
  ];
}
