// This file reads the Range header.

export type ByteInterval = { readonly first: number; readonly last: number };

// RFC 9110 §14.1.2: digits of a position; more than these cannot be a length of ours
const RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/;

/**
 * The one interval asked for, clipped to the size; 'unsatisfiable'; or undefined where the header
 * is absent, malformed or asks for several, which all mean the whole (RFC 9110 §14.2).
 */
export function parseRange(
  header: string | null,
  sizeBytes: number,
): ByteInterval | 'unsatisfiable' | undefined {
  const match = header === null ? null : RANGE.exec(header.trim());
  if (match === null) return undefined;
  const [, from, to] = match as unknown as [string, string, string];
  if (from === '' && to === '') return undefined;
  if (from === '') {
    const count = Math.min(Number(to), sizeBytes);
    return count === 0 ? 'unsatisfiable' : { first: sizeBytes - count, last: sizeBytes - 1 };
  }
  const first = Number(from);
  if (to !== '' && Number(to) < first) return undefined;
  if (first >= sizeBytes) return 'unsatisfiable';
  return { first, last: to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1) };
}
