// This file makes the error of a playlist that cannot be parsed.
import { FormatError } from '../../base/errors.ts';

/** `line` counts from 1; `message` reads "Cannot <verb> <object>: <state>, wanted <state>". */
export function playlistError(line: number, spec: string, message: string): FormatError {
  return new FormatError('m3u8', line, message, spec);
}
