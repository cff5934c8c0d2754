// This file reads the name of a channel as what tells it from other channels.
import { countryOf, QUALITY_WORDS, REGION_WORDS, SPELLINGS } from './known-words.ts';

export type ChannelWords = {
  /** Equal names have equal keys, however they are written. Empty where nothing is left of it. */
  readonly key: string;
  readonly words: readonly string[];
  /** Numbers in it, in their order: BBC One is not BBC Two. */
  readonly digits: string;
  /** Regions, languages and kinds in it, sorted. */
  readonly regions: string;
  /** Hours that it is later than the channel of the same name. */
  readonly plus: number;
  /** Where it says so before or behind the name. */
  readonly country: string | undefined;
};

/** Names longer than this are no names. */
const MAX_NAME_CHARS = 200;

/** `UK: `, `|DE| `, `[FR] `, `US | `, `IT - `: a code, and what divides it from the name. */
const PREFIX = /^[\s|[({:]*([A-Za-z]{2,3})\s*(?:[|\])}:]+|\s-\s|\s\u2013\s)[\s|:\-\u2013]*(?=\S)/;
/** `(UK)`, `[DE]`, `|FR`, `.uk` at its end, or a code in capitals. */
const SUFFIX = /\s*(?:[([|{]\s*([A-Za-z]{2,3})\s*[)\]|}]?|\.([a-z]{2})|\s([A-Z]{2,3}))\s*$/;
/** `+1`, as in BBC One +1; the plus of Canal+ has no digit behind it. */
const PLUS = /(?:\+|(?<=\s)\+\s)(\d{1,2})\s?h?(?![\w+])/i;

export function channelWords(name: string): ChannelWords {
  const plain = name.slice(0, MAX_NAME_CHARS).normalize('NFKD').replace(/\p{M}/gu, '');
  const { rest, country } = withoutCountry(plain.trim());
  const plus = PLUS.exec(rest);
  const unshifted = plus === null ? rest : rest.replace(PLUS, ' ');
  const words = wordsOf(unshifted);
  return {
    key: keyOf(words),
    words,
    digits: words.filter(isNumber).join(' '),
    regions: [...new Set(words.filter((word) => REGION_WORDS.has(word)))].sort().join(' '),
    plus: plus === null ? 0 : Number(plus[1]),
    country,
  };
}

function withoutCountry(name: string): { rest: string; country: string | undefined } {
  const before = PREFIX.exec(name);
  const prefix = before === null ? undefined : countryOf(before[1] as string);
  const named = prefix === undefined ? name : name.slice((before as RegExpExecArray)[0].length);
  const ended = withoutQuality(named);
  const behind = SUFFIX.exec(ended);
  const code = behind?.[1] ?? behind?.[2] ?? behind?.[3];
  const suffix = code === undefined ? undefined : countryOf(code);
  // A name that is nothing but a code stays: it is one
  if (behind === null || suffix === undefined || behind.index === 0) {
    return { rest: named, country: prefix };
  }
  return { rest: ended.slice(0, behind.index), country: prefix ?? suffix };
}

/** `TF1 FR HD`: the country stands before how good it is. */
function withoutQuality(name: string): string {
  let rest = name;
  for (;;) {
    const last = /[\s([|_-]+([A-Za-z0-9]+)[)\]|]*\s*$/.exec(rest);
    if (last === null || !QUALITY_WORDS.has((last[1] as string).toLowerCase())) return rest;
    rest = rest.slice(0, last.index);
  }
}

function wordsOf(text: string): readonly string[] {
  const split = text
    .toLowerCase()
    .replace(/\u00df/g, 'ss')
    .replace(/['\u2019`]/g, '')
    .replace(/\+/g, ' plus ')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '' && !QUALITY_WORDS.has(word))
    // ITV2 is ITV 2
    .flatMap((word) => word.match(/\p{N}+|[^\p{N}]+/gu) ?? [])
    .map((word) => SPELLINGS.get(word) ?? word)
    .map((word) => (isNumber(word) ? String(Number(word)) : word));
  return split.filter((word) => word !== 'and');
}

function isNumber(word: string): boolean {
  return /^[0-9]{1,9}$/.test(word);
}

/** Sky Sports 1 is SkySports1, and Sport 1 1 is not Sport 11. */
function keyOf(words: readonly string[]): string {
  let key = '';
  for (const [index, word] of words.entries()) {
    const before = words[index - 1];
    key += before !== undefined && isNumber(before) && isNumber(word) ? `-${word}` : word;
  }
  return key;
}
