// This file turns the bytes of a line-up into text, in whatever encoding its lines are.
import { MAX_LINE_CHARS } from './line-splitter.ts';

export type M3uDecoder = {
  readonly push: (bytes: Uint8Array) => string;
  readonly end: () => string;
};

const LF = 0x0a;
const CR = 0x0d;
const NUMBER_SIGN = 0x23;
const NOTHING = new Uint8Array(0);
const GROWTH_BYTES = 4096;

/**
 * A byte order mark, or a `#` in two bytes, says UTF-16. Everything else is UTF-8, but for lines that
 * are none: those are Latin-1, as old panels write names. Lists are joined of lists, so each line is
 * judged by itself.
 */
export function createM3uDecoder(): M3uDecoder {
  let wide: TextDecoder | undefined;
  let hasBegun = false;
  // What is held of a line, with what came after it: one memory for all pieces
  let memory: Uint8Array = NOTHING;
  let heldCount = 0;
  return {
    push(bytes) {
      const count = heldCount + bytes.length;
      if (count > memory.length) memory = grow(memory, count);
      memory.set(bytes, heldCount);
      const all = memory.subarray(0, count);
      if (!hasBegun && all.length >= 2) {
        hasBegun = true;
        wide = wideDecoder(all);
      }
      const end = wide === undefined ? endOfLines(all) : all.length;
      const whole = all.subarray(0, end);
      const text = wide === undefined ? decodeLines(whole) : wide.decode(whole, { stream: true });
      memory.copyWithin(0, end, count);
      heldCount = count - end;
      return text;
    },
    end() {
      const held = memory.subarray(0, heldCount);
      heldCount = 0;
      return wide === undefined ? decodeLines(held) : wide.decode(held);
    },
  };
}

/** With room for a line or two more, since pieces are of one size and what is held is not. */
function grow(memory: Uint8Array, sizeBytes: number): Uint8Array {
  const grown = new Uint8Array(sizeBytes + GROWTH_BYTES);
  grown.set(memory);
  return grown;
}

function wideDecoder([first = 0, second = 0]: Uint8Array): TextDecoder | undefined {
  if ((first === 0xff && second === 0xfe) || (first === NUMBER_SIGN && second === 0)) {
    return new TextDecoder('utf-16le');
  }
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === NUMBER_SIGN)) {
    return new TextDecoder('utf-16be');
  }
  return undefined;
}

/** Up to where whole lines are; of one that is longer than any, up to where characters are. */
function endOfLines(bytes: Uint8Array): number {
  const last = Math.max(bytes.lastIndexOf(LF), bytes.lastIndexOf(CR));
  if (last >= 0) return last + 1;
  if (bytes.length < MAX_LINE_CHARS) return 0;
  let end = bytes.length;
  // RFC 3629 §3: 10xxxxxx goes on with a character, which has four bytes at most
  while (end > bytes.length - 4 && (bytes[end - 1]! & 0xc0) === 0x80) end--;
  return bytes[end - 1]! >= 0xc0 ? end - 1 : bytes.length;
}

/** Each line alone only where all of them together are not UTF-8: that is ten times as slow. */
function decodeLines(bytes: Uint8Array): string {
  const text = decodeUtf8(bytes);
  if (text !== undefined) return text;
  let lines = '';
  for (let at = 0; at < bytes.length; ) {
    const found = bytes.indexOf(LF, at);
    const end = found < 0 ? bytes.length : found + 1;
    const line = bytes.subarray(at, end);
    lines += decodeUtf8(line) ?? new TextDecoder('windows-1252').decode(line);
    at = end;
  }
  return lines;
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
