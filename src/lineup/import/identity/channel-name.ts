// This file takes the name of a channel apart, so that two line-ups' names for it can be compared.
import { normalText } from './identity.ts';

export type ChannelName = {
  /** Lower-case code of what stands before the name or the group, or behind the guide id. */
  readonly country: string | undefined;
  /** What is left without country and quality, numbers as digits, no spaces. */
  readonly core: string;
  /** What tells channels of one family apart: all numbers in it, a delay among them. */
  readonly numbers: string;
  /** And all words for a part of the world. */
  readonly regions: string;
  /** The words for it, or ''. */
  readonly quality: string;
};

type Named = { readonly name: string; readonly group?: string; readonly guide?: string };

export function channelName({ name, group = '', guide = '' }: Named): ChannelName {
  const prefix = countryBefore(name);
  const words = normalText(prefix?.rest ?? name)
    .split(' ')
    .flatMap(partsOf);
  const qualities = words.filter((word) => QUALITIES.has(word));
  const rest = words.filter((word) => !QUALITIES.has(word));
  const digits = rest.filter((word) => /^\d+$/.test(word) || word === 'plus');
  return {
    country: sameCountry(prefix?.code ?? countryOfGuide(guide) ?? countryOfGroup(group)),
    core: rest.join(''),
    numbers: digits.join(' '),
    regions: rest.filter((word) => REGIONS.has(word)).join(' '),
    quality: [...new Set(qualities.map((word) => SAME_QUALITY[word] ?? word))].sort().join(' '),
  };
}

/** `UK: `, `UK | `, `|UK| `, `[UK] `, `(UK) `: two or three capitals, marked off from the rest. */
const BEFORE = /^\s*(?:[|[(┃▎]\s*([A-Z]{2,3})\s*[\])|┃▎:]|([A-Z]{2,3})\s*[:|┃▎])\s*/u;
/** What stands there, or behind a guide id, and is no country. */
const NO_COUNTRY: ReadonlySet<string> = new Set([
  ...['tv', 'hd', 'sd', 'fhd', 'uhd', 'vip', 'ppv', 'vod'],
  ...['com', 'net', 'org', 'biz', 'xml', 'epg'],
]);

function countryBefore(text: string): { readonly code: string; readonly rest: string } | undefined {
  const found = BEFORE.exec(text);
  const code = (found?.[1] ?? found?.[2])?.toLowerCase();
  if (found === null || code === undefined || NO_COUNTRY.has(code)) return undefined;
  return { code, rest: text.slice(found[0].length) };
}

/** `bbc1.uk`, `bbc1.uk@HD`; others call their channels by a host (`cnn.com`, `own.tv`). */
function countryOfGuide(guide: string): string | undefined {
  const code = /\.([a-z]{2,3})(?:@.*)?$/i.exec(guide)?.[1]?.toLowerCase();
  return code === undefined || NO_COUNTRY.has(code) ? undefined : code;
}

function countryOfGroup(group: string): string | undefined {
  const whole = /^[A-Z]{2,3}$/.test(group) ? group.toLowerCase() : undefined;
  if (whole !== undefined && !NO_COUNTRY.has(whole)) return whole;
  return countryBefore(group)?.code;
}

/** Codes that lists write in two ways. */
const SAME_COUNTRY: Readonly<Record<string, string>> = {
  gb: 'uk',
  usa: 'us',
  ger: 'de',
  deu: 'de',
  fra: 'fr',
  ita: 'it',
  esp: 'es',
};

function sameCountry(code: string | undefined): string | undefined {
  return code === undefined ? undefined : (SAME_COUNTRY[code] ?? code);
}

const NUMBER_WORDS: Readonly<Record<string, string>> = {
  one: '1',
  two: '2',
  three: '3',
  four: '4',
  five: '5',
  six: '6',
  seven: '7',
  eight: '8',
  nine: '9',
  ten: '10',
};

/** "sport1" as "sport 1", "one" as "1"; words of quality stay whole. */
function partsOf(word: string): readonly string[] {
  if (QUALITIES.has(word)) return [word];
  if (Object.hasOwn(NUMBER_WORDS, word)) return [NUMBER_WORDS[word] as string];
  return word.match(/\p{N}+|[^\p{N}]+/gu) ?? [];
}

const QUALITIES: ReadonlySet<string> = new Set([
  ...['sd', 'hd', 'fhd', 'uhd', 'fullhd', '4k', '8k', 'hdr', 'hq', 'lq', 'raw', 'hevc'],
  ...['h264', 'h265', 'x264', 'x265', '576p', '720p', '1080p', '1080i', '2160p', '50fps', '60fps'],
]);
const SAME_QUALITY: Readonly<Record<string, string>> = {
  fullhd: 'fhd',
  '1080p': 'fhd',
  '1080i': 'fhd',
  '720p': 'hd',
  '2160p': 'uhd',
  '4k': 'uhd',
  '576p': 'sd',
};

/** In the languages that lists with regional channels are written in. */
const REGIONS: ReadonlySet<string> = new Set([
  ...['north', 'south', 'east', 'west', 'central', 'midlands', 'london', 'england', 'scotland'],
  ...['wales', 'ireland', 'ulster', 'yorkshire', 'international', 'intl', 'world'],
  ...['europe', 'asia', 'africa', 'america', 'americas', 'latin', 'arabia', 'india', 'australia'],
  ...['nord', 'sud', 'sued', 'ost', 'est', 'ouest', 'norte', 'sur', 'bayern', 'berlin', 'hamburg'],
  ...['nrw', 'hessen', 'sachsen', 'bw', 'rp', 'mv', 'sh', 'brandenburg', 'thuringen', 'pacific'],
  ...['atlantic', 'mountain', 'eastern', 'western', 'regional', 'local', 'national'],
]);
