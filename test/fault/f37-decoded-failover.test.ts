// This file is failure F37: real media through changes of the source, decoded as viewers got it.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { checkTransport } from '../support/check-transport.ts';
import { type CountableMedia, makeCountable } from '../support/countable-media.ts';
import type { FaultyOrigin } from '../support/faulty-origin.ts';
import { bytesAnswer } from '../support/origin/answer.ts';
import { cutAt, dripped, frozenDates, stalledAt, withStatus } from '../support/origin/fault.ts';
import { hasProgram } from '../support/programs.ts';
import { Swarm } from '../support/swarm.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';
import type { ViewerReport } from '../support/viewer/viewer.ts';
import {
  type Judged,
  judgeRun,
  judgeSegments,
  type Shown,
  type Stream,
  slipsOf,
  sourcesOf,
  watchStream,
  wholePackets,
} from './recordings.ts';
import { brokenNumbers } from './seams.ts';
import { backupOf, type ChannelSetup, type Place, World } from './world.ts';

const ANY = /./;
const TARGET_S = 2;
const VIEWERS = 2;
const BEFORE_MS = 6000;
const AFTER_MS = 16_000;
/** As the origin lists it: whatever comes is said to have begun then. */

type Row = {
  /** What goes wrong once viewers watch. */
  readonly fault: (place: Place, backup: Place) => void;
  readonly setup?: ChannelSetup;
  /** The sources as they were shown; absent: one, then the other. */
  readonly sources?: RegExp;
  readonly afterMs?: number;
  /** The first source's media; absent: a. Of c the pictures are the same, and the sound is not. */
  readonly first?: 'a' | 'c';
};

const ROWS: Readonly<Record<string, Row>> = {
  'f37-stall': { fault: ({ live }) => live.freeze() },
  // Nothing tells where the other source is, but the time that went by
  'f37-undated': {
    setup: { live: { programDateTime: false } },
    fault: ({ live }) => live.freeze(),
  },
  'f37-silence': { fault: ({ origin }) => origin.on(ANY, stalledAt('head')) },
  'f37-reset': {
    fault: ({ origin }) => {
      origin.on(ANY, cutAt('head', 'reset'));
      origin.dropConnections();
    },
  },
  'f37-403': { fault: ({ origin }) => origin.on(ANY, withStatus(403)) },
  'f37-slow-death': {
    fault: ({ origin, live }) => {
      let rate = 40_000;
      origin.on(live.segments(), (normal) => {
        rate = Math.max(500, rate * 0.6);
        return dripped(rate)(normal);
      });
    },
  },
  'f37-frozen-pcr': {
    fault: ({ origin, live }) => {
      const index = live.newestIndex();
      const body = live.bodies.segment('720', index, 99 + index);
      origin.on(live.segments(), bytesAnswer(body, 'video/mp2t'));
    },
  },
  'f37-frozen-date': {
    fault: ({ origin, live }) => {
      origin.on(live.playlists(), frozenDates(Date.now()));
    },
  },
  'f37-sound-rate': {
    first: 'c',
    fault: ({ origin }) => origin.on(ANY, withStatus(503)),
  },
  'f37-slots': {
    setup: {
      sourceLines: ['provider: narrow'],
      backup: { sourceLines: ['provider: narrow'] },
    },
    fault: ({ live }, backup) => {
      live.freeze();
      // The provider counts the connection that was just closed for a moment more
      backup.origin.on(ANY, withStatus(403), { times: 1 });
    },
  },
  'f37-back': {
    fault: ({ origin }) => origin.on(ANY, withStatus(503), { forMs: 4000 }),
    sources: /^a b a$/,
    afterMs: 24_000,
  },
  'f37-flapping': {
    fault: ({ origin }) => void flap(origin),
    sources: /^a b( a| b)*$/,
    afterMs: 26_000,
  },
  'f37-slate': {
    setup: { channelLines: ['slate: card'] },
    fault: (...places) => {
      for (const { origin } of places) origin.on(ANY, withStatus(503), { forMs: 8000 });
    },
    sources: /^a( b)? slate( a| b)+$/,
    afterMs: 24_000,
  },
};

async function flap(origin: FaultyOrigin): Promise<void> {
  for (let count = 0; count < 5; count++) {
    origin.on(ANY, withStatus(503), { forMs: 3000 });
    await Bun.sleep(5000);
  }
}

