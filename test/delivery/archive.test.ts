// This file tests what is answered from archives, and how what is not there is refused.
import { describe, expect, test } from 'bun:test';
import { parsePlaylist } from '../../src/media/m3u8/parse-playlist.ts';
import type { MediaPlaylist } from '../../src/media/m3u8/playlist.ts';
import type { ArchivedBody } from '../../src/recording/archive/archived.ts';
import { createInProcessApp, loopChannel } from '../support/in-process-app.ts';
import {
  ScriptedRendition,
  scriptedArchives,
  scriptedChannel,
} from '../support/scripted-archive.ts';

const S = 1000;
const MIN = 60 * S;
const HOUR = 60 * MIN;

/** An archive of two hours that ends now. */
function world(prepare: (main: ScriptedRendition) => void = (main) => main.fill(1800)) {
  const startMs = Date.UTC(2026, 10, 21, 18);
  const main = new ScriptedRendition('main', startMs, { first: 100 });
  prepare(main);
  const archives = scriptedArchives({ news: scriptedChannel([main]) });
  const app = createInProcessApp(
    [loopChannel('news'), loopChannel('other')],
    {},
    undefined,
    undefined,
    undefined,
    archives,
  );
  const nowMs = main.held()?.toMs ?? startMs;
  app.clock.stepWall(nowMs - app.clock.nowMs());
  return { app, main, startMs, nowMs, [Symbol.dispose]: () => app[Symbol.dispose]() };
}

async function listOf(answer: Response): Promise<MediaPlaylist> {
  expect(answer.status).toBe(200);
  const playlist = parsePlaylist(await answer.text(), { uri: 'http://tv.example/' });
  if (playlist.kind !== 'media') throw new Error('no media playlist');
  return playlist;
}

const secondsOf = ({ segments }: MediaPlaylist) =>
  segments.map(({ duration }) => duration).reduce((a, b) => a + b, 0);

describe('/live/{channel}/index.m3u8?delay=', () => {
  test('lists what was on so long ago, a window that slides with the archive numbers', async () => {
    using it = world();
    const list = await listOf(await it.app.ask('/live/news/index.m3u8?delay=30m'));
    expect(list.endList).toBe(false);
    expect(list.type).toBeUndefined();
    const last = list.segments.at(-1);
    expect(last?.sequence).toBe(100 + 1800 - 450 - 1);
    expect(last?.uri).toBe('../../archive/news/main/s1449.ts');
    expect(list.segments.length).toBe(15);
    it.app.clock.stepWall(8 * S);
    const later = await listOf(await it.app.ask('/live/news/index.m3u8?delay=1800'));
    expect(later.mediaSequence).toBe(list.mediaSequence + 2);
    expect(it.app.loopsOpened).toBe(0);
  });

  test('is the live list where there is no delay', async () => {
    using it = world();
    const text = await (await it.app.ask('/live/news/index.m3u8?delay=0')).text();
    expect(text).not.toContain('archive');
    expect(it.app.loopsOpened).toBe(1);
  });

  test('stands where it was over a hole, and never goes back', async () => {
    using it = world((main) => {
      main
        .fill(100)
        .put({ startMs: (main.held()?.toMs ?? 0) + HOUR, discontinuity: true })
        .fill(900);
    });
    const { toMs } = it.main.held() as { toMs: number };
    let before = 0;
    for (let delayS = (toMs - it.startMs) / S - 1; delayS > 3000; delayS -= 97) {
      const answer = await it.app.ask(`/live/news/index.m3u8?delay=${delayS}`);
      if (answer.status === 404) continue;
      const list = await listOf(answer);
      expect(list.mediaSequence).toBeGreaterThanOrEqual(before);
      expect(list.segments.length).toBeGreaterThan(0);
      before = list.mediaSequence;
    }
    expect(before).toBeGreaterThan(190);
  });

  test('says how far back it goes where the delay is longer', async () => {
    using it = world();
    const answer = await it.app.ask('/live/news/index.m3u8?delay=3h');
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain('2026-11-21T18:00:00Z to 2026-11-21T20:00:00Z');
  });
});

