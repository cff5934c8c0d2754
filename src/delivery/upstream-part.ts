// This file asks an upstream for a file, or for the part of it that a client wants.
import type { UrlSource } from '../config/config.ts';
import type { Outbound, OutboundResponse } from '../net/outbound.ts';
import { segmentLimits, TARGET_DURATION_DEFAULT_S } from '../source/deadlines.ts';
import { policyOf } from '../source/open-source.ts';

/** To the end where it has no last byte: servers that count badly refuse one that is beyond it. */
export type Wanted = { readonly first: number; readonly last?: number };

/** The least that tells whether a file is there, and how long it is. */
export const FIRST_BYTE: Wanted = { first: 0, last: 0 };

/** Who pauses a film for the night goes on with it; the guard of inbound connections bounds it. */
const PATIENCE = { totalMs: 12 * 3_600_000, betweenBytesMs: 60_000 };
/** Two hours of UHD as it comes from a disc are a tenth. */
const FILE_MAX_BYTES = 1024 ** 4;

/**
 * What the client asks for. RFC 9110 §13.1.5: a part only of what the client has the rest of, by what upstream calls it now;
 * else the whole.
 */
export async function askedPart(
  outbound: Outbound,
  source: UrlSource,
  request: Request,
): Promise<OutboundResponse> {
  const { signal, headers } = request;
  const range = await rangeOf(outbound, source, request);
  const answer = await fetchedPart(outbound, source, range, signal);
  const ifRange = headers.get('if-range')?.trim();
  if (answer.status !== 206 || ifRange === undefined || isSame(answer, ifRange)) return answer;
  answer.cancel();
  return await fetchedPart(outbound, source, undefined, signal);
}

/** By its date, or a strong tag: of a weak one other bytes may be called the same. */
function isSame({ headers }: OutboundResponse, ifRange: string): boolean {
  if (ifRange.startsWith('W/')) return false;
  return ifRange === headers.get('etag') || ifRange === headers.get('last-modified');
}

// RFC 9110 §14.1.2: one interval; several are answered with the whole, as §14.2 allows
const RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/;

async function rangeOf(
  outbound: Outbound,
  source: UrlSource,
  { headers, signal }: Request,
): Promise<Wanted | undefined> {
  const match = RANGE.exec(headers.get('range')?.trim() ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last === '') return undefined;
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  if (first !== '') {
    return last === '' ? { first: Number(first) } : { first: Number(first), last: Number(last) };
  }
  // So much of the end: it has to be known where that is
  const answer = await fetchedPart(outbound, source, FIRST_BYTE, signal);
  answer.cancel();
  const total = totalIn(answer.headers.get('content-range') ?? undefined);
  if (answer.status !== 206 || total === undefined) return undefined;
  return { first: Math.max(0, total - Number(last)) };
}

export async function fetchedPart(
  outbound: Outbound,
  source: UrlSource,
  range: Wanted | undefined,
  signal: AbortSignal,
): Promise<OutboundResponse> {
  const limits = segmentLimits(TARGET_DURATION_DEFAULT_S, source.timeouts, FILE_MAX_BYTES, 1);
  return await outbound({
    url: source.url,
    policy: policyOf(source),
    limits: { ...limits, ...PATIENCE },
    compressed: false,
    signal,
    ...(range === undefined ? {} : { range }),
  });
}

/** Of the whole, in Content-Range. */
export function totalIn(contentRange: string | undefined): number | undefined {
  const total = /^bytes (?:\d+-\d+|\*)\/(\d{1,15})$/.exec(contentRange ?? '')?.[1];
  return total === undefined ? undefined : Number(total);
}
