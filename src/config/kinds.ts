// This file reads a value of each kind from its text.
import { parseDatagramUrl } from '../net/datagram-target.ts';
import { parseAddressBlock } from './address-block.ts';
import { parseDuration, parseShift } from './duration.ts';
import { perHost } from './hosts.ts';
import { parseDayTime, parseInstant } from './instant.ts';
import type { Key, KindValues, ScalarKind } from './key.ts';
import { parseListen } from './listen.ts';
import { parseMatch } from './match.ts';
import { parseSize } from './size.ts';

type Kind<T> = {
  /** The value, or undefined where the text is none that the key allows. */
  read(text: string, key: Key): T | undefined;
  /** What is allowed, to stand behind "wanted". */
  wanted(key: Key): string;
};

/** Longer than any address in use, and short enough to stand in a log line and a header. */
export const MAX_URL_LENGTH = 8192;
/** What servers accept for one header line, RFC 9110 §5.4 leaves it to them. */
const MAX_HEADER_LENGTH = 8192;
const MAX_TEXT_LENGTH = 1000;
/** A small picture written into the file; whoever has more puts it beside. */
export const MAX_INLINE_PICTURE_LENGTH = 64 * 1024;
/** PATH_MAX of Linux. */
const MAX_PATH_LENGTH = 4096;

export const TEMPLATE_FIELDS = ['sequence', 'begin', 'time', 'quality'] as const;

export const KINDS: { readonly [K in ScalarKind]: Kind<KindValues[K]> } = {
  text: { read: readText, wanted: wantedText },
  choice: {
    read: (text, key) => (key.of?.includes(text) ? text : undefined),
    wanted: (key) => `one of ${(key.of ?? []).join(', ')}`,
  },
  whole: {
    read: (text, key) => within(parseWhole(text), key, parseWhole),
    wanted: (key) => `a whole number${range(key)}`,
  },
  workers: {
    read: (text, key) => (text === 'auto' ? text : within(parseWhole(text), key, parseWhole)),
    wanted: (key) => `auto or a whole number${range(key)}`,
  },
  flag: { read: parseFlag, wanted: () => 'true or false' },
  size: {
    read: (text, key) => within(parseSize(text), key, parseSize),
    wanted: (key) => `a size such as ${sample(key)}${range(key, ',')}`,
  },
  duration: {
    read: (text, key) => within(parseDuration(text), key, parseDuration),
    wanted: (key) => `a duration such as ${sample(key)}${range(key, ',')}`,
  },
  shift: {
    read: (text, key) => within(parseShift(text), key, parseShift),
    wanted: (key) =>
      `how much later, such as ${sample(key)}, or earlier, such as -30m${range(key, ',')}`,
  },
  instant: {
    read: parseInstant,
    wanted: () => 'a time with its zone, such as 2026-01-01T00:00:00Z',
  },
  'day-time': { read: parseDayTime, wanted: () => 'a time of day such as 04:00' },
  listen: { read: parseListen, wanted: () => 'HOST:PORT, such as 0.0.0.0:8080 or [::]:8080' },
  url: { read: readUrl, wanted: wantedUrl },
  'stream-url': {
    read: (text, key) => (parseDatagramUrl(text) === undefined ? readUrl(text, key) : text),
    wanted: (key) => `${wantedUrl(key)}, or udp://ADDRESS:PORT or rtp://ADDRESS:PORT`,
  },
  template: {
    read: readTemplate,
    wanted: () =>
      'a URL with http or https that holds {sequence}, {begin} or {time}, and {quality} at will',
  },
  path: {
    read: (text) => (isPlain(text, MAX_PATH_LENGTH) ? text : undefined),
    wanted: () => 'a path',
  },
  picture: {
    read: readPicture,
    wanted: () => 'a URL with http or https, data:image/…;base64,… or the path of a file',
  },
  'address-block': {
    read: parseAddressBlock,
    wanted: () => 'an address block such as 10.0.0.0/8 or fd00::/8',
  },
  'header-value': {
    read: readHeaderValue,
    wanted: () => `a header value: 1 to ${MAX_HEADER_LENGTH} visible ASCII characters`,
  },
  match: { read: parseMatch, wanted: () => 'a text, or a pattern such as /^UK/i (flags: i, u)' },
};

