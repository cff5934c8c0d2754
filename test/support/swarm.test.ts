// This file tests that viewers watch as players do and that the oracle sees every broken promise.
import { describe, expect, test } from 'bun:test';
import { FaultyOrigin } from './faulty-origin.ts';
import { LiveChannel, type LiveOptions } from './live-origin.ts';
import { type Counts, counts, violations } from './oracle.ts';
import { bytesAnswer, textAnswer } from './origin/answer.ts';
import { type Fault, replacedBy, rewritten, TRUNCATIONS, withStatus } from './origin/fault.ts';
import { Swarm, type SwarmOptions, stampede, watch } from './swarm.ts';
import { until } from './until.ts';
import type { ViewerReport } from './viewer/viewer.ts';

const WATCH_MS = 3500;
/** What a machine that is busy may take for what takes one that is not a second. */
const WITHIN_MS = 20_000;

type Seen = {
  readonly blamed: readonly string[];
  readonly counts: Counts;
  readonly reports: readonly ViewerReport[];
};

/** Lets viewers watch the origin itself while `disturb` does its worst. */
async function see(
  live: LiveOptions,
  viewers: Partial<SwarmOptions>,
  disturb: (origin: FaultyOrigin, channel: LiveChannel) => void = () => {},
  watchMs = WATCH_MS,
): Promise<Seen> {
  using origin = new FaultyOrigin();
  const channel = new LiveChannel(origin, live);
  disturb(origin, channel);
  const reports = await watch({ url: channel.multivariantUrl, count: 3, ...viewers }, watchMs);
  const identify = (hash: string) => channel.identify(hash);
  return { blamed: violations(reports, { identify }), counts: counts(reports), reports };
}

function onSegments(fault: Fault, skip = 4) {
  return (origin: FaultyOrigin, channel: LiveChannel) =>
    void origin.on(channel.segments(), fault, { skip });
}

function onPlaylists(fault: Fault) {
  return (origin: FaultyOrigin, channel: LiveChannel) =>
    void origin.on(channel.playlists(), fault, { skip: 4 });
}

describe.concurrent('viewers of a good channel', () => {
  const good: readonly [string, LiveOptions, Partial<SwarmOptions>][] = [
    ['over raw sockets', {}, {}],
    ['over fetch', {}, { over: 'fetch' }],
    ['sealed', { keyEvery: 2 }, {}],
    ['in fMP4', { form: 'fmp4', mapEvery: 4 }, {}],
    ['one after the other', {}, { rampMs: 1000 }],
  ];
  test.each(good)('%s see nothing wrong', async (_, live, viewers) => {
    const seen = await see(live, viewers);
    expect(seen.blamed).toEqual([]);
    expect(seen.counts).toMatchObject({ broken: 0, gaps: 0 });
    expect(seen.counts.whole).toBeGreaterThanOrEqual(viewers.rampMs ? 12 : 15);
  });

  test('that cuts and starts anew at a discontinuity see no hole', async () => {
    const seen = await see({}, {}, (_, channel) => channel.cut());
    expect(seen.blamed).toEqual([]);
  });

  test('who leave at half of a segment are seen to have gone', async () => {
    using origin = new FaultyOrigin();
    const channel = new LiveChannel(origin, { segmentBytes: 8_000_000 });
    await using swarm = new Swarm({ url: channel.mediaUrl(), count: 3, leaveAt: 0.3 });
    const asked = () => origin.seen(channel.segments());
    const haveGone = () =>
      asked().length === 3 && asked().every(({ abandonedAtMs }) => abandonedAtMs !== undefined);
    expect(await until(haveGone, WITHIN_MS)).toBe(true);
    await swarm.stop();
    expect(asked()).toHaveLength(3);
  });

  test('who read slowly take their time', async () => {
    using origin = new FaultyOrigin();
    const channel = new LiveChannel(origin, { segmentBytes: 8_000_000 });
    const slow = { count: 2, bytesPerSecond: 100_000, segmentTimeoutMs: 1000 };
    await using swarm = new Swarm({ url: channel.mediaUrl(), ...slow });
    const haveAll = () => swarm.reports().every(({ segments }) => segments.length > 0);
    expect(await until(haveAll, WITHIN_MS)).toBe(true);
    const reports = await swarm.stop();
    const got = reports.flatMap(({ segments }) => segments.map(({ answer }) => answer));
    expect(got.map(({ ended }) => ended)).toEqual(['late', 'late']);
    for (const { bodyBytes } of got) expect(bodyBytes).toBeLessThan(1_000_000);
    const identify = (hash: string) => channel.identify(hash);
    expect(violations(reports, { identify, mayBeLate: true })).toEqual([]);
  });
});

