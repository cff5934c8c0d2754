// This file checks that one origin never has more requests under way than the limit.
import { expect, test } from 'bun:test';
import { HostSlots } from '../../src/net/host-slots.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';

const never = new AbortController().signal;

test('HostSlots gives out the limit, per origin', () => {
  const slots = new HostSlots(2);
  expect([slots.take('a'), slots.take('a')]).not.toContain(undefined);
  expect(slots.take('a')).toBeUndefined();
  expect(slots.take('b')).toBeDefined();
});

test('HostSlots passes a freed slot to who waited longest', async () => {
  const slots = new HostSlots(1);
  const first = slots.take('a')!;
  const order: string[] = [];
  const note = (name: string, slot: Disposable) => {
    order.push(name);
    return slot;
  };
  const second = slots.wait('a', never).then((slot) => note('second', slot));
  const third = slots.wait('a', never).then((slot) => note('third', slot));
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  await settle();
  expect(order).toEqual(['second']);
  expect(slots.take('a')).toBeUndefined();
  (await second)[Symbol.dispose]();
  (await third)[Symbol.dispose]();
  expect(order).toEqual(['second', 'third']);
  expect(slots.take('a')).toBeDefined();
});

test('HostSlots loses no slot to one who gives up, waiting or just served', async () => {
  const slots = new HostSlots(1);
  const first = slots.take('a')!;
  const waiting = new AbortController();
  const served = new AbortController();
  void slots.wait('a', waiting.signal);
  void slots.wait('a', served.signal);
  waiting.abort();
  first[Symbol.dispose]();
  served.abort();
  await settle();
  expect(slots.take('a')).toBeDefined();
});

test('takeWithin() has a slot that becomes free in time, and loses none that comes too late', async () => {
  const clock = new FakeClock();
  const slots = new HostSlots(1);
  const first = await slots.takeWithin(clock, 'a', 10);
  const second = slots.takeWithin(clock, 'a', 100);
  const late = slots.takeWithin(clock, 'a', 50);
  await clock.advance(60);
  expect(await late).toBeUndefined();
  first?.[Symbol.dispose]();
  (await second)?.[Symbol.dispose]();
  expect(slots.take('a')).toBeDefined();
});
