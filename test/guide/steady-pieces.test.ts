// This file tests that a guide which drips is given up, and one that is only slow is not.
import { describe, expect, test } from 'bun:test';
import { steadyPieces } from '../../src/guide/steady-pieces.ts';

/** What was taken of pieces of `sizeBytes`, one each second, before it ended or was given up. */
async function taken(sizeBytes: number, count: number) {
  let [nowMs, sent, isClosed] = [5000, 0, false];
  async function* server() {
    try {
      for (; sent < count; sent++) {
        nowMs += 1000;
        yield new Uint8Array(sizeBytes);
      }
    } finally {
      isClosed = true;
    }
  }
  const clock = { monotonicMs: () => nowMs };
  let code = '';
  try {
    for await (const _piece of steadyPieces(server(), clock, 'http://guide.example')) {
      // Read as it comes
    }
  } catch (error) {
    ({ code } = error as { code: string });
  }
  return { code, sent, isClosed };
}

describe('steadyPieces()', () => {
  test('ends one that sends a byte a second after a minute, and closes it', async () => {
    expect(await taken(1, 1000)).toEqual({ code: 'GUIDE_SLOW', sent: 60, isClosed: true });
  });

  test('waits for one that is as slow as a line may be', async () => {
    expect(await taken(1024, 1000)).toEqual({ code: '', sent: 1000, isClosed: true });
  });

  test('takes a short one that drips', async () => {
    expect(await taken(1, 50)).toEqual({ code: '', sent: 50, isClosed: true });
  });
});
