// This file lists what can be wrong with a configuration, and holds the one error that says so.
import { AppError } from '../base/errors.ts';
import { redactText } from '../base/redact.ts';
import { formatOrigin, type Origin } from './origin.ts';

export type ConfigErrorCode =
  | 'CONFIG_FILE_MISSING'
  | 'CONFIG_FILE_UNREADABLE' // no permission, a folder, not UTF-8
  | 'CONFIG_FILE_TOO_LARGE'
  | 'CONFIG_FILE_CUT' // empty or half of what it was, at a reload
  | 'CONFIG_CHANNELS_GONE' // at a reload: the key itself
  | 'CONFIG_SYNTAX' // not YAML, or YAML that is not used here
  | 'CONFIG_TOO_DEEP' // nesting or aliases beyond the limit
  | 'CONFIG_KEY_UNKNOWN'
  | 'CONFIG_KEY_DUPLICATE'
  | 'CONFIG_KEY_MISSING'
  | 'CONFIG_KEY_CONFLICT' // keys that do not go together
  | 'CONFIG_TYPE' // a list where a section belongs, and the like
  | 'CONFIG_VALUE'
  | 'CONFIG_ID_DUPLICATE';

export type Problem = {
  readonly code: ConfigErrorCode;
  readonly origin: Origin;
  /** `channels[2].sources[0].url`; empty where it concerns the whole file. */
  readonly key: string;
  /** The value seen and what is allowed, without place and key; free of secrets. */
  readonly message: string;
};

/** More than this is one mistake repeated, and nobody reads on. */
export const MAX_PROBLEMS = 20;

const MAX_KEY_LENGTH = 200;

/** `weir.yaml:3:10: prefetch.ahead: "25", wanted a whole number from 0 to 20` */
export function formatProblem(problem: Problem): string {
  const place = formatOrigin(problem.origin);
  const key = problem.key === '' ? '' : `${problem.key}: `;
  return `${place}: ${key}${problem.message}`;
}

export class ConfigError extends AppError {
  declare readonly code: ConfigErrorCode;
  /** In the order of the file; the first one decides the code. */
  readonly problems: readonly Problem[];

  constructor(problems: readonly [Problem, ...Problem[]], cause?: unknown) {
    const [first, ...rest] = problems;
    const more = rest.length === 0 ? '' : `, and ${rest.length} more`;
    const line = first.origin.from === 'file' ? first.origin.line : undefined;
    super(
      first.code,
      `Cannot use configuration: ${formatProblem(first)}${more}`,
      { key: first.key, place: formatOrigin(first.origin), line },
      cause,
    );
    this.problems = problems;
  }
}

/** Collects what is wrong, so that one run shows all of it. */
export class Problems {
  readonly #list: Problem[] = [];

  add(code: ConfigErrorCode, origin: Origin, key: string, message: string): void {
    if (this.#list.length >= MAX_PROBLEMS) return;
    // A URL that was written where a key belongs is still a URL.
    const shown = redactText(key).slice(0, MAX_KEY_LENGTH);
    this.#list.push({ code, origin, key: shown, message });
  }

  /** Has something been said about `key` or what lies in it? */
  concern(key: string): boolean {
    return this.#list.some((problem) => problem.key.startsWith(key));
  }

  /** Throws what was collected, if anything was. */
  throwIfAny(): void {
    const [first, ...rest] = this.#list.toSorted(byPlace);
    if (first !== undefined) throw new ConfigError([first, ...rest]);
  }
}

/** The file from top to bottom, then variables, then flags. */
function byPlace(a: Problem, b: Problem): number {
  if (a.origin.from !== 'file' || b.origin.from !== 'file') {
    return Number(a.origin.from !== 'file') - Number(b.origin.from !== 'file');
  }
  return a.origin.line - b.origin.line || a.origin.column - b.origin.column;
}
