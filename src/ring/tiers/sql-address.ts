// This file reads the URL of a Postgres or MySQL that holds segments.
import { readSqlAddress, type SqlAddress } from '../../net/sql-address.ts';
import { TierError } from './errors.ts';

export function parseSqlAddress(kind: 'postgres' | 'mysql', text: string): SqlAddress {
  const address = readSqlAddress(kind, text);
  if (typeof address !== 'string') return address;
  throw new TierError('TIER_REFUSED', `Cannot use the URL of a ${kind}: ${address}`);
}
