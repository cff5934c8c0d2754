// This file holds the errors of users.
import { AppError } from '../base/errors.ts';

export class UserError extends AppError {
  declare readonly code: 'ACCESS_USER_TAKEN' | 'ACCESS_USER_UNKNOWN';

  constructor(code: UserError['code'], message: string) {
    super(code, message);
  }
}
