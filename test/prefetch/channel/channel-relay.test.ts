// This file tests a channel over changes of its source: what its viewers keep, and what it costs.
import { describe, expect, test } from 'bun:test';
import type { ChannelConfig, SourceConfig } from '../../../src/config/config.ts';
import type { ChannelRelay, Opened } from '../../../src/prefetch/channel/channel-relay.ts';
import { settle } from '../../support/fake-clock.ts';
import { listedSegment } from '../../support/listed.ts';
import type { RecordedLoop } from '../../support/recorded-loops.ts';
import {
  address,
  breakDown,
  channelOf,
  give,
  IDLE_STOP_MS,
  MEDIA,
  RelayWorld as World,
} from '../../support/relay-world.ts';

const SLATE: SourceConfig = { kind: 'loop', files: 'card' };

/** A multivariant playlist of these heights, with subtitles where a language is told. */
function master(heights: readonly number[], language?: string): string {
  const media = `#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="s",LANGUAGE="${language}",URI="s.m3u8"\n`;
  const group = language === undefined ? '' : ',SUBTITLES="s"';
  const lines = heights.map(
    (height) =>
      `#EXT-X-STREAM-INF:BANDWIDTH=${height}000,RESOLUTION=${height}x${height}${group}\n${height}.m3u8\n`,
  );
  return `#EXTM3U\n${language === undefined ? '' : media}${lines.join('')}`;
}

const active = (relay: ChannelRelay) => relay.stats().sources.findIndex((each) => each.active);

describe('ChannelRelay changes its source', () => {
  test('and what it offers stays what it was, each rendition fed by the nearest', async () => {
    const answers = {
      [address('a')]: { body: master([720, 360]) },
      [address('b')]: { body: master([1080, 480, 240]) },
    };
    using w = new World([channelOf('x', ['a', 'b'])], { answers });
    const opened = await w.watch();
    const ids = w
      .relay()
      .stats()
      .renditions.map(({ id }) => id);
    breakDown(w.open[0]);
    await w.clock.advance(500);
    expect(w.sources).toEqual(['http://b.example/480.m3u8', 'http://b.example/480.m3u8']);
    expect(w.relay().opened).toBe(opened);
    expect(
      w
        .relay()
        .stats()
        .renditions.map(({ id }) => id),
    ).toEqual(ids);
    expect(w.relay().stats().switches).toEqual(new Map([['error', 1]]));
    expect(active(w.relay())).toBe(1);
  });

  test('and one rendition in trouble is enough, but not where it is only text', async () => {
    const body = master([720], 'en');
    const answers = { [address('a')]: { body }, [address('b')]: { body } };
    using w = new World([channelOf('x', ['a', 'b'])], { answers });
    await w.watch();
    const [picture, text] = w.open;
    breakDown(text);
    await w.clock.advance(1000);
    expect(active(w.relay())).toBe(0);
    breakDown(picture);
    await w.clock.advance(500);
    expect(active(w.relay())).toBe(1);
  });

  test('text that the other one lacks ends, and is there again when that one is left', async () => {
    const answers = {
      [address('a')]: { body: master([720], 'en') },
      [address('b')]: { body: master([720]) },
    };
    using w = new World([channelOf('x', ['a', 'b'])], { answers });
    await w.watch();
    breakDown(w.open[0]);
    await w.clock.advance(500);
    expect(w.sources).toEqual(['http://b.example/720.m3u8']);
    const text = w.relay().peek('subtitles-s-en-s');
    expect(await text?.playlist(false)).toMatchObject({
      kind: 'unavailable',
      reason: 'the source that plays has nothing like it',
    });
    await w.clock.advance(5000);
    give(w.open[0] as RecordedLoop, 70);
    breakDown(w.open[0]);
    await w.clock.advance(500);
    expect(active(w.relay())).toBe(0);
    void text?.playlist(false);
    expect(w.sources).toEqual(['http://a.example/720.m3u8', 'http://a.example/s.m3u8']);
  });

  test('and who never got a list from the first gets one from the second', async () => {
    using w = new World([channelOf('x', ['a', 'b'])]);
    const opened = (await w.relay().open()) as Opened;
    const answer = opened.main.playlist(w.relay().isProbe);
    expect(opened.main.state).toBe('probing');
    breakDown(w.loops.last);
    await w.clock.advance(500);
    give(w.loops.last);
    expect((await answer).kind).toBe('ready');
    expect(w.sources).toEqual([address('b')]);
  });

  test('a rendition that nobody watches is fed by it from its next viewer on', async () => {
    const body = master([720, 360]);
    const answers = { [address('a')]: { body }, [address('b')]: { body } };
    using w = new World([channelOf('x', ['a', 'b'])], { answers });
    const opened = (await w.relay().open()) as Opened;
    const answer = opened.main.playlist(false);
    give(w.loops.last);
    await answer;
    breakDown(w.loops.last);
    await w.clock.advance(500);
    expect(w.sources).toEqual(['http://b.example/720.m3u8']);
    const other = w.relay().stats().renditions[1];
    void other?.playlist(false);
    expect(w.sources).toEqual(['http://b.example/720.m3u8', 'http://b.example/360.m3u8']);
  });

  test('an address that players hold from another source goes on being one', async () => {
    const answers = { [address('a')]: { body: master([720, 360]) } };
    using w = new World([channelOf('x', ['a', 'b'])], { answers });
    await w.watch();
    await w.clock.advance(IDLE_STOP_MS + 1000);
    w.script[address('a')] = { status: 503 };
    const rendition = await w.relay().rendition('720p-720k');
    if (rendition === undefined || 'kind' in rendition) throw new Error('it is gone');
    void rendition.playlist(false);
    expect(w.sources).toEqual([address('b')]);
    expect(await w.relay().rendition('1080p-9k')).toBeUndefined();
  });

  test('of a channel with one source only what that has is to be had', async () => {
    const answers = { [address('a')]: { body: master([720, 360]) } };
    using w = new World([channelOf('x', ['a'])], { answers });
    await w.watch();
    await w.clock.advance(IDLE_STOP_MS + 1000);
    w.script[address('a')] = { body: master([720]) };
    expect(await w.relay().rendition('360p-360k')).toBeUndefined();
  });

  test('a source whose address is refused is asked for another, by the playlist that plays', async () => {
    const answers = { [address('b')]: { body: master([720]) } };
    using w = new World([channelOf('x', ['a', 'b'])], { answers });
    await w.watch();
    breakDown(w.open[0]);
    await w.clock.advance(500);
    give(w.loops.last, 70);
    const asked = w.outbound.requests.length;
    await w.clock.advance(4900);
    w.loops.last.list([listedSegment(73)], { link: 'next' });
    w.loops.last.load(3);
    w.loops.last.pollFailed(1, 403);
    await w.clock.advance(200);
    w.loops.last.pollFailed(2, 403);
    await settle();
    expect(w.outbound.requests.slice(asked).map(({ url }) => url)).toContain(address('b'));
    expect(w.loops.last.spec.resume?.tracker.lastSequence).toBe(73);
  });
});

