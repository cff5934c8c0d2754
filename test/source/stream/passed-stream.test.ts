// This file tests what is passed on of an endless stream: from where on, in which form, to which end.
import { describe, expect, test } from 'bun:test';
import type { UrlSource } from '../../../src/config/config.ts';
import { NetError } from '../../../src/net/errors.ts';
import type { Outbound } from '../../../src/net/outbound.ts';
import { openPassedStream } from '../../../src/source/stream/passed-stream.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { urlChannel } from '../../support/in-process-app.ts';
import { joinBytes, tsPacket } from '../../support/ts-packets.ts';
import { StreamWriter, writeFrames } from '../../support/ts-stream.ts';

const [source] = urlChannel('tv', 'http://up.example/tv').sources as readonly [UrlSource];
const stream = writeFrames(new StreamWriter(), 90_000, 50).take();
const stuffing = joinBytes(Array.from({ length: 40 }, () => tsPacket({ pid: 0x1fff })));
const text = (content: string) => new TextEncoder().encode(content);

/** With `before` bytes before each packet and `behind` behind it. */
function spaced(bytes: Uint8Array, before: number, behind: number): Uint8Array {
  const packets = Array.from({ length: bytes.length / 188 }, (_, index) => [
    new Uint8Array(before),
    bytes.subarray(index * 188, index * 188 + 188),
    new Uint8Array(behind),
  ]);
  return joinBytes(packets.flat());
}

function inChunks(bytes: Uint8Array, size: number): Uint8Array[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}

/** One answer; `taken` counts the chunks that were asked for, `cancels` whether it was let go of. */
function upstream(chunks: readonly (Uint8Array | Error)[], status = 200) {
  const seen = { taken: 0, cancels: 0 };
  const outbound: Outbound = async ({ url }) => ({
    status,
    headers: new Headers(),
    url,
    body: (async function* () {
      for (const chunk of chunks) {
        seen.taken++;
        if (chunk instanceof Error) throw chunk;
        yield chunk;
      }
    })(),
    bytes: async () => new Uint8Array(),
    cancel: () => void seen.cancels++,
  });
  return { outbound, seen };
}

async function open(chunks: readonly (Uint8Array | Error)[], status?: number) {
  const { outbound, seen } = upstream(chunks, status);
  const never = new AbortController().signal;
  const opened = await openPassedStream(source, outbound, new FakeClock(), never).catch(
    (error: Error & { code: string }) => error.code,
  );
  return { opened, seen };
}

async function passed(chunks: readonly (Uint8Array | Error)[]): Promise<Uint8Array> {
  const { opened } = await open(chunks);
  if (typeof opened === 'string') throw new Error(`Cannot read the stream: it is ${opened}`);
  return joinBytes(await Array.fromAsync(opened.packets));
}

describe('openPassedStream()', () => {
  const ROWS: readonly (readonly [string, readonly Uint8Array[], Uint8Array])[] = [
    ['as it is, in one piece', [stream], stream],
    ['as it is, in pieces of any size', inChunks(stream, 1000), stream],
    ['one byte at a time', inChunks(stream.subarray(0, 188 * 20), 1), stream.subarray(0, 188 * 20)],
    ['from a whole packet on', [stream.subarray(77)], stream.subarray(188)],
    ['without what is before it', [new Uint8Array(5000).fill(9), stream], stream],
    ['without stuffing at its beginning', [stuffing, stream], stream],
    ['with stuffing later on', [stream, stuffing, stream], joinBytes([stream, stuffing, stream])],
    ['over garbage in its middle', [stream, text('what?'), stream], joinBytes([stream, stream])],
    ['as plain packets where they have a time before them', [spaced(stream, 4, 0)], stream],
    ['as plain packets where they have a code behind them', [spaced(stream, 0, 16)], stream],
  ];
  test.each(ROWS)('passes it on %s', async (_, chunks, wanted) => {
    expect(Buffer.compare(await passed(chunks), wanted)).toBe(0);
  });

  const OTHERS: readonly (readonly [string, readonly (Uint8Array | Error)[], string])[] = [
    ['a playlist', [text('#EXTM3U\n'), text('#EXTINF:4,\na.ts\n')], 'playlist'],
    ['a page', [new Uint8Array(70_000).fill(60)], 'MEDIA_FORMAT'],
    ['an end before any packet', [stream.subarray(0, 300)], 'MEDIA_FORMAT'],
    ['nothing', [], 'MEDIA_FORMAT'],
    ['a break', [new NetError('NET_CONNECT', 'Cannot fetch: reset')], 'NET_CONNECT'],
  ];
  test.each(OTHERS)('of %s nothing is passed on, and it is let go of', async (_, chunks, is) => {
    const { opened, seen } = await open(chunks);
    expect([opened, seen.cancels]).toEqual([is, 1]);
  });

  test('passes nothing on of an answer that is none', async () => {
    const { opened, seen } = await open([stream], 403);
    expect([opened, seen.cancels, seen.taken]).toEqual(['SOURCE_STATUS', 1, 0]);
  });

  test('reads nothing ahead of who reads it', async () => {
    const { opened, seen } = await open(Array.from({ length: 100 }, () => stream));
    if (typeof opened === 'string') throw new Error(opened);
    expect(seen.taken).toBe(1);
    for (let count = 1; count <= 5; count++) {
      await opened.packets.next();
      expect(seen.taken).toBe(count);
    }
  });

  test('breaks where upstream breaks', async () => {
    const broken = new NetError('NET_TRUNCATED', 'Cannot fetch: it broke off');
    await expect(passed([stream, broken])).rejects.toBe(broken);
  });
});
