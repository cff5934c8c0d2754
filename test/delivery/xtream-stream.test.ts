// This file tests what users play live by number: streams and lists, and how many at once.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { isUserName, TAKEN_NAMES } from '../../src/access/user-store.ts';
import { settle } from '../support/fake-clock.ts';
import { createInProcessApp } from '../support/in-process-app.ts';
import { scriptedUsers } from '../support/scripted-users.ts';
import {
  CHANNELS,
  createXtreamWorld,
  LIST,
  NUMBERS,
  problemOf,
  STREAM,
  type XtreamWorld,
} from '../support/xtream-world.ts';

let app: XtreamWorld['app'];
let users: XtreamWorld['users'];

beforeEach(() => {
  ({ app, users } = createXtreamWorld());
});

afterEach(() => app[Symbol.dispose]());

describe('a stream', () => {
  const forms = [
    '/live/alice/p%40ss/2.ts',
    '/alice/p%40ss/2.ts',
    '/alice/p%40ss/2',
    '/live/alice/p%40ss/2',
  ];
  test.each(forms)('%s is one endless MPEG-TS', async (path) => {
    const head = await app.ask(path, {}, 'HEAD');
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'video/mp2t']);
    expect(app.loopsOpened).toBe(0);
    const answer = await app.ask(path, { range: 'bytes=0-' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'video/mp2t']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(app.loopsOpened).toBe(1);
    await answer.body?.cancel();
  });

  test.each(['/live/alice/p@ss/2.m3u8', '/alice/p@ss/2.m3u8'])('%s is a list', async (path) => {
    const head = await app.ask(path, {}, 'HEAD');
    expect([head.status, head.headers.get('content-type')]).toEqual([
      ...[200, 'application/vnd.apple.mpegurl'],
    ]);
    expect(app.loopsOpened).toBe(0);
    const text = await (await app.ask(path)).text();
    expect(text).toMatch(/\n\/live\/news\/[\w-]+\/1-[\w]+\.ts\n/);
    app.state.publicUrl = 'https://tv.example/under/';
    expect(await (await app.ask(path)).text()).toMatch(/\n\/under\/live\/news\/[\w-]+\/1-/);
  });

  const refused: readonly (readonly [string, string, number, string])[] = [
    ['a wrong password', '/live/alice/wrong/2.ts', 403, 'DELIVERY_USER'],
    ['nobody', '/live/nobody/p@ss/2.m3u8', 403, 'DELIVERY_USER'],
    ['an expired user', '/old/pw/2', 403, 'DELIVERY_USER'],
    ['a number that is none', '/live/alice/p@ss/99.ts', 404, 'DELIVERY_UNKNOWN_CHANNEL'],
    ['the number of a group', '/live/alice/p@ss/1.ts', 404, 'DELIVERY_UNKNOWN_CHANNEL'],
    ['a number of too many digits', '/alice/p@ss/12345678901', 404, 'DELIVERY_UNKNOWN_ADDRESS'],
    ['another form', '/alice/p@ss/2.mp4', 404, 'DELIVERY_UNKNOWN_ADDRESS'],
    ['what is no stream', '/wp-admin/css/x.css', 404, 'DELIVERY_UNKNOWN_ADDRESS'],
  ];
  test.each(refused)('refuses %s', async (_, path, status, code) => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await app.ask(path, {}, method);
      expect(answer.status).toBe(status);
      const body = await answer.text();
      if (method === 'GET') expect(body).toStartWith(`${code}: `);
      expect(body).not.toMatch(/wrong\/|p@ss/);
    }
  });

  test('ends once its user may watch no more, and gives its place back', async () => {
    const [mine, others] = await Promise.all([app.ask('/one/pw/2.ts'), app.ask('/live/pw/2.ts')]);
    const [reader, other] = [mine.body?.getReader(), others.body?.getReader()];
    const ended = reader?.read();
    await app.clock.advance(6000);
    expect(app.xtream.connections.counts().live).toBe(2);
    users.barred.add('one');
    await app.clock.advance(6000);
    expect(await ended).toMatchObject({ done: true });
    expect(app.xtream.connections.counts().live).toBe(1);
    await other?.cancel();
  });

  test('is to be asked for again where very many log in at once, which says nothing of the user', async () => {
    const login = '/player_api.php?username=late&password=pw';
    for (const path of ['/live/late/pw/2.ts', '/get.php?username=late&password=pw', login]) {
      const answer = await app.ask(path);
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '3']);
      expect(await answer.text()).toStartWith('DELIVERY_UNAVAILABLE: ');
    }
  });

  test('is not at any address while there is no user', async () => {
    using bare = createInProcessApp(CHANNELS);
    for (const path of ['/live/a/b/2.ts', '/a/b/2.m3u8', '/movie/a/b/2.mkv', '/get.php']) {
      expect(await problemOf(await bare.ask(path))).toEqual([404, 'DELIVERY_UNKNOWN_ADDRESS']);
    }
    const login = await bare.ask('/player_api.php?username=a&password=b');
    expect(await login.json()).toEqual({ user_info: { auth: 0 } });
  });

  test('of a user called like a channel keeps apart from what the channel names', async () => {
    const list = await (await app.ask('/live/news/index.m3u8')).text();
    const name = list.split('\n').find((line) => line.endsWith('.ts')) as string;
    const segment = await app.ask(`/live/news/${name}`);
    expect([segment.status, await segment.text()]).toEqual([200, expect.stringContaining('body')]);
    const rendition = name.split('/')[0] as string;
    expect((await app.ask(`/live/news/${rendition}/index.m3u8`)).status).toBe(200);
    const stream = await app.ask('/live/news/v0/3.m3u8');
    expect(await stream.text()).toContain('/live/sport/');
    expect((await app.ask('/live/news/wrong/3.m3u8')).status).toBe(403);
    expect((await app.ask('/live/pw/3.m3u8')).status).toBe(200);
    expect((await app.ask('/live/news/v0/1-none.ts')).status).toBe(404);
  });

  test('of a user called like the beginning of any address of ours is played, but of those taken', async () => {
    const begins = new Set(app.routes.map((route) => route.split('/')[1] ?? ''));
    const names = [...begins].filter((name) => isUserName(name));
    const users = scriptedUsers(
      Object.fromEntries(names.map((name) => [name, { password: 'pw' }])),
    );
    using other = createInProcessApp(CHANNELS, {}, { xtream: { users } });
    const unplayed: string[] = [];
    for (const name of names) {
      expect((await other.ask(`/live/${name}/pw/2.m3u8`, {}, 'HEAD')).status).toBe(200);
      const short = await other.ask(`/${name}/pw/2.m3u8`, {}, 'HEAD');
      if (short.status !== 200) unplayed.push(name);
    }
    expect(names.length).toBeGreaterThan(20);
    expect(unplayed.sort()).toEqual([...TAKEN_NAMES]);
  });

  test('is asked for, and not posted', async () => {
    const posted = await app.ask('/alice/p@ss/2.ts', {}, 'POST');
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
    const api = await app.ask('/player_api.php', {}, 'PUT');
    expect(api.headers.get('allow')).toBe('GET, HEAD, POST, OPTIONS');
  });
});

