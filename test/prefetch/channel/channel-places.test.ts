// This file tests how places at a provider pass from channel to channel, with those who watch.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { ChannelConfig } from '../../../src/config/config.ts';
import type { LoopSpec } from '../../../src/prefetch/messages.ts';
import { settle } from '../../support/fake-clock.ts';
import { listedSegment } from '../../support/listed.ts';
import {
  address,
  breakDown,
  channelOf,
  give,
  IDLE_STOP_MS,
  RelayWorld as World,
} from '../../support/relay-world.ts';
import { wholeMedia } from '../../support/scripted-source.ts';

const ONE = { limits: { p: 1 } };
/** Two target durations after it asked last, a player has gone. */
const QUIET_MS = 8000;
const XY = () => [channelOf('x', ['a p']), channelOf('y', ['b p'])];
const warm = (id: string, source: string, more: Partial<ChannelConfig> = {}) =>
  channelOf(id, [source], { keepWarm: true, ...more });

const kindOf = async (answer: unknown) => ((await answer) as { kind: string }).kind;
const hosts = (w: World) => w.outbound.requests.map(({ url }) => new URL(url).host[0]);

/** Somebody plays the channel: asks for its list every target duration, and it grows. */
function keepWatching(w: World, id: string): Disposable {
  let isWatching = true;
  const ask = () => {
    if (!isWatching) return;
    const rendition = w.relay(id).rendition('main');
    if (rendition !== undefined && 'playlist' in rendition) void rendition.playlist(false);
    w.clock.after(4000, ask);
  };
  ask();
  return {
    [Symbol.dispose]: () => {
      isWatching = false;
    },
  };
}

/** Who has the place may just be leaving; whoever wants it hopes for no longer. */
const ZAP_MS = 500;

async function hopeless(w: World, id: string) {
  const opening = w.relay(id).open();
  await w.clock.advance(ZAP_MS);
  return await kindOf(opening);
}

