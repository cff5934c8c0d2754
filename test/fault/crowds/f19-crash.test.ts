// This file is failure F19: the process dies, and is there again as if nothing had been.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { textAnswer } from '../../support/origin/answer.ts';
import { replacedBy } from '../../support/origin/fault.ts';
import { Swarm } from '../../support/swarm.ts';
import { until } from '../../support/until.ts';
import { RawClient } from '../../support/viewer/raw-client.ts';
import { World } from '../world.ts';

const VIEWERS = 200;

type Death = 'SIGKILL' | 'SIGTERM';

/** How it dies, how often, and how long it lives in between. */
const ROWS: readonly { id: string; death: Death; times: number; livesMs: number }[] = [
  { id: 'f19-kill', death: 'SIGKILL', times: 1, livesMs: 5000 },
  { id: 'f19-thrice', death: 'SIGKILL', times: 3, livesMs: 1700 },
  { id: 'f19-stop', death: 'SIGTERM', times: 1, livesMs: 4000 },
];

/** What parsers choke on, each on a channel of its own. */
const HOSTILE = [
  '#EXTM3U\n#EXT-X-TARGETDURATION:NaN\n#EXTINF:-1e999,\n\n',
  `#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="data:,",IV=0x${'f'.repeat(99)}\n#EXTINF:1,\na.ts\n`,
  '#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:99999999999999999999999\n#EXTINF:1,\nhttp://[::1/\n',
  `#EXTM3U\n#EXT-X-DEFINE:NAME="a",VALUE="{$a}"\n#EXTINF:1,\n{$a}{$b}\n`,
  `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=-1,RESOLUTION=0x0\n${'../'.repeat(5000)}x\n`,
  `#EXTM3U\n#EXT-X-BYTERANGE:9@9@9\n#EXT-X-MAP:URI=""\n#EXTINF:,\n\0\n`,
  '\ufeff#EXTM3U\r\r\n#EXT-X-STREAM-INF:\r\n',
];
const hostileId = (index: number) => `f19-parsers-${index}`;

const worlds = new Map(ROWS.map(({ id }) => [id, new World({ [id]: {} })]));
const hostile = HOSTILE.map((_, index) => [hostileId(index), {}] as const);
const parsed = new World({ ...Object.fromEntries(hostile), 'f19-calm': {} });
beforeAll(async () => {
  await Promise.all([parsed, ...worlds.values()].map((world) => world.start()));
}, 60_000);
afterAll(async () => {
  await Promise.all([parsed, ...worlds.values()].map((world) => world[Symbol.asyncDispose]()));
}, 20_000);

describe.concurrent('F19: the process dies', () => {
  test.each(ROWS)(
    '$death, $times times: the same channel is back and goes on counting',
    async ({ id, death, times, livesMs }) => {
      const world = worlds.get(id)!;
      await using swarm = new Swarm({ url: world.url(id), count: VIEWERS });
      for (let turn = 0; turn < times; turn++) {
        await Bun.sleep(livesMs);
        const media = await world.mediaUrl(id);
        world.weir.signal(death);
        await world.weir.exited;
        const weir = await world.startAgain();
        using client = new RawClient(weir.url('/'));
        // Whether that was soon enough is for the viewers to say
        const isBack = async () => (await client.get(media)).status === 200;
        expect(await until(isBack, 10_000)).toBe(true);
      }
      await Bun.sleep(5000);
      const seen = world.judge(id, await swarm.stop(), { mayBreak: true, mayBeUnavailable: true });
      expect(seen.blamed).toEqual([]);
      expect(seen.counts.gaps).toBe(0);
      const { live } = world.at(id);
      for (const { segments } of seen.reports) {
        const last = live.identify(segments.at(-1)!.clearSha256)!;
        expect(last.index).toBeGreaterThan(live.newestIndex() - 6);
      }
    },
    60_000,
  );

  test('what parsers choke on kills nothing', async () => {
    const watching = parsed.watch('f19-calm', { count: 3, forMs: 14_000 });
    const asking = HOSTILE.flatMap((text, index) => {
      const answer = replacedBy(textAnswer(text, 'application/vnd.apple.mpegurl'));
      parsed.at(hostileId(index)).origin.on(/./, answer);
      return ['live', 'proxy'].map(async (mode) => {
        using client = new RawClient(parsed.weir.url('/'));
        const path = `/${mode}/${hostileId(index)}/index.m3u8`;
        return await client.get(path, { timeoutMs: 15_000 });
      });
    });
    for (const { ended, status } of await Promise.all(asking)) {
      expect(ended).toBe('whole');
      expect(status).not.toBe(500);
    }
    expect((await watching).blamed).toEqual([]);
    expect(parsed.weir.exit).toBeUndefined();
    expect(parsed.weir.logs().filter(({ message }) => /uncaught|unhandled/i.test(message))).toEqual(
      [],
    );
  }, 60_000);
});
