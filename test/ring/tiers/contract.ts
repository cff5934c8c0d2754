// This file is what every place for segments beyond memory must do, whatever it is made of.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { AppError } from '../../../src/base/errors.ts';
import type { Tier } from '../../../src/ring/tiers/tier.ts';
import { createTempFolder } from '../../support/temp-folder.ts';
import { describeConcurrency } from './contract-concurrency.ts';
import { HOSTILE_KEYS } from './hostile-keys.ts';
import {
  bodyOf,
  FAR_MS,
  HOUR_MS,
  key,
  MIB,
  NEVER,
  NOW_MS,
  read,
  stored,
} from './stored-segment.ts';

/** Somewhere empty that is this test's alone: a folder, a schema, a prefix of keys. */
export type TierPlace = AsyncDisposable & {
  /** One more weir that uses the place; the caller opens and disposes it. */
  makeTier(sizeBytes: number): Tier;
};

export type MakePlace = () => Promise<TierPlace>;

export type ContractOptions = {
  /** Runs of each property; a database needs some milliseconds for each command. */
  readonly runs: number;
  /** For one test: a database carries 20 MB over and back. */
  readonly timeoutMs: number;
};

const ROOM_BYTES = 256 * MIB;

/** Runs all of it over the places that `makePlace` makes. */
export function describeTier(name: string, makePlace: MakePlace, options: ContractOptions): void {
  let place: TierPlace;
  let tier: Tier;
  beforeEach(async () => {
    place = await makePlace();
    tier = place.makeTier(ROOM_BYTES);
    await tier.open(NEVER);
  }, options.timeoutMs);
  afterEach(async () => {
    await tier[Symbol.asyncDispose]();
    await place[Symbol.asyncDispose]();
  }, options.timeoutMs);

  const check = (title: string, run: () => Promise<void>) =>
    test(title, run, { timeout: options.timeoutMs });

  describe(`${name} keeps what it is given`, () => {
    check('a key that was never put is not held', async () => {
      expect(await tier.get(key('a'), NEVER)).toBeUndefined();
      expect(await tier.use(NEVER)).toEqual({ segments: 0, bytes: 0 });
    });

    for (const [title, body] of bodies()) {
      check(`byte for byte: ${title}`, async () => {
        await tier.put(key('a'), stored(body), FAR_MS, NEVER);
        const got = await tier.get(key('a'), NEVER);
        expect(got?.body.size).toBe(body.length);
        expect(Buffer.compare(await read(got), body)).toBe(0);
      });
    }

    for (const type of ['video/mp2t', 'text/vtt; charset="utf-8"', '', 'x/ü💧']) {
      check(`with its content type: ${JSON.stringify(type)}`, async () => {
        await tier.put(key('a'), { ...stored(bodyOf('a', 9)), contentType: type }, FAR_MS, NEVER);
        expect((await tier.get(key('a'), NEVER))?.contentType).toBe(type);
      });
    }

    check('of a body that lies in a file, also once the file is gone', async () => {
      await using folder = await createTempFolder();
      const body = Bun.file(await folder.write('body', bodyOf('file', 300_000)));
      await tier.put(key('a'), { body, contentType: 'video/mp2t' }, FAR_MS, NEVER);
      await body.delete();
      expect(await read(await tier.get(key('a'), NEVER))).toEqual(bodyOf('file', 300_000));
    });

    check('under keys that mean harm, each apart from the others', async () => {
      for (const [index, hostile] of HOSTILE_KEYS.entries()) {
        await tier.put(hostile, stored(bodyOf(`${index}`, 50)), FAR_MS, NEVER);
      }
      for (const [index, hostile] of HOSTILE_KEYS.entries()) {
        const got = await tier.get(hostile, NEVER);
        expect({ index, body: await read(got) }).toEqual({ index, body: bodyOf(`${index}`, 50) });
      }
      expect((await tier.use(NEVER)).segments).toBe(HOSTILE_KEYS.length);
      await tier.delete(HOSTILE_KEYS.slice(1), NEVER);
      expect((await tier.use(NEVER)).segments).toBe(1);
    });

    check('as it was first put: a key names one content for ever', async () => {
      await tier.put(key('a'), stored(bodyOf('first', 1000)), FAR_MS, NEVER);
      await tier.put(key('a'), stored(bodyOf('second', 2000)), FAR_MS + HOUR_MS, NEVER);
      expect(await read(await tier.get(key('a'), NEVER))).toEqual(bodyOf('first', 1000));
      expect((await tier.use(NEVER)).segments).toBe(1);
    });

    check('until it is deleted; what is not held may be deleted as well', async () => {
      for (const name of ['a', 'b', 'c'])
        await tier.put(key(name), stored(bodyOf(name, 10)), FAR_MS, NEVER);
      await tier.delete([key('a'), key('never'), key('c')], NEVER);
      await tier.delete([], NEVER);
      await tier.delete([key('a')], NEVER);
      expect(await heldOf(tier, ['a', 'b', 'c'])).toEqual(['b']);
      expect((await tier.use(NEVER)).segments).toBe(1);
    });

    check('and says which it holds, in the order asked for', async () => {
      for (const name of ['a', 'b', 'c'])
        await tier.put(key(name), stored(bodyOf(name, 700_000)), FAR_MS, NEVER);
      await tier.put(key('empty'), stored(bodyOf('', 0)), FAR_MS, NEVER);
      await tier.delete([key('b')], NEVER);
      const asked = ['c', 'b', 'never', 'empty', 'a', 'c'].map((name) => key(name));
      expect(await tier.holds(asked, NEVER)).toEqual([true, false, false, true, true, true]);
      expect(await tier.holds([], NEVER)).toEqual([]);
      const many = Array.from({ length: 150 }, (_, n) => key(n === 140 ? 'a' : `none-${n}`));
      const held = await tier.holds(many, NEVER);
      expect(held.map((is, n) => (is ? n : -1)).filter((n) => n >= 0)).toEqual([140]);
      expect(held).toHaveLength(150);
    });

    check('and may be given again what was deleted', async () => {
      await tier.put(key('a'), stored(bodyOf('a', 10)), FAR_MS, NEVER);
      await tier.delete([key('a')], NEVER);
      await tier.put(key('a'), stored(bodyOf('again', 10)), FAR_MS, NEVER);
      expect(await read(await tier.get(key('a'), NEVER))).toEqual(bodyOf('again', 10));
    });

    check('over a restart, with its time', async () => {
      await tier.put(key('a'), stored(bodyOf('a', 5000)), NOW_MS + HOUR_MS, NEVER);
      await tier.put(key('b'), stored(bodyOf('b', 0)), NOW_MS + 3 * HOUR_MS, NEVER);
      await tier[Symbol.asyncDispose]();
      tier = place.makeTier(ROOM_BYTES);
      await tier.open(NEVER);
      expect(await read(await tier.get(key('a'), NEVER))).toEqual(bodyOf('a', 5000));
      expect((await tier.use(NEVER)).segments).toBe(2);
      expect(await tier.sweep(NOW_MS + 2 * HOUR_MS, NEVER)).toEqual({ expired: 1, evicted: 0 });
      expect(await heldOf(tier, ['a', 'b'])).toEqual(['b']);
    });

    check('when it is opened twice', async () => {
      await tier.put(key('a'), stored(bodyOf('a', 5000)), FAR_MS, NEVER);
      await tier.open(NEVER);
      expect(await heldOf(tier, ['a'])).toEqual(['a']);
      expect((await tier.use(NEVER)).segments).toBe(1);
    });
  });

  describe(`${name} lets go`, () => {
    check('of each whose time is over, and of no other', async () => {
      for (const [index, name] of ['a', 'b', 'c', 'd'].entries()) {
        await tier.put(key(name), stored(bodyOf(name, 100)), NOW_MS + (index + 1) * HOUR_MS, NEVER);
      }
      expect(await tier.sweep(NOW_MS, NEVER)).toEqual({ expired: 0, evicted: 0 });
      const after = await tier.sweep(NOW_MS + 2.5 * HOUR_MS, NEVER);
      expect(after).toEqual({ expired: 2, evicted: 0 });
      expect(await heldOf(tier, ['a', 'b', 'c', 'd'])).toEqual(['c', 'd']);
    });

    check('later, of what was put again; a time is never shortened', async () => {
      const again = [
        ['longer', NOW_MS + HOUR_MS, NOW_MS + 3 * HOUR_MS],
        ['shorter', NOW_MS + 3 * HOUR_MS, NOW_MS + HOUR_MS],
        ['once', NOW_MS + HOUR_MS, NOW_MS + HOUR_MS],
      ] as const;
      for (const [name, first, second] of again) {
        await tier.put(key(name), stored(bodyOf(name, 10)), first, NEVER);
        await tier.put(key(name), stored(bodyOf(name, 10)), second, NEVER);
      }
      const swept = await tier.sweep(NOW_MS + 2 * HOUR_MS, NEVER);
      expect(swept).toEqual({ expired: 1, evicted: 0 });
      expect(await heldOf(tier, ['longer', 'shorter', 'once'])).toEqual(['longer', 'shorter']);
    });

    check('of many at once', async () => {
      const names = Array.from({ length: 300 }, (_, index) => `many-${index}`);
      await Promise.all(
        names.map((name, index) =>
          tier.put(
            key(name),
            stored(bodyOf(name, 20)),
            NOW_MS + (index % 3 === 0 ? 3 : 1) * HOUR_MS,
            NEVER,
          ),
        ),
      );
      expect((await tier.use(NEVER)).segments).toBe(300);
      const swept = await tier.sweep(NOW_MS + 2 * HOUR_MS, NEVER);
      expect(swept).toEqual({ expired: 200, evicted: 0 });
      expect((await tier.use(NEVER)).segments).toBe(100);
    });

    check('of the oldest where there is too little room', async () => {
      const small = place.makeTier(4 * MIB);
      await small.open(NEVER);
      const names = Array.from({ length: 8 }, (_, index) => `s${index}`);
      for (const [index, name] of names.entries()) {
        // What was put first ends first, so that it is the oldest by every reckoning
        const expiresAtMs = FAR_MS + index * 1000;
        await small.put(key(name), stored(bodyOf(name, 0.9 * MIB)), expiresAtMs, NEVER);
      }
      const { evicted, expired } = await small.sweep(NOW_MS, NEVER);
      const { bytes, segments } = await small.use(NEVER);
      expect(bytes).toBeLessThanOrEqual(4 * MIB);
      // It may make a little more room than it must, and no more than that
      expect(segments).toBeGreaterThanOrEqual(3);
      expect({ evicted, expired }).toEqual({ evicted: 8 - segments, expired: 0 });
      expect(await heldOf(small, names)).toEqual(names.slice(-segments));
      await small[Symbol.asyncDispose]();
    });

    check('and says how much it holds', async () => {
      const sizes = [0, 1, 1000, 100_000];
      for (const size of sizes)
        await tier.put(key(`u${size}`), stored(bodyOf('u', size)), FAR_MS, NEVER);
      const { segments, bytes } = await tier.use(NEVER);
      expect(segments).toBe(sizes.length);
      expect(bytes).toBeGreaterThanOrEqual(101_001);
      // What is kept beside the body is small
      expect(bytes).toBeLessThanOrEqual(101_001 + sizes.length * 1024);
    });
  });

  describe(`${name} fails`, () => {
    check(
      'with TIER_ABORTED where it was given up before it began, and keeps nothing',
      async () => {
        const gone = AbortSignal.abort();
        const calls = {
          put: () => tier.put(key('a'), stored(bodyOf('a', 10)), FAR_MS, gone),
          get: () => tier.get(key('a'), gone),
          delete: () => tier.delete([key('a')], gone),
          sweep: () => tier.sweep(NOW_MS, gone),
          use: () => tier.use(gone),
        };
        for (const [call, run] of Object.entries(calls)) {
          expect({ call, code: await codeOf(run()) }).toEqual({ call, code: 'TIER_ABORTED' });
        }
        expect(await heldOf(tier, ['a'])).toEqual([]);
      },
    );

    check('with TIER_CLOSED once it is closed, which may be done twice', async () => {
      await tier[Symbol.asyncDispose]();
      await tier[Symbol.asyncDispose]();
      expect(await codeOf(tier.get(key('a'), NEVER))).toBe('TIER_CLOSED');
      const put = tier.put(key('a'), stored(bodyOf('a', 10)), FAR_MS, NEVER);
      expect(await codeOf(put)).toBe('TIER_CLOSED');
    });

    check('before it is opened with TIER_CLOSED', async () => {
      const unopened = place.makeTier(ROOM_BYTES);
      expect(await codeOf(unopened.get(key('a'), NEVER))).toBe('TIER_CLOSED');
      await unopened[Symbol.asyncDispose]();
    });
  });

  describeConcurrency(name, { place: () => place, tier: () => tier }, options);
}

function bodies(): [string, Uint8Array][] {
  const everyPair = new Uint8Array(2 * 65_536);
  for (let pair = 0; pair < 65_536; pair++) {
    everyPair[2 * pair] = pair >> 8;
    everyPair[2 * pair + 1] = pair & 255;
  }
  return [
    ['every pair of byte values', everyPair],
    ['nothing', new Uint8Array(0)],
    ['one byte', new Uint8Array([0])],
    ['an ordinary segment', bodyOf('ordinary', 1_500_000)],
    ['20 MB', bodyOf('large', 20_000_000)],
  ];
}

/** Which of `names` are held. */
export async function heldOf(tier: Tier, names: readonly string[]): Promise<string[]> {
  const held: string[] = [];
  for (const name of names) {
    if ((await tier.get(key(name), NEVER)) !== undefined) held.push(name);
  }
  return held;
}

/** The code of the AppError that `call` must throw. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => 'nothing was thrown',
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AppError);
  return (error as AppError).code;
}