describe('/live/{channel}/index.m3u8?at=', () => {
  test('lists from then to now, and grows', async () => {
    using it = world();
    const at = '/live/news/index.m3u8?at=2026-11-21T19:50:00Z';
    const list = await listOf(await it.app.ask(at));
    expect(list.type).toBe('EVENT');
    expect(list.start).toEqual({ timeOffset: 0, precise: false });
    expect(list.endList).toBe(false);
    expect(list.segments[0]?.programDateTimeMs).toBe(Date.UTC(2026, 10, 21, 19, 50));
    expect(secondsOf(list)).toBe(600);
    it.main.fill(2);
    it.app.clock.stepWall(8 * S);
    const read = it.main.rowsRead;
    const later = await listOf(await it.app.ask(at));
    expect(secondsOf(later)).toBe(608);
    expect(later.segments.slice(0, 150)).toEqual([...list.segments]);
    expect(it.main.rowsRead - read).toBeLessThan(10);
  });

  const forms = ['1795290600', '2026-11-21T20:50:00%2B01:00', '2026-11-21T20:50:00+01:00'];
  test.each(forms)('takes the time as %s', async (form) => {
    using it = world();
    for (const key of ['at', 'utc']) {
      const list = await listOf(await it.app.ask(`/live/news/index.m3u8?${key}=${form}&lutc=1`));
      expect(list.segments[0]?.programDateTimeMs).toBe(Date.UTC(2026, 10, 21, 19, 50));
    }
  });

  test('begins with the oldest where it holds none of then, and ends after three hours', async () => {
    using it = world((main) => main.fill(3600));
    const list = await listOf(await it.app.ask('/live/news/index.m3u8?at=0'));
    expect(list.segments[0]?.sequence).toBe(100);
    expect(list.endList).toBe(true);
    expect(secondsOf(list)).toBe(3 * 3600);
  });

  test('begins with the newest where nothing came since', async () => {
    using it = world();
    it.app.clock.stepWall(30 * S);
    const now = it.app.clock.nowMs() / S;
    const list = await listOf(await it.app.ask(`/live/news/index.m3u8?at=${now - 5}`));
    expect(list.segments.length).toBe(3);
    expect((await it.app.ask(`/live/news/index.m3u8?at=${now + 5}`)).status).toBe(404);
  });
});