describe('a channel that somebody wants to watch', () => {
  test('gets the place of one that nobody watches, once all of that is closed', async () => {
    using w = new World(XY(), ONE);
    w.loops.isSlowToClose = true;
    await w.watch('x');
    await w.clock.advance(QUIET_MS);
    const opening = w.relay('y').open();
    await settle();
    // It was told to close, and did not say yet that it has
    expect([w.open, w.relay('x').opened, w.used(), hosts(w)]).toEqual([[], undefined, 1, ['a']]);
    w.loops.last.letGo();
    expect(await kindOf(opening)).toBe('open');
    expect([w.used(), hosts(w)]).toEqual([1, ['a', 'b']]);
    expect(w.leases.stats()).toMatchObject([{ used: 1, waiting: 0, passed: 1 }]);
  });

  test('waits until the player of the other one must have asked again', async () => {
    using w = new World(XY(), ONE);
    await w.watch('x');
    const opening = w.relay('y').open();
    await w.clock.advance(QUIET_MS - 250);
    expect([w.used(), hosts(w), w.relay('x').opened?.kind]).toEqual([1, ['a'], 'open']);
    await w.clock.advance(250);
    expect([await kindOf(opening), hosts(w)]).toEqual(['open', ['a', 'b']]);
  });

  test('is told to come again as soon as the other one is seen to be watched', async () => {
    using w = new World(XY(), ONE);
    await w.watch('x');
    await w.clock.advance(3000);
    const opening = w.relay('y').open();
    await w.clock.advance(1000);
    using _watching = keepWatching(w, 'x');
    await w.clock.advance(250);
    expect(await opening).toMatchObject({ kind: 'unavailable', isBusy: true, retryAfterS: 8 });
    expect([w.used(), hosts(w), w.relay('x').opened?.kind]).toEqual([1, ['a'], 'open']);
  });

  test('is told so in a moment where somebody is connected to the other one, for as long as that is', async () => {
    using w = new World(XY(), ONE);
    const presence = w.relay('x').attend();
    await w.relay('x').open('stays');
    const opening = w.relay('y').open();
    await w.clock.advance(ZAP_MS);
    expect(await opening).toMatchObject({ isBusy: true, retryAfterS: 10 });
    presence[Symbol.dispose]();
    await w.clock.advance(1000);
    expect(await kindOf(w.relay('y').open())).toBe('open');
  });

  test('has the place of a box that leaves in the same moment', async () => {
    using w = new World(XY(), ONE);
    const presence = w.relay('x').attend();
    await w.relay('x').open('stays');
    const opening = w.relay('y').open();
    await w.clock.advance(100);
    presence[Symbol.dispose]();
    await w.clock.advance(ZAP_MS);
    expect(await kindOf(opening)).toBe('open');
  });

  test('waits for no longer than a viewer does, where what gives way does not close', async () => {
    using w = new World(XY(), ONE);
    w.loops.isSlowToClose = true;
    await w.watch('x');
    await w.clock.advance(QUIET_MS);
    const opening = w.relay('y').open();
    await w.clock.advance(10_000);
    expect(await opening).toMatchObject({ kind: 'unavailable', isBusy: true });
    expect([w.used(), hosts(w)]).toEqual([1, ['a']]);
    w.loops.last.letGo();
    await w.clock.advance(0);
    expect(w.used()).toBe(0);
  });

  test('is served in turn: a third comes after the second, and the first comes again behind them', async () => {
    using w = new World([...XY(), channelOf('z', ['c p'])], ONE);
    w.loops.isSlowToClose = true;
    await w.watch('x');
    await w.clock.advance(QUIET_MS);
    const opening = w.relay('y').open();
    // There is one place, and it is on its way to somebody
    expect(await hopeless(w, 'z')).toBe('unavailable');
    expect(await hopeless(w, 'x')).toBe('unavailable');
    w.loops.last.letGo();
    expect(await kindOf(opening)).toBe('open');
    expect([w.used(), hosts(w)]).toEqual([1, ['a', 'b']]);
  });

  test('takes one place of two, and the one that was left longest ago', async () => {
    using w = new World([...XY(), channelOf('z', ['c p'])], { limits: { p: 2 } });
    await w.watch('x');
    await w.clock.advance(1000);
    await w.watch('y');
    await w.clock.advance(QUIET_MS);
    expect(await kindOf(w.relay('z').open())).toBe('open');
    expect([w.relay('x').opened, w.relay('y').opened?.kind, w.used()]).toEqual([
      undefined,
      'open',
      2,
    ]);
  });

  test('plays another source at once rather than wait for somebody to go', async () => {
    using w = new World([channelOf('x', ['a p']), channelOf('y', ['b p', 'c'])], ONE);
    await w.watch('x');
    expect(await kindOf(w.relay('y').open())).toBe('open');
    expect(hosts(w)).toEqual(['a', 'c']);
  });

  test('waits at all its providers, for whichever has a place first', async () => {
    const channels = [
      channelOf('x', ['a p']),
      channelOf('y', ['b q']),
      channelOf('z', ['c p', 'c q']),
    ];
    using w = new World(channels, { limits: { p: 1, q: 1 } });
    await w.watch('y');
    await w.clock.advance(1000);
    await w.watch('x');
    const opening = w.relay('z').open();
    await w.clock.advance(QUIET_MS - 750);
    expect(await kindOf(opening)).toBe('open');
    expect([w.relay('x').opened?.kind, w.relay('y').opened]).toEqual(['open', undefined]);
    expect([w.used('p'), w.used('q')]).toEqual([1, 1]);
  });

  test('whose source fails takes over the place of one that nobody watches', async () => {
    const channels = [channelOf('x', ['a p']), channelOf('y', ['b', 'c p'])];
    using w = new World(channels, ONE);
    await w.watch('x');
    await w.clock.advance(QUIET_MS);
    await w.watch('y');
    breakDown(w.loops.last);
    await w.clock.advance(500);
    expect([w.sources, w.relay('x').opened]).toEqual([[address('c')], undefined]);
  });

  test('and one that waits for an answer is watched, however long it takes', async () => {
    using w = new World(XY(), ONE);
    const opened = await w.watch('x');
    const answer = Promise.withResolvers<string>();
    const waiting = w.relay('x').during(answer.promise, new AbortController().signal);
    await w.clock.advance(20_000);
    expect(await hopeless(w, 'y')).toBe('unavailable');
    answer.resolve('late');
    await waiting;
    await w.clock.advance(1000);
    expect(await kindOf(w.relay('y').open())).toBe('open');
    expect(opened.main.state).toBe('cold');
  });

  test('its place is not taken while it opens for somebody, and is where he has gone', async () => {
    using w = new World(XY(), { ...ONE, latencyMs: 3000 });
    const presence = w.relay('x').attend();
    void w.relay('x').open('stays');
    await w.clock.advance(1000);
    expect(await hopeless(w, 'y')).toBe('unavailable');
    presence[Symbol.dispose]();
    await w.clock.advance(2000 - ZAP_MS);
    const opening = w.relay('y').open();
    await w.clock.advance(4000);
    expect([await kindOf(opening), w.used(), w.relay('x').opened]).toEqual(['open', 1, undefined]);
  });

  test('by a box that zaps on and on: the last is served, whatever the ones before wait for', async () => {
    using w = new World([...XY(), channelOf('z', ['c p'])], { ...ONE, latencyMs: 3000 });
    w.loops.isSlowToClose = true;
    await w.clock.advance(0);
    const watching = w.watch('x');
    await w.clock.advance(3000);
    await watching;
    await w.clock.advance(QUIET_MS);
    const presence = w.relay('y').attend();
    const passedBy = w.relay('y').open('stays');
    presence[Symbol.dispose]();
    using _here = w.relay('z').attend();
    const opening = w.relay('z').open('stays');
    await w.clock.advance(500);
    w.loops.last.letGo();
    await w.clock.advance(3500);
    expect([await kindOf(passedBy), await kindOf(opening), w.used()]).toEqual([
      'unavailable',
      'open',
      1,
    ]);
    expect(hosts(w)).toEqual(['a', 'c']);
  });

  test('one that went idle keeps the place until `idle_stop` where nobody wants it', async () => {
    using w = new World(XY(), ONE);
    await w.watch('x');
    await w.clock.advance(IDLE_STOP_MS - 500);
    expect([w.used(), w.relay('x').opened?.kind]).toEqual([1, 'open']);
    await w.clock.advance(1000);
    expect([w.used(), w.relay('x').opened]).toEqual([0, undefined]);
  });
});

