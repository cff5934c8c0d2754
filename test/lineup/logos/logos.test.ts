// This file tests when a picture is asked of upstream, and what is answered meanwhile.
import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { silentLog } from '../../../src/base/log.ts';
import { Logos } from '../../../src/lineup/logos/logos.ts';
import { NetError } from '../../../src/net/errors.ts';
import type { Outbound } from '../../../src/net/outbound.ts';
import { createOutbound } from '../../../src/net/outbound-client.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import {
  type Script,
  type ScriptedAnswer,
  scriptedOutbound,
} from '../../support/outbound-script.ts';
import { PICTURES, pngOf } from '../../support/pictures.ts';
import { createTempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';

const URL_ = 'http://up.example/a.png';
const DAY_MS = 24 * 3_600_000;

async function world(script: Script) {
  const temp = await createTempFolder();
  const clock = new FakeClock();
  const outbound = scriptedOutbound(script);
  const folder = join(temp.path, 'logos');
  const open = (client: Outbound = outbound) =>
    new Logos({ folder, outbound: client, clock, random: () => 1, log: silentLog });
  const logos = open();
  return {
    temp,
    clock,
    outbound,
    logos,
    open,
    [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose](),
  };
}

async function soon(done: () => boolean | Promise<boolean>): Promise<void> {
  expect(await until(done, 4000)).toBe(true);
}

const headersOf = (it: { outbound: ReturnType<typeof scriptedOutbound> }, index: number) =>
  it.outbound.requests[index]?.policy.headers ?? {};

describe('Logos.get()', () => {
  test('fetches once for all who ask, and never again while it is fresh', async () => {
    await using it = await world({ [URL_]: { body: PICTURES.png, headers: { etag: '"v1"' } } });
    const answers = await Promise.all(Array.from({ length: 50 }, () => it.logos.get(URL_)));
    for (const answer of answers) {
      expect(answer).toMatchObject({ kind: 'logo', logo: { type: 'image/png' } });
      if (answer.kind === 'logo') expect(answer.logo.bytes).toEqual(PICTURES.png);
    }
    it.clock.stepWall(DAY_MS - 1);
    expect((await it.logos.get(URL_)).kind).toBe('logo');
    expect((await it.open().get(URL_)).kind).toBe('logo');
    expect(it.outbound.requests).toHaveLength(1);
    expect(headersOf(it, 0)).not.toHaveProperty('if-none-match');
    expect(it.logos.stats()).toMatchObject({
      answered: { fetched: 50, held: 1 },
      fetched: { fresh: 1 },
      count: 1,
    });
  });

  test('asks by the version after a day, and is answered meanwhile', async () => {
    let answer: ScriptedAnswer = {
      body: PICTURES.png,
      headers: { etag: '"v1"', 'last-modified': 'Sat, 21 Nov 2026 20:00:00 GMT' },
    };
    await using it = await world({ [URL_]: () => answer });
    const first = await it.logos.get(URL_);
    answer = { status: 304 };
    it.clock.stepWall(DAY_MS + 1);
    expect(await it.logos.get(URL_)).toEqual(first);
    await soon(() => it.logos.stats().fetched['same'] === 1);
    expect(headersOf(it, 1)).toMatchObject({
      'if-none-match': '"v1"',
      'if-modified-since': 'Sat, 21 Nov 2026 20:00:00 GMT',
    });
    await it.logos.get(URL_);
    expect(it.outbound.requests).toHaveLength(2);

    answer = { body: PICTURES.gif, headers: { etag: '"v2"' } };
    it.clock.stepWall(DAY_MS + 1);
    expect(await it.logos.get(URL_)).toEqual(first);
    await soon(() => it.logos.stats().fetched['fresh'] === 2);
    await soon(async () => {
      const now = await it.logos.get(URL_);
      return now.kind === 'logo' && now.logo.type === 'image/gif';
    });
    expect(it.outbound.requests).toHaveLength(3);
  });

  test('keeps the old one where upstream has none any more', async () => {
    let answer: ScriptedAnswer = { body: PICTURES.png };
    await using it = await world({ [URL_]: () => answer });
    const first = await it.logos.get(URL_);
    for (const [next, outcome] of [
      [{ status: 404 }, 'none'],
      [{ status: 503 }, 'failed'],
      [{ body: '<html>' }, 'none'],
    ] as const) {
      answer = next;
      const before = it.logos.stats().fetched[outcome] ?? 0;
      it.clock.stepWall(10 * DAY_MS);
      expect(await it.logos.get(URL_)).toEqual(first);
      await soon(() => it.logos.stats().fetched[outcome] === before + 1);
      const { length } = it.outbound.requests;
      expect(await it.logos.get(URL_)).toEqual(first);
      expect(it.outbound.requests).toHaveLength(length);
    }
  });

  const missing: readonly (readonly [string, ScriptedAnswer, 'none' | 'late', string])[] = [
    ['404', { status: 404 }, 'none', 'upstream answers 404'],
    ['429', { status: 429 }, 'late', 'upstream answers 429'],
    ['500', { status: 500 }, 'late', 'upstream answers 500'],
    ['204', { status: 204 }, 'late', 'upstream answers 204'],
    ['304 to nothing', { status: 304 }, 'late', 'upstream answers 304 to nothing'],
    [
      'a page that says it is a PNG',
      { body: '<html>', headers: { 'content-type': 'image/png' } },
      'none',
      'what upstream has is no picture',
    ],
    ['a bomb', { body: pngOf(60_000, 60_000) }, 'none', 'what upstream has is no picture'],
    ['nothing at all', { body: '' }, 'none', 'what upstream has is no picture'],
  ];
  test.each(missing)(
    '%s is answered as it is, and asked for less and less often',
    async (_, answer, kind, why) => {
      await using it = await world({ [URL_]: answer });
      const waits: number[] = [];
      for (let count = 1; count <= 5; count += 1) {
        const found = await it.logos.get(URL_);
        expect(found).toMatchObject({ kind, why });
        expect(it.outbound.requests).toHaveLength(count);
        expect(await it.logos.get(URL_)).toEqual(found);
        expect(it.outbound.requests).toHaveLength(count);
        const waitMs = (found as { untilMs: number }).untilMs - it.clock.nowMs();
        waits.push(waitMs);
        it.clock.stepWall(waitMs);
      }
      const first = kind === 'none' ? 30 * 60_000 : 60_000;
      expect(waits).toEqual([1, 2, 4, 8, 16].map((factor) => first * factor));
    },
  );

  test('whoever comes back is asked as if nothing had been', async () => {
    let answer: ScriptedAnswer = { status: 500 };
    await using it = await world({ [URL_]: () => answer });
    const failed = await it.logos.get(URL_);
    it.clock.stepWall((failed as { untilMs: number }).untilMs - it.clock.nowMs());
    answer = { body: PICTURES.png };
    expect((await it.logos.get(URL_)).kind).toBe('logo');
  });

  test('a connection that fails is no error of ours', async () => {
    const refused: Outbound = () =>
      Promise.reject(new NetError('NET_ADDRESS_BLOCKED', 'Cannot dial http://10.0.0.1: secret'));
    await using it = await world({});
    const answer = await it.open(refused).get(URL_);
    expect(answer).toMatchObject({ kind: 'late', why: 'NET_ADDRESS_BLOCKED' });
  });

  test('sixteen are fetched at a time, and all come', async () => {
    let open = 0;
    let most = 0;
    const slow: Outbound = async (request) => {
      open += 1;
      most = Math.max(most, open);
      await Bun.sleep(1);
      open -= 1;
      return await scriptedOutbound({ [request.url]: { body: PICTURES.gif } })(request);
    };
    await using it = await world({});
    const logos = it.open(slow);
    const asked = Array.from({ length: 100 }, (_, index) =>
      logos.get(`http://up.example/${index}`),
    );
    const answers = await Promise.all(asked);
    expect(answers.every(({ kind }) => kind === 'logo')).toBe(true);
    expect(most).toBe(16);
  });

  test('where too many wait the rest is told to come again', async () => {
    const never: Outbound = () => new Promise(() => {});
    await using it = await world({});
    using logos = it.open(never);
    const asked = Array.from({ length: 2100 }, (_, index) =>
      logos.get(`http://up.example/${index}`),
    );
    expect(await Promise.race(asked)).toMatchObject({ kind: 'late' });
  });

  test('a picture in the configuration is sent as it is', async () => {
    await using it = await world({});
    const png = `data:text/html;base64,${PICTURES.png.toBase64()}`;
    expect(await it.logos.get(png)).toMatchObject({ kind: 'logo', logo: { type: 'image/png' } });
    expect((await it.logos.get('data:image/png,<html>')).kind).toBe('none');
    expect((await it.logos.get('javascript:x')).kind).toBe('none');
  });

  test('a file is sent as it is now', async () => {
    await using it = await world({});
    const path = await it.temp.write('a b.png', PICTURES.png);
    const logo = pathToFileURL(path).href;
    expect(await it.logos.get(logo)).toMatchObject({ kind: 'logo', logo: { type: 'image/png' } });
    await it.temp.write('a b.png', PICTURES.gif);
    expect(await it.logos.get(logo)).toMatchObject({ kind: 'logo', logo: { type: 'image/gif' } });
    await it.temp.write('a b.png', 'root:x:0:0');
    expect(await it.logos.get(logo)).toMatchObject({ kind: 'none', why: 'it is no picture' });
    await it.temp.write('a b.png', new Uint8Array(2 * 1_048_576 + 1));
    expect((await it.logos.get(logo)).kind).toBe('none');
    expect((await it.logos.get(pathToFileURL(it.temp.path).href)).kind).toBe('none');
    expect(await it.logos.get('file:///nowhere/x.png')).toMatchObject({
      why: 'it cannot be read (ENOENT)',
    });
    expect(it.outbound.requests).toHaveLength(0);
  });
});

describe('Logos.get() over the guarded client', () => {
  async function served(handler: (request: Request) => Response, allowPrivate: readonly string[]) {
    const requests: Request[] = [];
    const server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: (request) => {
        requests.push(request);
        return handler(request);
      },
    });
    const outbound = createOutbound({ clock: new FakeClock(), allowPrivate, userAgent: 'weir' });
    return {
      requests,
      outbound,
      url: `http://127.0.0.1:${server.port}/a.png`,
      async [Symbol.asyncDispose]() {
        await outbound[Symbol.asyncDispose]();
        await server.stop(true);
      },
    };
  }

  const LOOPBACK = ['127.0.0.1/32'];

  test('private addresses are not asked', async () => {
    await using it = await world({});
    await using up = await served(() => new Response(PICTURES.png), []);
    expect(await it.open(up.outbound).get(up.url)).toMatchObject({ why: 'NET_ADDRESS_BLOCKED' });
    expect(up.requests).toHaveLength(0);
  });

  test('more than 2 MiB are none', async () => {
    await using it = await world({});
    const large = new Uint8Array(2 * 1_048_576 + 1);
    large.set(PICTURES.png);
    await using up = await served(() => new Response(large), LOOPBACK);
    expect(await it.open(up.outbound).get(up.url)).toMatchObject({
      kind: 'none',
      why: 'what upstream has is larger than 2097152 bytes',
    });
  });

  test('a picture comes over the wire, and is asked for again by its tag', async () => {
    await using it = await world({});
    await using up = await served(
      (request) =>
        request.headers.get('if-none-match') === '"x"'
          ? new Response(null, { status: 304 })
          : new Response(PICTURES.jpeg, { headers: { etag: '"x"', 'content-type': 'text/html' } }),
      LOOPBACK,
    );
    const logos = it.open(up.outbound);
    expect(await logos.get(up.url)).toMatchObject({ logo: { type: 'image/jpeg' } });
    it.clock.stepWall(DAY_MS + 1);
    expect((await logos.get(up.url)).kind).toBe('logo');
    await soon(() => logos.stats().fetched['same'] === 1);
    expect(up.requests.map(({ headers }) => headers.get('accept')?.startsWith('image/'))).toEqual([
      true,
      true,
    ]);
  });
});
