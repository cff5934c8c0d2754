// This file counts what viewers of archives were answered.

export const ANSWER_KINDS = ['list', 'body', 'file', 'days', 'none', 'late'] as const;

/** `none`: nothing of what was asked for is held. `late`: it is, and did not come in time. */
export type AnswerKind = (typeof ANSWER_KINDS)[number];

export type ArchiveAnswered = Record<AnswerKind, number>;

export function createAnswered(): ArchiveAnswered {
  return { list: 0, body: 0, file: 0, days: 0, none: 0, late: 0 };
}
