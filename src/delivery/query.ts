// This file reads the query parameters of viewers' requests.

/** The query of a request URL; undefined where it has none, which is the usual case. */
export function queryOf(url: string): URLSearchParams | undefined {
  const at = url.indexOf('?');
  return at < 0 ? undefined : new URLSearchParams(url.slice(at + 1));
}

/** `quality`, or `hd` as the ancestor called it: a height in lines. */
export function parseHeight(query: URLSearchParams | undefined): number | undefined | 'invalid' {
  const value = query?.get('quality') ?? query?.get('hd');
  if (value === null || value === undefined || value === '') return undefined;
  return /^[1-9]\d{0,4}p?$/.test(value) ? Number.parseInt(value, 10) : 'invalid';
}

/** The path of a request URL as it was sent, still encoded; also of one that is a path alone. */
export function pathOf(url: string): string {
  const from = url.startsWith('/') ? 0 : url.indexOf('/', url.indexOf('://') + 3);
  const query = url.indexOf('?', from);
  return url.slice(from, query < 0 ? undefined : query);
}
