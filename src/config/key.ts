// This file says what the schema states about one key.
import type { ListenAddress } from './listen.ts';
import type { Match } from './match.ts';

/** What a value of each kind is once it has been read. Structural kinds hold further keys. */
export type KindValues = {
  readonly text: string;
  readonly choice: string;
  readonly whole: number;
  readonly workers: number | 'auto';
  readonly flag: boolean;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds. */
  readonly duration: number;
  /** Milliseconds; below nothing where it is earlier. */
  readonly shift: number;
  /** Milliseconds since the epoch. */
  readonly instant: number;
  /** Minutes since midnight. */
  readonly 'day-time': number;
  readonly listen: ListenAddress;
  readonly url: string;
  /** A `url`, or one of udp or rtp. */
  readonly 'stream-url': string;
  /** A URL with {sequence}, {begin}, {time} or {quality} in it. */
  readonly template: string;
  /** As written; relative to the folder of the file it was written in. */
  readonly path: string;
  /** A URL, or as a `path`. */
  readonly picture: string;
  readonly 'address-block': string;
  readonly 'header-value': string;
  /** A text to the letter, or a pattern between slashes. */
  readonly match: Match;
};

export type ScalarKind = keyof KindValues;
export type StructureKind = 'section' | 'list' | 'map' | 'anything';

export type Key = {
  /** `prefetch.ahead`; `[]` stands for any item of a list, `*` for any name of a map. */
  readonly path: string;
  readonly kind: ScalarKind | StructureKind;
  /** One line for the manual. */
  readonly means: string;
  readonly example?: string;
  /** As it would be written in the file; read by the same parser. */
  readonly default?: string;
  /** Lowest and highest value, as they would be written. */
  readonly min?: string;
  readonly max?: string;
  /** What a `choice` allows. */
  readonly of?: readonly string[];
  /** What a `text` must match, and that in words. */
  readonly pattern?: RegExp;
  readonly words?: string;
  /** What a `url` may begin with. */
  readonly schemes?: readonly string[];
  /** A `url` with neither query nor user. */
  readonly bare?: true;
  readonly required?: true;
  /** Accepted and checked, and acted on by a later version. */
  readonly later?: true;
  /** The value is never shown. */
  readonly secret?: true;
  /** A change is taken up at the next start only. */
  readonly restart?: true;
  /** A `section` may be written as one value: the value of this key of it. */
  readonly shorthand?: string;
  /** A `list` may be written as its only item. */
  readonly single?: true;
  /** The most items of a `list` or names of a `map`. */
  readonly maxCount?: number;
};

export function isStructure(kind: Key['kind']): kind is StructureKind {
  return kind === 'section' || kind === 'list' || kind === 'map' || kind === 'anything';
}
