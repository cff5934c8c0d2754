// This file is failure F30 with line-ups: whatever one is, it is survived, told, and others are kept.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { HostileOrigin, ON_ITS_WAY_BYTES } from '../support/hostile-origin.ts';
import { readAsKodi } from '../support/player-parsers/kodi.ts';
import { until } from '../support/until.ts';
import { Weir } from '../support/weir.ts';
import { HOSTILE_LINE_UPS } from './hostile-line-ups.ts';

type Status = {
  readonly name: string;
  readonly isReading: boolean;
  readonly readAt: string | null;
  readonly error: { readonly code: string } | null;
};

/** All there is, with all line-ups read at once: some 120 MiB. What has no end would take far more. */
const ROOM_BYTES = 300 * 1024 * 1024;

describe('F30: line-ups', () => {
  let origin: HostileOrigin;
  let weir: Weir;
  let statuses: readonly Status[];
  let [answered, failed] = [0, 0];

  beforeAll(async () => {
    origin = await HostileOrigin.start(new Map(HOSTILE_LINE_UPS.map((list) => [list.name, list])));
    const lists = HOSTILE_LINE_UPS.flatMap(({ name }) => ['--m3u', origin.url(name)]);
    const yaml =
      'allow_private: [127.0.0.1/32]\nchannels:\n  - { id: own, sources: http://127.0.0.1:9/x.m3u8 }\n';
    weir = await Weir.start({ yaml, args: lists });
    const isOver = await until(async () => {
      await ask('/playlist.m3u');
      statuses = JSON.parse(await ask('/api/lineups')) as readonly Status[];
      return statuses.every(({ readAt, error }) => (readAt ?? error) !== null);
    }, 90_000);
    if (!isOver) throw new Error(`Not over: ${JSON.stringify(statuses)}`);
  }, 120_000);

  afterAll(async () => {
    await weir?.[Symbol.asyncDispose]();
    await origin?.[Symbol.asyncDispose]();
  }, 20_000);

  async function ask(path: string): Promise<string> {
    const response = await fetch(weir.url(path), { signal: AbortSignal.timeout(10_000) });
    if (response.ok) answered++;
    else failed++;
    return await response.text();
  }

  test.each(HOSTILE_LINE_UPS.map(({ name, comes }) => [name, comes] as const))(
    '%s',
    async (name, comes) => {
      const { error } = statuses.find((status) => status.name === origin.url(name))!;
      if (typeof comes === 'string') expect(error?.code).toBe(comes);
      else {
        const names = readAsKodi(await ask('/playlist.m3u')).channels.map((of) => of.name ?? '');
        for (const wanted of comes) expect(names.join('\n')).toContain(wanted);
      }
      // What is endless is not read to its end
      if (/ without end$/.test(name)) {
        expect(origin.sentBytes(name)).toBeLessThan(ON_ITS_WAY_BYTES);
      }
    },
  );

  test('nothing of what is bad in them is in our line-up', async () => {
    const text = await ask('/playlist.m3u');
    expect(text).not.toMatch(/passwd|alert|script=|pipe:|\bbad\b/);
    const expected = HOSTILE_LINE_UPS.flatMap(({ comes }) =>
      typeof comes === 'string' ? [] : comes,
    );
    const { channels } = readAsKodi(text);
    expect(channels.map(({ url }) => URL.canParse(url))).not.toContain(false);
    // Ours besides
    expect(channels).toHaveLength(expected.length + 1);
  });

  test('viewers were answered all the while, and little memory was taken', () => {
    expect(failed).toBe(0);
    expect(answered).toBeGreaterThan(0);
    // Line-ups are read before it is ready: what it has taken at most since it began
    expect(weir.peakRssBytes()).toBeLessThan(ROOM_BYTES);
    expect(weir.exit).toBeUndefined();
  });
});
