// This file watches a channel whose playlist is computed, while its origin pauses and begins anew.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { FaultyOrigin } from '../support/faulty-origin.ts';
import { LiveChannel } from '../support/live-origin.ts';
import { Weir } from '../support/weir.ts';

const TARGET_MS = 1000;
const FIRST = 100;
const LISTED_AT_START = 6;

const origin = new FaultyOrigin();
const live = new LiveChannel(origin, { name: 'clock', targetMs: TARGET_MS, firstSequence: FIRST });
const startedMs = Date.now();
const template = live.mediaUrl().replace('index.m3u8', '{sequence}.ts');
const at = new Date(startedMs - LISTED_AT_START * TARGET_MS).toISOString();

let weir: Weir;
beforeAll(async () => {
  weir = await Weir.start({
    yaml: `
allow_private: [127.0.0.0/8]
channels:
  - id: clock
    sources:
      - template: '${template}'
        sequence: { at: ${at}, first: ${FIRST}, duration: ${TARGET_MS}ms, delay: 200ms }
`,
  });
}, 30_000);
afterAll(async () => {
  await weir?.[Symbol.asyncDispose]();
  origin[Symbol.dispose]();
});

type Seen = { readonly sequence: number; readonly names: readonly string[]; readonly text: string };

async function look(): Promise<Seen | undefined> {
  const response = await fetch(weir.url('/live/clock/index.m3u8'));
  const text = await response.text();
  if (response.status !== 200) return undefined;
  const names = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return { sequence: Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]), names, text };
}

/** Looks as a player does until `done`; says what the last look saw. */
async function watch(done: (seen: Seen) => boolean, withinMs: number): Promise<Seen | undefined> {
  const endMs = Date.now() + withinMs;
  let last: Seen | undefined;
  let highest = -1;
  while (Date.now() < endMs) {
    const seen = await look();
    if (seen !== undefined) {
      expect(seen.sequence).toBeGreaterThanOrEqual(highest);
      highest = seen.sequence;
      last = seen;
      if (done(seen)) return seen;
    }
    await Bun.sleep(150);
  }
  return last;
}

/** Index, over all runs of the origin, of the newest segment that is listed and really comes. */
async function newest(): Promise<number> {
  const seen = await look();
  const name = seen?.names.at(-1);
  if (name === undefined) return -1;
  const body = await (await fetch(weir.url(`/live/clock/${name}`))).arrayBuffer();
  const hash = new Bun.CryptoHasher('sha256').update(new Uint8Array(body)).digest('hex');
  return live.identify(hash)?.index ?? -1;
}

describe('a computed source', () => {
  test('keeps at the edge of its origin without asking for a playlist', async () => {
    await look();
    await watch(({ names }) => names.length >= 5, 5000);
    await Bun.sleep(2500);
    expect(live.newestIndex() - (await newest())).toBeLessThanOrEqual(2);
    expect(origin.requests.filter(({ path }) => path.endsWith('.m3u8'))).toEqual([]);
  }, 20_000);

  test('waits for an origin that pauses, and goes on without a hole', async () => {
    live.freeze();
    await Bun.sleep(1800);
    live.thaw();
    await Bun.sleep(4000);
    const seen = await look();
    expect(seen?.text).not.toContain('#EXT-X-GAP');
    expect(live.newestIndex() - (await newest())).toBeLessThanOrEqual(3);
  }, 20_000);

  test('finds an origin that begins to count anew, with a DISCONTINUITY', async () => {
    const before = await look();
    live.restart({ firstSequence: FIRST, listedAtStart: 2 });
    const seen = await watch(({ text }) => text.includes('#EXT-X-DISCONTINUITY\n'), 6000);
    expect(seen?.text).toContain('#EXT-X-DISCONTINUITY\n');
    expect(seen?.sequence).toBeGreaterThanOrEqual(before?.sequence as number);
    await Bun.sleep(2500);
    expect(live.newestIndex() - (await newest())).toBeLessThanOrEqual(3);
  }, 20_000);

  test('finds an origin that goes back to the numbers it was configured with', async () => {
    const due = FIRST + Math.floor((Date.now() - Date.parse(at)) / TARGET_MS) - 1;
    const before = live.newestIndex();
    live.restart({ firstSequence: due, listedAtStart: 2 });
    await Bun.sleep(4 * TARGET_MS);
    const seen = await newest();
    expect(seen).toBeGreaterThan(before);
    expect(live.newestIndex() - seen).toBeLessThanOrEqual(3);
  }, 20_000);
});