describe('/archive/{channel}/index.m3u8', () => {
  const HOURS = 'from=2026-11-21T18:30:00Z&to=2026-11-21T19:00:00Z';

  test('is a finished list of the span, dated, its names leading to its bodies', async () => {
    using it = world();
    const answer = await it.app.ask(`/archive/news/index.m3u8?${HOURS}`);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=600');
    const etag = answer.headers.get('etag') as string;
    const list = await listOf(answer);
    expect(list.type).toBe('VOD');
    expect(list.endList).toBe(true);
    expect(secondsOf(list)).toBe(1800);
    expect(list.segments[0]?.uri).toBe('main/s550.ts');
    const body = await it.app.ask(`/archive/news/${list.segments[0]?.uri}`);
    expect(await body.text()).toBe('body 550');
    expect(body.headers.get('cache-control')).toContain('immutable');
    const again = await it.app.ask(`/archive/news/index.m3u8?${HOURS}`, { 'if-none-match': etag });
    expect(again.status).toBe(304);
    expect(it.app.loopsOpened).toBe(0);
  });

  test('marks what was lost, and says where the clock was broken off', async () => {
    using it = world((main) => {
      main.fill(10).put({ gap: true }).fill(5);
      main.put({ startMs: (main.held()?.toMs ?? 0) + 10 * MIN, discontinuity: true }).fill(5);
    });
    const list = await listOf(
      await it.app.ask(`/archive/news/index.m3u8?from=0&to=${it.nowMs / S}`).then(async (r) => {
        // Over 24 hours is refused
        expect(r.status).toBe(400);
        return await it.app.ask(
          `/archive/news/index.m3u8?from=${it.startMs / S}&to=${it.nowMs / S}`,
        );
      }),
    );
    expect(list.segments.map(({ gap }) => gap).indexOf(true)).toBe(10);
    expect(list.segments[16]?.discontinuity).toBe(true);
    const dated = list.segments.flatMap(({ programDateTimeMs }, i) =>
      programDateTimeMs === undefined ? [] : [i],
    );
    expect(dated).toEqual([0, 16]);
  });

  test('grows while its end is to come, by the same addresses Kodi makes', async () => {
    using it = world();
    const from = it.nowMs / S - 60;
    const path = `/archive/news/index.m3u8?from=${from}&duration=90`;
    const list = await listOf(await it.app.ask(path));
    expect([list.type, list.endList, secondsOf(list)]).toEqual(['EVENT', false, 60]);
    it.main.fill(10);
    it.app.clock.stepWall(40 * S);
    const done = await listOf(await it.app.ask(path));
    expect([done.type, done.endList, secondsOf(done)]).toEqual(['VOD', true, 92]);
  });

  test('is at an end where nothing more will come', async () => {
    using it = world();
    it.app.clock.stepWall(11 * MIN);
    const from = it.nowMs / S - 60;
    const list = await listOf(
      await it.app.ask(`/archive/news/index.m3u8?from=${from}&duration=1h`),
    );
    expect(list.endList).toBe(true);
  });

  const day = 'from=2026-11-21T00:00:00Z&to=2026-11-21T00:10:00Z';
  const refused: readonly (readonly [string, number, string])[] = [
    [`/archive/news/index.m3u8?${day}`, 404, 'it holds 2026-11-21T18:00:00Z to'],
    ['/archive/news/index.m3u8', 400, '?from=&to='],
    ['/archive/news/index.m3u8?from=yesterday', 400, 'Unix seconds'],
    ['/archive/news/index.m3u8?from=200&to=100', 400, 'not before'],
    ['/archive/news/index.m3u8?from=100&to=100000', 400, '24 hours'],
    ['/archive/news/index.m3u8?from=1&at=2', 400, 'one of'],
    ['/archive/news/index.m3u8?from=1&duration=ever', 400, 'duration'],
    ['/live/news/index.m3u8?delay=soon', 400, '30m'],
    [`/archive/other/index.m3u8?${day}`, 404, 'not archived'],
    [`/live/other/index.m3u8?delay=10m`, 404, 'not archived'],
    [`/archive/none/index.m3u8?${day}`, 404, 'none with the id'],
    [`/archive/news/none/index.m3u8?${day}`, 404, 'no such rendition'],
    ['/archive/news/main/none.ts', 404, 'names it'],
    ['/archive/news', 404, '/archive/{channel}.ts'],
  ];
  test.each(refused)('refuses %s with %d', async (path, status, text) => {
    using it = world();
    const answer = await it.app.ask(path);
    expect(await answer.text()).toContain(text);
    expect(answer.status).toBe(status);
    expect(it.app.loopsOpened).toBe(0);
  });

  test('says that nothing is stored yet', async () => {
    using it = world(() => {});
    for (const path of ['index.m3u8?from=1&to=2', 'main/index.m3u8?delay=1m']) {
      const answer = await it.app.ask(`/archive/news/${path}`);
      expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining('yet')]);
    }
    expect(await (await it.app.ask('/archive/news/days')).json()).toEqual({
      channel: 'news',
      days: [],
    });
  });

  test('packs a long list, and answers HEAD with its headers', async () => {
    using it = world();
    const path = `/archive/news/index.m3u8?from=${it.startMs / S}`;
    const packed = await it.app.ask(path, { 'accept-encoding': 'gzip' });
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    const plain = await it.app.ask(path);
    expect(Buffer.from(Bun.gunzipSync(await packed.bytes())).toString()).toBe(await plain.text());
    const head = await it.app.ask(path, {}, 'HEAD');
    expect([head.status, head.headers.get('etag')]).toEqual([200, plain.headers.get('etag')]);
  });

  test('keeps what a viewer will ask for next, and says so once a minute at most', async () => {
    using it = world();
    for (let round = 0; round < 20; round++) await it.app.ask('/archive/news/main/s550.ts');
    expect(it.main.kept.length).toBe(1);
    const [{ span, untilMs }] = it.main.kept as [
      { span: { fromMs: number; toMs: number }; untilMs: number },
    ];
    expect(span.fromMs).toBeLessThanOrEqual(it.startMs + 450 * 4 * S);
    expect(span.toMs).toBeGreaterThanOrEqual(it.startMs + 450 * 4 * S + 10 * MIN);
    expect(untilMs).toBe(it.nowMs + 10 * MIN);
    it.app.clock.stepWall(2 * MIN);
    await it.app.ask('/archive/news/main/s550.ts');
    expect(it.main.kept.length).toBe(2);
  });

  const bodies = [
    ['gone', { kind: 'gone' }, 410],
    ['late', { kind: 'late', retryAfterS: 3 }, 503],
  ] as const;
  test.each(bodies)('says that a body is %s', async (_what, body, status) => {
    using it = world();
    it.main.bodies.set('s550.ts', body);
    const asked = it.app.ask('/archive/news/main/s550.ts');
    await it.app.clock.advance(10_000);
    const answer = await asked;
    expect(answer.status).toBe(status);
    if (body.kind === 'late') expect(answer.headers.get('retry-after')).toBe('3');
  });
});