describe('ChannelRelay and the connections of a provider', () => {
  test('a probe that goes away gives its connection back', async () => {
    using w = new World([channelOf('x', ['a p'])], { limits: { p: 1 } });
    await w.relay().open();
    expect(w.used()).toBe(1);
    await w.clock.advance(IDLE_STOP_MS + 500);
    expect([w.used(), w.relay().opened]).toEqual([0, undefined]);
  });

  test('a channel that is closed while it opens keeps nothing', async () => {
    using w = new World([channelOf('x', ['a p'])], { limits: { p: 1 } });
    const opening = w.relay().open();
    w.relays.apply([]);
    expect((await opening).kind).toBe('unavailable');
    await w.clock.advance(0);
    expect([w.used(), w.loops.all]).toEqual([0, []]);
  });

  test('a channel that takes longer to open than `idle_stop` is forgotten once it is open', async () => {
    const setup = { limits: { p: 1 }, idleStopMs: 2000, latencyMs: 5000 };
    using w = new World([channelOf('x', ['a p'])], setup);
    const opening = w.relay().open();
    await w.clock.advance(4900);
    expect(w.used()).toBe(1);
    await w.clock.advance(100);
    expect((await opening).kind).toBe('open');
    await w.clock.advance(500);
    expect([w.used(), w.relay().opened]).toEqual([0, undefined]);
  });

  test('other sources in the configuration, in the middle of a switch: all is given back', async () => {
    using w = new World([channelOf('x', ['a p', 'b p'])], { limits: { p: 1 } });
    await w.watch();
    w.loops.isSlowToClose = true;
    breakDown(w.open[0]);
    await w.clock.advance(500);
    // What plays is being closed for the other one
    expect([w.open, w.used()]).toEqual([[], 1]);
    w.relays.apply([channelOf('x', ['c p'])]);
    for (const loop of w.loops.all) loop.letGo();
    await w.clock.advance(1000);
    expect(w.used()).toBe(0);
    await w.watch();
    expect([w.sources, w.used()]).toEqual([[address('c')], 1]);
  });

  test('idle in the middle of a switch: all is given back', async () => {
    using w = new World([channelOf('x', ['a p', 'b p'])], { limits: { p: 1 } });
    await w.watch();
    await w.clock.advance(IDLE_STOP_MS - 600);
    w.loops.isSlowToClose = true;
    breakDown(w.open[0]);
    await w.clock.advance(1500);
    for (const loop of w.loops.all) loop.letGo();
    await w.clock.advance(1000);
    expect([w.used(), w.open, w.relay().opened]).toEqual([0, [], undefined]);
    await w.watch();
    expect(w.used()).toBe(1);
  });

  test('none is free for another source of it: what plays is closed, and goes on where that fails', async () => {
    const answers = { [address('b')]: { status: 404 } };
    using w = new World([channelOf('x', ['a p', 'b p'])], { answers, limits: { p: 1 } });
    await w.watch();
    breakDown(w.open[0]);
    await w.clock.advance(500);
    expect([w.sources, w.used()]).toEqual([[address('a')], 1]);
    expect(w.loops.all).toHaveLength(2);
    expect(w.loops.last.spec.resume?.tracker.lastSequence).toBe(3);
  });
});

