// This file holds what the faulty origin answers, as a plain value that faults can alter.

export type Header = readonly [name: string, value: string];

/** How an answer ends before its time; `stall` says nothing more and keeps the connection open. */
export type CutBy = 'stall' | 'close' | 'reset';

export type Answer = {
  readonly status: number;
  /** All headers but those of the framing, as they go on the wire. */
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
  /** Sent again and again after `body`, for ever. */
  readonly endless?: Uint8Array;
  readonly framing: 'length' | 'chunked' | 'close';
  /** What Content-Length says, where it lies. */
  readonly declaredLength?: string;
  readonly chunkBytes: number;
  /** What goes wrong in chunked framing. */
  readonly chunkFault?: 'no last chunk' | 'size not hex' | 'no terminator' | 'size overflow';
  /** Before the first byte of the head. */
  readonly headDelayMs: number;
  /** A silence after so many bytes of the body, once. */
  readonly pause?: { readonly atBytes: number; readonly ms: number };
  readonly bytesPerSecond?: number;
  /** `head`: before any byte; `mid-head`: within the headers; a number: after so many body bytes. */
  readonly cut?: { readonly at: 'head' | 'mid-head' | number; readonly by: CutBy };
  /** Junk sent after the end of the body. */
  readonly trailing?: Uint8Array;
  /** What becomes of the connection after the answer; a number: closed so many ms later, unsaid. */
  readonly afterwards: 'keep' | 'close' | number;
  /** What the Connection header says, where it lies about `afterwards`. */
  readonly saysConnection?: 'keep-alive' | 'close';
  /** Of an answer to a Range: the whole one it was cut from. */
  readonly whole?: Answer;
};

const DEFAULTS = {
  framing: 'length',
  chunkBytes: 16 * 1024,
  headDelayMs: 0,
  afterwards: 'keep',
} as const;

export function bytesAnswer(
  body: Uint8Array,
  contentType: string,
  headers: readonly Header[] = [],
): Answer {
  return { ...DEFAULTS, status: 200, headers: [['Content-Type', contentType], ...headers], body };
}

export function textAnswer(text: string, contentType = 'text/plain'): Answer {
  return bytesAnswer(new TextEncoder().encode(text), contentType);
}

export function playlistAnswer(text: string): Answer {
  return textAnswer(text, 'application/vnd.apple.mpegurl');
}

export function statusAnswer(status: number, headers: readonly Header[] = []): Answer {
  // RFC 9110 §6.4.1: these have no body
  const isBare = status < 200 || status === 204 || status === 304;
  return { ...textAnswer(isBare ? '' : `status ${status}\n`), status, headers };
}

/** `location` is written as it is: absolute, relative, another scheme; absent: no Location at all. */
export function redirectAnswer(location: string | undefined, status = 302): Answer {
  return statusAnswer(status, location === undefined ? [] : [['Location', location]]);
}

/** Cuts a 200 down to the asked range, as an honest server does. */
// RFC 9110 §14.2: a range that cannot be read is ignored, one outside the body gets 416
export function rangedAnswer(answer: Answer, range: string | undefined): Answer {
  const match = /^bytes=(\d*)-(\d*)$/.exec(range ?? '');
  if (answer.status !== 200 || match === null || (match[1] === '' && match[2] === '')) {
    return answer;
  }
  const size = answer.body.length;
  const isSuffix = match[1] === '';
  const first = isSuffix ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const last = isSuffix || match[2] === '' ? size - 1 : Math.min(size - 1, Number(match[2]));
  if (first >= size || last < first) {
    return { ...statusAnswer(416, [['Content-Range', `bytes */${size}`]]), whole: answer };
  }
  return {
    ...answer,
    status: 206,
    headers: [...answer.headers, ['Content-Range', `bytes ${first}-${last}/${size}`]],
    body: answer.body.subarray(first, last + 1),
    whole: answer,
  };
}