/** Repeats and holes at a seam are counted by frame, and the slate is none of the origins'. */
const IS_JUDGED_BY_FRAMES = /^(order|foreign bytes):/;

/** All that viewers of both outputs were sent of one channel. */
type Watched = { readonly reports: readonly ViewerReport[]; readonly streams: readonly Stream[] };

describe.skipIf(!hasProgram('ffmpeg') || !hasProgram('ffprobe'))(
  'F37: real media through changes of the source',
  () => {
    let folder: TempFolder;
    let world: World;
    const media = new Map<string, CountableMedia>();
    const watched = new Map<string, Watched>();

    beforeAll(async () => {
      folder = await createTempFolder();
      const cut = { segmentS: TARGET_S, count: 45 };
      media.set('a', await makeCountable(folder, { ...cut, name: 'a', startsAtS: 1000 }));
      const other = { ...cut, name: 'b', startsAtS: 70_000, isNegative: true };
      media.set('b', await makeCountable(folder, other));
      const slower = { ...cut, count: 25, name: 'c', soundRate: 44_100 } as const;
      media.set('c', await makeCountable(folder, slower));
      world = new World(
        Object.fromEntries(Object.entries(ROWS).map(([id, row]) => [id, setupOf(row)])),
        ['prefetch: { idle_stop: 10s }', 'providers: { narrow: { max_connections: 1 } }'],
      );
      await world.start();
      // All at once, and decoded when nobody watches any more: that takes the processor
      await Promise.all(Object.entries(ROWS).map(([id, row]) => watch(id, row)));
    }, 150_000);

    afterAll(async () => {
      await world?.[Symbol.asyncDispose]();
      await folder?.[Symbol.asyncDispose]();
    }, 20_000);

    function setupOf({ setup = {}, first = 'a' }: Row): ChannelSetup {
      const [live, backup] = [first, 'b'].map((name) => media.get(name)!.segments);
      return {
        ...setup,
        live: { targetMs: TARGET_S * 1000, recorded: live!, programDateTime: true, ...setup.live },
        backup: { live: { recorded: backup! }, ...setup.backup },
      };
    }

    async function watch(id: string, { fault, afterMs = AFTER_MS }: Row): Promise<void> {
      const left = new AbortController();
      const url = world.weir.url(`/live/${id}.ts`);
      const watching = Array.from({ length: VIEWERS }, () => watchStream(url, left.signal));
      const swarm = new Swarm({ url: world.url(id), count: VIEWERS, keepsBodies: true });
      await Bun.sleep(BEFORE_MS);
      fault(world.at(id), world.at(backupOf(id)));
      await Bun.sleep(afterMs);
      left.abort();
      watched.set(id, { reports: await swarm.stop(), streams: await Promise.all(watching) });
    }

    function frameOf(md5: string): Shown {
      for (const [source, { frames }] of media) {
        const frame = frames.get(md5);
        if (frame !== undefined) return { source, frame };
      }
      return undefined;
    }

    test.each(Object.entries(ROWS))(
      '%s: no connection drops, all is decoded, and little is lost or seen again',
      async (id, { sources }) => {
        const { reports, streams } = watched.get(id)!;
        const { blamed, counts } = world.judge(id, reports);
        expect(blamed.filter((what) => !IS_JUDGED_BY_FRAMES.test(what))).toEqual([]);
        expect(counts.broken).toBe(0);
        const judged: Judged[] = [];
        for (const report of reports) {
          expect(brokenNumbers(report)).toEqual([]);
          judged.push(await judgeSegments(report, folder, frameOf));
        }
        for (const { bytes, status, hasEnded } of streams) {
          expect([status, hasEnded]).toEqual([200, false]);
          const whole = wholePackets(bytes);
          expect(checkTransport(whole)).toEqual([]);
          judged.push(await judgeRun(whole, folder, frameOf));
        }
        for (const { wrong, shown } of judged) {
          expect(wrong).toEqual([]);
          expect(sourcesOf(shown).join(' ')).toMatch(sources ?? /^a b$/);
          const slips = slipsOf(shown);
          expect(slips.filter((seconds) => Math.abs(seconds) > TARGET_S)).toEqual([]);
        }
      },
      60_000,
    );
  },
);
