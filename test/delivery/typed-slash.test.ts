// This file tests which addresses of a server typed with a slash at its end are understood.
import { expect, test } from 'bun:test';
import { withoutTypedSlash } from '../../src/delivery/typed-slash.ts';
import { createXtreamWorld } from '../support/xtream-world.ts';

const BASE = 'http://tv:8080';

test('withoutTypedSlash() undoes it where a name and a password are asked for, and nowhere else', () => {
  for (const path of [
    '/player_api.php?username=a&password=b//c',
    '/panel_api.php',
    '/get.php?type=m3u_plus',
    '/xmltv.php',
    '/streaming/timeshift.php?stream=1',
    '/live/anna/pa:ss/8.ts',
    '/live/anna/pa%2Fss/8',
    '/movie/anna/pass/24.mkv',
    '/series/anna/pass/24.mp4?x=//',
    '/past/anna/pass/8.m3u8?from=1',
    '/timeshift/anna/pass/60/2026-01-01:20-00/8.ts',
  ]) {
    expect(withoutTypedSlash(`${BASE}/${path}`)).toBe(BASE + path);
    expect(withoutTypedSlash(`${BASE}//${path}`)).toBe(BASE + path);
    expect(withoutTypedSlash(BASE + path)).toBeUndefined();
  }
  // What operators keep others from must not be had in another way
  for (const path of [
    '//api/status',
    '//api/channels/8',
    '//metrics',
    '//live/news/index.m3u8',
    '//live/news/main/index.m3u8',
    '//playlist.m3u',
    '//archive/news/days',
    '/live//anna/pass/8.ts',
    '/playlist.m3u?host=http://cdn.example',
    '//',
    '',
  ]) {
    expect(withoutTypedSlash(BASE + path)).toBeUndefined();
  }
});

test('a player so told logs in, posts and plays', async () => {
  const { app } = createXtreamWorld();
  using _app = app;
  const login = 'username=alice&password=p@ss';
  const ask = (path: string, init: RequestInit = {}) =>
    app.fetch(new Request(`${BASE}/${path}`, init));
  expect(await (await ask(`/player_api.php?${login}`)).json()).toMatchObject({
    user_info: { auth: 1 },
  });
  const posted = await ask('/player_api.php', {
    method: 'POST',
    body: new URLSearchParams(login),
  });
  expect(await posted.json()).toMatchObject({ user_info: { auth: 1 } });
  expect((await ask('/live/alice/p@ss/2.ts', { method: 'HEAD' })).status).toBe(200);
  expect((await ask('/live/alice/wrong/2.ts')).status).toBe(403);
  expect((await ask('/playlist.m3u')).status).toBe(404);
});
