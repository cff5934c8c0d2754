// This file tests what a rendition does with tiers: what goes there, and who is sent it from there.
import { describe, expect, test } from 'bun:test';
import { silentLog } from '../../../src/base/log.ts';
import type { BodyResult } from '../../../src/prefetch/answers.ts';
import { Copies } from '../../../src/prefetch/rendition/copies.ts';
import { Rendition } from '../../../src/prefetch/rendition/rendition.ts';
import { Ring } from '../../../src/ring/ring.ts';
import { Timeline } from '../../../src/ring/timeline.ts';
import type { RenditionSpec } from '../../../src/source/source.ts';
import { ScriptedTier } from '../../ring/tiers/scripted-tier.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { listedSegment } from '../../support/listed.ts';
import { RecordedLoops } from '../../support/recorded-loops.ts';
import { scriptedOverflow } from '../../support/scripted-overflow.ts';

const SOURCE: RenditionSpec = {
  kind: 'hls',
  url: 'http://up.example/list.m3u8',
  policy: { headers: {}, verifyTls: true, allowDowngrade: false },
  timeouts: {},
  imports: [],
};

type Options = { readonly isShared?: boolean; readonly shared?: ScriptedTier };

async function world(clock = new FakeClock(), { isShared = true, shared }: Options = {}) {
  const loops = new RecordedLoops();
  const tiers = await scriptedOverflow(clock, isShared, shared);
  const place = { channel: 'news', rendition: 'main' };
  const rendition = new Rendition(
    { id: 'main', traits: { kind: 'variant' }, spec: SOURCE },
    {
      clock,
      log: silentLog,
      ring: new Ring(clock, 1e6, () => {}),
      timeline: new Timeline(),
      openLoop: loops.open,
      settings: { ahead: 3, segmentMaxBytes: 1000, idleStopMs: 60_000 },
      count() {},
      copies: new Copies({ overflow: tiers.overflow, place, clock }),
    },
  );
  return { clock, loops, rendition, ...tiers };
}

type World = Awaited<ReturnType<typeof world>>;

const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => listedSegment(first + index));

/** It is followed and has loaded segments 1 to 3. */
async function follow({ rendition, loops }: World): Promise<void> {
  const answer = rendition.playlist(false);
  loops.last.list(range(1, 3));
  expect((await answer).kind).toBe('ready');
  for (let ordinal = 0; ordinal < 3; ordinal++) loops.last.load(ordinal);
  await settle();
}

async function textOf(result: BodyResult | Promise<BodyResult>) {
  const settled = await result;
  return settled.kind === 'whole' ? await settled.body.text() : settled.kind;
}

/** The first segments leave the ring: 40 come after them, and time goes by. */
async function outgrow({ clock, rendition, loops }: World): Promise<void> {
  loops.last.list(range(4, 43), { link: 'next' });
  for (let ordinal = 3; ordinal < 43; ordinal++) loops.last.load(ordinal);
  await clock.advance(1);
  rendition.ring.all().forEach((segment) => {
    if (segment.mediaSequence < 10) rendition.ring.drop(segment);
  });
  await settle();
}

describe('a rendition with tiers', () => {
  test('sends what has left the ring from there', async () => {
    const w = await world();
    await follow(w);
    const name = w.rendition.ring.find(1)?.name ?? '';
    expect(await textOf(w.rendition.body(name))).toBe('body of 0');
    await outgrow(w);
    expect(w.rendition.ring.find(1)?.body).toBeUndefined();
    expect(await textOf(w.rendition.body(name))).toBe('body of 0');
    expect(w.overflow.stats().recalled).toBe(1);
    expect(await (await w.rendition.copied(name))?.kind).toBe('whole');
  });

  test('answers as without them where they fail', async () => {
    const w = await world();
    await follow(w);
    const name = w.rendition.ring.find(1)?.name ?? '';
    await outgrow(w);
    w.own.failure = 'TIER_BROKEN';
    w.shared.failure = 'TIER_UNREACHABLE';
    expect(await w.rendition.body(name)).toEqual({ kind: 'gone' });
  });

  test('answers a hit in memory at once, whatever they do', async () => {
    const w = await world();
    w.own.delayMs = Number.POSITIVE_INFINITY;
    w.shared.delayMs = 2000;
    await follow(w);
    const result = w.rendition.body(w.rendition.ring.find(3)?.name ?? '');
    expect(result).toMatchObject({ kind: 'whole' });
    expect(w.own.count('get')).toBe(0);
  });

  test('says of a name that nobody gave what it always said, at once', async () => {
    const w = await world();
    await follow(w);
    expect(w.rendition.body('99-x.ts')).toEqual({ kind: 'missing' });
    expect(w.rendition.body('init-x.mp4')).toEqual({ kind: 'missing' });
    expect(w.own.count('get')).toBe(0);
  });

  test('sends what it has once it was stopped, and wakes nobody for it', async () => {
    const w = await world();
    await follow(w);
    const name = w.rendition.ring.find(2)?.name ?? '';
    w.rendition.stop('idle');
    expect(await textOf(w.rendition.body(name))).toBe('body of 1');
    expect([w.rendition.state, w.loops.all.length]).toEqual(['cold', 1]);
  });

  test('keeps init segments too', async () => {
    const w = await world();
    const asset = {
      name: 'init-a.mp4',
      ref: { kind: 'http', url: 'http://up.example/i.mp4' },
    } as const;
    const answer = w.rendition.playlist(false);
    w.loops.last.list(range(1, 2).map((each) => ({ ...each, map: { asset, keys: [] } })));
    w.loops.last.load('init-a.mp4', 'init');
    await answer;
    await settle();
    w.rendition.stop('idle');
    expect(await textOf(w.rendition.body('init-a.mp4'))).toBe('init');
  });

  test.each([
    [true, 'always'],
    [false, 'on-demand'],
  ] as const)('its loop looks aside: shared %p, %s', async (isShared, lookAside) => {
    const w = await world(new FakeClock(), { isShared });
    await follow(w);
    expect(w.loops.last.spec.lookAside).toBe(lookAside);
    expect(w.loops.last.die().lookAside).toBe(lookAside);
  });

  test('its loop is told what another weir has put, and that there is nothing', async () => {
    const clock = new FakeClock();
    const shared = new ScriptedTier(clock);
    const [one, other] = [await world(clock, { shared }), await world(clock, { shared })];
    await follow(one);
    const answer = other.rendition.playlist(false);
    other.loops.last.list(range(2, 5));
    await answer;
    for (const key of [0, 1, 2, 99, 'init-x.mp4']) other.loops.last.emit({ type: 'look', key });
    await clock.advance(100);
    const { answers } = other.loops.last;
    expect([...answers.keys()]).toEqual(expect.arrayContaining([0, 1, 2, 99, 'init-x.mp4']));
    expect(await answers.get(0)?.text()).toBe('body of 1');
    expect(await answers.get(1)?.text()).toBe('body of 2');
    expect([answers.get(2), answers.get(99)]).toEqual([undefined, undefined]);
    expect(other.overflow.stats().taken).toBe(2);
  });
});
