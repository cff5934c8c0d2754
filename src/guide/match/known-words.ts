// This file holds the words in names of channels that mean more, or less, than they say.

/** How good the picture is: nothing of which channel it is. */
export const QUALITY_WORDS: ReadonlySet<string> = new Set(
  'hd fhd uhd qhd sd hq lq 4k 8k hevc h265 h264 x265 x264 avc hdr hdr10 dv 50fps 60fps 25fps raw 480p 576p 720p 720i 1080p 1080i 2160p 3840p'.split(
    ' ',
  ),
);

/** Said or left out at will. */
export const FILLER_WORDS: ReadonlySet<string> = new Set(
  'tv television channel the and canal kanal network fernsehen televisie'.split(' '),
);

/** Two names that differ in one of these are two channels, however alike the rest is. */
export const REGION_WORDS: ReadonlySet<string> = new Set(
  (
    'east west north south northern southern eastern western central midlands northwest northeast southwest southeast ' +
    'london england scotland wales ulster ireland ni yorkshire anglia granada meridian tyne border ' +
    'nord sud ost nordost nordwest sudwest mitte bayern hessen nrw hamburg berlin bremen brandenburg sachsen anhalt thuringen ' +
    'saarland niedersachsen schleswig holstein mecklenburg vorpommern rheinland pfalz baden wurttemberg wien tirol steiermark ' +
    'pacific atlantic mountain ontario quebec alberta norte sur este oeste catalunya madrid andalucia galicia valencia ' +
    'piemonte lombardia veneto toscana lazio sicilia sardegna alsace lorraine bretagne normandie aquitaine corse provence ' +
    'international europe asia africa america latin arabia arabic english french francais espanol deutsch spanish german turkish polska ' +
    'kids junior news movies music extra gold plus max'
  ).split(' '),
);

/** Different spellings of the same. */
export const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ...['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'].map(
    (word, index): [string, string] => [word, String(index + 1)],
  ),
  ['jr', 'junior'],
  ['intl', 'international'],
  ['int', 'international'],
]);

/** As two letters, and as lists write them. */
const COUNTRIES =
  'uk gb us usa ca can de ger at aut ch fr fra es esp it ita pt por nl ned be bel dk se swe no fi pl pol cz sk hu ro bg gr tr tur ru ua ie ' +
  'il ar ae sa eg ma dz tn in ind pk bd ph my sg id th vn cn hk tw jp kr au nz za br mx ar co cl pe rs hr si ba mk al lt lv ee is lu mt cy';
const SAME_COUNTRY: Readonly<Record<string, string>> = {
  gb: 'uk',
  usa: 'us',
  can: 'ca',
  ger: 'de',
  aut: 'at',
  fra: 'fr',
  esp: 'es',
  ita: 'it',
  por: 'pt',
  ned: 'nl',
  bel: 'be',
  swe: 'se',
  pol: 'pl',
  tur: 'tr',
  ind: 'in',
};
const COUNTRY_CODES: ReadonlySet<string> = new Set(COUNTRIES.split(' '));

/** Undefined where it is no country. */
export function countryOf(code: string): string | undefined {
  const lower = code.toLowerCase();
  return COUNTRY_CODES.has(lower) ? (SAME_COUNTRY[lower] ?? lower) : undefined;
}