describe.concurrent('the oracle blames', () => {
  const junk = bytesAnswer(new Uint8Array(188).fill(0x47), 'video/mp2t');
  const rows: readonly [string, Parameters<typeof see>[2], RegExp][] = [
    ['a short body', onSegments(TRUNCATIONS['length that says less, clean end'](0.5)), /^foreign/],
    ['other bytes', onSegments(replacedBy(junk)), /^foreign bytes/],
    ['a listed 404', onSegments(withStatus(404)), /^listed and not answered: .* gave 404/],
    ['a listed 503', onSegments(withStatus(503)), /^listed and not answered: .* gave 503/],
    [
      'an unanswered request',
      onSegments((n) => ({ ...n, cut: { at: 'head', by: 'close' } })),
      /^no answer/,
    ],
    ['a 500 for a playlist', onPlaylists(withStatus(500)), /^playlist: .* gave 500/],
    ['a page for a playlist', onPlaylists(replacedBy(textAnswer('<html>'))), /^playlist: .* 200/],
    [
      'a sequence that goes back',
      onPlaylists(rewritten((text) => text.replace(/(SEQUENCE:)\d+/, '$13'))),
      /^media sequence: .*, then 3/,
    ],
    [
      'a number that means another segment',
      onPlaylists(
        rewritten((text) => text.replace(/(SEQUENCE:)(\d+)/, (_, tag, n) => tag + (Number(n) + 1))),
      ),
      /^one number, two segments/,
    ],
    [
      'a discontinuity sequence that goes back',
      (origin, channel) => {
        const add = (by: number) =>
          rewritten((text) =>
            text.replace('\n#EXTINF', `\n#EXT-X-DISCONTINUITY-SEQUENCE:${by}\n#EXTINF`),
          );
        origin.on(channel.playlists(), add(5), { times: 3 });
        origin.on(channel.playlists(), add(4));
      },
      /^discontinuity sequence: .*5, then 4/,
    ],
    [
      'a target duration that is too short',
      onPlaylists(rewritten((text) => text.replaceAll('EXTINF:1.000', 'EXTINF:1.500'))),
      /^target duration/,
    ],
    [
      'a segment twice',
      (origin, channel) => {
        const same = bytesAnswer(channel.bodies.segment('720', 4, 4), 'video/mp2t');
        origin.on(channel.segments(), replacedBy(same));
      },
      /^order: 4 → 4/,
    ],
    [
      'a hole',
      (origin, channel) => {
        const hop = bytesAnswer(channel.bodies.segment('720', 40, 40), 'video/mp2t');
        origin.on(channel.segments(), replacedBy(hop), { skip: 3 });
      },
      /^hole: \d → 40/,
    ],
  ];
  test.each(rows)('%s', async (_, disturb, blame) => {
    const seen = await see({}, {}, disturb);
    expect(seen.blamed.filter((line) => blame.test(line))).not.toEqual([]);
  });

  test('what is sealed with another key', async () => {
    const seen = await see({ keyEvery: 2 }, {}, (origin) => {
      origin.on(/key/, replacedBy(bytesAnswer(new Uint8Array(16), 'application/octet-stream')));
    });
    expect(seen.blamed[0]).toMatch(/^foreign bytes: .*cannot be decrypted/);
  });

  test('what has gone too early, and only that', async () => {
    const auditor = { audits: true, count: 1 };
    const early = (origin: FaultyOrigin, channel: LiveChannel) =>
      void origin.on((seen) => (channel.listedForMs(seen.path) ?? 0) > 4000, withStatus(404));
    const [bad, good] = await Promise.all([
      see({ window: 3 }, auditor, early, 6500),
      see({ window: 3 }, auditor, undefined, 6500),
    ]);
    expect(bad.blamed[0]).toMatch(/^listed and not answered: .*gone from the list\) gave 404/);
    expect(good.blamed).toEqual([]);
    const again = good.reports[0]!.segments.filter(({ when }) => when === 'again');
    expect(again.length).toBeGreaterThan(0);
  }, 10_000);
});

describe.concurrent('stampede()', () => {
  test('brings them all, each with a whole body', async () => {
    using origin = new FaultyOrigin();
    const body = new Uint8Array(10_000).fill(7);
    origin.otherwise = () => bytesAnswer(body, 'video/mp2t');
    const answers = await stampede(origin.url('/x'), 1000, 50);
    const sha = new Bun.CryptoHasher('sha256').update(body).digest('hex');
    expect(
      answers.filter((answer) => answer.sha256 === sha && answer.ended === 'whole'),
    ).toHaveLength(1000);
    expect(new Set(origin.requests.map(({ connection }) => connection)).size).toBe(1000);
  });

  test('says who was refused', async () => {
    const origin = new FaultyOrigin();
    const url = origin.url('/x');
    origin[Symbol.dispose]();
    const answers = await stampede(url, 3, 0);
    expect(answers.map(({ status, ended }) => [status, ended])).toEqual(
      Array(3).fill([0, 'broken']),
    );
  });
});