describe('ChannelRelay with keep_warm', () => {
  const warm = (sources: readonly string[], more: Partial<ChannelConfig> = {}) =>
    channelOf('x', sources, { keepWarm: true, ...more });

  test('runs before anybody asks, and for ever', async () => {
    using w = new World([warm(['a p'])], { limits: { p: 1 } });
    await w.clock.advance(1000);
    expect([w.open.length, w.loops.last.told]).toEqual([1, ['mode follow']]);
    give(w.loops.last);
    await w.clock.advance(10 * IDLE_STOP_MS);
    expect([w.open.length, w.used()]).toEqual([1, 1]);
  });

  test('answers its first viewer without a question to anybody', async () => {
    using w = new World([warm(['a'])]);
    await w.clock.advance(1000);
    give(w.loops.last);
    const asked = w.outbound.requests.length;
    const opened = w.relay().open() as Opened;
    expect(opened.kind).toBe('open');
    expect(opened.main.playlist(w.relay().isProbe)).toEqual({ kind: 'ready' });
    expect(w.outbound.requests).toHaveLength(asked);
  });

  test('with variants keeps the first of them', async () => {
    const answers = { [address('a')]: { body: master([720, 360]) } };
    using w = new World([warm(['a'])], { answers });
    await w.clock.advance(1000);
    expect(w.sources).toEqual(['http://a.example/720.m3u8']);
  });

  test('asks a source that is down no sooner than it has cooled down', async () => {
    using w = new World([warm(['a'])], { answers: { [address('a')]: { status: 503 } } });
    await w.clock.advance(36_000);
    // 0.5 s, then after 5, 10 and 20 seconds
    expect(w.outbound.requests).toHaveLength(4);
    w.script[address('a')] = { body: MEDIA };
    await w.clock.advance(45_000);
    expect(w.sources).toEqual([address('a')]);
  });

  test('changes its source though nobody watches', async () => {
    using w = new World([warm(['a', 'b'])]);
    await w.clock.advance(1000);
    give(w.loops.last);
    breakDown(w.loops.last);
    await w.clock.advance(500);
    expect(w.sources).toEqual([address('b')]);
  });

  test('until the configuration says otherwise', async () => {
    using w = new World([warm(['a p'])], { limits: { p: 1 } });
    await w.clock.advance(1000);
    give(w.loops.last);
    w.relays.apply([warm(['a p'], { keepWarm: false })]);
    await w.clock.advance(IDLE_STOP_MS + 1000);
    expect([w.open, w.used(), w.relay().opened]).toEqual([[], 0, undefined]);
  });
});

describe('ChannelRelay with a slate', () => {
  test('plays it where nothing else is to be had, and goes back to what comes first', async () => {
    using w = new World([channelOf('x', ['a', 'b'], { slate: SLATE })]);
    await w.watch();
    for (const host of ['a', 'b']) w.script[address(host)] = { status: 503 };
    breakDown(w.open[0]);
    await w.clock.advance(500);
    expect(w.sources).toEqual(['loop']);
    give(w.loops.last, 800);
    expect(
      w
        .relay()
        .stats()
        .sources.map(({ kind }) => kind),
    ).toEqual(['url', 'url', 'slate']);
    const opened = w.relay().opened;
    expect(opened?.main.ring.listed().at(-1)).toMatchObject({ mediaSequence: 6 });
    w.script[address('b')] = { body: MEDIA };
    w.script['http://b.example/1.ts'] = { body: 'no media at all' };
    await w.clock.advance(5500);
    expect(w.sources).toEqual(['loop']);
  });

  test('plays it for who comes while nothing else is to be had', async () => {
    const answers = { [address('a')]: { status: 503 } };
    using w = new World([channelOf('x', ['a'], { slate: SLATE })], { answers });
    const opened = (await w.relay().open()) as Opened;
    void opened.main.playlist(false);
    expect(w.sources).toEqual(['loop']);
  });
});
