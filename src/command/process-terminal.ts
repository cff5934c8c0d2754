// This file is the terminal, or whatever stands in its place, that the process was started with.
import { writeSync } from 'node:fs';
import type { Terminal } from './command-line.ts';

export function processTerminal(): Terminal {
  const isPerson = process.stdout.isTTY === true;
  const { NO_COLOR, TERM } = process.env;
  return {
    environment: process.env,
    workingDir: process.cwd(),
    isPerson,
    // https://no-color.org: any value but the empty one
    isColoured: isPerson && (NO_COLOR ?? '') === '' && TERM !== 'dumb',
    out: (text) => writeAll(1, text),
    error: (text) => writeAll(2, text),
  };
}

/**
 * Synchronous, since the process may end right behind it. Only what a command says goes this way;
 * the log of the server has a way of its own that never waits.
 */
function writeAll(fd: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.byteLength > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN') return; // nobody reads any more: `weir help | head`
      Bun.sleepSync(1); // a pipe that somebody made non-blocking, and that is full
    }
  }
}
