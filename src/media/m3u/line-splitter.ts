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

/**
 * `number` counts from 1. Of a line that was longer than the limit, `text` is the beginning and
 * `isCut` true. No object for each: a list has a hundred thousand lines.
 */
export type OnLine = (text: string, number: number, isCut: boolean) => void;

/** LF, CRLF and a lone CR each end a line. */
export function createLineSplitter(onLine: OnLine): LineSplitter {
  let pending = '';
  let isCut = false;
  let number = 0;
  let afterCr = false;

  // Joined even to nothing: what is joined is text of its own, where a piece would hold the chunk
  const append = (part: string): void => {
    const room = MAX_LINE_CHARS - pending.length;
    if (part.length > room) isCut = true;
    pending = part.length > room ? pending + part.slice(0, room) : pending + part;
  };

  const finish = (): void => {
    number += 1;
    const text = pending;
    const wasCut = isCut;
    pending = '';
    isCut = false;
    onLine(text, number, wasCut);
  };

  return {
    push(chunk) {
      if (chunk === '') return;
      let from = afterCr && chunk.startsWith('\n') ? 1 : 0;
      afterCr = false;
      // Each is found once: without any CR in the chunk, it is not searched for one for every line
      let cr = chunk.indexOf('\r', from);
      let lf = chunk.indexOf('\n', from);
      while (cr >= 0 || lf >= 0) {
        const endsInCr = cr >= 0 && (lf < 0 || cr < lf);
        const end = endsInCr ? cr : lf;
        append(chunk.slice(from, end));
        finish();
        from = end + 1;
        if (endsInCr && from === chunk.length) afterCr = true;
        else if (endsInCr && from === lf) from += 1;
        if (lf >= 0 && lf < from) lf = chunk.indexOf('\n', from);
        if (cr >= 0 && cr < from) cr = chunk.indexOf('\r', from);
      }
      append(chunk.slice(from));
    },
    end() {
      if (pending !== '') finish();
    },
  };
}
