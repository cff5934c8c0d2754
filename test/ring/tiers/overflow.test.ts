// This file tests how copies are kept in the tiers and found again, by viewers and by loops.
import { describe, expect, test } from 'bun:test';
import type { Copy } from '../../../src/ring/tiers/overflow.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { AGE_MS, scriptedOverflow } from '../../support/scripted-overflow.ts';

const PLACE = { channel: 'news', rendition: 'main' };
const ALWAYS = { fromMs: 0, toMs: Number.POSITIVE_INFINITY };
const copy = (name: string, more: Partial<Copy> = {}): Copy => ({
  ...PLACE,
  name,
  tierName: `of-${name}`,
  span: ALWAYS,
  ...more,
});
const stored = (text: string) => ({ body: new Blob([text]), contentType: 'video/mp2t' });

async function world(isShared = true) {
  const clock = new FakeClock();
  return { clock, ...(await scriptedOverflow(clock, isShared)) };
}

async function textOf(found: Promise<{ readonly body: Blob } | undefined> | undefined) {
  return await (await found)?.body.text();
}

describe('Overflow', () => {
  test('what was kept is found under its own name, with its type', async () => {
    const { overflow, own, shared } = await world();
    overflow.keep(copy('5-a.ts'), stored('five'));
    await settle();
    expect([own.held.size, shared.held.size]).toEqual([1, 1]);
    const found = await overflow.recall(PLACE, '5-a.ts');
    expect(await found?.body.text()).toBe('five');
    expect(found?.contentType).toBe('video/mp2t');
    expect(overflow.stats()).toMatchObject({ recalled: 1, taken: 0 });
  });

  test('of what was never kept no tier is asked, nor waited for', async () => {
    const { overflow, own } = await world();
    overflow.keep(copy('5-a.ts'), stored('five'));
    await settle();
    expect(overflow.recall(PLACE, '6-a.ts')).toBeUndefined();
    expect(overflow.recall({ ...PLACE, channel: 'other' }, '5-a.ts')).toBeUndefined();
    expect(overflow.recall({ ...PLACE, rendition: 'other' }, '5-a.ts')).toBeUndefined();
    expect(own.count('get')).toBe(0);
  });

  test('nor of what is too old to be held', async () => {
    const { clock, overflow } = await world();
    overflow.keep(copy('5-a.ts'), stored('five'));
    await clock.advance(AGE_MS);
    expect(overflow.recall(PLACE, '5-a.ts')).toBeUndefined();
  });

  test('a viewer is told after 50 ms that it is not to be had, whatever a tier does', async () => {
    const { clock, overflow, own, shared } = await world();
    overflow.keep(copy('5-a.ts'), stored('five'));
    await settle();
    own.delayMs = Number.POSITIVE_INFINITY;
    shared.delayMs = 2000;
    const startMs = clock.monotonicMs();
    let tookMs: number | undefined;
    void overflow.recall(PLACE, '5-a.ts')?.then(() => {
      tookMs = clock.monotonicMs() - startMs;
    });
    await clock.runUntil(() => tookMs !== undefined, 60_000);
    expect(tookMs).toBe(50);
  });

  test('other content that a tier held under the same name is not sent, nor taken', async () => {
    const { overflow, own } = await world(false);
    const span = { fromMs: 1000, toMs: 2000 };
    const held = stored('of an earlier run of the source');
    own.held.set('same', { ...held, contentType: 'video/mp2t; stored=999' });
    own.failures = { put: 'TIER_FULL' };
    overflow.keep(copy('105-a.ts', { tierName: 'same', span }), stored('new'));
    await settle();
    expect(await overflow.recall(PLACE, '105-a.ts')).toBeUndefined();
    expect(await overflow.look(PLACE, 'same', span, 'all')).toBeUndefined();
    expect(await textOf(overflow.look(PLACE, 'same', ALWAYS, 'all'))).toBe(await held.body.text());
    expect(overflow.stats()).toMatchObject({ taken: 1, recalled: 0 });
  });

  test('a loop looks only into what others share, where that is asked', async () => {
    const { overflow, own, shared } = await world();
    own.held.set('a', { body: new Blob(['own']), contentType: 'video/mp2t; stored=1' });
    expect(await overflow.look(PLACE, 'a', ALWAYS, 'shared')).toBeUndefined();
    expect(await textOf(overflow.look(PLACE, 'a', ALWAYS, 'all'))).toBe('own');
    expect([own.count('get'), shared.count('get')]).toEqual([1, 1]);
    expect(overflow.stats().taken).toBe(1);
  });

  test('with a folder alone nothing is shared', async () => {
    const { overflow } = await world(false);
    expect(overflow.isShared).toBe(false);
    expect(await overflow.look(PLACE, 'a', ALWAYS, 'shared')).toBeUndefined();
  });

  test('tiers that fail are as if they were not there', async () => {
    const { overflow, own, shared } = await world();
    own.failure = 'TIER_BROKEN';
    shared.failure = 'TIER_UNREACHABLE';
    overflow.keep(copy('5-a.ts'), stored('five'));
    await settle();
    expect(await overflow.recall(PLACE, '5-a.ts')).toBeUndefined();
    expect(await overflow.look(PLACE, 'of-5-a.ts', ALWAYS, 'shared')).toBeUndefined();
  });

  test('of very many names the oldest are forgotten', async () => {
    const { overflow } = await world(false);
    for (let i = 0; i < 32_770; i++) overflow.keep(copy(`${i}-a.ts`), stored(''));
    expect(overflow.recall(PLACE, '1-a.ts')).toBeUndefined();
    expect(overflow.recall(PLACE, '2-a.ts')).toBeInstanceOf(Promise);
  });
});
