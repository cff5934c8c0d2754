// This file gives imported channels ids that stay the same however their list is shuffled.

/** As everywhere: [a-z0-9_-]{1,64}. */
const MAX_ID_CHARS = 64;
/** 32 bits: among the 100,000 entries of the longest list that share one name, none is alike. */
const HASH_CHARS = 8;

/** Latin letters that no normalisation takes apart, and signs that tell channels apart. */
const SPELT: ReadonlyMap<string, string> = new Map([
  ['ß', 'ss'],
  ['æ', 'ae'],
  ['œ', 'oe'],
  ['ø', 'o'],
  ['đ', 'd'],
  ['ð', 'd'],
  ['þ', 'th'],
  ['ł', 'l'],
  ['ħ', 'h'],
  ['ŧ', 't'],
  ['ŋ', 'n'],
  ['ı', 'i'],
  ['&', ' and '],
  ['+', ' plus '],
]);

/** ASCII of which nothing is spelt out. */
const PLAIN = /^[\x20-\x25\x27-\x2a\x2c-\x7e]*$/;

/**
 * The id a name asks for. Where letters are lost (another script) a hash of the whole name follows
 * what is left of it, so that "Россия 1" and "Канал 1" are not both "1".
 */
export function idFromName(name: string): string {
  if (PLAIN.test(name)) {
    const slug = slugOf(name.toLowerCase());
    if (slug !== '' && slug.length <= MAX_ID_CHARS) return slug;
  }
  const text = name.normalize('NFC');
  const latin = text
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^a-z0-9]/gu, (char) => SPELT.get(char) ?? char);
  const slug = slugOf(latin);
  const isWhole = !/[^\x00-\x7f]/u.test(latin.replace(/[^\p{L}\p{N}]+/gu, ''));
  if (isWhole && slug !== '' && slug.length <= MAX_ID_CHARS) return slug;
  return withHash(slug || 'c', hashOf(text), HASH_CHARS);
}

function slugOf(latin: string): string {
  const slug = latin.replace(/[^a-z0-9_]+/g, '-');
  return slug.startsWith('-') || slug.endsWith('-') ? slug.replace(/^-+|-+$/g, '') : slug;
}

/** Keys are all different. */
export type WantedId = { readonly id: string; readonly key: string };

/**
 * An id for each of the wanted, none of them taken. Of several that want the same one, the one whose
 * key has the least hash gets it and the others get it with that hash behind it: that depends on the
 * set alone, not on the order.
 */
export function assignIds(
  wanted: readonly WantedId[],
  isTaken: (id: string) => boolean,
): readonly string[] {
  const used = new Set<string>();
  const shared = new Set<string>();
  for (const { id } of wanted) (used.has(id) ? shared : used).add(id);
  const isRival = (id: string) => shared.has(id) || isTaken(id);
  const ids = wanted.map(({ id }) => id);
  const rivals: Rival[] = [];
  for (const [index, { id, key }] of wanted.entries()) {
    if (isRival(id)) rivals.push(rivalOf(index, key));
  }
  rivals.sort((a, b) => a.rank - b.rank || (a.hash < b.hash ? -1 : 1));
  const given = new Set<string>();
  for (const { index, hash } of rivals) {
    const { id } = wanted[index] as WantedId;
    if (!isTaken(id) && !given.has(id)) {
      given.add(id);
      continue;
    }
    const isUsed = (hashed: string) => used.has(hashed) || isTaken(hashed);
    let chars = HASH_CHARS;
    let free = withHash(id, hash, chars);
    while (isUsed(free) && chars < 48) {
      chars += HASH_CHARS;
      free = withHash(id, hash, chars);
    }
    ids[index] = free;
    used.add(free);
  }
  return ids;
}

type Rival = { readonly index: number; readonly hash: string; readonly rank: number };

/** Numbers are compared ten times as fast as texts. */
function rivalOf(index: number, key: string): Rival {
  const hash = hashOf(key);
  return { index, hash, rank: Number.parseInt(hash.slice(0, RANK_CHARS), 16) };
}

/** 52 bits, which a number holds. */
const RANK_CHARS = 13;

function withHash(slug: string, hash: string, hashChars: number): string {
  const room = MAX_ID_CHARS - hashChars - 1;
  const start = slug.slice(0, room);
  const stem = start.endsWith('-') ? start.replace(/-+$/, '') : start;
  return `${stem}-${hash.slice(0, hashChars)}`;
}

/** The same on every machine and in every version, which the runtime's faster hashes do not promise. */
function hashOf(text: string): string {
  return Bun.CryptoHasher.hash('sha256', text, 'hex');
}
