// This file tests a live channel that is asked for as it was, and channels of several renditions.
import { describe, expect, test } from 'bun:test';
import { parsePlaylist } from '../../src/media/m3u8/parse-playlist.ts';
import { HOUR, listOf, S, secondsOf, archiveWorld as world } from '../support/archive-viewing.ts';
import { createInProcessApp, loopChannel } from '../support/in-process-app.ts';
import {
  ScriptedRendition,
  scriptedArchives,
  scriptedChannel,
} from '../support/scripted-archive.ts';

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

test('what a channel showed before its source was made of other renditions is there too', async () => {
  const old = new ScriptedRendition('main', Date.UTC(2026, 10, 21, 18)).fill(900);
  const main = new ScriptedRendition('720p', old.held()?.toMs ?? 0).fill(900);
  const archives = scriptedArchives({ news: scriptedChannel([main, old]) });
  using app = createInProcessApp([loopChannel('news')], {}, { archives });
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
      using app = createInProcessApp([loopChannel('news')], {}, { archives });
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
