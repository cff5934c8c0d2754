// This file tests that films and episodes are had by number, whole and in parts.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { createXtreamWorld, problemOf, type XtreamWorld } from '../support/xtream-world.ts';

let world: XtreamWorld;
let app: XtreamWorld['app'];

beforeEach(() => {
  world = createXtreamWorld();
  app = world.app;
});

afterEach(() => world[Symbol.dispose]());

describe('a film', () => {
  /** Numbered once it was listed. */
  async function numberOf(action: 'get_vod_streams' | 'get_series_info', at = 0): Promise<number> {
    const query = `username=alice&password=p@ss&action=${action}`;
    if (action === 'get_vod_streams') {
      const rows = (await (await app.ask(`/player_api.php?${query}`)).json()) as {
        stream_id: number;
      }[];
      return rows[at]?.stream_id as number;
    }
    const series = (await (
      await app.ask('/player_api.php?username=alice&password=p@ss&action=get_series')
    ).json()) as { series_id: number }[];
    const info = await app.ask(`/player_api.php?${query}&series_id=${series[0]?.series_id}`);
    const { episodes } = (await info.json()) as { episodes: Record<string, { id: string }[]> };
    return Number(episodes['1']?.[0]?.id);
  }

  test('is sent whole, with its length and the type of its extension', async () => {
    const answer = await app.ask(`/movie/alice/p@ss/${await numberOf('get_vod_streams')}.mkv`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'video/x-matroska']);
    expect([answer.headers.get('content-length'), await answer.text()]).toEqual([
      '10',
      '0123456789',
    ]);
    expect(app.xtream.connections.activeCount('alice')).toBe(0);
  });

  test('an episode too, after a new start', async () => {
    const number = await numberOf('get_series_info');
    const answer = await app.ask(`/series/alice/p@ss/${number}.mkv`);
    expect([answer.status, await answer.text()]).toEqual([200, '0123456789']);
  });

  const ranges: readonly (readonly [string, Record<string, string>, string])[] = [
    ['a part', { range: 'bytes=2-4' }, '234'],
    ['from somewhere', { range: 'bytes=7-' }, '789'],
    ['of what is held', { range: 'bytes=7-', 'if-range': '"e"' }, '789'],
    ['of what is another by now', { range: 'bytes=7-', 'if-range': '"old"' }, '0123456789'],
    ['several parts', { range: 'bytes=0-1,3-4' }, '0123456789'],
    ['a range that is none', { range: 'bytes=4-2' }, '0123456789'],
  ];
  test.each(ranges)('is had in parts: %s', async (_, headers, body) => {
    const answer = await app.ask(`/movie/alice/p@ss/${await numberOf('get_vod_streams')}`, headers);
    expect(await answer.text()).toBe(body);
    expect(answer.status).toBe(body.length === 10 ? 200 : 206);
    expect(answer.headers.get('content-length')).toBe(String(body.length));
    // Of a whole it is not known whether parts of it are to be had
    expect(answer.headers.get('accept-ranges')).toBe(body.length === 10 ? null : 'bytes');
  });

  test('is had whole where upstream calls it by a tag that is weak', async () => {
    world.film = { ...world.film, headers: { etag: 'W/"e"' } };
    const headers = { range: 'bytes=7-', 'if-range': 'W/"e"' };
    const number = await numberOf('get_vod_streams');
    const answer = await app.ask(`/movie/alice/p@ss/${number}.mkv`, headers);
    expect([answer.status, await answer.text()]).toEqual([200, '0123456789']);
  });

  test('of its end, once it is known where that is', async () => {
    world.film = { ...world.film, headers: { 'content-range': 'bytes 0-0/10' } };
    const answer = await app.ask(`/movie/alice/p@ss/${await numberOf('get_vod_streams')}.mkv`, {
      range: 'bytes=-3',
    });
    expect([answer.status, await answer.text()]).toEqual([206, '789']);
  });

  test('HEAD tells its length by its first byte', async () => {
    world.film = { ...world.film, headers: { 'content-range': 'bytes 0-0/4567' } };
    const number = await numberOf('get_vod_streams');
    const head = await app.ask(`/movie/alice/p@ss/${number}.mkv`, {}, 'HEAD');
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '4567']);
    expect(app.outbound.requests.map(({ range }) => range)).toEqual([{ first: 0, last: 0 }]);
  });

  test('that is not to be had is refused, and takes no place', async () => {
    const gone = await app.ask(`/movie/alice/p@ss/${await numberOf('get_vod_streams', 1)}.mkv`);
    expect(await problemOf(gone)).toEqual([502, 'DELIVERY_UPSTREAM']);
    const number = await numberOf('get_vod_streams');
    world.film = { status: 404 };
    expect((await app.ask(`/movie/alice/p@ss/${number}.mkv`)).status).toBe(404);
    world.film = { body: '<html>', headers: { 'content-type': 'text/html' } };
    expect((await app.ask(`/movie/alice/p@ss/${number}.mkv`)).status).toBe(404);
    expect((await app.ask(`/movie/alice/wrong/${number}.mkv`)).status).toBe(403);
    expect((await app.ask('/movie/alice/p@ss/2.mkv')).status).toBe(404);
    expect(app.xtream.connections.activeCount('alice')).toBe(0);
  });

  test('is one connection however often its viewer seeks', async () => {
    const number = await numberOf('get_vod_streams');
    const path = `/movie/one/pw/${number}.mkv`;
    const [first, second] = [await app.ask(path), await app.ask(path, { range: 'bytes=5-' })];
    expect([first.status, second.status]).toEqual([200, 206]);
    expect(app.xtream.connections.activeCount('one')).toBe(1);
    await first.body?.cancel();
    expect(app.xtream.connections.activeCount('one')).toBe(1);
    await second.body?.cancel();
    expect(app.xtream.connections.activeCount('one')).toBe(0);
  });
});
