// This file reads what a client says it takes: media types and encodings with their weights.

/** A header of more members than any client sends is cut: each costs a look. */
const MAX_MEMBERS = 64;

/**
 * RFC 9110 §12.4.2: name → weight, names in lower case and without other parameters. A member that
 * is named twice counts by its highest weight; one whose weight is unreadable is left out.
 */
function weights(header: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const member of header.split(',', MAX_MEMBERS)) {
    const [name = '', ...parameters] = member.split(';').map((part) => part.trim().toLowerCase());
    const weight = weightIn(parameters);
    if (name === '' || weight === undefined) continue;
    found.set(name, Math.max(found.get(name) ?? 0, weight));
  }
  return found;
}

// RFC 9110 §12.4.2: 0 to 1 with at most three decimals; 1 where there is none
function weightIn(parameters: readonly string[]): number | undefined {
  const written = parameters.find((parameter) => /^q\s*=/.test(parameter));
  if (written === undefined) return 1;
  const value = written.slice(written.indexOf('=') + 1).trim();
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(value) ? Number(value) : undefined;
}

/**
 * Whether an answer should be packed. RFC 9110 §12.5.3: `*` is whatever is not named; identity is
 * taken unless it is refused, and wanted only as far as its weight says.
 */
export function prefersGzip(acceptEncoding: string): boolean {
  const found = weights(acceptEncoding);
  const gzip = found.get('gzip') ?? found.get('x-gzip') ?? found.get('*') ?? 0;
  return gzip > 0 && gzip >= (found.get('identity') ?? 0);
}

/**
 * Whether a problem is to be told in JSON. RFC 9110 §12.5.1: the most specific range decides; who
 * takes anything gets text, which a player logs as it is.
 */
export function prefersJson(accept: string): boolean {
  const found = weights(accept);
  const json = found.get('application/json') ?? suffixed(found) ?? found.get('application/*') ?? 0;
  const text = found.get('text/plain') ?? found.get('text/*') ?? found.get('*/*') ?? 0;
  return json > 0 && json >= text;
}

/** Types that are JSON by their suffix, such as application/problem+json. */
function suffixed(found: ReadonlyMap<string, number>): number | undefined {
  const weighed = [...found].filter(([name]) => /^application\/[\w.-]+\+json$/.test(name));
  return weighed.length === 0 ? undefined : Math.max(...weighed.map(([, weight]) => weight));
}
