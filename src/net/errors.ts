// This file holds the one error class of the outbound client.
import { AppError, type ErrorDetail } from '../base/errors.ts';

export type NetErrorCode =
  | 'NET_URL' // not http(s), not a URL, carries a credential it may not
  | 'NET_ADDRESS_BLOCKED'
  | 'NET_DNS'
  | 'NET_CONNECT'
  | 'NET_TLS'
  | 'NET_TIMEOUT_CONNECT'
  | 'NET_TIMEOUT_FIRST_BYTE'
  | 'NET_TIMEOUT_BETWEEN_BYTES'
  | 'NET_TIMEOUT_TOTAL'
  | 'NET_TOO_LARGE'
  | 'NET_TRUNCATED' // closed before the end that length or chunks promised
  | 'NET_ENCODING' // broken gzip, unknown Content-Encoding, ratio over the limit
  | 'NET_REDIRECT' // loop, too many, downgrade, no Location
  | 'NET_PROXY'
  | 'NET_ABORTED';

export class NetError extends AppError {
  declare readonly code: NetErrorCode;

  constructor(code: NetErrorCode, message: string, detail: ErrorDetail = {}, cause?: unknown) {
    super(code, message, detail, cause);
  }
}
