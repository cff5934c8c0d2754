// This file says how alike two names of channels are.
import type { ChannelWords } from './channel-words.ts';
import { FILLER_WORDS } from './known-words.ts';

/**
 * From here on a proposal is taken by itself: of names of three words one may be misspelt by a
 * letter, or a word left out that says nothing. A word more, such as Gold or Extra, stays far below.
 */
export const LIKENESS_BAR = 0.9;
/** The next best has to be so much less like it. */
export const LIKENESS_MARGIN = 0.05;
/** What is less alike is not worth a look. */
export const LIKENESS_FLOOR = 0.5;

/** Words that say nothing count for so little. */
const FILLER_WEIGHT = 0.1;
/** How much of a word counts that is another but for one letter. */
const MISSPELT = 0.6;
/** Shorter ones that differ in a letter are two words. */
const MISSPELT_CHARS = 5;
/** Names that have no word in common but numbers and fillers: Channel 4 and TV 4. */
const WORDLESS_MOST = 0.8;

/** The rarer a word is among the channels of the guides, the more it tells. */
export type WordWeight = (word: string) => number;

export type Likeness = { readonly score: number; readonly why: string };

/** Which of the words that must agree do not; undefined where all do. */
export function disagreement(a: ChannelWords, b: ChannelWords): string | undefined {
  if (a.plus !== b.plus) return `+${a.plus} and +${b.plus} hours`;
  if (a.digits !== b.digits) return 'their numbers differ';
  if (a.regions !== b.regions) return 'their regions differ';
  if (a.country !== undefined && b.country !== undefined && a.country !== b.country) {
    return `one is of ${a.country}, one of ${b.country}`;
  }
  return undefined;
}

/** 0 to 1. */
export function likeness(a: ChannelWords, b: ChannelWords, weightOf: WordWeight): Likeness {
  const why = disagreement(a, b);
  if (why !== undefined) return { score: 0, why };
  if (a.key === b.key) return { score: 1, why: 'the same name' };
  const weight = (word: string) => (FILLER_WORDS.has(word) ? FILLER_WEIGHT : weightOf(word));
  const sum = (words: readonly string[]) => words.reduce((all, word) => all + weight(word), 0);
  const left = [...b.words];
  let shared = 0;
  let hasWord = false;
  const misspelt: string[] = [];
  for (const word of a.words) {
    const { at, share } = bestOf(word, left);
    if (at < 0) continue;
    const [other] = left.splice(at, 1) as [string];
    shared += share * (weight(word) + weight(other));
    hasWord ||= !FILLER_WORDS.has(word) && !/^\d+$/.test(word);
    if (share < 1) misspelt.push(`${word} for ${other}`);
  }
  const score = shared / (sum(a.words) + sum(b.words) || 1);
  return {
    score: hasWord ? score : Math.min(score, WORDLESS_MOST),
    why: whyOf(a.words, left, b.words, misspelt),
  };
}

function bestOf(word: string, others: readonly string[]): { at: number; share: number } {
  const same = others.indexOf(word);
  if (same >= 0) return { at: same, share: 1 };
  const at = others.findIndex((other) => isMisspelt(word, other));
  return { at, share: MISSPELT };
}

/** One letter more, less, other, or two in the other order. */
export function isMisspelt(a: string, b: string): boolean {
  if (Math.min(a.length, b.length) < MISSPELT_CHARS || Math.abs(a.length - b.length) > 1) {
    return false;
  }
  let from = 0;
  while (from < a.length && a[from] === b[from]) from++;
  let [endA, endB] = [a.length, b.length];
  while (endA > from && endB > from && a[endA - 1] === b[endB - 1]) {
    endA--;
    endB--;
  }
  const [restA, restB] = [a.slice(from, endA), b.slice(from, endB)];
  if (restA.length <= 1 && restB.length <= 1) return true;
  return restA.length === 2 && restA === `${restB[1]}${restB[0]}`;
}

function whyOf(
  own: readonly string[],
  left: readonly string[],
  others: readonly string[],
  misspelt: readonly string[],
): string {
  const missing = own.filter((word) => !others.includes(word));
  const parts = [
    ...misspelt,
    ...missing
      .filter((word) => !misspelt.some((each) => each.startsWith(`${word} `)))
      .map((word) => `${word} is not in the guide's`),
    ...left.map((word) => `${word} is only in the guide's`),
  ];
  return parts.slice(0, 4).join(', ') || 'the same words';
}
