// This file is a tier as plain data, which crosses to the thread where it lives.
import { parseRedisAddress } from './redis-address.ts';
import { parseSqlAddress } from './sql-address.ts';

export type TierSpec =
  | {
      readonly kind: 'disk';
      readonly path: string;
      readonly sizeBytes: number;
      /** Of the file that says it is the folder; absent: any is. */
      readonly markName?: string;
    }
  | {
      readonly kind: 'redis' | 'postgres' | 'mysql';
      readonly url: string;
      /** Absent: as much as it takes. */
      readonly sizeBytes?: number | undefined;
    };

/** As `Tier.place` of what is made of it; of a URL that is of no use, what it was to be. */
export function placeOf(spec: TierSpec): string {
  if (spec.kind === 'disk') return spec.path;
  try {
    if (spec.kind === 'redis') return parseRedisAddress(spec.url).place;
    return parseSqlAddress(spec.kind, spec.url).place;
  } catch {
    // The thread says what is wrong with it once it is opened
    return spec.kind;
  }
}
