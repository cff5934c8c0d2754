// This file is failure F38: endless MPEG-TS that fails in mid-play while another source plays.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createSocket } from 'node:dgram';
import { checkTransport } from '../support/check-transport.ts';
import { MarkedOrigin, type StreamFault } from '../support/marked-origin.ts';
import { FRAMES_PER_S, marksIn, slipsIn } from '../support/marked-stream.ts';
import { until } from '../support/until.ts';
import { readMediaList } from '../support/viewer/media-list.ts';
import { Weir } from '../support/weir.ts';

const VIEWERS = 2;
const PACKET_BYTES = 188;
/** Of what is cut, and of the other source's list. */
const TARGET_S = 2;
/**
 * What a live stream sent before it was opened is lost. It is opened once the other is late by half a
 * target duration, which is told, and looked at, twice a second; it is joined at its next key frame.
 * On a busy machine all of that takes a while longer.
 */
const LATE_S = 0.5 * TARGET_S + 1;
const BUSY_S = 1;

/** A list names a segment once it is over, and a stream is ahead of it by as much. */
const LIST_LAG_S = 2;

type Kind = 'stream' | 'list' | 'datagrams';
type Case = {
  readonly from: Kind;
  readonly to: Exclude<Kind, 'datagrams'>;
  readonly fault: StreamFault;
  /** How long it lasts; viewers are sent back then. */
  readonly forMs?: number;
};

const CASES: Record<string, Case> = {
  'f38-stall': { from: 'stream', to: 'stream', fault: 'stall', forMs: 5000 },
  'f38-stall-list': { from: 'stream', to: 'list', fault: 'stall' },
  'f38-reset': { from: 'stream', to: 'stream', fault: 'reset' },
  'f38-reset-list': { from: 'stream', to: 'list', fault: 'reset', forMs: 5000 },
  'f38-end': { from: 'stream', to: 'stream', fault: 'end' },
  'f38-frozen': { from: 'stream', to: 'stream', fault: 'frozen' },
  'f38-garbage': { from: 'stream', to: 'list', fault: 'garbage' },
  'f38-busy': { from: 'stream', to: 'stream', fault: 'busy' },
  'f38-datagrams': { from: 'datagrams', to: 'stream', fault: 'stall', forMs: 5000 },
};

/** One source that becomes another kind and is opened anew. */
const CHANGED = 'f38-changed';

type Pair = { readonly first: MarkedOrigin; readonly second: MarkedOrigin };
const pairs = new Map<string, Pair>();
let weir: Weir;

beforeAll(async () => {
  const lines = ['allow_private: [127.0.0.1/32]', 'prefetch: { idle_stop: 5s }', 'channels:'];
  for (const [id, { from, to }] of Object.entries(CASES)) {
    const pair = await openPair(id);
    const urls = [await urlOf(pair.first, from), await urlOf(pair.second, to)];
    lines.push(`  - { id: ${id}, sources: [${urls.map(sourceLine).join(', ')}] }`);
  }
  const changed = await openPair(CHANGED);
  lines.push(`  - { id: ${CHANGED}, sources: [${sourceLine(changed.first.streamUrl)}] }`);
  weir = await Weir.start({ yaml: `${lines.join('\n')}\n` });
}, 30_000);
afterAll(async () => {
  await weir?.[Symbol.asyncDispose]();
  for (const { first, second } of pairs.values()) {
    await first[Symbol.asyncDispose]();
    await second[Symbol.asyncDispose]();
  }
}, 20_000);

async function openPair(id: string): Promise<Pair> {
  const pair = { first: await MarkedOrigin.listen(0), second: await MarkedOrigin.listen(2 ** 32) };
  pairs.set(id, pair);
  return pair;
}

const sourceLine = (url: string) =>
  url.endsWith('.m3u8') ? `'${url}'` : `{ url: '${url}', segment: ${TARGET_S}s }`;

async function urlOf(origin: MarkedOrigin, kind: Kind): Promise<string> {
  if (kind !== 'datagrams') return kind === 'stream' ? origin.streamUrl : origin.listUrl;
  const socket = createSocket('udp4');
  await new Promise<void>((bound) => socket.bind(0, '127.0.0.1', bound));
  const { port } = socket.address();
  await new Promise<void>((closed) => socket.close(() => closed()));
  origin.sendTo(port);
  return `udp://127.0.0.1:${port}`;
}

/** What came of `/live/{id}.ts` until it was left; throws where it ends by itself. */
async function watchStream(id: string, left: AbortSignal): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  try {
    const { body, status } = await fetch(weir.url(`/live/${id}.ts`), { signal: left });
    expect(status).toBe(200);
    for await (const piece of body as ReadableStream<Uint8Array>) pieces.push(piece);
    throw new Error('the stream has ended');
  } catch (error) {
    // The one end that is expected is our own
    if (!left.aborted) throw error;
  }
  const bytes = Buffer.concat(pieces);
  return bytes.subarray(0, bytes.length - (bytes.length % PACKET_BYTES));
}

