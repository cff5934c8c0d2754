// This file is what a tier must do when much happens at once.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Tier } from '../../../src/ring/tiers/tier.ts';
import { bodyOf, FAR_MS, HOUR_MS, key, NEVER, NOW_MS, read, stored } from './stored-segment.ts';

type Subject = {
  readonly place: () => { makeTier(sizeBytes: number): Tier };
  readonly tier: () => Tier;
};

const ROOM_BYTES = 256 * 1024 * 1024;
const NAMES = ['a', 'b', 'c', 'd'] as const;

type Command = {
  readonly what: 'put' | 'get' | 'delete' | 'sweep' | 'use';
  readonly name: (typeof NAMES)[number];
  /** Which of the two weirs does it. */
  readonly by: 0 | 1;
};

const command: fc.Arbitrary<Command> = fc.record({
  what: fc.constantFrom('put', 'put', 'get', 'get', 'delete', 'sweep', 'use'),
  name: fc.constantFrom(...NAMES),
  by: fc.constantFrom(0, 1),
});

export function describeConcurrency(
  name: string,
  subject: Subject,
  { runs, timeoutMs }: { readonly runs: number; readonly timeoutMs: number },
): void {
  const check = (title: string, run: (other: Tier) => Promise<void>) =>
    test(
      title,
      async () => {
        await using other = subject.place().makeTier(ROOM_BYTES);
        await other.open(NEVER);
        await run(other);
      },
      { timeout: timeoutMs },
    );

  describe(`${name} is used by two at once`, () => {
    check('what one puts the other gets, and what one deletes is gone for both', async (other) => {
      const tier = subject.tier();
      await tier.put(key('a'), stored(bodyOf('a', 70_000)), FAR_MS, NEVER);
      expect(await read(await other.get(key('a'), NEVER))).toEqual(bodyOf('a', 70_000));
      await other.delete([key('a')], NEVER);
      expect(await tier.get(key('a'), NEVER)).toBeUndefined();
    });

    check('the same keys put by both are held once', async (other) => {
      const tier = subject.tier();
      const puts = [tier, other, tier, other].flatMap((one) =>
        NAMES.map((each) => one.put(key(each), stored(bodyOf(each, 300_000)), FAR_MS, NEVER)),
      );
      await Promise.all(puts);
      for (const each of NAMES) {
        expect(await read(await other.get(key(each), NEVER))).toEqual(bodyOf(each, 300_000));
      }
      // What the other put is counted once it was looked for
      await tier.sweep(NOW_MS, NEVER);
      expect((await tier.use(NEVER)).segments).toBe(NAMES.length);
    });

    check('a time that one extends is extended for both', async (other) => {
      const tier = subject.tier();
      await tier.put(key('a'), stored(bodyOf('a', 10)), NOW_MS + HOUR_MS, NEVER);
      await other.put(key('a'), stored(bodyOf('a', 10)), NOW_MS + 3 * HOUR_MS, NEVER);
      expect((await tier.sweep(NOW_MS + 2 * HOUR_MS, NEVER)).expired).toBe(0);
      expect(await tier.get(key('a'), NEVER)).toBeDefined();
    });

    check('both sweep: each segment is taken away once', async (other) => {
      const tier = subject.tier();
      const names = Array.from({ length: 60 }, (_, index) => `n${index}`);
      for (const [index, each] of names.entries()) {
        const one = index % 2 === 0 ? tier : other;
        await one.put(key(each), stored(bodyOf(each, 10)), NOW_MS + HOUR_MS, NEVER);
      }
      const late = NOW_MS + 2 * HOUR_MS;
      const swept = await Promise.all([tier.sweep(late, NEVER), other.sweep(late, NEVER)]);
      expect(swept[0].expired + swept[1].expired).toBe(names.length);
      expect((await tier.use(NEVER)).segments).toBe(0);
    });

    check('whatever is done at once, a key has its whole body or none', async (other) => {
      const tiers = [subject.tier(), other] as const;
      const held = new Map<string, boolean>();
      const property = fc.asyncProperty(
        fc.array(fc.array(command, { minLength: 1, maxLength: 8 }), { maxLength: 5 }),
        async (batches) => {
          for (const batch of batches) {
            await Promise.all(batch.map((each) => perform(tiers[each.by], each)));
            await agree(tiers, batch, held);
          }
        },
      );
      await fc.assert(property, { numRuns: runs });
    });
  });

  describe(`${name} is given up`, () => {
    test(
      'in the middle of a put: the whole body is held, or none',
      async () => {
        const tier = subject.tier();
        const body = bodyOf('large', 5_000_000);
        for (let turns = 0; turns < 24; turns++) {
          const given = new AbortController();
          const put = tier.put(key(`t${turns}`), stored(body), FAR_MS, given.signal);
          const outcome = put.then(
            () => 'held',
            (error: unknown) => error,
          );
          for (let turn = 0; turn < turns; turn++) await new Promise((done) => setImmediate(done));
          given.abort();
          const said = await outcome;
          const got = await tier.get(key(`t${turns}`), NEVER);
          if (got !== undefined) expect(Buffer.compare(await read(got), body)).toBe(0);
          if (said === 'held') expect(got).toBeDefined();
          else
            expect({ turns, code: (said as { code?: string }).code ?? 'none' }).toEqual(
              abortedAt(turns),
            );
        }
        // And it still works
        await tier.put(key('after'), stored(body), FAR_MS, NEVER);
        expect((await read(await tier.get(key('after'), NEVER))).length).toBe(body.length);
      },
      { timeout: timeoutMs },
    );
  });
}

function abortedAt(turns: number): { turns: number; code: string } {
  return { turns, code: 'TIER_ABORTED' };
}

async function perform(tier: Tier, { what, name }: Command): Promise<void> {
  if (what === 'put') await tier.put(key(name), stored(modelBody(name)), FAR_MS, NEVER);
  else if (what === 'delete') await tier.delete([key(name)], NEVER);
  else if (what === 'sweep') await tier.sweep(NOW_MS, NEVER);
  else if (what === 'use') await tier.use(NEVER);
  else {
    const got = await tier.get(key(name), NEVER);
    if (got !== undefined) expect(Buffer.compare(await read(got), modelBody(name))).toBe(0);
  }
}

/** Puts alone leave a key held, deletes alone leave it gone, both together leave it either. */
async function agree(
  tiers: readonly Tier[],
  batch: readonly Command[],
  held: Map<string, boolean>,
): Promise<void> {
  for (const name of NAMES) {
    const done = new Set(batch.filter((each) => each.name === name).map((each) => each.what));
    const answers: boolean[] = [];
    for (const tier of tiers) {
      const got = await tier.get(key(name), NEVER);
      if (got !== undefined) expect(Buffer.compare(await read(got), modelBody(name))).toBe(0);
      answers.push(got !== undefined);
    }
    expect(answers[0]).toBe(answers[1]!);
    const isHeld = answers[0]!;
    if (!(done.has('put') && done.has('delete'))) {
      const wanted = done.has('put') || (!done.has('delete') && (held.get(name) ?? false));
      expect({ name, isHeld }).toEqual({ name, isHeld: wanted });
    }
    held.set(name, isHeld);
  }
}

function modelBody(name: string): Uint8Array {
  return bodyOf(name, 50_000);
}
