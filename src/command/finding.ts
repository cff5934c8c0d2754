// This file is one line of what the doctor says.

export type Finding = {
  /** `warn` costs a feature or some reserve; with `fail` weir cannot do its work. */
  readonly state: 'ok' | 'warn' | 'fail';
  readonly what: string;
  readonly found: string;
  /** What to do about it. */
  readonly advice?: string;
};
