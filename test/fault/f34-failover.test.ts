// This file is failure F34: a source that fails in mid-play while another of the channel plays.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { bytesAnswer } from '../support/origin/answer.ts';
import {
  cutAt,
  dripped,
  frozenDates,
  rewritten,
  stalledAt,
  withStatus,
} from '../support/origin/fault.ts';
import { Swarm } from '../support/swarm.ts';
import { until } from '../support/until.ts';
import { brokenNumbers, courseOf, type Origin } from './seams.ts';
import { backupOf, type ChannelSetup, type Place, World } from './world.ts';

const ANY = /./;
/** As the origin lists it: whatever comes is said to have begun then. */

/** Before each segment of a list with dates. */
const SEGMENT = /(?=#EXT-X-PROGRAM-DATE-TIME:)/;

/** What goes wrong at the first origin, once viewers watch. */
const FAULTS: Record<string, (place: Place) => void> = {
  'f34-stall': ({ live }) => live.freeze(),
  'f34-silence': ({ origin }) => origin.on(ANY, stalledAt('head')),
  'f34-bodies': ({ origin, live }) => origin.on(live.segments(), stalledAt(0.3)),
  'f34-reset': ({ origin }) => {
    origin.on(ANY, cutAt('head', 'reset'));
    origin.dropConnections();
  },
  'f34-503': ({ origin }) => origin.on(ANY, withStatus(503)),
  'f34-403': ({ origin }) => origin.on(ANY, withStatus(403)),
  'f34-404-bodies': ({ origin, live }) => origin.on(live.segments(), withStatus(404)),
  'f34-html': ({ origin, live }) =>
    origin.on(
      live.playlists(),
      rewritten(() => '<html>'),
    ),
  'f34-ended': ({ live }) => live.end(),
  'f34-slow-death': slowDeath,
};

/** These go on giving something, which is shown until it is seen that it stands still. */
const FROZEN: Record<string, (place: Place) => void> = {
  'f34-frozen-pcr': ({ origin, live }) => {
    const index = live.newestIndex();
    const body = live.bodies.segment('720', index, 99 + index);
    origin.on(live.segments(), bytesAnswer(body, 'video/mp2t'));
  },
  'f34-frozen-date': ({ origin, live }) => {
    origin.on(live.playlists(), frozenDates(Date.now()));
  },
};

/** Each answer slower than the one before: the upstream of a body that makes up for nothing. */
function slowDeath({ origin, live }: Place): void {
  let rate = 60_000;
  origin.on(live.segments(), (normal) => {
    rate = Math.max(500, rate * 0.6);
    return dripped(rate)(normal);
  });
}

const VIEWERS = 5;
const BEFORE_MS = 3000;
/** Until it is seen, and a list after that was played. */
const AFTER_MS = 8000;

const dated: ChannelSetup = { live: { programDateTime: true }, backup: {} };
const world = new World(
  {
    ...Object.fromEntries(Object.keys(FAULTS).map((id) => [id, { backup: {} }])),
    'f34-frozen-pcr': { backup: {} },
    'f34-frozen-date': dated,
    'f34-behind': dated,
    'f34-back': { backup: {} },
    'f34-flapping': { backup: {} },
    'f34-slate': { backup: {}, channelLines: ['slate: card'] },
    'f34-refused': { backup: {} },
  },
  ['prefetch: { idle_stop: 10s }'],
);
beforeAll(() => world.start().then(() => {}), 60_000);
afterAll(() => world[Symbol.asyncDispose](), 20_000);

/** Which source made the body with this hash: a or b. */
function originOf(id: string) {
  return (hash: string): Origin | undefined => {
    for (const [source, place] of [
      ['a', world.at(id)],
      ['b', world.at(backupOf(id))],
    ] as const) {
      const identity = place.live.identify(hash);
      if (identity !== undefined) return { source, identity };
    }
    return undefined;
  };
}

type Api = { readonly sources: readonly { readonly state: string; readonly active: boolean }[] };

async function sourcesOf(id: string): Promise<Api['sources']> {
  const answer = await fetch(world.weir.url(`/api/channels/${id}`));
  return ((await answer.json()) as Api).sources;
}

/** What viewers saw of a channel whose first source meets a fault after a while. */
async function through(id: string, fault: () => void, afterMs = AFTER_MS) {
  await using swarm = new Swarm({ url: world.url(id), count: VIEWERS });
  await Bun.sleep(BEFORE_MS);
  fault();
  await Bun.sleep(afterMs);
  const reports = await swarm.stop();
  const seen = world.judge(id, reports);
  const courses = reports.map((report) => courseOf(report, originOf(id)));
  return {
    reports,
    courses,
    counts: seen.counts,
    // A repeat at a seam is counted there
    blamed: seen.blamed.filter((what) => !what.startsWith('order:')),
  };
}

describe.concurrent('F34: a source fails in mid-play', () => {
  test.each(Object.entries(FAULTS))(
    '%s: viewers go on with the other, over a discontinuity, and none notices more',
    async (id, fault) => {
      const { blamed, reports, courses, counts } = await through(id, () => fault(world.at(id)));
      expect(blamed).toEqual([]);
      expect(counts.broken).toBe(0);
      for (const report of reports) expect(brokenNumbers(report)).toEqual([]);
      for (const { sources, seams, slips } of courses) {
        expect(sources).toEqual(['a', 'b']);
        expect(slips).toEqual([]);
        expect(seams).toHaveLength(1);
        expect(seams[0]?.isTagged).toBe(true);
        expect(Math.abs(seams[0]?.repeated ?? 9)).toBeLessThanOrEqual(1);
      }
    },
    40_000,
  );

  test.each(Object.entries(FROZEN))(
    '%s: what stands still is left',
    async (id, fault) => {
      const { blamed, reports, courses } = await through(id, () => fault(world.at(id)));
      expect(blamed.filter((what) => !what.startsWith('discontinuities'))).toEqual([]);
      for (const report of reports) expect(brokenNumbers(report)).toEqual([]);
      for (const { sources, seams } of courses) {
        expect(sources).toEqual(['a', 'b']);
        expect(seams[0]?.isTagged).toBe(true);
        // The body of a clock that stands is always the same segment: F37 counts its frames
        if (id === 'f34-frozen-date') expect(Math.abs(seams[0]!.repeated)).toBeLessThanOrEqual(1);
      }
    },
    40_000,
  );

  test('a source that is behind the other goes on where that was left, by their clocks', async () => {
    const id = 'f34-behind';
    const { origin, live } = world.at(backupOf(id));
    // Its list is as it was two segments ago
    const late = rewritten((text) => text.split(SEGMENT).slice(0, -2).join(''));
    origin.on(live.playlists(), late);
    const { blamed, courses } = await through(id, () => world.at(id).live.freeze());
    expect(blamed).toEqual([]);
    for (const { sources, seams, slips } of courses) {
      expect([sources, slips]).toEqual([['a', 'b'], []]);
      expect(Math.abs(seams[0]!.repeated)).toBeLessThanOrEqual(1);
    }
  }, 40_000);

  test('a source that plays again is returned to, once it has proved itself', async () => {
    const id = 'f34-back';
    const { origin } = world.at(id);
    const down = () => {
      const rule = origin.on(ANY, withStatus(503));
      setTimeout(() => rule[Symbol.dispose](), 4000);
    };
    const { blamed, courses, counts } = await through(id, down, 18_000);
    expect(blamed).toEqual([]);
    expect(counts.broken).toBe(0);
    for (const { sources, seams, slips } of courses) {
      expect([sources, slips]).toEqual([['a', 'b', 'a'], []]);
      for (const { repeated, isTagged } of seams) {
        expect(isTagged).toBe(true);
        expect(Math.abs(repeated)).toBeLessThanOrEqual(1);
      }
    }
    expect((await sourcesOf(id)).map(({ active }) => active)).toEqual([true, false]);
  }, 60_000);

  test('a source that flaps is returned to ever later', async () => {
    const id = 'f34-flapping';
    const { origin } = world.at(id);
    const endMs = performance.now() + 24_000;
    const flap = async () => {
      while (performance.now() < endMs) {
        using _down = origin.on(ANY, withStatus(503));
        await Bun.sleep(2000);
        _down[Symbol.dispose]();
        await Bun.sleep(2000);
      }
    };
    const { blamed, courses, counts } = await through(id, () => void flap(), 24_000);
    expect(blamed).toEqual([]);
    expect(counts.broken).toBe(0);
    // Six times it was down and up again: after 5, 10 and 20 s it is tried
    for (const { sources } of courses) {
      expect(sources.length).toBeGreaterThanOrEqual(2);
      expect(sources.length).toBeLessThanOrEqual(7);
    }
    for (const { seams } of courses) {
      for (const { repeated } of seams) expect(Math.abs(repeated)).toBeLessThanOrEqual(1);
    }
  }, 60_000);

  test('all are down: the slate plays, until one is back', async () => {
    const id = 'f34-slate';
    const places = [world.at(id), world.at(backupOf(id))];
    const down = () => {
      for (const { origin } of places) {
        const rule = origin.on(ANY, withStatus(503));
        setTimeout(() => rule[Symbol.dispose](), 6000);
      }
    };
    const { blamed, reports, counts } = await through(id, down, 20_000);
    // The slate is none of the origins'
    expect(blamed.filter((what) => !what.startsWith('foreign bytes'))).toEqual([]);
    expect(counts.broken).toBe(0);
    for (const report of reports) {
      expect(brokenNumbers(report)).toEqual([]);
      const course = report.segments.map(
        ({ clearSha256 }) => originOf(id)(clearSha256)?.source ?? 'slate',
      );
      const sources = course.filter((source, index) => source !== course[index - 1]);
      expect([sources[0], sources.includes('slate')]).toEqual(['a', true]);
      expect(sources.at(-1)).not.toBe('slate');
    }
  }, 60_000);

  test('refused from the beginning: the next one plays, and nobody waits for the first', async () => {
    const id = 'f34-refused';
    world.at(id).origin.on(ANY, withStatus(403));
    const seen = await world.watch(id, { count: VIEWERS, forMs: 4000 });
    expect(seen.blamed).toEqual([]);
    for (const report of seen.reports)
      expect(courseOf(report, originOf(id)).sources).toEqual(['b']);
    const [first, second] = (await sourcesOf(id)).map(({ state }) => state);
    // Its first cool-down may just be over
    expect(first).toMatch(/^(cooling|waiting)$/);
    expect(second).toBe('good');
    expect(await until(() => world.at(id).origin.requests.length > 0, 1)).toBe(true);
  }, 40_000);
});
