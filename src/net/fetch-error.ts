// This file turns what the runtime's fetch throws into our errors.
import { NetError, type NetErrorCode } from './errors.ts';

export type FetchStage = 'head' | 'body';

/** Node's names of failed verification (X509_V_ERR_*) and of failed handshakes. */
const TLS =
  /^(ERR_TLS|ERR_SSL|ERR_BORINGSSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|INVALID_NON_CA|PATH_LENGTH|SUBJECT_ISSUER|AKID_|KEYUSAGE|CRL_|ERROR_IN_|EPROTO$)/;
const UNREACHABLE =
  /^(ECONN|EHOST|ENET|EADDR|EPIPE|ETIMEDOUT|EACCES|EPERM|EMFILE|ENFILE|ENOTFOUND|EAI_|ConnectionRefused|ConnectionClosed|FailedToOpenSocket)/;
const PROXY = /PROXY|Proxy/;

/** `proxied` says whose fault an unreachable address is. */
export function fetchError(
  cause: unknown,
  stage: FetchStage,
  origin: string,
  proxied: boolean,
): NetError {
  if (cause instanceof NetError) return cause;
  const reason = reasonOf(cause);
  const code = codeOf(reason, stage, proxied);
  return new NetError(code, `Cannot fetch from ${origin}: ${STATE[code] ?? 'failed'} (${reason})`, {
    origin,
    reason,
  });
}

function codeOf(reason: string, stage: FetchStage, proxied: boolean): NetErrorCode {
  if (PROXY.test(reason)) return 'NET_PROXY';
  if (TLS.test(reason)) return 'NET_TLS';
  if (UNREACHABLE.test(reason)) {
    // A length that fell short and a reset in mid-body are one code to the runtime.
    if (stage === 'body') return 'NET_TRUNCATED';
    return proxied ? 'NET_PROXY' : 'NET_CONNECT';
  }
  return reason === 'ResponseHeadersTooLarge' ? 'NET_TOO_LARGE' : 'NET_PROTOCOL';
}

const STATE: Partial<Record<NetErrorCode, string>> = {
  NET_PROXY: 'the proxy could not be used',
  NET_TLS: 'TLS failed',
  NET_CONNECT: 'no connection, or closed before an answer',
  NET_TRUNCATED: 'closed before the end of the body',
  NET_TOO_LARGE: 'the headers are too large',
  NET_PROTOCOL: 'the answer is not valid HTTP/1.1',
};

/** The runtime's code only: its messages hold the whole URL. */
function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return /^\w{2,64}$/.test(code) ? code : 'unknown';
}
