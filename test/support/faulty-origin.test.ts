// This file tests that the faulty origin is wrong in exactly the ways it is told to be.
import { afterAll, beforeEach, describe, expect, test } from 'bun:test';
import { gunzipSync } from 'node:zlib';
import { FakeClock } from './fake-clock.ts';
import { FaultyOrigin } from './faulty-origin.ts';
import { bytesAnswer, playlistAnswer, redirectAnswer, statusAnswer } from './origin/answer.ts';
import {
  afterwards,
  all,
  chunked,
  chunkFault,
  cutAt,
  declaredLength,
  delayed,
  dripped,
  endless,
  type Fault,
  gzipBomb,
  gzipped,
  headerFlood,
  hungUp,
  junkAfter,
  pausedAt,
  rangeIgnored,
  rangeWrong,
  rewritten,
  saysConnection,
  stalledAt,
  TRUNCATIONS,
  withStatus,
} from './origin/fault.ts';
import type { Received } from './viewer/body-reader.ts';
import { type GetOptions, RawClient } from './viewer/raw-client.ts';

const BODY = new Uint8Array(100_000).map((_, index) => index % 251);
const BODY_SHA = new Bun.CryptoHasher('sha256').update(BODY).digest('hex');

const origin = new FaultyOrigin();
afterAll(() => origin[Symbol.dispose]());
origin.otherwise = () => bytesAnswer(BODY, 'video/mp2t');
let path = '/0';
let count = 0;
beforeEach(() => {
  path = `/${++count}`;
});

async function get(options: GetOptions = {}): Promise<Received> {
  using client = new RawClient(origin.url('/'));
  return client.get(path, { timeoutMs: 2000, ...options });
}

/** What a client sees of the hundred thousand bytes under each fault. */
const SEEN: readonly [string, Fault, Partial<Received>][] = [
  ['nothing wrong', (normal) => normal, { status: 200, ended: 'whole', sha256: BODY_SHA }],
  ['chunked', chunked(1000), { ended: 'whole', sha256: BODY_SHA }],
  ['dripped', dripped(1_000_000), { ended: 'whole', sha256: BODY_SHA }],
  ['paused', pausedAt(0.5, 30), { ended: 'whole', sha256: BODY_SHA }],
  ['paused at the end', all(chunked(), pausedAt(1, 30)), { ended: 'whole', sha256: BODY_SHA }],
  ['late head', delayed(30), { ended: 'whole', sha256: BODY_SHA }],
  ['status', withStatus(429, [['Retry-After', '7']]), { status: 429, ended: 'whole' }],
  ['hung up', hungUp, { status: 0, bodyBytes: 0, ended: 'broken' }],
  ['cut in the head', cutAt('mid-head', 'close'), { status: 0, ended: 'broken' }],
  ['not hex', chunkFault('size not hex'), { status: 200, ended: 'broken' }],
  ['no CRLF', chunkFault('no terminator'), { status: 200, ended: 'broken' }],
  ['junk after', junkAfter(new Uint8Array(9)), { status: 200, ended: 'broken', sha256: BODY_SHA }],
  ['length too long', declaredLength('100001'), { ended: 'late', bodyBytes: 100_000 }],
  ['length 2^53', declaredLength('9007199254740992'), { ended: 'late', bodyBytes: 100_000 }],
  ['header flood', headerFlood(50), { status: 200, ended: 'whole' }],
  ['endless', endless(), { status: 200, ended: 'late' }],
  ['endless, by close', endless('close'), { status: 200, ended: 'late' }],
];

