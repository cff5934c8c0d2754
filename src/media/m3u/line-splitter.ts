// This file cuts chunks of text into lines and never holds more than one line of a limited length.

/**
 * Longest line taken. The longest seen in the wild are some 5 KB (a logo written into the list as
 * a data: URL); a line without an end must not grow with the file.
 */
export const MAX_LINE_CHARS = 64 * 1024;

export type LineSplitter = {
  readonly push: (chunk: string) => void;
  /** The last line may lack its end. */
  readonly end: () => void;
};

export type Line = {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** The line was longer; `text` is its beginning. */
  readonly cut: boolean;
};

/** LF, CRLF and a lone CR each end a line. */
export function createLineSplitter(onLine: (line: Line) => void): LineSplitter {
  let pending = '';
  let cut = false;
  let number = 0;
  let afterCr = false;

  const append = (part: string): void => {
    const room = MAX_LINE_CHARS - pending.length;
    if (part.length > room) cut = true;
    pending = part.length > room ? pending + part.slice(0, room) : pending + part;
  };

  const finish = (): void => {
    number += 1;
    const line = { text: pending, number, cut };
    pending = '';
    cut = false;
    onLine(line);
  };

  return {
    push(chunk) {
      if (chunk === '') return;
      let from = afterCr && chunk.startsWith('\n') ? 1 : 0;
      afterCr = false;
      const cr = createFinder(chunk, '\r');
      const lf = createFinder(chunk, '\n');
      for (;;) {
        const end = Math.min(cr(from), lf(from));
        if (end === Number.POSITIVE_INFINITY) break;
        append(chunk.slice(from, end));
        finish();
        from = end + 1;
        if (chunk[end] !== '\r') continue;
        if (from === chunk.length) afterCr = true;
        else if (chunk[from] === '\n') from += 1;
      }
      append(chunk.slice(from));
    },
    end() {
      if (pending !== '') finish();
    },
  };
}

/** The next place of `char` at or after `from`, for `from` that only grows: each is found once. */
function createFinder(text: string, char: string): (from: number) => number {
  let found = -1;
  return (from) => {
    if (found < from) {
      found = text.indexOf(char, from);
      if (found < 0) found = Number.POSITIVE_INFINITY;
    }
    return found;
  };
}
