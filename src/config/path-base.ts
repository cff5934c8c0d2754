// This file says what a relative path is relative to.
import { dirname, resolve } from 'node:path';
import type { Origin } from './origin.ts';

/** Turns a path as written into one that holds from everywhere. */
export type PathBase = (path: string, origin: Origin) => string;

/**
 * A path is relative to the configuration file, since that is where a reader looks from. One on the
 * command line or in a variable is relative to the working folder, as a shell has it.
 */
export function pathBase(file: string | undefined, workingDir: string): PathBase {
  const besideFile = file === undefined ? workingDir : dirname(file);
  return (path, origin) => {
    const isTyped = origin.from === 'variable' || origin.from === 'flag';
    return resolve(isTyped ? workingDir : besideFile, path);
  };
}
