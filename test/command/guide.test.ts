// This file shows what feeds the channels through `weir guide match`, and chooses it.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemRandom } from '../../src/base/random.ts';
import { openSharedForCommand } from '../../src/channel/open-shared.ts';
import { formatMatches, type ShownMatches } from '../../src/command/guide-words.ts';
import { loadChoices } from '../../src/guide/match/guide-choices.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { runWeir } from '../support/weir.ts';

const MATCHES: ShownMatches = {
  matched: 2,
  unmatched: 1,
  channels: [
    {
      channel: 'bbc1',
      name: 'BBC One',
      found: { id: 'one.uk', name: 'BBC 1', score: 1, why: 'the same name', by: 'name' },
      shift_seconds: 3600,
      proposals: [],
    },
    {
      channel: 'parl',
      name: 'Parliament TV',
      found: { id: 'p', name: 'Parliament', score: 0.95, why: 'tv is not there', by: 'likeness' },
      proposals: [],
    },
    {
      channel: 'x',
      name: 'X\u001b[2J',
      found: null,
      proposals: [{ id: 'xx.uk', name: 'XX', score: 0.72, why: 'x for xx' }],
    },
  ],
};

let folder: TempFolder;
beforeEach(async () => {
  folder = await createTempFolder();
});
afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

test('what nothing feeds comes first, then what was guessed', () => {
  expect(formatMatches(MATCHES, false)).toBe(`2 of 3 channels have a guide.

x  X?[2J: none
  0.72  XX, x for xx
        weir guide match --apply 'x=xx.uk'

Found by likeness:
  parl  Parliament TV: p (Parliament) by likeness, 0.95: tv is not there
`);
  expect(formatMatches(MATCHES, true)).toContain(
    '  bbc1  BBC One: one.uk (BBC 1) by name, 1 h later\n',
  );
  expect(formatMatches({ matched: 0, unmatched: 0, channels: [] }, false)).toContain('no guide');
});

describe('weir guide match', () => {
  test('shows what the server that runs here knows', async () => {
    await using server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: (request) =>
        new URL(request.url).pathname === '/api/guide/match'
          ? Response.json(MATCHES)
          : new Response('no', { status: 404 }),
    });
    const listen = ['--listen', `127.0.0.1:${server.port}`];
    const { code, stdout: out } = await runWeir(['guide', 'match', '--json', ...listen]);
    expect({ code, told: JSON.parse(out) }).toEqual({ code: 0, told: MATCHES });
    await server.stop(true);
    expect((await runWeir(['guide', 'match', ...listen])).code).toBe(1);
  });

  test('keeps what is chosen, whether the server runs or not', async () => {
    const data = ['--data', folder.path];
    const chosen = ['--apply', 'bbc1=one.uk', '--apply', 'two=a=b', '--reject', 'shop'];
    const { code, stdout: out } = await runWeir(['guide', 'match', ...chosen, ...data]);
    expect({ code, out }).toEqual({
      code: 0,
      out: 'bbc1 is fed by one.uk.\ntwo is fed by a=b.\nshop is fed by nothing.\n',
    });
    await runWeir(['guide', 'match', '--clear', 'two', ...data]);
    const deps = { clock: systemClock, random: systemRandom, log: silentLog };
    await using store = await openSharedForCommand({ dataDir: folder.path }, deps);
    expect([...(await loadChoices(store))]).toEqual([
      ['bbc1', { guideId: 'one.uk' }],
      ['shop', { guideId: null }],
    ]);
  });

  const refused = [
    ['no action', []],
    ['another action', ['find']],
    ['half a choice', ['match', '--apply', 'bbc1']],
    ['no channel', ['match', '--apply', '=x']],
    ['a channel twice', ['match', '--apply', 'a=x', '--reject', 'a']],
  ] as const;
  test('refuses what it cannot understand', async () => {
    for (const [what, args] of refused) {
      expect({ what, code: (await runWeir(['guide', ...args])).code }).toEqual({ what, code: 2 });
    }
  });
});
