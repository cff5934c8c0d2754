// This file tests what the server is let answer by itself, and for how long.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { HotAnswers, type HotRoutes } from '../../src/delivery/hot-answers.ts';
import { FakeClock } from '../support/fake-clock.ts';

const URL_A = 'http://tv.example:8080/live/a/index.m3u8';
const PATH_A = '/live/a/index.m3u8';

let clock: FakeClock;
let installed: HotRoutes[];
let hot: HotAnswers;

beforeEach(() => {
  clock = new FakeClock();
  installed = [];
  hot = new HotAnswers(clock, (routes) => installed.push(routes));
});

afterEach(() => hot[Symbol.dispose]());

/** `count` answers, evenly over `overMs`. */
async function give(count: number, overMs: number, url = URL_A, first = 1): Promise<void> {
  const answer = new Response('list');
  for (let index = 0; index < count; index++) {
    hot.gave(answer, first + index, url);
    if (overMs > 0) await clock.advance(overMs / count);
  }
}

const paths = () => installed.map((routes) => Object.keys(routes));

describe('HotAnswers', () => {
  test('holds what is polled fast, and lets it go after a moment', async () => {
    await give(128, 100);
    expect(paths()).toEqual([[PATH_A]]);
    await clock.advance(250);
    expect(paths()).toEqual([[PATH_A], []]);
    expect(clock.pendingCount).toBe(0);
  });

  test('leaves alone what a hundred viewers poll', async () => {
    await give(400, 8_000);
    expect(paths()).toEqual([]);
  });

  test('does not take long-past answers for fast ones', async () => {
    await give(64, 0);
    await clock.advance(1_000);
    await give(64, 0, URL_A, 65);
    expect(paths()).toEqual([]);
  });

  for (const path of ['/live/a/index.m3u8?quality=720', '/live/:any/index.m3u8', '/live/*']) {
    test(`takes no ${path}`, async () => {
      await give(256, 0, `http://tv.example:8080${path}`);
      expect(paths()).toEqual([]);
    });
  }

  test('holds several at once and lets all go together', async () => {
    await give(128, 0);
    await clock.advance(200);
    await give(128, 0, 'http://tv.example:8080/live/b/index.m3u8');
    expect(paths()).toEqual([[PATH_A], [PATH_A, '/live/b/index.m3u8']]);
    await clock.advance(50);
    expect(paths().at(-1)).toEqual([]);
  });

  test('holds no more than changing routes is worth', async () => {
    for (let index = 0; index < 40; index++)
      await give(128, 0, `http://h/live/${index}/index.m3u8`);
    expect(Object.keys(installed.at(-1)!)).toHaveLength(16);
  });

  test('remembers a bounded number of paths', async () => {
    for (let index = 0; index < 3_000; index++) await give(64, 0, `http://h/${index}`);
    await give(128, 0);
    expect(paths()).toEqual([[PATH_A]]);
  });

  test('does nothing more once it is disposed of', async () => {
    await give(128, 0);
    hot[Symbol.dispose]();
    await clock.advance(1_000);
    expect(paths()).toEqual([[PATH_A]]);
  });
});

describe('HotAnswers on a server', () => {
  test('answers as the server does: GET, HEAD and 304 by itself, the rest by our code', async () => {
    let asked = 0;
    const headers = { etag: '"v1"', 'content-type': 'application/vnd.apple.mpegurl' };
    const ours = (request: Request) => {
      asked += 1;
      return new Response(`ours ${request.method}`, { headers });
    };
    await using server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: ours });
    using onServer = new HotAnswers(clock, (routes) => server.reload({ routes, fetch: ours }));
    const url = `${server.url}live/a/index.m3u8`;
    const ask = async (init?: RequestInit) => {
      const response = await fetch(url, init);
      return `${response.status} ${await response.text()}`;
    };

    const answer = new Response('held', { headers });
    for (let count = 1; count <= 128; count++) onServer.gave(answer, count, url);
    expect(await ask()).toBe('200 held');
    expect(await ask({ method: 'HEAD' })).toBe('200 ');
    expect(await ask({ headers: { 'if-none-match': '"v1"' } })).toBe('304 ');
    expect(asked).toBe(0);
    expect(await ask({ method: 'OPTIONS' })).toBe('200 ours OPTIONS');

    await clock.advance(250);
    expect(await ask()).toBe('200 ours GET');
    expect(await answer.text()).toBe('held');
  });
});
