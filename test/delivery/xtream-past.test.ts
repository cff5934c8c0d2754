// This file tests what users play by number of what channels have shown.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { createXtreamWorld, NOW_MS, problemOf, type XtreamWorld } from '../support/xtream-world.ts';

let app: XtreamWorld['app'];

beforeEach(() => {
  ({ app } = createXtreamWorld());
});

afterEach(() => app[Symbol.dispose]());

describe('what was shown', () => {
  const PATH = '/timeshift/alice/p@ss/60/2025-12-31:23-00/3';

  test('is a finished list', async () => {
    const answer = await app.ask(`${PATH}.m3u8`);
    const lines = (await answer.text()).split('\n');
    expect([answer.status, lines.includes('#EXT-X-ENDLIST')]).toEqual([200, true]);
    const named = lines.filter((line) => line.startsWith('/archive/sport/v0/'));
    expect(named).toHaveLength(900);
    expect((await app.ask(named[0] as string)).status).toBe(200);
  });

  test.each([
    '/streaming/timeshift.php?username=alice&password=p@ss&stream=3&start=2025-12-31:23-00&duration=60&extension=m3u8',
    '/timeshift/alice/p@ss/60/2025-12-31:23-00-00/3.m3u8',
    `/timeshift/alice/p@ss/60/${(NOW_MS - 3_600_000) / 1000}/3.m3u8`,
    `/past/alice/p@ss/3.m3u8?from=${(NOW_MS - 3_600_000) / 1000}&to=${NOW_MS / 1000}`,
  ])('%s is the same', async (path) => {
    const answer = await app.ask(path);
    expect(await answer.text()).toBe(await (await app.ask(`${PATH}.m3u8`)).text());
  });

  test.each([
    ['/live/alice/p@ss/3.ts', '../../../past/alice/p%40ss/3.ts'],
    ['/alice/p@ss/3', '../../past/alice/p%40ss/3.ts'],
  ])('of %s is had by utc=, too', async (path, file) => {
    const from = (NOW_MS - 3_600_000) / 1000;
    const answer = await app.ask(`${path}?utc=${from}&lutc=1`);
    const location = answer.headers.get('location') as string;
    expect([answer.status, location]).toEqual([302, `${file}?from=${from}&duration=10800`]);
    expect(app.xtream.connections.activeCount('alice')).toBe(0);
    const { pathname, search } = new URL(location, `http://tv.example${path}`);
    expect((await app.ask(`${pathname}${search}`)).status).toBe(302);
  });

  test('as a file it is of a length, or leads to the list where it can be none', async () => {
    const answer = await app.ask(`${PATH}.ts`);
    // These bytes are no MPEG-TS
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '3.m3u8']);
    const past = await app.ask('/past/alice/p@ss/3.ts?from=1767222000&to=1767225600');
    expect(past.headers.get('location')).toBe('3.m3u8?from=1767222000&to=1767225600');
  });

  const refused: readonly (readonly [string, string, number, string])[] = [
    ['a wrong password', '/timeshift/alice/no/60/2025-12-31:23-00/3.ts', 403, 'DELIVERY_USER'],
    ['no time', '/timeshift/alice/p@ss/60/2025-02-31:23-00/3.ts', 400, 'DELIVERY_PARAMETER'],
    ['no length', '/timeshift/alice/p@ss/0/2025-12-31:23-00/3.ts', 400, 'DELIVERY_PARAMETER'],
    [
      'what is not kept',
      '/timeshift/alice/p@ss/60/2025-12-31:23-00/2.ts',
      404,
      'DELIVERY_NOT_ARCHIVED',
    ],
    [
      'what is gone',
      '/timeshift/alice/p@ss/60/2024-12-31:23-00/3.ts',
      404,
      'DELIVERY_NOT_ARCHIVED',
    ],
    [
      'no number',
      '/timeshift/alice/p@ss/60/2025-12-31:23-00/x.ts',
      404,
      'DELIVERY_UNKNOWN_ADDRESS',
    ],
    [
      'no fields',
      '/streaming/timeshift.php?username=alice&password=p@ss',
      404,
      'DELIVERY_UNKNOWN_ADDRESS',
    ],
  ];
  test.each(refused)('refuses %s', async (_, path, status, code) => {
    expect(await problemOf(await app.ask(path))).toEqual([status, code]);
  });
});