describe('a channel that is kept warm', () => {
  test('gives way to a viewer at once, and comes back by itself when there is a place', async () => {
    using w = new World([warm('x', 'a p'), channelOf('y', ['b p'])], ONE);
    await w.clock.advance(1000);
    give(w.loops.last);
    expect(await kindOf(w.relay('y').open())).toBe('open');
    expect([w.relay('x').opened, w.used()]).toEqual([undefined, 1]);
    await w.clock.advance(IDLE_STOP_MS - 1000);
    expect([w.relay('x').opened, hosts(w)]).toEqual([undefined, ['a', 'b']]);
    await w.clock.advance(2000);
    expect([w.relay('x').opened?.kind, w.relay('y').opened, w.used()]).toEqual([
      'open',
      undefined,
      1,
    ]);
  });

  test('gives way while it opens', async () => {
    using w = new World([warm('x', 'a p'), channelOf('y', ['b p'])], { ...ONE, latencyMs: 3000 });
    await w.clock.advance(1000);
    const opening = w.relay('y').open();
    await w.clock.advance(3000);
    expect([await kindOf(opening), w.used(), w.relay('x').opened]).toEqual(['open', 1, undefined]);
  });

  test('takes nothing from anybody, and asks nothing while there is no place', async () => {
    using w = new World([channelOf('y', ['b p']), warm('x', 'a p')], ONE);
    const presence = w.relay('y').attend();
    await w.relay('y').open('stays');
    await w.clock.advance(5000);
    expect([hosts(w), w.relay('x').lastError]).toEqual([['b'], undefined]);
    presence[Symbol.dispose]();
    await w.clock.advance(5000);
    expect([hosts(w), w.relay('y').opened?.kind]).toEqual([['b'], 'open']);
  });

  test('and watched keeps its place', async () => {
    using w = new World([warm('x', 'a p'), channelOf('y', ['b p'])], ONE);
    await w.clock.advance(1000);
    give(w.loops.last);
    using _watching = keepWatching(w, 'x');
    await w.clock.advance(20_000);
    const opening = w.relay('y').open();
    await w.clock.advance(4250);
    expect(await kindOf(opening)).toBe('unavailable');
    expect(w.relay('x').opened?.kind).toBe('open');
  });
});

/** Channels whose loops, or whose questions, are open upstream now. */
function openUpstream(w: World): Set<string> {
  const loops = w.loops.all.filter((loop) => !loop.hasLetGo);
  const asked = loops.map(({ spec: { source } }) => (source.kind === 'hls' ? source.url : ''));
  return new Set([...asked, ...w.asking]);
}

