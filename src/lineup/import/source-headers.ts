// This file lets the request headers that a list asks for through, those that are harmless.

/** What upstreams of lists look at. Cookies and credentials would be a stranger's. */
const ALLOWED: ReadonlySet<string> = new Set(['user-agent', 'referer', 'origin']);

/** Browsers' user agents have up to 300 characters; referers are URLs. */
const MAX_VALUE_CHARS = 1024;

/** RFC 9110 §5.5: visible ASCII and spaces; no CR, LF or NUL, and nothing that is cut to one. */
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

export type SourceHeaders = {
  readonly headers: Readonly<Record<string, string>>;
  /** Names that are not allowed, or whose value is none. */
  readonly refused: readonly string[];
};

export function sourceHeaders(asked: ReadonlyMap<string, string>): SourceHeaders {
  const headers: Record<string, string> = {};
  const refused: string[] = [];
  for (const [name, value] of asked) {
    if (ALLOWED.has(name) && isValue(name, value)) headers[name] = value;
    else refused.push(name);
  }
  return { headers, refused };
}

function isValue(name: string, value: string): boolean {
  if (value.length > MAX_VALUE_CHARS || !VALUE.test(value)) return false;
  if (name === 'user-agent') return true;
  const protocol = URL.parse(value)?.protocol;
  return protocol === 'http:' || protocol === 'https:';
}
