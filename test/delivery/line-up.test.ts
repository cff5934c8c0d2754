// This file tests the line-up over HTTP: dialects, what it names, and that the past it names is there.
import { describe, expect, test } from 'bun:test';
import { HOUR, listOf, MIN, S, secondsOf } from '../support/archive-viewing.ts';
import { createInProcessApp, loopChannel } from '../support/in-process-app.ts';
import { readAsEnigma2 } from '../support/player-parsers/enigma2.ts';
import { readAsKodi } from '../support/player-parsers/kodi.ts';
import {
  filledIn,
  type KodiCatchup,
  kodiCatchupUrl,
  readKodiCatchup,
} from '../support/player-parsers/kodi-catchup.ts';
import {
  ScriptedRendition,
  scriptedArchives,
  scriptedChannel,
} from '../support/scripted-archive.ts';

const START_MS = Date.UTC(2026, 10, 21, 18);

/** Two hours of `news` are archived, `other` is not. */
function world() {
  const main = new ScriptedRendition('main', START_MS).fill(1800);
  const archives = scriptedArchives({ news: scriptedChannel([main]) });
  const channels = [
    { ...loopChannel('news'), group: 'News', archive: { keepMs: 36 * HOUR } },
    { ...loopChannel('other'), group: 'Rest' },
  ];
  const app = createInProcessApp(channels, {}, { archives });
  const nowMs = START_MS + 2 * HOUR;
  app.clock.stepWall(nowMs - app.clock.nowMs());
  const text = async (query: string) =>
    await (await app.ask(`/playlist.m3u${query}`, { host: 'tv.example' })).text();
  return { app, nowS: nowMs / S, text, [Symbol.dispose]: () => app[Symbol.dispose]() };
}

const pathOf = (url: string) => url.slice('http://tv.example'.length);

