// This file is failure F30 with guides: whatever one is, it is survived, told, and others are kept.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { HostileAnswer } from '../support/hostile-answers.ts';
import { HostileOrigin, ON_ITS_WAY_BYTES } from '../support/hostile-origin.ts';
import { until } from '../support/until.ts';
import { Weir } from '../support/weir.ts';
import { CANARY, HOSTILE_GUIDES, type HostileGuide } from './hostile-guides.ts';

type Status = {
  readonly place: string;
  readonly kept?: { readonly programmes: number; readonly problems: Record<string, number> };
  readonly error?: { readonly code: string };
};

/**
 * What reading a guide may take, whatever the guide: some 140 MiB, more where the collectors of two
 * threads come late. What has no end would take all there is.
 */
const ROOM_BYTES = 320 * 1024 * 1024;

describe('F30: guides', () => {
  let origin: HostileOrigin;
  let weir: Weir;
  let statuses: readonly Status[];
  let [grewBytes, answered, failed] = [0, 0, 0];

  beforeAll(async () => {
    const answers = new Map<string, HostileAnswer>();
    for (const guide of HOSTILE_GUIDES) answers.set(guide.name, guide);
    origin = await HostileOrigin.start(answers.set(CANARY, { body: () => ['<!--x-->'] }));
    const guides = HOSTILE_GUIDES.map(({ name }) => `  - ${origin.url(name)}`).join('\n');
    const yaml = `allow_private: [127.0.0.1/32]\nguides:\n${guides}\nchannels:\n  - { id: a, sources: http://127.0.0.1:9/x.m3u8 }\n`;
    weir = await Weir.start({ yaml });
    const before = weir.rssBytes();
    const isOver = await until(async () => {
      const asked = await Promise.all(['/playlist.m3u', '/epg.xml', '/api/guide'].map(ask));
      statuses = JSON.parse(asked[2] ?? '[]') as readonly Status[];
      grewBytes = Math.max(grewBytes, weir.rssBytes() - before);
      return statuses.every(({ kept, error }) => (kept ?? error) !== undefined);
    }, 90_000);
    if (!isOver) throw new Error(`Not over: ${JSON.stringify(statuses.filter(isOpen))}`);
  }, 120_000);

  afterAll(async () => {
    await weir?.[Symbol.asyncDispose]();
    await origin?.[Symbol.asyncDispose]();
  }, 20_000);

  const isOpen = ({ kept, error }: Status) => (kept ?? error) === undefined;

  async function ask(path: string): Promise<string> {
    const response = await fetch(weir.url(path), { signal: AbortSignal.timeout(10_000) });
    // A guide that is still to come is said to be
    if (response.ok || (path === '/epg.xml' && response.status === 503)) answered++;
    else failed++;
    return await response.text();
  }

  test.each(HOSTILE_GUIDES.map((guide, at) => [guide.name, at, guide.comes] as const))(
    '%s',
    (name, at, comes) => {
      const { kept, error } = statuses[at]!;
      const came = error?.code ?? outcomeOf(kept!, comes);
      expect(came).toEqual(comes);
      const { body } = HOSTILE_GUIDES[at] as HostileGuide;
      // What is endless is not read to its end
      if (body !== undefined && / without end$/.test(name)) {
        expect(origin.sentBytes(name)).toBeLessThan(ON_ITS_WAY_BYTES);
      }
    },
  );

  test('viewers were answered all the while, and little memory was taken', () => {
    expect(failed).toBe(0);
    expect(answered).toBeGreaterThan(HOSTILE_GUIDES.length);
    expect(grewBytes).toBeLessThan(ROOM_BYTES);
    expect(weir.exit).toBeUndefined();
  });

  test('nothing of a file of this machine is in the guide, nor what multiplies', async () => {
    const text = await ask('/epg.xml?days=3');
    expect(text).toContain('<title>');
    expect(text).not.toContain('root:');
    expect(text).not.toContain('lollol');
  });

  test('nobody asked for what a document type names', () => {
    expect(origin.sentBytes(CANARY)).toBe(0);
  });
});

/** As much of it as the row speaks of. */
function outcomeOf(kept: NonNullable<Status['kept']>, comes: HostileGuide['comes']) {
  const { programmes, problems } = kept;
  if (typeof comes === 'string') return kept;
  return comes.problems === undefined ? { programmes } : { programmes, problems };
}
