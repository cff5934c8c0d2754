// This file reads the host parameter, which says what the URLs of one answer begin with.

/** [scheme://]name[:port][/prefix]; nothing that could end a line, a URL or an attribute. */
const HOST =
  /^(?:(https?):\/\/)?((?:[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?)((?:\/[A-Za-z0-9._~-]{1,64}){0,8})\/?$/i;

/**
 * An absolute base without a slash at its end, undefined where the parameter is absent. It is
 * never fetched and never part of a cache key.
 */
export function parseHostParameter(value: string | null): string | undefined | 'invalid' {
  if (value === null || value === '') return undefined;
  const match = value.length > 512 ? null : HOST.exec(value);
  if (match === null) return 'invalid';
  const [, scheme, host, prefix] = match;
  return `${(scheme ?? 'http').toLowerCase()}://${host}${prefix ?? ''}`;
}
