// This file reads and writes EXT-X-KEY and EXT-X-SESSION-KEY.
import { bare, quoted } from './attribute-kind.ts';
import { type AttributeMap, formatAttributeList, setFields } from './attribute-list.ts';
import type { Key } from './playlist.ts';
import { playlistError } from './playlist-error.ts';

// RFC 8216 §4.3.2.4; undefined for METHOD=NONE
export function parseKey(attributes: AttributeMap, line: number): Key | undefined {
  const method = attributes.get('METHOD')?.value;
  if (method === 'NONE') return undefined;
  const uri = attributes.get('URI')?.value;
  if (method === undefined || uri === undefined) {
    const missing = method === undefined ? 'METHOD' : 'URI';
    const message = `Cannot parse the key: its ${missing} is missing, wanted METHOD and URI`;
    throw playlistError(line, 'RFC 8216 §4.3.2.4', message);
  }
  const iv = attributes.get('IV')?.value;
  const keyFormat = attributes.get('KEYFORMAT')?.value;
  const keyFormatVersions = attributes.get('KEYFORMATVERSIONS')?.value;
  const key: Key = {
    method,
    uri,
    ...(iv === undefined ? {} : { iv: parseIv(iv, line) }),
    ...(keyFormat === undefined ? {} : { keyFormat }),
    ...(keyFormatVersions === undefined ? {} : { keyFormatVersions }),
    attributes,
  };
  setKeyFields(attributes, key);
  return key;
}

/** The x of 0x is forgotten or written large, and leading zeros are left out, by some packagers. */
const IV = /^(?:0x)?([0-9a-f]{1,32})$/i;

function parseIv(text: string, line: number): string {
  const digits = IV.exec(text)?.[1];
  if (digits === undefined) {
    const message = 'Cannot parse the IV of the key: it is malformed';
    throw playlistError(line, 'RFC 8216 §4.3.2.4', `${message}, wanted 0x and 32 hex digits`);
  }
  return digits.toLowerCase().padStart(32, '0');
}

/**
 * The IV of a segment whose key has none. Who gives a segment another sequence number must write
 * this one into its key, or the first block of the segment comes out wrong.
 */
// RFC 8216 §5.2: the Media Sequence Number, big-endian, in 16 bytes
export function implicitIv(sequence: number): string {
  return sequence.toString(16).padStart(32, '0');
}

/** Most keys in force at once: one for each DRM, of which there are five. */
export const MAX_KEYS = 16;

/**
 * RFC 8216 §4.3.2.4: a key replaces the one of its own KEYFORMAT and stands beside those of others.
 */
export function applyKey(keys: readonly Key[], key: Key, line: number): readonly Key[] {
  const format = keyFormatOf(key);
  const others = keys.filter((other) => keyFormatOf(other) !== format);
  if (others.length < MAX_KEYS) return [...others, key];
  const message = 'Cannot parse the keys: too many are in force at once';
  throw playlistError(line, 'RFC 8216 §4.3.2.4', `${message}, wanted ${MAX_KEYS}`);
}

/** RFC 8216 §4.3.2.4: an absent KEYFORMAT means "identity". */
function keyFormatOf(key: Key): string {
  return key.keyFormat ?? 'identity';
}

/**
 * The tags that lead from the keys in force to those wanted, in their order. Keys that stay are not
 * written again: a list with many would grow by all of them wherever one changes.
 */
export function formatKeyChange(inForce: readonly Key[], wanted: readonly Key[]): string {
  if (inForce === wanted) return '';
  for (let staying = Math.min(inForce.length, wanted.length); staying >= 0; staying--) {
    const added = wanted.slice(staying);
    const replaced = new Set(added.map(keyFormatOf));
    const kept = inForce.filter((key) => !replaced.has(keyFormatOf(key)));
    if (areSame(kept, wanted.slice(0, staying))) return formatKeys(added);
  }
  // Only METHOD=NONE takes a key away that no other replaces.
  return `#EXT-X-KEY:METHOD=NONE\n${formatKeys(wanted)}`;
}

function areSame(some: readonly Key[], others: readonly Key[]): boolean {
  if (some.length !== others.length) return false;
  return some.every((key, index) => isSameKey(key, others[index] as Key));
}

function isSameKey(key: Key, other: Key): boolean {
  return key === other || formatKey(key) === formatKey(other);
}

function formatKeys(keys: readonly Key[]): string {
  return keys.map((key) => `#EXT-X-KEY:${formatKey(key)}\n`).join('');
}

/** The attribute list of a key tag. */
export function formatKey(key: Key): string {
  return formatAttributeList(setKeyFields(new Map(key.attributes), key));
}

function setKeyFields(attributes: AttributeMap, key: Key): AttributeMap {
  return setFields(attributes, [
    ['METHOD', bare(key.method)],
    ['URI', quoted(key.uri)],
    ['IV', key.iv === undefined ? undefined : bare(`0x${key.iv}`)],
    ['KEYFORMAT', quoted(key.keyFormat)],
    ['KEYFORMATVERSIONS', quoted(key.keyFormatVersions)],
  ]);
}
