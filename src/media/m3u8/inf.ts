// This file reads and writes EXTINF.
import { formatDecimal, parseDecimal } from './decimal.ts';

/**
 * Longest segment in seconds, eleven days and a half. A recording in one segment lasts hours;
 * beyond this the number is a mistake (often milliseconds) and would upset every clock after it.
 */
export const MAX_DURATION = 1_000_000;

export type Inf = {
  /** Seconds; undefined where the tag says nothing of use. */
  readonly duration: number | undefined;
  readonly title: string;
};

// RFC 8216 §4.3.2.1: <duration>,[<title>]
export function parseInf(text: string): Inf {
  const comma = text.indexOf(',');
  if (comma < 0) return { duration: usable(parseDecimal(text)), title: '' };
  const isDigit = (text.charCodeAt(comma + 1) ^ 0x30) < 10;
  const decimal = isDigit ? parseDecimalComma(text) : undefined;
  if (decimal !== undefined) return decimal;
  const duration = usable(parseDecimal(text.slice(0, comma)));
  return { duration, title: text.slice(comma + 1).trim() };
}

/** Lists of endless streams say -1; zero is what a last, empty segment may have. */
function usable(duration: number | undefined): number | undefined {
  if (duration === undefined || duration < 0 || duration > MAX_DURATION) return undefined;
  return duration;
}

const DECIMAL_COMMA = /^(\d+),(\d+)\s*,/;

/**
 * `9,984,` as printf writes it where the locale has a decimal comma. `10,24,Jack` stays a title:
 * such printf writes three digits or more, or no title.
 */
function parseDecimalComma(text: string): Inf | undefined {
  const match = DECIMAL_COMMA.exec(text);
  if (match === null) return undefined;
  const [matched, seconds, fraction] = match;
  const title = text.slice(matched.length).trim();
  if (title !== '' && (fraction as string).length < 3) return undefined;
  return { duration: usable(parseDecimal(`${seconds}.${fraction}`)), title };
}

/** A point is always written, so that no reader takes a title for the decimals. */
export function formatInf(duration: number, title: string): string {
  const seconds = formatDecimal(duration);
  return `#EXTINF:${seconds.includes('.') ? seconds : `${seconds}.0`},${title}`;
}