test('a body that is late is waited for, as long as a player waits', async () => {
  using it = world();
  const body = it.main.bodies.get('s550.ts') as ArchivedBody;
  it.main.bodies.set('s550.ts', { kind: 'late', retryAfterS: 3 });
  const asked = it.app.ask('/archive/news/main/s550.ts');
  await it.app.clock.advance(2000);
  it.main.bodies.set('s550.ts', body);
  await it.app.clock.advance(1000);
  expect(await (await asked).text()).toBe('body 550');
});

test('/archive/{channel}/days counts what is held of each day, and goes on counting', async () => {
  using it = world((main) => {
    main.fill(6 * 900 + 10).put({ gap: true });
    main.put({ startMs: (main.held()?.toMs ?? 0) + 10 * MIN, discontinuity: true }).fill(99);
  });
  const days = async () => (await (await it.app.ask('/archive/news/days')).json()).days;
  const [first, second, ...none] = await days();
  expect(none).toEqual([]);
  expect([first.date, first.seconds, first.gapSeconds]).toEqual(['2026-11-21', 21_600, 0]);
  expect([second.date, second.seconds, second.gapSeconds]).toEqual(['2026-11-22', 444, 4]);
  expect(second.stretches).toEqual([
    { from: '2026-11-22T00:00:00Z', to: '2026-11-22T00:00:44Z' },
    { from: '2026-11-22T00:10:44Z', to: '2026-11-22T00:17:24Z' },
  ]);
  it.main.fill(5);
  it.main.rows.splice(0, 900);
  const read = it.main.rowsRead;
  const [shorter, longer] = await days();
  expect([shorter.seconds, shorter.from]).toEqual([21_600 - 3600, '2026-11-21T19:00:00Z']);
  expect(longer.seconds).toBe(464);
  expect(it.main.rowsRead - read).toBeLessThan(5 * 900 + 20);
});

test('/metrics counts what was answered of archives', async () => {
  using it = world();
  const { app } = it;
  await app.ask('/live/news/index.m3u8?delay=1m');
  await app.ask('/archive/news/main/s550.ts');
  await app.ask('/archive/news/days');
  await app.ask('/live/news/index.m3u8?delay=9h');
  await app.ask('/archive/news/main/none.ts');
  const text = await (await app.ask('/metrics')).text();
  for (const [what, count] of Object.entries({ list: 1, body: 1, days: 1, none: 2, late: 0 })) {
    expect(text).toContain(`weir_archive_answers_total{what="${what}"} ${count}`);
  }
});

