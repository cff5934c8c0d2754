// This file holds the errors of the store that all nodes agree by.
import { AppError, type ErrorDetail } from '../base/errors.ts';

export type SharedStoreCode =
  /** No connection, a lost one, or others who hold it for too long. */
  | 'CHANNEL_STORE_UNREACHABLE'
  /** It answers, and will have nothing of us: a wrong password, a later version, missing rights. */
  | 'CHANNEL_STORE_REFUSED'
  /** It can be read, and takes nothing. */
  | 'CHANNEL_STORE_READ_ONLY'
  /** It can be read, and has no room for more. */
  | 'CHANNEL_STORE_FULL'
  /** It failed in a way of its own. */
  | 'CHANNEL_STORE_BROKEN';

/** `message` names the place without what is secret. */
export class SharedStoreError extends AppError {
  declare readonly code: SharedStoreCode;

  constructor(code: SharedStoreCode, message: string, detail: ErrorDetail = {}, cause?: unknown) {
    super(code, message, detail, cause);
  }
}
