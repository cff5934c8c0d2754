// This file makes the headers of an outgoing request out of a policy nobody has checked yet.
import { NetError } from './errors.ts';
import type { OutboundRequest } from './outbound.ts';
import type { Target } from './target.ts';

/** Enough for any token; servers answer 400 or 431 from 8 KiB on. */
const MAX_VALUE_CHARS = 8_192;
/** More than any player sends. */
const MAX_HEADERS = 64;

/**
 * Headers that the connection or this client decides: hop-by-hop ones (RFC 9110 §7.6.1), framing,
 * and those that would change what an answer means to us.
 */
export const MANAGED_HEADERS: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'if-range',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'range',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

// RFC 9110 §5.6.2: token; §5.5: field-value, here ASCII only, since other bytes are read differently by each server.
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]{1,128}$/;
const VALUE = /^[\t\x20-\x7e]*$/;

/** Names that carry a secret, by what providers call theirs; the known ones and their kin. */
const CREDENTIAL =
  /auth|cookie|token|secret|session|passw|api-?key|access-?key|signature|credential/;

export function isCredentialHeader(name: string): boolean {
  return CREDENTIAL.test(name);
}

/** Throws NET_HEADER; a policy object is read once, since one serves thousands of requests. */
export function checkPolicyHeaders(headers: Readonly<Record<string, string>>): void {
  if (CHECKED.has(headers)) return;
  const entries = Object.entries(headers);
  if (entries.length > MAX_HEADERS) {
    throw headerError('headers', `${entries.length} of them, wanted at most ${MAX_HEADERS}`);
  }
  for (const [name, value] of entries) {
    if (!TOKEN.test(name))
      throw headerError(JSON.stringify(name.slice(0, 64)), 'not a lower-case token');
    if (MANAGED_HEADERS.has(name))
      throw headerError(name, 'set by the client itself, wanted another');
    if (value.length > MAX_VALUE_CHARS) throw headerError(name, `longer than ${MAX_VALUE_CHARS}`);
    if (!VALUE.test(value)) throw headerError(name, 'holds a control or non-ASCII character');
  }
  CHECKED.add(headers);
}

const CHECKED = new WeakSet<object>();

function headerError(name: string, state: string): NetError {
  return new NetError('NET_HEADER', `Cannot send header ${name}: ${state}`, {
    header: name,
  });
}

/** `credentialOrigin` is the one origin that the policy's secrets are for. */
export function requestHeaders(
  request: OutboundRequest,
  target: Target,
  credentialOrigin: string,
  userAgent: string,
): Record<string, string> {
  const headers: Record<string, string> = {
    host: target.authority,
    'user-agent': userAgent,
    accept: '*/*',
    // Absent would let the server choose; identity says that we want the bytes as they are.
    'accept-encoding': request.compressed ? 'gzip, deflate' : 'identity',
  };
  if (target.authorization !== undefined) headers['authorization'] = target.authorization;
  const home = target.origin === credentialOrigin;
  for (const [name, value] of Object.entries(request.policy.headers)) {
    if (!home && isCredentialHeader(name)) continue;
    const sent = name === 'referer' ? refererFor(value, target, request) : value;
    if (sent !== undefined) headers[name] = sent;
  }
  if (request.range !== undefined) {
    headers['range'] = `bytes=${request.range.first}-${request.range.last ?? ''}`;
  }
  return headers;
}

/**
 * The referer is the page the operator names, and CDNs check it, so it goes to every origin; but
 * never its userinfo or fragment.
 */
// RFC 9110 §10.1.3: not from https to http, unless the operator asked for that very hop by URL.
function refererFor(value: string, target: Target, request: OutboundRequest): string | undefined {
  const url = URL.parse(value);
  if (url === null) return value;
  const startedSecure = request.url.slice(0, 6).toLowerCase() === 'https:';
  if (url.protocol === 'https:' && target.scheme === 'http' && startedSecure) return undefined;
  if (url.username === '' && url.password === '' && url.hash === '') return value;
  url.username = '';
  url.password = '';
  url.hash = '';
  return url.href;
}
