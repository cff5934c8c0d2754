// This file reads a programme of a guide into what is kept of it.
import { asWritten } from './as-written.ts';
import { type ProgrammeProblem, parseProgramme, timesOf } from './parse-programme.ts';
import { writeProgrammeBody } from './write-programme.ts';

export type ReadProgramme = {
  /** The channel's id in the guide. */
  readonly channel: string;
  readonly startMs: number;
  readonly stopMs?: number;
  readonly catchupId?: string;
  readonly title: string;
  /** All that stands between its tags, as we write it. */
  readonly body: string;
};

/** Why it cannot be used, or what is kept. */
export function readProgramme(slice: string): ReadProgramme | ProgrammeProblem {
  return readAsWritten(slice) ?? readParsed(slice);
}

/** Undefined where it has to be parsed. */
export function readAsWritten(slice: string): ReadProgramme | undefined {
  const written = asWritten(slice);
  if (written === undefined) return undefined;
  const { attributes, title, body } = written;
  const channel = attributes.get('channel');
  const times = timesOf(attributes.get('start'), attributes.get('stop'));
  if (channel === undefined || times === undefined) return undefined;
  const catchupId = attributes.get('catchup-id');
  return { channel, ...times, ...(catchupId === undefined ? {} : { catchupId }), title, body };
}

export function readParsed(slice: string): ReadProgramme | ProgrammeProblem {
  const programme = parseProgramme(slice);
  if (typeof programme === 'string') return programme;
  const { channel, startMs, stopMs, catchupId, titles } = programme;
  return {
    ...{ channel, startMs },
    ...(stopMs === undefined ? {} : { stopMs }),
    ...(catchupId === undefined ? {} : { catchupId }),
    title: titles[0]?.text ?? '',
    body: writeProgrammeBody(programme),
  };
}
