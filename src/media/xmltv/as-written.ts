// This file recognises programmes that stand in a guide as we would write them ourselves.
import { unescapeMarkup } from './markup.ts';
import { CREDIT_ROLES } from './programme.ts';

/** Of an element that needs no parsing. */
export type WrittenElement = {
  readonly attributes: ReadonlyMap<string, string>;
  readonly title: string;
  readonly body: string;
};

/** Of all that stands between its tags: no text and no list in it can be too long then. */
const MAX_BODY_CHARS = 3000;

// What is written as it was read: line breaks and halves of surrogates have rules of their own
const CHAR = '[^<>&"\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\ufffe\\uffff\\ud800-\\udfff]';
const ENTITY = '&(?:amp|lt|gt|quot);';
const TEXT = `(?=[^<])${CHAR}*(?:${ENTITY}${CHAR}*)*`;
const VALUE = `${CHAR}+`;
const LANG = `(?: lang="${VALUE}")?`;
const ADDRESS = 'https?://[^\\s"<>&\\u0000-\\u001f\\u007f-\\u009f\\ud800-\\udfff\\ufffe\\uffff]+';

const texts = (name: string) => `(?:<${name}${LANG}>${TEXT}</${name}>)*`;
const people = (role: string) => `(?:<${role}(?: role="${VALUE}")?>${TEXT}</${role}>)*`;
const ratings = (name: string) =>
  `(?:<${name}(?: system="${VALUE}")?><value>${TEXT}</value></${name}>)*`;

/** In the order that the DTD wants; what guides seldom have is not among it. */
const BODY = new RegExp(
  [
    `^<title${LANG}>(${TEXT})</title>`,
    ...['title', 'sub-title', 'desc'].map(texts),
    `(?:<credits>(?!</)${CREDIT_ROLES.map(people).join('')}</credits>)?`,
    '(?:<date>(?:\\d{4}|\\d{6}|\\d{8})</date>)?',
    ...['category', 'keyword'].map(texts),
    `(?:<icon src="${ADDRESS}"/>)*`,
    texts('country'),
    `(?:<episode-num system="${VALUE}">${TEXT}</episode-num>)*`,
    '(?:<previously-shown/>)?(?:<premiere/>)?(?:<last-chance/>)?(?:<new/>)?',
    ...['rating', 'star-rating'].map(ratings),
    '$',
  ].join(''),
);

/** Blanks at the ends of a text or of a value, which nobody means. */
const LOOSE = /\s<|>\s|"\s|="\s|\s">/;

const ATTRIBUTES = new RegExp(`^<programme((?: [a-z-]+="${VALUE}")+)>`);
const ATTRIBUTE = / ([a-z-]+)="([^"]+)"/g;

/**
 * Undefined where it is any other: then it is to be parsed, which takes ten times as long. What comes
 * of both ways is the same to the letter.
 */
export function asWritten(slice: string): WrittenElement | undefined {
  const head = ATTRIBUTES.exec(slice);
  if (head === null || !slice.endsWith('</programme>')) return undefined;
  const inner = slice.slice(head[0].length, -'</programme>'.length);
  if (inner.length > MAX_BODY_CHARS) return undefined;
  const body = inner.trim().replace(/>\s+</g, '><');
  const found = BODY.exec(body);
  if (found === null || LOOSE.test(body)) return undefined;
  const attributes = new Map<string, string>();
  for (const [, name, value] of (head[1] as string).matchAll(ATTRIBUTE)) {
    const [key, text] = [name as string, value as string];
    if (attributes.has(key) || text !== text.trim()) return undefined;
    attributes.set(key, text);
  }
  return { attributes, title: unescapeMarkup(found[1] as string), body };
}
