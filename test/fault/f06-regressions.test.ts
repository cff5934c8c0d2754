// This file is failure F6: playlists that take back what they said.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { textAnswer } from '../support/origin/answer.ts';
import { replacedBy, rewritten } from '../support/origin/fault.ts';
import { until } from '../support/until.ts';
import { RawClient } from '../support/viewer/raw-client.ts';
import { type Place, World } from './world.ts';

const VIEWERS = 8;
const CALM_MS = 4000;
const AFTER_MS = 8000;
/** Shorter than a list may be stale, with room for a busy machine. */
const SPELL_MS = 1200;

/** What happens to the upstream's playlist after four good seconds. */
const REGRESSIONS: Readonly<Record<string, (place: Place) => void>> = {
  'f6-back': ({ live }) => live.restart({ firstSequence: 90, freshNames: true }),
  'f6-to-zero': ({ live }) => live.restart({ firstSequence: 0 }),
  'f6-same-names': ({ live }) => live.restart({ firstSequence: 104, listedAtStart: 4 }),
  'f6-same-numbers': ({ live }) =>
    live.restart({ firstSequence: 104, listedAtStart: 4, freshNames: true }),
  'f6-far-ahead': ({ live }) => live.restart({ firstSequence: 5_000_000, freshNames: true }),
  'f6-discontinuity': ({ origin, live }) => {
    const tag = '#EXT-X-DISCONTINUITY-SEQUENCE:';
    const add = (by: number) =>
      rewritten((text) => text.replace('\n#EXTINF', `\n${tag}${by}\n#EXTINF`));
    origin.on(live.playlists(), add(7), { times: 2 });
    origin.on(live.playlists(), add(3));
  },
  'f6-target': ({ origin, live }) => {
    const change = (text: string) => text.replace('TARGETDURATION:1', 'TARGETDURATION:3');
    origin.on(live.playlists(), rewritten(change), { ratio: 0.5 });
  },
  'f6-resurrected': ({ origin, live }) => {
    origin.on(
      live.playlists(),
      rewritten((text) => `${text}#EXT-X-ENDLIST\n`),
      { forMs: SPELL_MS },
    );
  },
  'f6-empty': ({ origin, live }) => {
    origin.on(
      live.playlists(),
      rewritten(() => ''),
      { forMs: SPELL_MS },
    );
  },
  'f6-no-segments': ({ origin, live }) => {
    const head = (text: string) => text.slice(0, text.indexOf('#EXTINF'));
    origin.on(live.playlists(), rewritten(head), { forMs: SPELL_MS });
  },
  'f6-page': ({ origin, live }) => {
    const page = textAnswer('<!doctype html><title>Sign in</title>', 'text/html');
    origin.on(live.playlists(), replacedBy(page), { forMs: SPELL_MS });
  },
  'f6-old-copy': ({ origin, live }) => {
    let old: string | undefined;
    const stale = rewritten((text) => {
      old ??= text;
      return old;
    });
    origin.on(live.playlists(), stale, { ratio: 0.5 });
  },
};

/** Those where an encoder began anew, so that its time stamps did too. */
const RESTARTS = ['f6-back', 'f6-to-zero', 'f6-same-numbers', 'f6-far-ahead'];

const world = new World({
  ...Object.fromEntries(Object.keys(REGRESSIONS).map((id) => [id, {}])),
  'f6-stale': {},
});
beforeAll(() => world.start().then(() => {}), 60_000);
afterAll(() => world[Symbol.asyncDispose](), 20_000);

describe.concurrent('F6: playlists that regress', () => {
  test.each(Object.entries(REGRESSIONS))(
    '%s: our own numbers only grow and the picture goes on',
    async (id, regress) => {
      const place = world.at(id);
      const watching = world.watch(id, { count: VIEWERS, forMs: CALM_MS + AFTER_MS });
      await Bun.sleep(CALM_MS);
      const before = place.live.newestIndex();
      regress(place);
      const seen = await watching;
      // Old names for new bytes, where the old list stood: nothing in a playlist tells them apart.
      const isHidden = (line: string) => id === 'f6-same-names' && line.startsWith('hole:');
      expect(seen.blamed.filter((line) => !isHidden(line))).toEqual([]);
      for (const { segments, skipped } of seen.reports) {
        const last = segments.at(-1)!;
        const index = place.live.identify(last.clearSha256)?.index ?? 0;
        expect(index).toBeGreaterThan(before + 3);
        expect(skipped).toBe(0);
        const isCut = last.listed.discontinuity > segments[0]!.listed.discontinuity;
        if (RESTARTS.includes(id)) expect({ id, isCut }).toEqual({ id, isCut: true });
      }
    },
    30_000,
  );

  test('f6-stale: what never changes is served for three target durations, then 503', async () => {
    const { live } = world.at('f6-stale');
    const url = await world.mediaUrl('f6-stale');
    using client = new RawClient(url);
    await world.watch('f6-stale', { count: 2, forMs: 3000 });
    live.freeze();
    const frozenAtMs = performance.now();
    const statuses: number[] = [];
    const isGone = await until(async () => {
      const answer = await client.get(url);
      if (answer.status === 503) expect(answer.headers['retry-after']).toMatch(/^\d+$/);
      statuses.push(answer.status);
      return answer.status === 503;
    }, 8000);
    const servedMs = performance.now() - frozenAtMs;
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    expect(isGone).toBe(true);
    expect(servedMs).toBeGreaterThan(1500);
    expect(servedMs).toBeLessThan(4500);
    live.thaw();
    expect(await until(async () => (await client.get(url)).status === 200, 3000)).toBe(true);
  }, 30_000);
});
