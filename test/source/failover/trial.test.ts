// This file tests what a source must do before viewers are sent to it.
import { describe, expect, test } from 'bun:test';
import { AppError } from '../../../src/base/errors.ts';
import { proveSource, type TrialDepth } from '../../../src/source/failover/trial.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { scriptedOutbound } from '../../support/outbound-script.ts';
import { wholeMedia } from '../../support/scripted-source.ts';
import { tsWithClock } from '../../support/ts-clock.ts';

const LIST = 'http://up.example/list.m3u8';
const REACH = { policy: { headers: {}, verifyTls: true, allowDowngrade: false }, timeouts: {} };
const RENDITION = {
  id: 'main',
  traits: { kind: 'variant' },
  spec: { kind: 'hls', url: LIST, imports: [], ...REACH },
} as const;

/** A list of four-second segments; a line may stand before the number of one. */
function list(names: readonly (number | string)[], more = ''): string {
  const head = `#EXTM3U\n#EXT-X-TARGETDURATION:4\n${more}`;
  const first = names.find((name) => typeof name === 'number') ?? 0;
  const lines = names.map((name) => (typeof name === 'number' ? `#EXTINF:4,\n${name}.ts` : name));
  return `${head}#EXT-X-MEDIA-SEQUENCE:${first}\n${lines.join('\n')}\n`;
}

type World = {
  /** What each poll answers in turn, the last for ever; a number is a status. */
  readonly lists: readonly (string | number)[];
  readonly body?: (sequence: number) => Uint8Array | number;
  readonly depth?: TrialDepth;
};

/** Resolves with 'proved' or the error's code, and what it took. */
async function tryOut({ lists, body = () => wholeMedia(), depth = 'thorough' }: World) {
  const clock = new FakeClock();
  let polls = 0;
  const answer = (of: string | Uint8Array | number) =>
    typeof of === 'number' ? { status: of } : { body: of };
  const script: Record<string, () => ReturnType<typeof answer>> = {
    [LIST]: () => answer(lists[Math.min(polls++, lists.length - 1)] ?? 404),
  };
  for (let sequence = 0; sequence < 20; sequence++) {
    script[`http://up.example/${sequence}.ts`] = () => answer(body(sequence));
  }
  const outbound = scriptedOutbound(script);
  const stopped = new AbortController();
  const deps = { outbound, clock, random: () => 0.5, segmentMaxBytes: 1_000_000 };
  const proving = proveSource(RENDITION, depth, deps, stopped.signal).then(
    () => 'proved',
    (error) => (error instanceof AppError ? error.code : String(error.name)),
  );
  return { clock, outbound, stopped, proving };
}

const paths = (requests: readonly { readonly url: string }[]) =>
  requests.map(({ url }) => url.slice(url.lastIndexOf('/') + 1));

const DATE = (second: number) =>
  `#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:${String(second).padStart(2, '0')}Z`;

const ROWS: Record<string, World & { readonly outcome: string }> = {
  'names something new, and both come whole': {
    lists: [list([1, 2]), list([2, 3])],
    outcome: 'proved',
  },
  'names nothing new for a while, then it does': {
    lists: [list([1, 2]), list([1, 2]), list([1, 2]), list([2, 3])],
    outcome: 'proved',
  },
  'names nothing new for three target durations': {
    lists: [list([1, 2])],
    outcome: 'SOURCE_STALLED',
  },
  'its list is not to be had': { lists: [503], outcome: 'SOURCE_STATUS' },
  'its list is no list': { lists: ['<html>'], outcome: 'MEDIA_FORMAT' },
  'its second list is not to be had': { lists: [list([1, 2]), 403], outcome: 'SOURCE_STATUS' },
  'it names no segments': { lists: [list([])], outcome: 'SOURCE_EMPTY' },
  'it names only gaps': { lists: [list(['#EXT-X-GAP', 1])], outcome: 'SOURCE_EMPTY' },
  'it has ended': { lists: [list([1, 2, '#EXT-X-ENDLIST'])], outcome: 'SOURCE_ENDED' },
  'it ends while it is tried': {
    lists: [list([1, 2]), list([2, 3, '#EXT-X-ENDLIST'])],
    outcome: 'SOURCE_ENDED',
  },
  'its segments are not to be had': {
    lists: [list([1, 2]), list([2, 3])],
    body: () => 404,
    outcome: 'SOURCE_STATUS',
  },
  'only its next segment is not to be had': {
    lists: [list([1, 2]), list([2, 3])],
    body: (sequence) => (sequence === 3 ? 500 : wholeMedia()),
    outcome: 'SOURCE_STATUS',
  },
  'its segments are cut short': {
    lists: [list([1, 2]), list([2, 3])],
    body: () => wholeMedia().subarray(0, 300),
    outcome: 'SOURCE_BODY',
  },
  'its clock moves': {
    lists: [list([1, 2]), list([2, 3])],
    body: (sequence) => tsWithClock(sequence * 360_000),
    outcome: 'proved',
  },
  'its clock begins anew at 2^33': {
    lists: [list([1, 2]), list([2, 3])],
    body: (sequence) => tsWithClock(sequence === 2 ? 2 ** 33 - 100 : 359_900),
    outcome: 'proved',
  },
  'its clock stands still': {
    lists: [list([1, 2]), list([2, 3])],
    body: () => tsWithClock(360_000),
    outcome: 'SOURCE_STALLED',
  },
  'its clock stands still across a discontinuity': {
    lists: [list([1, 2]), list([2, '#EXT-X-DISCONTINUITY', 3])],
    body: () => tsWithClock(360_000),
    outcome: 'proved',
  },
  'its dates move': {
    lists: [list([DATE(0), 1, DATE(4), 2]), list([DATE(4), 2, DATE(8), 3])],
    outcome: 'proved',
  },
  'its dates stand still': {
    lists: [list([DATE(0), 1, DATE(4), 2]), list([DATE(4), 2, DATE(4), 3])],
    outcome: 'SOURCE_STALLED',
  },
};

describe('proveSource()', () => {
  test.each(Object.entries(ROWS))('%s', async (_name, { outcome, ...world }) => {
    const { clock, proving } = await tryOut(world);
    await clock.advance(60_000);
    expect(await proving).toBe(outcome);
    expect(clock.pendingCount).toBe(0);
  });

  test('briefly: the newest it names comes whole, and nothing is waited for', async () => {
    const { clock, outbound, proving } = await tryOut({ lists: [list([1, 2])], depth: 'brief' });
    expect(await proving).toBe('proved');
    expect(paths(outbound.requests)).toEqual(['list.m3u8', '2.ts']);
    expect(clock.monotonicMs()).toBe(0);
  });

  test('thoroughly: looks twice in a target duration, for three of them at most', async () => {
    const { clock, outbound, proving } = await tryOut({ lists: [list([1, 2])] });
    await clock.advance(12_000);
    expect(await proving).toBe('SOURCE_STALLED');
    expect(paths(outbound.requests)).toEqual([
      'list.m3u8',
      '2.ts',
      ...Array.from({ length: 6 }, () => 'list.m3u8'),
    ]);
  });

  test('ends at once when it is stopped, and asks for nothing more', async () => {
    const { clock, outbound, stopped, proving } = await tryOut({ lists: [list([1, 2])] });
    await clock.advance(3000);
    const { length } = outbound.requests;
    stopped.abort();
    expect(await proving).toBe('AbortError');
    await clock.advance(60_000);
    expect(outbound.requests).toHaveLength(length);
    expect(clock.pendingCount).toBe(0);
  });
});
