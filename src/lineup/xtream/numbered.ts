// This file reads what is stored of a number: what it is of, and since when.

export type NumberedKind = 'live' | 'film' | 'series' | 'episode' | 'group';
export type Numbered = { readonly kind: NumberedKind; readonly id: string };

const KINDS: readonly string[] = [
  'live',
  'film',
  'series',
  'episode',
  'group',
] satisfies NumberedKind[];
/** Clients hold them as 32 bits with a sign, or without. */
export const NUMBER_MAX = 2 ** 31 - 1;

/** Numbers from here on are made of names: those below are given one after another. */
export const DERIVED_FROM = 2 ** 30;

/** `key`: the kind, a space, the id. */
export type Known = { readonly key: string; readonly addedS: number };

export function numberedOf(key: string): Numbered {
  const space = key.indexOf(' ');
  return { kind: key.slice(0, space) as NumberedKind, id: key.slice(space + 1) };
}

export function parseNumber(id: string): number | undefined {
  const number = /^[1-9]\d{0,9}$/.test(id) ? Number(id) : 0;
  return number >= 1 && number <= NUMBER_MAX ? number : undefined;
}

export function parseKnown(document: unknown): Known | undefined {
  if (typeof document !== 'object' || document === null) return undefined;
  const { is: key, at } = document as { readonly is?: unknown; readonly at?: unknown };
  if (typeof key !== 'string' || !KINDS.includes(key.split(' ', 1)[0] as string)) return undefined;
  return { key, addedS: typeof at === 'number' && Number.isSafeInteger(at) && at > 0 ? at : 0 };
}

/** The same on every node and after every start; of two that come to the same the second goes on. */
export function derivedNumber(key: string): number {
  const digest = new Bun.CryptoHasher('sha256').update(key).digest();
  return DERIVED_FROM + (digest.readUInt32BE(0) % DERIVED_FROM);
}
