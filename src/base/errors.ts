// This file holds the root of the error tree and the form in which an error crosses threads.

/** Plain data that says what was seen and where; never a secret, never an object with methods. */
export type ErrorDetail = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * An operating failure: something outside the program went wrong. `code` is stable and has the
 * form FOLDER_WHAT; the message reads "Cannot <verb> <object>: <state>, wanted <state>".
 */
export class AppError extends Error {
  readonly code: string;
  readonly detail: ErrorDetail;

  constructor(code: string, message: string, detail: ErrorDetail = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.detail = detail;
  }
}

/** Bytes or text that do not follow their standard; `offset` is a byte or line number. */
export class FormatError extends AppError {
  readonly format: string;
  readonly offset: number;
  readonly spec: string;

  constructor(format: string, offset: number, message: string, spec: string) {
    super('MEDIA_FORMAT', message, { format, offset, spec });
    this.format = format;
    this.offset = offset;
    this.spec = spec;
  }
}

/** What is left of an error once it has crossed a thread: structuredClone keeps no class. */
export type ErrorRecord = {
  readonly code: string;
  readonly message: string;
  readonly detail: ErrorDetail;
};

export function errorRecord(error: unknown): ErrorRecord {
  if (error instanceof AppError) {
    return { code: error.code, message: error.message, detail: error.detail };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'BASE_UNEXPECTED', message, detail: {} };
}

/** Fields of a log line, whose own `message` says what came of the error. */
export function errorFields({
  code,
  message,
  detail,
}: ErrorRecord): Readonly<Record<string, unknown>> {
  return { code, error: message, detail };
}
