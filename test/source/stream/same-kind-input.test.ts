// This file tests that a stream which has become a playlist is told from one that sends no media.
import { describe, expect, test } from 'bun:test';
import type { StreamChunk, StreamInput } from '../../../src/source/stream/input.ts';
import { SameKindInput } from '../../../src/source/stream/same-kind-input.ts';
import { StreamWriter, writeFrames } from '../../support/ts-stream.ts';

const STREAM = writeFrames(new StreamWriter(), 90_000, 10).take();
const text = (content: string) => new TextEncoder().encode(content);

async function read(chunks: readonly StreamChunk[]) {
  let closedCount = 0;
  const input: StreamInput = {
    open: async () => ({
      chunks: (async function* () {
        yield* chunks;
      })(),
      isHeldBack: true,
      isFinite: true,
      [Symbol.asyncDispose]: async () => void closedCount++,
    }),
  };
  const came: StreamChunk[] = [];
  let error: unknown;
  const connection = await new SameKindInput(input).open(new AbortController().signal);
  expect(connection.isFinite).toBe(true);
  try {
    for await (const chunk of connection.chunks) came.push(chunk);
  } catch (caught) {
    error = (caught as { code?: string }).code;
  }
  await connection[Symbol.asyncDispose]();
  expect(closedCount).toBe(1);
  return { came, error };
}

describe('SameKindInput', () => {
  test.each([
    ['a stream', [STREAM, STREAM]],
    ['a stream after a break', ['break', STREAM] as const],
    ['what is neither', [text('<html>'), text('</html>')]],
    ['nothing', []],
  ])('passes on %s', async (_name, chunks) => {
    expect(await read(chunks)).toEqual({ came: [...chunks], error: undefined });
  });

  test.each([
    ['at once', [text('#EXTM3U\n#EXT')]],
    ['byte by byte', [...'\n#EXTM3U'].map(text)],
  ])('a playlist that comes %s is said to be one', async (_name, chunks) => {
    expect((await read(chunks)).error).toBe('SOURCE_CHANGED');
  });
});
