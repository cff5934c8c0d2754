// This file refuses tables that a later weir has changed.
import { TierError } from './errors.ts';
import { SCHEMA_VERSION } from './sql-engine.ts';

export function checkVersion(version: number, place: string): void {
  if (version === SCHEMA_VERSION) return;
  const message = `Cannot use ${place}: its tables are of version ${version}, wanted ${SCHEMA_VERSION}`;
  throw new TierError('TIER_REFUSED', message, { place, version });
}
