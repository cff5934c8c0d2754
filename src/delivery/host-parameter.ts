// This file reads the host parameter, which says what the URLs of one answer begin with.
import { parseBaseUrl } from '../lineup/base-url.ts';

/**
 * An absolute base without a slash at its end, undefined where the parameter is absent. It is
 * never fetched and never part of a cache key.
 */
export function parseHostParameter(value: string | null): string | undefined | 'invalid' {
  return value === null || value === '' ? undefined : (parseBaseUrl(value) ?? 'invalid');
}
