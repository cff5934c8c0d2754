// This file holds the errors of line-ups.
import { AppError, type ErrorDetail } from '../base/errors.ts';

export type LineUpErrorCode =
  | 'LINEUP_FILE' // it cannot be read
  | 'LINEUP_STATUS' // the server answered with something else
  | 'LINEUP_ACCOUNT' // a panel refuses it, or answers nothing that can be read
  | 'LINEUP_EMPTY' // no entry of it can be used
  | 'LINEUP_SHRUNK' // less than half of what it had
  | 'LINEUP_PATTERN' // a pattern of its rules takes for ever
  | 'LINEUP_STORE' // what is known of line-ups cannot be written
  | 'LINEUP_THREAD'; // the thread of the line-ups is gone

export class LineUpError extends AppError {
  declare readonly code: LineUpErrorCode;

  constructor(code: LineUpErrorCode, message: string, detail: ErrorDetail = {}, cause?: unknown) {
    super(code, message, detail, cause);
  }
}