describe('the mode of a channel', () => {
  const ask = (channel: keyof typeof NUMBERS, form: string) =>
    app.ask(`/live/alice/p@ss/${NUMBERS[channel]}.${form}`);

  test('proxy passes its list on', async () => {
    expect(await (await ask('proxied', 'm3u8')).text()).toMatch(/\n\/proxy\/proxied\/[\w-]+\.ts\n/);
  });

  test('host names where upstream has it', async () => {
    expect(await (await ask('hosted', 'm3u8')).text()).toContain('\nhttp://up.example/a.ts\n');
  });

  test('redirect leads to upstream, in the form that it has', async () => {
    const list = await ask('told', 'm3u8');
    expect([list.status, list.headers.get('location')]).toEqual([302, LIST]);
    const stream = await ask('away', 'ts');
    expect([stream.status, stream.headers.get('location')]).toEqual([302, STREAM]);
    for (const [channel, form] of [
      ['told', 'ts'],
      ['hosted', 'ts'],
    ] as const) {
      const answer = await ask(channel, form);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'video/mp2t']);
      await answer.body?.cancel();
    }
    // A list of a stream has to be made: upstream is asked for it, and is not there
    expect((await ask('away', 'm3u8')).status).toBe(503);
  });
});

describe('max_connections', () => {
  const ts = (headers = {}) => app.ask('/live/one/pw/2.ts', headers);
  const active = () => app.xtream.connections.activeCount('one');

  test('counts endless streams exactly, and a box that zaps has the place it leaves', async () => {
    const first = await ts();
    expect([first.status, active()]).toEqual([200, 1]);
    const metrics = await (await app.ask('/metrics')).text();
    expect(metrics).toContain('weir_user_connections{kind="live"} 1');
    const refused = ts();
    await app.clock.advance(2000);
    const answer = await refused;
    expect([answer.status, answer.headers.get('retry-after'), active()]).toEqual([503, '5', 1]);
    expect(answer.headers.get('x-hdhomerun-error')).toBe('805 All Tuners In Use');
    const zapping = ts();
    await settle();
    await first.body?.cancel();
    const second = await zapping;
    expect([second.status, active()]).toEqual([200, 1]);
    await second.body?.cancel();
    expect(active()).toBe(0);
  });

  test('a channel that is not to be had takes no place', async () => {
    app.script.segments = [];
    const answering = ts();
    await app.clock.advance(20_000);
    expect([(await answering).status, active()]).toEqual([503, 0]);
  });

  test('counts who polls a list while he does, wherever he zaps', async () => {
    const list = (number: number) => app.ask(`/live/one/pw/${number}.m3u8`);
    expect((await list(2)).status).toBe(200);
    expect((await list(3)).status).toBe(200);
    expect(active()).toBe(1);
    // The same viewer goes over to the endless stream, and back
    const stream = await ts();
    expect([stream.status, active()]).toEqual([200, 1]);
    const polling = list(2);
    await app.clock.advance(2000);
    expect((await polling).status).toBe(503);
    await stream.body?.cancel();
    expect((await list(2)).status).toBe(200);
    await app.clock.advance(20_001);
    expect(active()).toBe(0);
  });

  test('who takes segments of what a list named is here', async () => {
    const text = await (await app.ask('/live/one/pw/2.m3u8')).text();
    const path = text.split('\n').find((line) => line.startsWith('/live/')) as string;
    await app.clock.advance(15_000);
    expect((await app.ask(path)).status).toBe(200);
    await app.clock.advance(15_000);
    expect(active()).toBe(1);
    await app.clock.advance(6000);
    expect(active()).toBe(0);
  });
});
