// This file tests that the guide of channels is moved as operators chose.
import { expect, spyOn, test } from 'bun:test';
import { silentLog } from '../../src/base/log.ts';
import type { ChannelConfig } from '../../src/config/config.ts';
import { guideIdOf } from '../../src/lineup/guide-channels.ts';
import { GUIDE_SHIFT_KIND, GuideShifts, saveShifts } from '../../src/lineup/guide-shifts.ts';
import { MemorySharedStore } from '../support/memory-shared-store.ts';

const HOUR_MS = 3_600_000;

function channel(id: string, guideShiftMs?: number): ChannelConfig {
  const rest = { id, name: id, mode: 'buffered', sources: [], keepWarm: false } as const;
  return { ...rest, guide: 'g.uk', ...(guideShiftMs === undefined ? {} : { guideShiftMs }) };
}

test('what is chosen goes over a list, and what the file says over both', async () => {
  const store = new MemorySharedStore();
  const shifts = await GuideShifts.open(store, silentLog);
  const own = channel('own', HOUR_MS);
  const channels = [own, channel('plain'), channel('listed', 2 * HOUR_MS), channel('other')];
  expect(shifts.applied(channels, [own])).toBe(channels);
  const chosen = new Map([
    ['own', 5 * HOUR_MS],
    ['plain', -HOUR_MS],
    ['listed', 0],
    ['gone', HOUR_MS],
  ]);
  await saveShifts(store.beside(), chosen);
  expect(await shifts.read()).toBe(true);
  expect(await shifts.read()).toBe(false);
  const moved = shifts.applied(channels, [own]);
  expect(moved.map(({ guideShiftMs }) => guideShiftMs)).toEqual([HOUR_MS, -HOUR_MS, 0, undefined]);
  expect(moved.map(guideIdOf)).toEqual(['g.uk+1h', 'g.uk-1h', 'g.uk', 'g.uk']);
  expect(moved[3]).toBe(channels[3] as ChannelConfig);
  await saveShifts(store, new Map([...chosen.keys()].map((id) => [id, undefined])));
  expect(await shifts.read()).toBe(true);
  expect(shifts.applied(channels, [own])).toBe(channels);
});

test('what is no shift in the store is none, and a store that is away changes nothing', async () => {
  const store = new MemorySharedStore();
  const documents = [
    ['a', '1h'],
    ['b', 1.5],
    ['c', 25 * HOUR_MS],
    ['d', null],
    ['e', HOUR_MS],
  ] as const;
  await store.save(GUIDE_SHIFT_KIND, new Map<string, unknown>(documents));
  const shifts = await GuideShifts.open(store, silentLog);
  const channels = ['a', 'b', 'c', 'd', 'e'].map((id) => channel(id));
  const wanted = [undefined, undefined, undefined, undefined, HOUR_MS];
  const shown = () => shifts.applied(channels, []).map(({ guideShiftMs }) => guideShiftMs);
  expect(shown()).toEqual(wanted);
  const load = spyOn(store, 'load').mockRejectedValue(new Error('it is away'));
  expect(await shifts.read()).toBe(false);
  expect(load).toHaveBeenCalled();
  expect(shown()).toEqual(wanted);
});