describe('whatever viewers of a provider with few places do', () => {
  const ids = ['x', 'y', 'z'];
  const step = fc.record({
    what: fc.constantFrom('zap', 'zap', 'poll', 'connect', 'leave', 'close', 'wait', 'fail'),
    id: fc.constantFrom(...ids),
    which: fc.nat(9),
  });

  test.each([1, 2])('never more than %p are open upstream, and none is lost', async (places) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, hasWarm) => {
        const hosts = ['a', 'b', 'c'];
        const channels = ids.map((id, index) =>
          channelOf(id, [`${hosts[index]} p`], { keepWarm: hasWarm && id === 'z' }),
        );
        using w = new World(channels, { limits: { p: places }, latencyMs: 300 });
        w.loops.isSlowToClose = true;
        const present: Disposable[] = [];
        const judge = () => {
          expect(openUpstream(w).size).toBeLessThanOrEqual(places);
          expect(w.used()).toBeLessThanOrEqual(places);
        };
        w.onStep = judge;
        const letGo = () => {
          for (const loop of w.loops.all) if (loop.isClosed) loop.letGo();
        };
        const ask = async (id: string) => {
          const rendition = await w.relay(id).rendition('main');
          if (rendition !== undefined && !('kind' in rendition)) void rendition.playlist(false);
        };
        for (const { what, id, which } of steps) {
          if (what === 'zap') void w.relay(id).open();
          else if (what === 'poll') void ask(id);
          else if (what === 'connect') {
            present.push(w.relay(id).attend());
            void w.relay(id).open('stays');
          } else if (what === 'leave') present.splice(which, 1)[0]?.[Symbol.dispose]();
          else if (what === 'close') letGo();
          else if (what === 'fail') breakDown(w.open[which % Math.max(1, w.open.length)]);
          else await w.clock.advance(which * 700);
          await settle();
          judge();
        }
        for (const viewer of present) viewer[Symbol.dispose]();
        // Everybody has gone: whoever comes now is served, and in the end nothing is out
        for (let rounds = 0; rounds < 30; rounds++) {
          letGo();
          await w.clock.advance(1000);
        }
        const opening = w.relay('x').open();
        for (let rounds = 0; rounds < 12; rounds++) {
          letGo();
          await w.clock.advance(1000);
        }
        expect(await kindOf(opening)).toBe('open');
        w.relays.apply([]);
        letGo();
        await w.clock.advance(1000);
        expect([w.used(), openUpstream(w).size]).toEqual([0, 0]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a better source over the one connection of the channel', () => {
  /** The second source plays, and the first is due to be looked at again. */
  async function onTheSecond(): Promise<World> {
    const w = new World([channelOf('x', ['a p', 'b p'])], ONE);
    w.script[address('a')] = { status: 404 };
    await w.watch();
    w.script[address('a')] = () => ({ body: list(Math.floor(w.clock.monotonicMs() / 4000)) });
    for (let n = 0; n < 20; n++) w.script[`http://a.example/${n}.ts`] = { body: wholeMedia() };
    return w;
  }

  const list = (sequence: number) =>
    `#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:${sequence}\n#EXTINF:4,\n${sequence}.ts\n`;

  /** What plays gets a segment every four seconds, as long as it may. */
  function goesOn(w: World): void {
    let next = 4;
    const give = () => {
      const loop = w.open.find(({ spec }) => urlOf(spec) === address('b'));
      loop?.list([listedSegment(next)], { link: 'next' });
      loop?.load(loop.lastOrdinal);
      loop?.polled();
      if (loop !== undefined) next++;
      w.clock.after(4000, give);
    };
    w.clock.after(4000, give);
  }

  const urlOf = ({ source }: LoopSpec) => (source.kind === 'hls' ? source.url : '');

  test('is seen between two segments, twice, and then taken: no list stands for long', async () => {
    using w = await onTheSecond();
    goesOn(w);
    using _watching = keepWatching(w, 'x');
    const ages: number[] = [];
    w.onStep = () => expect(openUpstream(w).size).toBeLessThanOrEqual(1);
    for (let s = 0; s < 40 && w.relay().stats().sources[0]?.active !== true; s += 0.25) {
      await w.clock.advance(250);
      ages.push(w.relay().opened?.main.edgeAgeS() ?? 0);
      expect([w.used(), openUpstream(w).size <= 1]).toEqual([1, true]);
    }
    expect(w.sources).toEqual([address('a')]);
    expect(w.relay().stats().switches).toEqual(new Map([['proved', 1]]));
    // RFC 8216 §6.2.1: never for longer than one and a half target durations
    expect(Math.max(...ages)).toBeLessThan(6);
    expect(w.relay().stats().sources[1]).toMatchObject({ failures: 0, state: 'good' });
  });

  test('that is down costs those who watch nothing', async () => {
    using w = await onTheSecond();
    w.script[address('a')] = { status: 500 };
    goesOn(w);
    using _watching = keepWatching(w, 'x');
    const ages: number[] = [];
    for (let s = 0; s < 60; s += 0.25) {
      await w.clock.advance(250);
      ages.push(w.relay().opened?.main.edgeAgeS() ?? 0);
      expect(openUpstream(w).size).toBeLessThanOrEqual(1);
    }
    expect(w.sources).toEqual([address('b')]);
    expect(Math.max(...ages)).toBeLessThan(6);
    expect(w.loops.all.length).toBeGreaterThan(2);
    const sequences = w
      .relay()
      .opened?.main.ring.listed()
      .map(({ discontinuitySequence }) => discontinuitySequence);
    expect(new Set(sequences)).toEqual(new Set([0]));
  });
});
