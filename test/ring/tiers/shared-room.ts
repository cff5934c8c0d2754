// This file is what two weirs must do that keep one place within one size.
import { describe, expect, test } from 'bun:test';
import type { MakePlace } from './contract.ts';
import { bodyOf, FAR_MS, key, MIB, NEVER, NOW_MS, stored } from './stored-segment.ts';

export function describeSharedRoom(name: string, makePlace: MakePlace): void {
  describe(`${name} is kept within its size by two at once`, () => {
    test('no more is taken away than must go', async () => {
      await using place = await makePlace();
      await using one = place.makeTier(5 * MIB);
      await using other = place.makeTier(5 * MIB);
      await one.open(NEVER);
      await other.open(NEVER);
      for (let round = 0; round < 4; round++) {
        const names = Array.from({ length: 40 }, (_, index) => `${round}-${index}`);
        for (const [index, each] of names.entries()) {
          const tier = index % 2 === 0 ? one : other;
          await tier.put(key(each), stored(bodyOf(each, MIB / 4)), FAR_MS, NEVER);
        }
        const before = await one.use(NEVER);
        const swept = await Promise.all([one.sweep(NOW_MS, NEVER), other.sweep(NOW_MS, NEVER)]);
        const after = await other.use(NEVER);
        expect(after).toEqual({ segments: 20, bytes: 5 * MIB });
        expect(swept[0].evicted + swept[1].evicted).toBe(before.segments - after.segments);
      }
    }, 60_000);
  });
}
