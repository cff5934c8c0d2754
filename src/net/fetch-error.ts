// This file turns what the runtime's fetch throws into our errors.
import { NetError, type NetErrorCode } from './errors.ts';

export type FetchStage = 'head' | 'body';

/** Node's names of failed verification (X509_V_ERR_*) and of failed handshakes. */
const TLS =
  /^(ERR_TLS|ERR_SSL|ERR_BORINGSSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|INVALID_NON_CA|PATH_LENGTH|SUBJECT_ISSUER|AKID_|KEYUSAGE|CRL_|ERROR_IN_|EPROTO$)/;
const UNREACHABLE =
  /^(ECONN|EHOST|ENET|EADDR|EPIPE|ETIMEDOUT|EACCES|EPERM|EMFILE|ENFILE|ENOENT|ENOTFOUND|EAI_|ConnectionRefused|ConnectionClosed|FailedToOpenSocket)/;

/** `proxyFault`: what the proxy is known or suspected to have done, where there is one. */
export function fetchError(
  cause: unknown,
  stage: FetchStage,
  origin: string,
  proxyFault?: string,
): NetError {
  if (cause instanceof NetError) return cause;
  const reason = reasonOf(cause);
  const code = codeOf(reason, stage, proxyFault !== undefined);
  const why = code === 'NET_PROXY' && proxyFault ? proxyFault : reason;
  return new NetError(code, `Cannot fetch from ${origin}: ${STATE[code]} (${why})`, {
    origin,
    reason,
  });
}

type FetchErrorCode = keyof typeof STATE;

function codeOf(reason: string, stage: FetchStage, isProxyFault: boolean): FetchErrorCode {
  // A length that fell short and a reset in mid-body are one code to the runtime.
  if (UNREACHABLE.test(reason) && stage === 'body') return 'NET_TRUNCATED';
  if (isProxyFault && (UNREACHABLE.test(reason) || TLS.test(reason))) return 'NET_PROXY';
  if (TLS.test(reason)) return 'NET_TLS';
  if (UNREACHABLE.test(reason)) return 'NET_CONNECT';
  return reason === 'ResponseHeadersTooLarge' ? 'NET_TOO_LARGE' : 'NET_PROTOCOL';
}

const STATE = {
  NET_PROXY: 'the proxy could not be used',
  NET_TLS: 'TLS failed',
  NET_CONNECT: 'no connection, or closed before an answer',
  NET_TRUNCATED: 'closed before the end of the body',
  NET_TOO_LARGE: 'the headers are too large',
  NET_PROTOCOL: 'the answer is not valid HTTP/1.1',
} as const satisfies Partial<Record<NetErrorCode, string>>;

/** The runtime's code only: its messages hold the whole URL. */
function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return /^\w{2,64}$/.test(code) ? code : 'unknown';
}
