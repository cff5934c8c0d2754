// This file tests what a rendition puts into the tiers, and when it believes what it finds there.
import { describe, expect, test } from 'bun:test';
import type { Form } from '../../../src/media/remux/form.ts';
import { Copies } from '../../../src/prefetch/rendition/copies.ts';
import type { RenditionSpec } from '../../../src/source/source.ts';
import { ScriptedTier } from '../../ring/tiers/scripted-tier.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { listedSegment } from '../../support/listed.ts';
import { scriptedOverflow } from '../../support/scripted-overflow.ts';

const policy = { headers: {}, verifyTls: true, allowDowngrade: false };
const hls = (url: string): RenditionSpec => ({
  kind: 'hls',
  url,
  policy,
  timeouts: {},
  imports: [],
});
const SOURCE = hls('http://up.example/list.m3u8?token=1');
const stored = (text: string) => ({ body: new Blob([text]), contentType: 'video/mp2t' });

/** Two weirs that share a database. */
async function world(sources: readonly RenditionSpec[] = [SOURCE, SOURCE]) {
  const clock = new FakeClock();
  const shared = new ScriptedTier(clock);
  const place = { channel: 'news', rendition: 'main' };
  const weirs = sources.map(async (source) => {
    const { overflow } = await scriptedOverflow(clock, true, shared);
    const copies = new Copies({ overflow, place, clock });
    copies.plays({ source, ahead: 3, segmentMaxBytes: 1e6, coldSegments: 6 });
    return copies;
  });
  const [one, other] = (await Promise.all(weirs)) as [Copies, Copies];
  return { clock, shared, one, other };
}

async function found(copies: Copies, sequence = 5, isOnDemand = false) {
  const stored = await copies.look(listedSegment(sequence), isOnDemand);
  return await stored?.body.text();
}

describe('Copies', () => {
  test('what one weir has loaded another finds, however it numbers it', async () => {
    const { one, other } = await world();
    one.loaded('1005-x.ts', listedSegment(5), stored('five'), false);
    await settle();
    expect(await found(other)).toBe('five');
    expect(await found(other, 6)).toBeUndefined();
  });

  test('a key is put nowhere: beside what it opens it would be worth nothing', async () => {
    const { one, other, shared } = await world();
    one.loaded('key-a.key', 'key-a.key', stored('sixteen bytes ..'), false);
    await settle();
    expect(shared.held.size).toBe(0);
    expect(one.recall('key-a.key')).toBeUndefined();
    expect(await other.look('key-a.key', false)).toBeUndefined();
    expect(shared.count('get')).toBe(0);
  });

  test('init segments are found by their names', async () => {
    const { one, other } = await world();
    one.loaded('init-a.mp4', 'init-a.mp4', stored('init'), false);
    await settle();
    expect(await (await other.look('init-a.mp4', false))?.body.text()).toBe('init');
    expect(await (await one.recall('init-a.mp4'))?.body.text()).toBe('init');
  });

  test.each([
    ['a token in the query', hls('http://up.example/list.m3u8?token=2'), 'five'],
    ['another list', hls('http://up.example/other.m3u8'), undefined],
    ['another host', hls('http://b.example/list.m3u8'), undefined],
    ['files that are looped', { kind: 'loop', files: 'demo' } as const, undefined],
  ])('a source that differs by %s', async (_, source, expected) => {
    const { one, other } = await world([SOURCE, source]);
    one.loaded('5-x.ts', listedSegment(5), stored('five'), false);
    await settle();
    expect(await found(other)).toBe(expected);
  });

  test('pieces of an endless stream are kept, and found by nobody else', async () => {
    const input = { kind: 'http', url: 'http://up.example/live.ts', policy } as const;
    const stream: RenditionSpec = { kind: 'stream', input, segmentMs: 4000, timeouts: {} };
    const { one, other } = await world([stream, stream]);
    one.loaded('5-x.ts', listedSegment(5), stored('five'), false);
    await settle();
    expect(await found(other)).toBeUndefined();
    expect(await (await one.recall('5-x.ts'))?.body.text()).toBe('five');
  });

  test('what is made into another container is found by nobody else', async () => {
    const { one, other } = await world();
    const spec = { source: SOURCE, ahead: 3, segmentMaxBytes: 1e6, coldSegments: 6 };
    one.plays({ ...spec, form: { container: 'fmp4' } as Form });
    one.loaded('5-x.m4s', listedSegment(5), stored('five'), false);
    await settle();
    expect(await found(other)).toBeUndefined();
    expect(await (await one.recall('5-x.m4s'))?.body.text()).toBe('five');
  });

  test('what is looped here is put nowhere', async () => {
    const loop = { kind: 'loop', files: 'demo' } as const;
    const { one, shared } = await world([loop, loop]);
    one.loaded('5-x.ts', listedSegment(5), stored('five'), false);
    await settle();
    expect([shared.held.size, one.recall('5-x.ts')]).toEqual([0, undefined]);
  });

  test('what was live too long ago is something else under the same name', async () => {
    const { clock, one, other } = await world();
    one.loaded('5-x.ts', listedSegment(5), stored('five'), false);
    await clock.advance(119_000);
    expect(await found(other)).toBe('five');
    await clock.advance(2000);
    expect(await found(other)).toBeUndefined();
    expect(await (await one.recall('5-x.ts'))?.body.text()).toBe('five');
  });

  test('and so is what was put before the source counted anew', async () => {
    const { clock, one, other } = await world();
    one.loaded('5-x.ts', listedSegment(5), stored('five'), false);
    await clock.advance(1000);
    other.countsAnew();
    expect(await found(other)).toBeUndefined();
    one.loaded('105-x.ts', listedSegment(5), stored('new five'), false);
    await settle();
    expect(await found(other)).toBe('new five');
  });

  test('what is finished stays what it is', async () => {
    const { clock, one, other } = await world();
    one.loaded('5-x.ts', listedSegment(5), stored('five'), true);
    await clock.advance(3_000_000);
    expect(await found(other, 5, true)).toBe('five');
  });

  test('of the time of another weir a minute more is believed', async () => {
    const { clock, shared, other, one } = await world();
    one.loaded('5-x.ts', listedSegment(5), stored('five'), false);
    await settle();
    const [name, held] = [...shared.held][0]!;
    const put = (aheadMs: number) =>
      shared.held.set(name, {
        ...held,
        contentType: `video/mp2t; stored=${clock.nowMs() + aheadMs}`,
      });
    put(59_000);
    expect(await found(other)).toBe('five');
    put(61_000);
    expect(await found(other)).toBeUndefined();
  });
});