describe('/playlist.m3u?dialect=', () => {
  const M3U = 'audio/x-mpegurl';
  const E2 = 'application/x-e2-bouquet; charset=utf-8';
  const rows: readonly (readonly [string, string, string, string])[] = [
    ['', M3U, 'weir.m3u', '#EXTM3U\n'],
    ['?dialect=default', M3U, 'weir.m3u', '#EXTM3U\n'],
    ['?dialect=kodi', M3U, 'weir.m3u', '#EXTM3U\n'],
    ['?dialect=vlc', M3U, 'weir.m3u', '#EXTM3U\n'],
    ['?dialect=enigma2', E2, 'userbouquet.weir.tv', '#NAME weir\n'],
    ['?dialect=enigma2&group=News', E2, 'userbouquet.weir-news.tv', '#NAME News\n'],
    ['?dialect=enigma2-index', E2, 'bouquets.tv', '#NAME Bouquets (TV)\n'],
    [
      '?dialect=enigma2-script',
      'application/x-sh; charset=utf-8',
      'weir-enigma2.sh',
      '#!/bin/sh\n',
    ],
  ];
  test.each(rows)('%s is %s, %s', async (query, type, name, begins) => {
    using it = world();
    for (const method of ['GET', 'HEAD', 'POST']) {
      const answer = await it.app.ask(`/playlist.m3u${query}`, { host: 'tv.example' }, method);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe(type);
      expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="${name}"`);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      if (method === 'GET') expect(await answer.text()).toStartWith(begins);
    }
  });

  test.each(['dialect=tivimate', 'output=m3u8'])('%s is 400, and says what there is', async (q) => {
    using it = world();
    const answer = await it.app.ask(`/playlist.m3u?${q}`);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(', wanted ');
  });

  test('a script fetches what was asked for, and has an address to fetch it from', async () => {
    using it = world();
    const script = await it.text("?dialect=enigma2-script&output=ts&group=Ne'ws&ids=a,b");
    const url = /wget -q -O "\$bouquet\.new" '([^']*)'/.exec(script)?.[1] as string;
    expect(url).toStartWith('http://tv.example/playlist.m3u?dialect=enigma2&output=ts');
    const query = new URL(url).searchParams;
    expect([query.getAll('group'), query.get('ids')]).toEqual([["Ne'ws"], 'a,b']);
    const nowhere = await it.app.ask('/playlist.m3u?dialect=enigma2-script');
    expect(nowhere.status).toBe(400);
  });

  test('a box has what is watched as a stream in its own demuxer', async () => {
    using it = world();
    const lists = readAsEnigma2(await it.text('?dialect=enigma2')).services;
    expect(lists[0]).toEqual({
      type: 4097,
      path: 'http://tv.example/live/news/index.m3u8',
      name: 'Channel news',
    });
    const streams = readAsEnigma2(await it.text('?dialect=enigma2&output=ts')).services;
    expect(streams.map(({ type, path }) => [type, path])).toEqual([
      [1, 'http://tv.example/live/news.ts'],
      [1, 'http://tv.example/live/other.ts'],
    ]);
    for (const { path } of streams) {
      const answer = await it.app.ask(pathOf(path), {}, 'HEAD');
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'video/mp2t']);
    }
  });
});

describe('/playlist.m3u?id=', () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['id=other', ['other']],
    ['ids=other,news', ['news', 'other']],
    ['id=none', []],
    ['id=none&id=news', ['news']],
    ['ids=news,other&group=Rest', ['other']],
  ];
  test.each(rows)('%s are %j', async (query, ids) => {
    using it = world();
    const { channels } = readAsKodi(await it.text(`?${query}`));
    expect(channels.map(({ guideId }) => guideId)).toEqual([...ids]);
  });
});

describe('what Kodi asks of an archived channel', () => {
  const PROGRAMME = { startS: START_MS / S + 1800, endS: START_MS / S + 3600 };

  async function catchupOf(it: ReturnType<typeof world>, query: string): Promise<KodiCatchup> {
    const [news, other] = readKodiCatchup(await it.text(query));
    expect(other).toBeUndefined();
    expect(news).toBeDefined();
    return news as KodiCatchup;
  }

  test.each(['', '?dialect=kodi'])(
    'a programme that is over is a finished list (%s)',
    async (q) => {
      using it = world();
      const catchup = await catchupOf(it, q);
      expect(catchup.days).toBe(2);
      const url = kodiCatchupUrl(catchup, PROGRAMME, it.nowS, 3 * 3600);
      const list = await listOf(await it.app.ask(pathOf(url)));
      expect(list.endList).toBe(true);
      const [first] = list.segments;
      expect(first?.programDateTimeMs).toBe(PROGRAMME.startS * S - 5 * MIN);
      expect(secondsOf(list)).toBe(1800 + 20 * 60);
      const at = pathOf(url).replace(/index\.m3u8.*/, '');
      expect((await it.app.ask(at + (first?.uri as string))).status).toBe(200);
    },
  );

  test('a programme that is on is there from its beginning, and ends where it is now', async () => {
    using it = world();
    const catchup = await catchupOf(it, '?dialect=kodi');
    const onNow = { startS: it.nowS - 600, endS: it.nowS + 600 };
    const list = await listOf(await it.app.ask(pathOf(kodiCatchupUrl(catchup, onNow, it.nowS))));
    expect(list.segments[0]?.programDateTimeMs).toBe((onNow.startS - 300) * S);
    expect(list.endList).toBe(true);
  });

  test('one that begins just now is played live', async () => {
    using it = world();
    const catchup = await catchupOf(it, '?dialect=kodi');
    const soon = { startS: it.nowS + 298, endS: it.nowS + 600 };
    const url = kodiCatchupUrl(catchup, soon, it.nowS);
    expect(url).toBe('http://tv.example/live/news/index.m3u8');
  });

  test('a stream has a file for its past', async () => {
    using it = world();
    const { channels } = readAsKodi(await it.text('?dialect=kodi&output=ts'));
    expect(channels[0]?.url).toBe('http://tv.example/live/news.ts');
    const catchup = await catchupOf(it, '?dialect=kodi&output=ts');
    const url = kodiCatchupUrl(catchup, PROGRAMME, it.nowS);
    expect(url).toStartWith('http://tv.example/archive/news.ts?from=');
    // What the archive here holds is no transport stream, and it knows that only once it looks
    expect((await it.app.ask(pathOf(url))).status).not.toBe(404);
    expect((await it.app.ask(pathOf(url))).status).not.toBe(400);
  });

  test('the quality that was asked for stays', async () => {
    using it = world();
    const catchup = await catchupOf(it, '?quality=720');
    const url = kodiCatchupUrl(catchup, PROGRAMME, it.nowS);
    expect(url).toContain('/archive/news/index.m3u8?quality=720&from=');
    expect((await it.app.ask(pathOf(url))).status).toBe(200);
  });

  test('a list whose addresses are paths says nothing of the past', async () => {
    using it = world();
    const answer = await it.app.ask('/playlist.m3u');
    expect(await answer.text()).not.toContain('catchup');
  });
});

describe('what other players fill in', () => {
  const dollar = (name: string) => `${'$'}{${name}}`;
  const forms: readonly (readonly [string, string])[] = [
    ['shift, and siptv by timeshift=', '/live/news/index.m3u8?utc={utc}&lutc={lutc}'],
    [
      'append with dollars',
      `/live/news/index.m3u8?utc=${dollar('start')}&lutc=${dollar('timestamp')}`,
    ],
    ['a length', '/archive/news/index.m3u8?from={utc}&duration={duration}'],
    ['an end with dollars', `/archive/news/index.m3u8?from=${dollar('start')}&to=${dollar('end')}`],
    ['dates', '/archive/news/index.m3u8?from={Y}{m}{d}{H}{M}{S}&duration={duration}'],
    ['dates of RFC 3339', '/archive/news/index.m3u8?from={Y}-{m}-{d}T{H}:{M}:{S}Z&duration=1800'],
    ['a delay', '/live/news/index.m3u8?delay={offset:1}'],
  ];
  test.each(forms)('%s is answered with what was on then', async (_, source) => {
    using it = world();
    const fromS = START_MS / S + 1800;
    const answer = await it.app.ask(filledIn(source, fromS, 1800, it.nowS));
    const list = await listOf(answer);
    const beginMs = list.segments[0]?.programDateTimeMs as number;
    const endMs = beginMs + secondsOf(list) * S;
    expect(source.includes('delay') ? endMs : beginMs).toBe(fromS * S);
  });

  test('siptv is told of it only where the address of the stream takes it', async () => {
    using it = world();
    expect(await it.text('')).toContain('timeshift="2"');
    const streams = await it.text('?output=ts');
    expect(streams).toContain('timeshift="2"');
    const proxied = await it.text('?mode=proxy&output=ts');
    expect(proxied).toContain('catchup-source=');
    expect(proxied).not.toContain('timeshift=');
    const [stream] = readAsKodi(streams).channels;
    const shifted = filledIn(`${stream?.url}?utc={utc}&lutc={lutc}`, START_MS / S, 60, it.nowS);
    const answer = await it.app.ask(pathOf(shifted));
    expect(answer.status).toBe(302);
    const to = new URL(answer.headers.get('location') as string, shifted);
    expect(to.href).toBe(`http://tv.example/archive/news.ts?from=${START_MS / S}&duration=10800`);
    expect((await it.app.ask(pathOf(to.href))).status).not.toBe(400);
  });
});
