// This file holds the one error class of the outbound client.
import { AppError, type ErrorDetail } from '../base/errors.ts';

export type NetErrorCode =
  | 'NET_URL' // not http(s), not a URL, or one that may not be dialled
  | 'NET_HEADER' // a header of the policy that is not valid or not ours to give
  | 'NET_ADDRESS_BLOCKED' // an address of the name is not public and not allowed
  | 'NET_DNS' // the name has no address, or nobody answered in time
  | 'NET_CONNECT' // refused, unreachable, or closed before any header
  | 'NET_TLS' // certificate or handshake
  | 'NET_TIMEOUT_CONNECT'
  | 'NET_TIMEOUT_FIRST_BYTE'
  | 'NET_TIMEOUT_BETWEEN_BYTES'
  | 'NET_TIMEOUT_TOTAL'
  | 'NET_TOO_LARGE' // body or headers over their cap
  | 'NET_TRUNCATED' // closed before the end that length or chunks promised
  | 'NET_PROTOCOL' // not HTTP/1.1, or framing that cannot be trusted
  | 'NET_ENCODING' // broken gzip, a Content-Encoding not offered, ratio over the limit
  | 'NET_REDIRECT' // loop, too many, downgrade, no Location
  | 'NET_PROXY' // the proxy is unreachable, refuses us, or cannot reach the target
  | 'NET_RECEIVE' // the port is taken, or no interface leads to the group
  | 'NET_ABORTED'; // the caller's signal, `cancel`, or the client being closed

/**
 * Messages and details name at most scheme, host and port of a target: paths and queries of
 * upstreams carry passwords and tokens. For the same reason no `cause` is kept: the runtime writes
 * the whole URL into its messages.
 */
export class NetError extends AppError {
  declare readonly code: NetErrorCode;

  constructor(code: NetErrorCode, message: string, detail: ErrorDetail = {}) {
    super(code, message, detail);
  }
}