type Watched = { readonly marks: readonly number[]; readonly failures: readonly string[] };

/** What a player of the list was given, segment by segment. */
async function watchList(id: string, left: AbortSignal): Promise<Watched> {
  const url = weir.url(`/live/${id}/index.m3u8`);
  const failures: string[] = [];
  const marks: number[] = [];
  let next: number | undefined;
  while (!left.aborted) {
    const answer = await fetch(url);
    const text = await answer.text();
    if (answer.status !== 200) failures.push(`list: ${answer.status} ${text}`);
    else {
      const list = readMediaList(text, answer.url);
      if (next !== undefined && list.mediaSequence > next) failures.push('a segment was missed');
      for (const [index, segment] of list.segments.entries()) {
        const sequence = list.mediaSequence + index;
        if (next !== undefined && sequence < next) continue;
        next = sequence + 1;
        if (segment.isGap) continue;
        const body = await fetch(segment.url);
        if (body.status !== 200) failures.push(`${segment.url}: ${body.status}`);
        else marks.push(...marksIn(await body.bytes()));
      }
    }
    await Bun.sleep(300);
  }
  return { marks, failures };
}

/** Viewers of both kinds, from before the trouble until it was lived through. */
async function through(id: string, trouble: () => Promise<void>) {
  const left = new AbortController();
  const { signal } = left;
  const streams = Array.from({ length: VIEWERS }, () => watchStream(id, signal));
  const lists = Array.from({ length: VIEWERS }, () => watchList(id, signal));
  try {
    expect(await until(async () => (await activeOf(id)) === 0, 15_000)).toBe(true);
    await Bun.sleep(4000);
    await trouble();
    await Bun.sleep(6000);
  } finally {
    left.abort();
  }
  return { streams: await Promise.all(streams), lists: await Promise.all(lists) };
}

type Api = { readonly sources: readonly { readonly active: boolean; readonly state: string }[] };

async function activeOf(id: string): Promise<number> {
  const answer = await fetch(weir.url(`/api/channels/${id}`));
  return ((await answer.json()) as Api).sources.findIndex(({ active }) => active);
}

type Limits = { readonly lostS: number; readonly repeatedS: number; readonly seams: number };

/** Of what a viewer saw: what is left out and what comes twice at most, in seconds. */
function judge(marks: readonly number[], what: Limits): void {
  expect(marks.length).toBeGreaterThan(5 * FRAMES_PER_S);
  const slips = slipsIn(marks);
  expect(slips.length).toBeLessThanOrEqual(what.seams);
  for (const { lost, repeated } of slips) {
    expect(lost / FRAMES_PER_S).toBeLessThanOrEqual(what.lostS);
    expect(repeated / FRAMES_PER_S).toBeLessThanOrEqual(what.repeatedS);
  }
}

describe.concurrent('F38: endless streams that fail in mid-play', () => {
  test.each(Object.entries(CASES))(
    '%s',
    async (id, { to, fault, forMs }) => {
      const { first, second } = pairs.get(id) as Pair;
      const { streams, lists } = await through(id, async () => {
        first.fault = fault;
        expect(await until(async () => (await activeOf(id)) === 1, 20_000)).toBe(true);
        if (forMs === undefined) return;
        await Bun.sleep(forMs);
        first.fault = undefined;
        expect(await until(async () => (await activeOf(id)) === 0, 40_000)).toBe(true);
      });
      // A list says what went by; but who goes back from it to a stream leaves out what it is behind
      const lagS = forMs === undefined ? 0 : LIST_LAG_S;
      const limits: Limits = {
        lostS: to === 'list' ? TARGET_S + lagS : LATE_S + BUSY_S,
        repeatedS: TARGET_S + (to === 'list' ? LIST_LAG_S : 0),
        // Of a connection that is reset what was on its way is lost by itself
        seams: (forMs === undefined ? 1 : 2) + (fault === 'reset' ? 1 : 0),
      };
      for (const bytes of streams) {
        expect(checkTransport(bytes)).toEqual([]);
        judge(marksIn(bytes), limits);
      }
      for (const { marks, failures } of lists) {
        expect(failures).toEqual([]);
        judge(marks, limits);
      }
      expect([first.mostOpen, second.mostOpen].every((most) => most <= 1)).toBe(true);
      if (to === 'stream') expect(second.openedMs).toHaveLength(1);
    },
    90_000,
  );

  test('a stream whose address becomes a playlist is opened anew', async () => {
    const { first } = pairs.get(CHANGED) as Pair;
    const limits = { lostS: TARGET_S, repeatedS: TARGET_S + LIST_LAG_S, seams: 1 };
    const { streams, lists } = await through(CHANGED, async () => {
      first.fault = 'list';
      await Bun.sleep(6000);
    });
    for (const bytes of streams) {
      expect(checkTransport(bytes)).toEqual([]);
      judge(marksIn(bytes), limits);
    }
    for (const { marks, failures } of lists) {
      expect(failures).toEqual([]);
      judge(marks, limits);
    }
    expect(first.mostOpen).toBe(1);
  }, 60_000);
});
