// This file asks a running weir for the dates of sources that say them once, or not where they hold.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { FaultyOrigin } from '../support/faulty-origin.ts';
import { LiveChannel } from '../support/live-origin.ts';
import { rewritten } from '../support/origin/fault.ts';
import { Weir } from '../support/weir.ts';

const TARGET_MS = 1000;
const origin = new FaultyOrigin();
const live = new LiveChannel(origin, { name: 'once', programDateTime: 'once', window: 10 });
/** What the head of its list says of date ranges, after the tags of the playlist. */
let ranges: readonly string[] = [];
origin.on(
  live.playlists(),
  rewritten((text) => text.replace(/(#EXT-X-MEDIA-SEQUENCE:.*\n)/, `$1${ranges.join('')}`)),
);

let weir: Weir;
beforeAll(async () => {
  weir = await Weir.start({
    yaml: `
allow_private: [127.0.0.0/8]
channels:
  - { id: once, sources: ['${live.mediaUrl()}'] }
`,
  });
}, 30_000);
afterAll(async () => {
  await weir?.[Symbol.asyncDispose]();
  origin[Symbol.dispose]();
});

type Seen = { readonly text: string; readonly sequence: number; readonly dateMs: number };

async function look(): Promise<Seen> {
  const response = await fetch(weir.url('/live/once/index.m3u8'));
  const text = await response.text();
  expect(response.status).toBe(200);
  const date = /#EXT-X-PROGRAM-DATE-TIME:(\S+)\n/.exec(text)?.[1] ?? '';
  const sequence = Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]);
  return { text, sequence, dateMs: Date.parse(date) };
}

/** Looks as a player does until `done`, at most so long; every list must be dated. */
async function watch(done: (seen: Seen) => boolean, withinMs: number): Promise<Seen[]> {
  const endMs = Date.now() + withinMs;
  const all: Seen[] = [];
  while (Date.now() < endMs) {
    const seen = await look();
    all.push(seen);
    if (done(seen)) break;
    await Bun.sleep(150);
  }
  return all;
}

const rangesIn = ({ text }: Seen) => text.match(/#EXT-X-DATERANGE:.*/g) ?? [];

describe('dates', () => {
  test('a list that says the date once has it in every list of ours', async () => {
    const seen = await watch(({ sequence }) => sequence > 110, 20_000);
    expect(seen.at(-1)?.sequence).toBeGreaterThan(110);
    const tags = seen.map(({ text }) => text.split('#EXT-X-PROGRAM-DATE-TIME').length - 1);
    expect(Math.min(...tags)).toBeGreaterThan(0);
    // The clock of the source is one number away from that of its segments, in every list the same
    const offsets = seen.map(({ sequence, dateMs }) => dateMs - sequence * TARGET_MS);
    expect(Math.max(...offsets) - Math.min(...offsets)).toBeLessThan(100);
  }, 30_000);

  test('date ranges in the head of a list come, are updated and go', async () => {
    const { dateMs } = await look();
    const tag = `#EXT-X-DATERANGE:ID="ad",START-DATE="${new Date(dateMs + 2000).toISOString()}"`;
    ranges = [`${tag},SCTE35-OUT=0xFC00\n`];
    await watch((seen) => rangesIn(seen).length > 0, 10_000);
    expect(rangesIn(await look())).toEqual([`${tag},SCTE35-OUT=0xFC00`]);
    const endMs = dateMs + 12_000;
    ranges = [`${tag},END-DATE="${new Date(endMs).toISOString()}",SCTE35-IN=0xFC01\n`];
    await watch((seen) => rangesIn(seen).some((line) => line.includes('SCTE35-IN')), 10_000);
    expect(rangesIn(await look())[0]).toContain('SCTE35-OUT=0xFC00,END-DATE=');
    // Its source, whose list begins some seconds earlier, drops it with the segment it began in
    const past = await watch((seen) => {
      if (seen.dateMs > dateMs + 8000) ranges = [];
      return seen.dateMs > endMs;
    }, 30_000);
    const within = past.filter((seen) => seen.dateMs < endMs - 1000);
    expect(ranges).toEqual([]);
    expect(within.map((seen) => rangesIn(seen).length)).toEqual(within.map(() => 1));
    expect(rangesIn(await look())).toEqual([]);
  }, 60_000);
});
