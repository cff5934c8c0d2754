// This file puts entries together that have something in common.

/** What entries have in common: a text, or the fingerprint of several. */
export type Key = string | number;

/** One index, as nearly all have, or several. */
export type Bucket = number | number[];

export function bucketsOf(
  indexes: readonly number[],
  keysOf: (index: number) => Key | readonly string[] | undefined,
): Map<Key, Bucket> {
  const buckets = new Map<Key, Bucket>();
  const add = (key: Key, index: number) => {
    const bucket = buckets.get(key);
    if (bucket === undefined) buckets.set(key, index);
    else if (typeof bucket === 'number') buckets.set(key, [bucket, index]);
    else bucket.push(index);
  };
  for (const index of indexes) {
    const keys = keysOf(index);
    if (typeof keys === 'object') for (const key of keys) add(key, index);
    else if (keys !== undefined) add(keys, index);
  }
  return buckets;
}

export function listOf(bucket: Bucket): readonly number[] {
  return typeof bucket === 'number' ? [bucket] : bucket;
}
