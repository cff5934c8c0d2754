// This file tests for how long streams of users go on.
import { expect, test } from 'bun:test';
import { Stays } from '../../../src/lineup/xtream/stays.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function world() {
  const standing = new Map([
    ['anna', 'a'],
    ['ben', 'b'],
  ]);
  const clock = new FakeClock();
  const stays = new Stays(clock, { standingOf: (name) => standing.get(name) });
  return { standing, clock, stays };
}

test('a stay ends once its user is gone, or is let in by another password', async () => {
  const { standing, clock, stays } = world();
  const [anna, ben, nobody] = ['anna', 'ben', 'nobody'].map((name) => stays.begin(name));
  const ended = () => [anna, ben, nobody].map((stay) => stay?.ended.aborted);
  await clock.advance(60_000);
  expect(ended()).toEqual([false, false, true]);
  standing.delete('anna');
  await clock.advance(6000);
  expect(ended()).toEqual([true, false, true]);
  standing.set('ben', 'of another password');
  const again = stays.begin('ben');
  await clock.advance(6000);
  expect([...ended(), again.ended.aborted]).toEqual([true, true, true, false]);
});

test('who has left is not looked after, and where nobody is left nothing waits', async () => {
  const { standing, clock, stays } = world();
  const stay = stays.begin('anna');
  using other = stays.begin('ben');
  stay[Symbol.dispose]();
  standing.clear();
  await clock.advance(6000);
  expect([stay.ended.aborted, other.ended.aborted]).toEqual([false, true]);
  expect(clock.pendingCount).toBe(0);
  standing.set('anna', 'a');
  const later = stays.begin('anna');
  standing.clear();
  await clock.advance(6000);
  expect(later.ended.aborted).toBe(true);
});