test('what a channel showed before its source was made of other renditions is there too', async () => {
  const old = new ScriptedRendition('main', Date.UTC(2026, 10, 21, 18)).fill(900);
  const main = new ScriptedRendition('720p', old.held()?.toMs ?? 0).fill(900);
  const archives = scriptedArchives({ news: scriptedChannel([main, old]) });
  using app = createInProcessApp(
    [loopChannel('news')],
    {},
    undefined,
    undefined,
    undefined,
    archives,
  );
  app.clock.stepWall((main.held()?.toMs ?? 0) - app.clock.nowMs());
  for (const [minute, name] of [
    ['10', 'main'],
    ['59', 'main'],
    ['61', '720p'],
  ] as const) {
    const delay = `${120 - Number(minute)}m`;
    const list = await listOf(await app.ask(`/live/news/index.m3u8?delay=${delay}`));
    expect(list.segments.at(-1)?.uri).toContain(`/${name}/`);
  }
});

describe('a channel whose sound is a list of its own', () => {
  const START_MS = Date.UTC(2026, 10, 21, 18);
  const MASTER = `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",DEFAULT=YES,URI="audio-en/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=640x360,AUDIO="a"
360p-800k/index.m3u8
`;
  const paths: readonly (readonly [string, string, string])[] = [
    ['/live/news/index.m3u8?delay=30m', '../../archive/news/', 'delay=1800'],
    ['/live/news/index.m3u8?at=2026-11-21T18:30:00Z', '../../archive/news/', 'at=1795285800'],
    ['/archive/news/index.m3u8?from=1795285800&duration=60', '', 'from=1795285800&to=1795285860'],
    [
      '/online.m3u8?fid=news&host=tv.example:81&delay=60',
      'http://tv.example:81/archive/news/',
      'delay=60',
    ],
    ['/online.m3u8?fid=news&at=1795285800', 'archive/news/', 'at=1795285800'],
  ];
  test.each(paths)(
    '%s names the lists of both, which name what is there',
    async (path, base, tail) => {
      const picture = new ScriptedRendition('360p-800k', START_MS).fill(1800);
      const sound = new ScriptedRendition('audio-en', START_MS, { kind: 'audio' }).fill(1800);
      const parsed = parsePlaylist(MASTER, { uri: 'http://tv.example/' });
      if (parsed.kind !== 'multivariant') throw new Error('no multivariant playlist');
      const archives = scriptedArchives({ news: scriptedChannel([picture, sound], parsed) });
      using app = createInProcessApp(
        [loopChannel('news')],
        {},
        undefined,
        undefined,
        undefined,
        archives,
      );
      app.clock.stepWall((picture.held()?.toMs ?? 0) - app.clock.nowMs());
      const answer = await app.ask(path);
      expect(answer.status).toBe(200);
      const list = parsePlaylist(await answer.text(), { uri: 'http://tv.example/' });
      if (list.kind !== 'multivariant') throw new Error('no multivariant playlist');
      const uris = [list.variants[0]?.uri, list.renditions[0]?.uri];
      expect(uris).toEqual([
        `${base}360p-800k/index.m3u8?${tail}`,
        `${base}audio-en/index.m3u8?${tail}`,
      ]);
      const root = path.startsWith('/online') ? '/' : path.replace(/[^/]*$/, '');
      for (const uri of uris) {
        const { pathname, search } = new URL(uri as string, `http://tv.example${root}`);
        const media = await listOf(await app.ask(pathname + search));
        const body = await app.ask(
          new URL(media.segments[0]?.uri as string, `http://a${pathname}`).pathname,
        );
        expect(body.status).toBe(200);
      }
      expect(app.loopsOpened).toBe(0);
    },
  );
});
