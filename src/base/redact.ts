// This file masks the secrets that text, URLs and log fields carry.

/*
 * What is masked: the userinfo of URLs, every query value (names are kept), path parameters after a
 * semicolon, fragments, credentials behind Basic, Bearer and Digest, values of cookie and
 * authorization headers, and every field whose name says that it is a secret.
 *
 * What is NOT masked, since nothing tells it from an ordinary name: a secret that is a path segment
 * (http://host/live/user/password/1.ts), a host name, or a query that has been percent-encoded into
 * another value's path. Whoever builds such a URL must not log it.
 */

export const MASK = '***';

/** Text beyond this is cut before it is looked at: a log line or an error needs no more. */
export const MAX_TEXT_LENGTH = 4096;
const MAX_DEPTH = 6;
/** Entries of one list or object; a log line that lists more is not read by anyone. */
const MAX_ENTRIES = 64;

const SECRET_NAME =
  /^(.*[-_.]?(authorization|cookie|password|passwd|passphrase|secret|token|credential|credentials|api[-_]?key|access[-_]?key|session|private[-_]?key|signature)|auth|pass|pwd)$/i;

/** `https://user:pass@host/a?token=1` → `https://***@host/a?token=***`. Never throws. */
export function redactUrl(url: string): string {
  const { head, query } = splitQuery(url.slice(0, MAX_TEXT_LENGTH));
  return redactHead(head) + (query === undefined ? '' : `?${redactQuery(query)}`);
}

/** The same for a text that may hold URLs, headers or relative references with a query. */
export function redactText(text: string): string {
  const cut = text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH)}…` : text;
  return (
    cut
      .replace(/[a-z][a-z0-9+.-]{0,15}:\/\/[^\s"<>]+/gi, redactUrlInText)
      .replace(/((?:set-)?cookie|(?:proxy-)?authorization)("?\s*[:=]\s*)[^\r\n]+/gi, `$1$2${MASK}`)
      .replace(/\bbearer\s+[^\s"]+/gi, `Bearer ${MASK}`)
      // A digit or a sign tells a credential from the words "basic" and "digest" in a sentence.
      .replace(/\b(basic|digest)\s+(?=\S*[\d=+/])[^\s"]+/gi, `$1 ${MASK}`)
      .replace(/([?&][\w.~%[\]-]{1,64}=)[^&\s"<>]+/g, `$1${MASK}`)
  );
}

/** The colon of a sentence after an origin with a port is no part of it, nor of a password. */
function redactUrlInText(match: string): string {
  return match.endsWith(':') ? `${redactUrl(match.slice(0, -1))}:` : redactUrl(match);
}

/** A copy that is safe to write: strings redacted, secrets by name masked, size and depth bounded. */
export function redactValue(value: unknown, name = '', depth = 0): unknown {
  if (value === undefined || value === null) return value;
  if (SECRET_NAME.test(name)) return MASK;
  switch (typeof value) {
    case 'string':
      return redactText(value);
    case 'number':
    case 'boolean':
      return value;
    case 'object':
      return depth >= MAX_DEPTH ? '…' : redactObject(value, name, depth);
    case 'function':
      return '[function]';
    default:
      return String(value); // bigint, symbol
  }
}

function redactObject(value: object, name: string, depth: number): unknown {
  try {
    if (value instanceof Error) return redactError(value, depth);
    if (value instanceof URL) return redactUrl(value.href);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (Array.isArray(value)) {
      return value.slice(0, MAX_ENTRIES).map((item) => redactValue(item, name, depth + 1));
    }
    const pairs = value instanceof Map || value instanceof Headers ? value : Object.entries(value);
    const copy: Record<string, unknown> = Object.create(null);
    let count = 0;
    for (const [key, item] of pairs) {
      if (count++ === MAX_ENTRIES) break;
      copy[redactText(String(key))] = redactValue(item, String(key), depth + 1);
    }
    return copy;
  } catch {
    return '[unreadable]'; // a getter that throws, a revoked proxy
  }
}

function redactError(error: Error, depth: number): unknown {
  const copy: Record<string, unknown> = { message: redactText(error.message) };
  if ('code' in error && error.code !== undefined) copy['code'] = redactText(String(error.code));
  if ('detail' in error) copy['detail'] = redactValue(error.detail, '', depth + 1);
  if (error.cause !== undefined) copy['cause'] = redactValue(error.cause, '', depth + 1);
  return copy;
}

function splitQuery(url: string): { head: string; query: string | undefined } {
  const hash = url.indexOf('#');
  const whole = hash < 0 ? url : url.slice(0, hash);
  const mark = whole.indexOf('?');
  if (mark < 0) return { head: whole, query: undefined };
  return { head: whole.slice(0, mark), query: whole.slice(mark + 1) };
}

/** Scheme, authority and path. What stands before the last @ of the authority is a credential. */
function redactHead(head: string): string {
  const start = head.indexOf('://');
  const authorityAt = start < 0 ? 0 : start + 3;
  const slash = head.indexOf('/', authorityAt);
  const pathAt = slash < 0 ? head.length : slash;
  const authority = head.slice(authorityAt, pathAt);
  const at = authority.lastIndexOf('@');
  // A password with a raw / or # in it ends the authority early: what is left has no valid port.
  const isBroken = at < 0 && /^[^[].*:(?!\d{0,5}$)/.test(authority);
  if (isBroken) return `${head.slice(0, authorityAt)}${MASK}`;
  const host = at < 0 ? authority : `${MASK}${authority.slice(at)}`;
  const path = head.slice(pathAt).replace(/;([\w.~%-]{1,64})=[^/;]*/g, `;$1=${MASK}`);
  return head.slice(0, authorityAt) + host + path;
}

function redactQuery(query: string): string {
  return query
    .split('&')
    .map((pair) => {
      const equals = pair.indexOf('=');
      // `?dG9rZW4=` is a token with its padding, not a name.
      const isName = equals > 0 && pair.slice(equals).replaceAll('=', '') !== '';
      if (isName) return `${pair.slice(0, equals)}=${MASK}`;
      return pair === '' ? '' : MASK;
    })
    .join('&');
}
