// This file puts log text on the standard output.
import type { LogSink } from './log-writer.ts';

/**
 * Resolves once the system has taken the text. A pipe that nobody reads leaves the promise pending
 * and blocks nothing; a pipe whose reader is gone swallows the text, since a log that cannot be
 * written must not end the television.
 */
export function createStdoutSink(stream: NodeJS.WriteStream = process.stdout): LogSink {
  let isGone = false;
  stream.on('error', () => {
    isGone = true;
  });
  return (text) =>
    new Promise((resolve) => {
      if (isGone) return resolve();
      stream.write(text, () => resolve());
    });
}