function readText(text: string, key: Key): string | undefined {
  if (key.pattern !== undefined && !key.pattern.test(text)) return undefined;
  return isPlain(text, Number(key.max ?? MAX_TEXT_LENGTH)) ? text : undefined;
}

function wantedText(key: Key): string {
  if (key.words !== undefined) return key.words;
  return `1 to ${key.max ?? MAX_TEXT_LENGTH} characters, none of them a control character`;
}

/** Not empty, not too long, and nothing in it that ends a line or steers a terminal. */
function isPlain(text: string, maxLength: number): boolean {
  return text.trim() !== '' && text.length <= maxLength && !/[\u0000-\u001f\u007f]/.test(text);
}

function parseWhole(text: string): number | undefined {
  if (!/^-?\d{1,16}$/.test(text)) return undefined;
  return Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
}

/** Words that people write for a flag; the YAML of today knows only true and false. */
const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['yes', true],
  ['on', true],
  ['1', true],
  ['false', false],
  ['no', false],
  ['off', false],
  ['0', false],
]);

function parseFlag(text: string): boolean | undefined {
  return FLAGS.get(text.toLowerCase());
}

function readUrl(text: string, key: Key): string | undefined {
  const url = parseUrl(text, key.schemes ?? []);
  if (url === undefined) return undefined;
  if (key.bare !== true) return text;
  const isBare = url.username === '' && url.password === '' && !/[?#]/.test(text);
  return isBare ? text.replace(/\/+$/, '') : undefined;
}

function parseUrl(text: string, schemes: readonly string[]): URL | undefined {
  // The URL parser drops tabs and line feeds and trims blanks: what is sent must be what is written.
  if (text.length > MAX_URL_LENGTH || /[\u0000-\u0020\u007f\\]/.test(text)) return undefined;
  const scheme = /^([a-z0-9+]+):\/\/[^/]/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined || !schemes.includes(scheme)) return undefined;
  const [url, ...others] = perHost(text).map(dialable);
  return others.includes(undefined) ? undefined : url;
}

function dialable(text: string): URL | undefined {
  const url = URL.parse(text);
  return url !== null && url.hostname !== '' && url.port !== '0' ? url : undefined;
}

function readPicture(text: string, key: Key): string | undefined {
  if (/^data:/i.test(text)) {
    const isOne = /^data:image\/[a-z0-9.+-]+(?:;[a-z0-9=;+-]*)?,[!-~]+$/i.test(text);
    return isOne && text.length <= MAX_INLINE_PICTURE_LENGTH ? text : undefined;
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return readUrl(text, key);
  return isPlain(text, MAX_PATH_LENGTH) ? text : undefined;
}

function wantedUrl(key: Key): string {
  const schemes = (key.schemes ?? []).join(', ').replace(/, ([^,]*)$/, ' or $1');
  return `a URL with ${schemes}${key.bare === true ? ', with neither user nor query' : ''}`;
}

function readTemplate(text: string): string | undefined {
  let places = 0;
  const filled = text.replace(/\{([a-z]+)\}/g, (whole, name) => {
    if (!(TEMPLATE_FIELDS as readonly string[]).includes(name)) return whole;
    if (name !== 'quality') places++;
    return '0';
  });
  const isWhole = places > 0 && !/[{}]/.test(filled);
  return isWhole && parseUrl(filled, ['http', 'https']) !== undefined ? text : undefined;
}

// RFC 9110 §5.5: field values are visible ASCII, blanks and tabs inside; nothing that ends a line
function readHeaderValue(text: string): string | undefined {
  const isValue = /^[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?$/.test(text);
  return isValue && text.length <= MAX_HEADER_LENGTH ? text : undefined;
}

function within(
  value: number | undefined,
  key: Key,
  parse: (text: string) => number | undefined,
): number | undefined {
  if (value === undefined) return undefined;
  if (key.min !== undefined && value < parse(key.min)!) return undefined;
  if (key.max !== undefined && value > parse(key.max)!) return undefined;
  return value;
}

function range(key: Key, comma = ''): string {
  if (key.min === undefined || key.max === undefined) return '';
  return `${comma} from ${key.min} to ${key.max}`;
}

function sample(key: Key): string {
  return key.example ?? key.default ?? key.min ?? '';
}
