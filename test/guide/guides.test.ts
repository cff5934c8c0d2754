// This file tests what guides are called where people read of them, and that one that fails is tried again.
import { expect, test } from 'bun:test';
import { FakeClock } from '../support/fake-clock.ts';
import { GUIDE_PLACE, GuideWorld, guidesOf } from '../support/guide-world.ts';
import { until } from '../support/until.ts';

const ONE = '<tv><programme start="20260101200000" channel="a"><title>T</title></programme></tv>';

test('guides are told apart whatever of their addresses is not shown', async () => {
  const places = ['one', 'two'].map((token) => `http://guide.example/epg.php?token=${token}`);
  await using guides = guidesOf(new FakeClock(), [...places, 'http://guide.example/other.xml']);
  const shown = guides.status().map(({ place }) => place);
  expect(new Set(shown).size).toBe(3);
  expect(shown.join()).not.toMatch(/one|two/);
});

test('one that fails is tried again, by one alone however often it was asked for', async () => {
  const clock = new FakeClock();
  let [asked, isDown] = [0, true];
  await using world = await GuideWorld.create();
  const guides = world.open(clock, {
    [GUIDE_PLACE]: () => {
      asked++;
      return isDown ? { status: 503 } : { body: ONE };
    },
  });
  await guides.refresh();
  await guides.refresh();
  await guides.refresh();
  expect([asked, guides.status()[0]?.error?.code]).toEqual([3, 'GUIDE_STATUS']);
  expect(clock.pendingCount).toBe(1);
  const passHours = (isSo: () => boolean) =>
    until(async () => {
      await clock.advance(3600_000);
      return isSo();
    }, 10_000);
  expect(await passHours(() => asked > 3)).toBe(true);
  isDown = false;
  expect(await passHours(() => guides.hasAny)).toBe(true);
});
