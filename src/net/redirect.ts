// This file decides where a redirect leads.
import { NetError } from './errors.ts';
import type { OutboundPolicy } from './outbound.ts';
import { inheritUserinfo, parseTarget, type Target } from './target.ts';

/** RFC 9110 §15.4 leaves the number open; five is what CDNs with token exchange need at most. */
export const MAX_REDIRECTS = 5;

// RFC 9110 §15.4: 300 and 304 are answers; 305 and 306 are retired and must not be followed.
const FOLLOWED: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function isRedirect(status: number): boolean {
  return FOLLOWED.has(status);
}

/** `seen` holds every URL of the chain so far, the current one included. */
export function redirectTarget(
  location: string | null,
  current: Target,
  policy: OutboundPolicy,
  seen: readonly string[],
): Target {
  if (location === null || location === '') {
    throw redirectError(current, 'no Location', 'one');
  }
  if (seen.length > MAX_REDIRECTS) {
    throw redirectError(current, `more than ${MAX_REDIRECTS} hops`, 'an answer');
  }
  const next = inheritUserinfo(parseTarget(location, current), current);
  if (current.scheme === 'https' && next.scheme === 'http' && !policy.allowDowngrade) {
    throw redirectError(current, `leads to ${next.origin}`, 'https');
  }
  // We keep no cookies, so the same URL would give the same answer.
  if (seen.includes(next.href)) throw redirectError(current, 'leads in a circle', 'an answer');
  return next;
}

function redirectError(current: Target, state: string, wanted: string): NetError {
  const message = `Cannot follow redirect of ${current.origin}: ${state}, wanted ${wanted}`;
  return new NetError('NET_REDIRECT', message, { origin: current.origin });
}
