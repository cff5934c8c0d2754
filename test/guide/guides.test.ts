// This file tests what guides are called where people read of them.
import { expect, test } from 'bun:test';
import { FakeClock } from '../support/fake-clock.ts';
import { guidesOf } from '../support/guide-world.ts';

test('guides are told apart whatever of their addresses is not shown', async () => {
  const places = ['one', 'two'].map((token) => `http://guide.example/epg.php?token=${token}`);
  await using guides = guidesOf(new FakeClock(), [...places, 'http://guide.example/other.xml']);
  const shown = guides.status().map(({ place }) => place);
  expect(new Set(shown).size).toBe(3);
  expect(shown.join()).not.toMatch(/one|two/);
});