describe('FaultyOrigin', () => {
  test.each(SEEN)('%s', async (_, fault, expected) => {
    origin.on(path, fault);
    const got = await get({ timeoutMs: expected.ended === 'late' ? 150 : 2000 });
    expect(got).toMatchObject(expected);
  });

  const truncations = Object.entries(TRUNCATIONS);
  test.each(truncations)('%s gives half a body', async (kind, truncate) => {
    origin.on(path, truncate(0.5));
    const got = await get();
    // Two of them cannot be told from a good answer by framing alone.
    const looksWhole = /clean end|close-delimited, closed/.test(kind);
    // A reset throws away what the client had not read yet.
    if (!kind.includes('reset')) expect(got.bodyBytes).toBe(50_000);
    expect(got.ended).toBe(looksWhole ? 'whole' : 'broken');
  });

  test.each([
    ['head', 0],
    ['mid-head', 0],
    [0, 0],
    [0.01, 1000],
    [0.5, 50_000],
    [0.99, 99_000],
  ] as const)('a stall at %s keeps the connection until the client goes', async (at, bodyBytes) => {
    origin.on(path, stalledAt(at));
    const got = await get({ timeoutMs: 60 });
    expect(got).toMatchObject({ ended: 'late', bodyBytes });
    await Bun.sleep(20);
    expect(origin.seen(path)[0]).toMatchObject({ bodyBytes, finishedAtMs: undefined });
    expect(origin.seen(path)[0]?.abandonedAtMs).toBeNumber();
  });

  test('a script is used up step by step, then the default is back', async () => {
    origin.script(path, [statusAnswer(404), withStatus(503), redirectAnswer('/elsewhere')]);
    const statuses = [];
    for (let turn = 0; turn < 4; turn++) statuses.push((await get()).status);
    expect(statuses).toEqual([404, 503, 302, 200]);
  });

  test('rules hold by number, share and time, and can be taken away', async () => {
    const clock = new FakeClock();
    using timed = new FaultyOrigin({ clock });
    timed.on('/time', statusAnswer(503), { forMs: 1000 });
    timed.on('/skip', statusAnswer(500), { skip: 1, times: 1 });
    const half = timed.on(/^\/half\?/, statusAnswer(502), { ratio: 0.5 });
    using client = new RawClient(timed.url('/'));
    const status = async (target: string) => (await client.get(target)).status;
    expect(await status('/time')).toBe(503);
    await clock.advance(1000);
    expect(await status('/time')).toBe(404);
    expect([await status('/skip'), await status('/skip'), await status('/skip')]).toEqual([
      404, 500, 404,
    ]);
    for (let turn = 0; turn < 100; turn++) await status(`/half?${turn}`);
    expect(half.applied()).toBeGreaterThan(30);
    expect(half.applied()).toBeLessThan(70);
    half[Symbol.dispose]();
    expect(await status('/half?')).toBe(404);
  });

  test.each([
    ['bytes=0-9', 206, 'bytes 0-9/100000', 10],
    ['bytes=99990-', 206, 'bytes 99990-99999/100000', 10],
    ['bytes=-10', 206, 'bytes 99990-99999/100000', 10],
    ['bytes=100000-', 416, 'bytes */100000', 11],
    ['lines=1-2', 200, undefined, 100_000],
  ])('Range %s is honoured', async (range, status, contentRange, bodyBytes) => {
    const got = await get({ headers: { Range: range } });
    expect(got).toMatchObject({ status, bodyBytes, ended: 'whole' });
    expect(got.headers['content-range']).toBe(contentRange as string);
  });

  test('a Range is ignored or answered with another one', async () => {
    origin.script(path, [rangeIgnored, rangeWrong]);
    const headers = { Range: 'bytes=50-59' };
    expect(await get({ headers })).toMatchObject({ status: 200, sha256: BODY_SHA });
    const wrong = await get({ headers, keepBody: true });
    expect(wrong.headers['content-range']).toBe('bytes 0-9/100000');
    expect(wrong.body?.[0]).toBe(0);
  });

  test('gzip is right, unsaid, only said, double and truncated', async () => {
    const text = '#EXTM3U\n'.repeat(1000);
    const kinds = ['right', 'unsaid', 'said only', 'double', 'truncated'] as const;
    const bodies: Record<string, Uint8Array> = {};
    for (const kind of kinds) {
      origin.on(path, () => gzipped(kind)(playlistAnswer(text)), { times: 1 });
      const got = await get({ keepBody: true });
      expect(got.headers['content-encoding']).toBe(kind === 'unsaid' ? undefined! : 'gzip');
      bodies[kind] = got.body!;
    }
    const unzip = (bytes: Uint8Array) => gunzipSync(bytes).toString();
    expect(unzip(bodies['right']!)).toBe(text);
    expect(unzip(bodies['unsaid']!)).toBe(text);
    expect(new TextDecoder().decode(bodies['said only'])).toBe(text);
    expect(unzip(gunzipSync(bodies['double']!))).toBe(text);
    expect(() => unzip(bodies['truncated']!)).toThrow();
  });

  test('a bomb of a gigabyte is a megabyte on the wire and really unpacks', () => {
    expect(gzipBomb(1024 ** 3).length).toBeLessThan(1_200_000);
    const small = gzipBomb(16 * 1024 * 1024);
    // The checksum at its end is wrong on purpose, so only the part before it can be unpacked.
    const inflated = Bun.inflateSync(new Uint8Array(small.subarray(10, -8)));
    expect(inflated.length).toBe(16 * 1024 * 1024);
  });

  test('playlists are rewritten', async () => {
    origin.on(path, () => rewritten((text) => text.replace('5', '3'))(playlistAnswer('#M:5\n')));
    const got = await get({ keepBody: true });
    expect(new TextDecoder().decode(got.body)).toBe('#M:3\n');
  });

  test('a connection said to be kept is closed some time after the answer', async () => {
    origin.on(path, afterwards(10));
    using client = new RawClient(origin.url('/'));
    expect((await client.get(path)).ended).toBe('whole');
    expect(client.isOpen).toBe(true);
    await Bun.sleep(40);
    expect(client.isOpen).toBe(false);
  });

  test('a connection said to be closed stays open', async () => {
    origin.on(path, saysConnection('close'));
    const socket = new RawClient(origin.url('/'));
    expect((await socket.get(path)).headers['connection']).toBe('close');
    const seen = origin.seen(path)[0]!;
    expect(seen.finishedAtMs).toBeNumber();
  });

  test('requests on one connection are told apart', async () => {
    using client = new RawClient(origin.url('/'));
    await client.get(path, { headers: { 'User-Agent': 'Somebody' } });
    await client.get(path, { method: 'HEAD' });
    const [first, second] = origin.seen(path);
    expect(first?.headers['user-agent']).toBe('Somebody');
    expect(second).toMatchObject({ method: 'HEAD', bodyBytes: 0, indexOnConnection: 1 });
    expect(second?.connection).toBe(first!.connection);
  });

  test('fetch gets whole bodies, so that raw sockets are not what makes them whole', async () => {
    const response = await fetch(origin.url(path));
    expect(new Bun.CryptoHasher('sha256').update(await response.bytes()).digest('hex')).toBe(
      BODY_SHA,
    );
  });
});
