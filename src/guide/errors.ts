// This file holds the error class of guides.
import { AppError, type ErrorDetail } from '../base/errors.ts';

export type GuideErrorCode =
  | 'GUIDE_STATUS' // the server answered, and not with the guide
  | 'GUIDE_FILE' // the file cannot be read
  | 'GUIDE_COMPRESSION' // broken xz, or one that unpacks to far more than any guide
  | 'GUIDE_EMPTY' // no programme in it that could be used
  | 'GUIDE_CUT' // it breaks off, and the last one did not
  | 'GUIDE_SHRUNK' // less than half of what the last one still has to come
  | 'GUIDE_SLOW' // it comes byte by byte
  | 'GUIDE_TOO_LARGE' // more than any guide has
  | 'GUIDE_STORE' // the data folder cannot be written, or another process is at it
  | 'GUIDE_THREAD'; // the thread of the guides is gone, and will be back

export class GuideError extends AppError {
  declare readonly code: GuideErrorCode;

  constructor(code: GuideErrorCode, message: string, detail: ErrorDetail = {}, cause?: unknown) {
    super(code, message, detail, cause);
  }
}
