// This file tests who is told of what other processes wrote.
import { expect, test } from 'bun:test';
import { silentLog } from '../../src/base/log.ts';
import { ChangeWatch } from '../../src/channel/change-watch.ts';
import { FakeClock } from '../support/fake-clock.ts';

function createWorld() {
  const clock = new FakeClock();
  const counts = new Map<string, number>();
  let looks = 0;
  const read = async () => {
    looks++;
    return new Map(counts);
  };
  const watch = new ChangeWatch(clock, silentLog, read);
  return { clock, counts, watch, looks: () => looks };
}

test('ChangeWatch tells of what others wrote since it was loaded, and of no write of ours', async () => {
  const { counts, watch } = createWorld();
  const told: string[] = [];
  counts.set('user', 3);
  watch.loaded('user', 3);
  using _watching = watch.watch('user', () => void told.push('user'));
  await watch.look();
  expect(told).toEqual([]);
  counts.set('user', 4);
  watch.wrote('user', 3, 4);
  await watch.look();
  expect(told).toEqual([]);
  // Others wrote just before us
  counts.set('user', 6);
  watch.wrote('user', 5, 6);
  await watch.look();
  await watch.look();
  expect(told).toEqual(['user']);
});

test('ChangeWatch tells once who began to watch without loading, or who loads later than others', async () => {
  const { counts, watch } = createWorld();
  const told: string[] = [];
  counts.set('user', 1);
  using _watching = watch.watch('user', () => void told.push('user'));
  await watch.look();
  expect(told).toEqual(['user']);
  counts.set('user', 2);
  watch.loaded('user', 2);
  await watch.look();
  expect(told).toEqual(['user', 'user']);
});

test('ChangeWatch looks only while somebody watches, and one that throws harms no other', async () => {
  const { clock, counts, watch, looks } = createWorld();
  await clock.advance(10_000);
  expect(looks()).toBe(0);
  const told: string[] = [];
  const broken = watch.watch('user', () => {
    throw new Error('no');
  });
  const whole = watch.watch('user', () => void told.push('user'));
  counts.set('user', 1);
  await clock.advance(1000);
  expect(told).toEqual(['user']);
  broken[Symbol.dispose]();
  whole[Symbol.dispose]();
  await clock.advance(2000);
  const before = looks();
  await clock.advance(10_000);
  expect(looks()).toBe(before);
  watch[Symbol.dispose]();
});
