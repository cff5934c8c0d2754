// This file reads the attributes and the title of an #EXTINF line, and the attributes of #EXTM3U.
import { type AttributeOrder, likelyPlace, placeAfter } from './attribute-order.ts';

/** Most attributes kept of one line; the richest lists in use have about 25. */
export const MAX_ATTRIBUTES = 64;

export type ExtInf = {
  /** Seconds; -1 and 0 mean live. */
  readonly duration: number | undefined;
  /** Lower-case name → value as written. The first of two alike is kept, as Kodi does. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Everything after the comma that ends the attributes, commas included. */
  readonly title: string;
  /** Attributes beyond the limit. */
  readonly droppedCount: number;
};

const DURATION = /[ \t]*[-+]?\d{1,15}(?:\.\d{1,9})?/y;

/**
 * `text` is what follows `#EXTINF:`. No standard says more than "duration, title". `order` is added
 * to; it is to be the same for all lines of a list.
 */
export function parseExtInf(text: string, order: AttributeOrder = []): ExtInf {
  const duration = matches(DURATION, text, 0) ? text.slice(0, DURATION.lastIndex) : undefined;
  const scan = createScan(text, duration?.length ?? 0, order);
  scanAttributes(scan, true);
  return {
    duration: duration === undefined ? undefined : Number(duration),
    attributes: scan.attributes,
    // Without any comma the title is what follows the last attribute.
    title: text.slice(scan.at < text.length ? scan.at + 1 : scan.attributesEnd).trim(),
    droppedCount: scan.droppedCount,
  };
}

/** The attributes of the list itself: `text` is what follows `#EXTM3U`. */
export function parseHeaderAttributes(text: string): ReadonlyMap<string, string> {
  const scan = createScan(text, 0, []);
  scanAttributes(scan, false);
  return scan.attributes;
}

type Scan = {
  readonly text: string;
  readonly attributes: Map<string, string>;
  at: number;
  /** Where the last attribute ended. */
  attributesEnd: number;
  droppedCount: number;
  readonly order: AttributeOrder;
  /** Where in it the next attribute is likely to be. */
  place: number;
  /** No quote from here on closes a value, so that none is looked for twice. */
  noQuoteCloses: boolean;
};

function createScan(text: string, at: number, order: AttributeOrder): Scan {
  return {
    text,
    attributes: new Map(),
    at,
    attributesEnd: at,
    droppedCount: 0,
    order,
    place: 0,
    noQuoteCloses: false,
  };
}

const KEY = /[^\s=,"]+=/y;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
/** A comma before more attributes does not end them (`#EXTINF:-1,tvg-id="x",Title` is common). */
const COMMA_WITHIN = /,[ \t]*[a-z][a-z0-9_-]*="/iy;

/** Leaves `at` on the comma that ends the attributes, or at the end of the text. */
function scanAttributes(scan: Scan, endsAtComma: boolean): void {
  const { text } = scan;
  while (scan.at < text.length) {
    const from = scan.at;
    const char = text.charCodeAt(from);
    if (char === SPACE) {
      if (!scanLikely(scan)) scan.at += 1;
      continue;
    }
    if (char === COMMA && endsAtComma && !matches(COMMA_WITHIN, text, from)) return;
    if (!matches(KEY, text, from)) {
      scan.at = skipWord(text, from);
      continue;
    }
    scan.at = KEY.lastIndex;
    scan.place = placeAfter(scan.order, scan.place, text.slice(Math.max(from - 1, 0), scan.at + 1));
    const name = text.slice(from, scan.at - 1).toLowerCase();
    keep(scan, name, scanValue(scan));
  }
}

function keep(scan: Scan, name: string, value: string): void {
  scan.attributesEnd = scan.at;
  if (scan.attributes.has(name)) return;
  if (scan.attributes.size < MAX_ATTRIBUTES) scan.attributes.set(name, value);
  else scan.droppedCount += 1;
}

/** Whether the space at `at` began an attribute that is likely here and ends at its first quote. */
function scanLikely(scan: Scan): boolean {
  const { text, order } = scan;
  const place = likelyPlace(order, scan.place, text, scan.at);
  const start = order[place];
  if (start === undefined) return false;
  const from = scan.at + start.text.length;
  const close = text.indexOf('"', from);
  if (close < 0 || !mayFollow(scan, place + 1, close + 1)) return false;
  scan.place = place + 1;
  scan.at = close + 1;
  keep(scan, start.name, text.slice(from, close).trim());
  return true;
}

/** Words of no use, such as what follows the first word of an unquoted value. */
const WORD = /[^\s,"]*/y;

/** Past one separator or one word that is no attribute. */
function skipWord(text: string, from: number): number {
  WORD.lastIndex = from;
  WORD.test(text);
  return Math.max(WORD.lastIndex, from + 1);
}

const UNQUOTED = /[^\s,]*/y;

function scanValue(scan: Scan): string {
  const { text, at: from } = scan;
  if (text.charCodeAt(from) === QUOTE) {
    const close = closingQuote(scan, from + 1);
    if (close >= 0) {
      scan.at = close + 1;
      return text.slice(from + 1, close).trim();
    }
    // A quote that is never closed: the value ends where the title begins.
    const comma = text.indexOf(',', from);
    scan.at = comma < 0 ? text.length : comma;
    return text.slice(from + 1, scan.at).trim();
  }
  UNQUOTED.lastIndex = from;
  const value = UNQUOTED.exec(text)?.[0] ?? '';
  scan.at = from + value.length;
  return value;
}

/** What follows a quote that closes: the comma, the end, or another attribute. */
const AFTER_CLOSE = /[ \t]*(?:,|$)|[ \t]+[a-z0-9_-]+=|[a-z][a-z0-9_-]*="/iy;

/** The first two are but a quicker yes to what is likely. */
function mayFollow({ text, order }: Scan, place: number, at: number): boolean {
  if (text.charCodeAt(at) === COMMA) return true;
  const next = order[place];
  return (next !== undefined && text.startsWith(next.text, at)) || matches(AFTER_CLOSE, text, at);
}

/**
 * There is no escape for `"`, so a quote inside a value (`"The "Best" TV"`) is passed over; where
 * none is followed by what may follow a value, the next one closes.
 */
function closingQuote(scan: Scan, from: number): number {
  const next = scan.text.indexOf('"', from);
  let at = scan.noQuoteCloses ? -1 : next;
  while (at >= 0 && !mayFollow(scan, scan.place, at + 1)) at = scan.text.indexOf('"', at + 1);
  scan.noQuoteCloses = at < 0;
  return at < 0 ? next : at;
}

function matches(sticky: RegExp, text: string, at: number): boolean {
  sticky.lastIndex = at;
  return sticky.test(text);
}
