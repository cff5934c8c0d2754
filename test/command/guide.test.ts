// This file shows what feeds the channels through `weir guide match`, and chooses it.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemRandom } from '../../src/base/random.ts';
import { openSharedForCommand } from '../../src/channel/open-shared.ts';
import { formatMatches, type ShownMatches } from '../../src/command/guide-words.ts';
import { GuideDesk } from '../../src/guide/guide-desk.ts';
import { guideKey } from '../../src/guide/guide-key.ts';
import { loadChoices } from '../../src/guide/match/guide-choices.ts';
import { GUIDE_SHIFT_KIND } from '../../src/lineup/guide-shifts.ts';
import { scriptedOutbound } from '../support/outbound-script.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { runWeir } from '../support/weir.ts';

const MATCHES: ShownMatches = {
  matched: 2,
  unmatched: 3,
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
    { channel: 'typo', name: 'Typo', found: null, said: 'tpyo.uk', proposals: [] },
    { channel: 'shop', name: 'Shop', found: null, said: null, proposals: [] },
    {
      channel: 'x',
      name: 'X\u001b[2J',
      found: null,
      proposals: [
        { id: 'xx.uk', name: 'XX', score: 0.72, why: 'x for xx' },
        { id: "'; touch x; 'y", name: 'Y', score: 0.6, why: 'x for y' },
      ],
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
  expect(formatMatches(MATCHES, false)).toBe(`2 of 5 channels have a guide.

typo  Typo: none: no guide has a channel "tpyo.uk"

shop  Shop: none, as chosen

x  X?[2J: none
  0.72  XX, x for xx
        weir guide match --apply 'x=xx.uk'
  0.60  Y, x for y
        weir guide match --apply 'x='\\''; touch x; '\\''y'

Found by likeness:
  parl  Parliament TV: p (Parliament) by likeness, 0.95: tv is not there
`);
  expect(formatMatches(MATCHES, false, ['--config', 'a b.yaml'])).toContain(
    "weir guide match --config 'a b.yaml' --apply 'x=xx.uk'\n",
  );
  expect(formatMatches(MATCHES, true)).toContain(
    '  bbc1  BBC One: one.uk (BBC 1) by name, 1h later\n',
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
    const given = ['--store', 'postgres://weir:c4n4ry@127.0.0.1/weir', '--data', folder.path];
    const words = (await runWeir(['guide', 'match', ...listen, ...given])).stdout;
    expect(words).toContain(
      `weir guide match --data ${folder.path} --store 'postgres://***@127.0.0.1/weir' --apply 'x=xx.uk'\n`,
    );
    await server.stop(true);
    expect((await runWeir(['guide', 'match', ...listen])).code).toBe(1);
  });

  test('says what may be amiss with a choice, and keeps it', async () => {
    const place = await folder.write(
      'guide.xml',
      '<tv><programme start="20261121200000" channel="a.uk"><title>A</title></programme></tv>',
    );
    const deps = { outbound: scriptedOutbound({}), clock: systemClock };
    {
      await using desk = new GuideDesk({ dataDir: folder.path, ...deps });
      const policy = { headers: {}, verifyTls: true, allowDowngrade: false };
      await desk.call({ what: 'import', spec: { id: guideKey(place), place, policy } });
    }
    await using server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: () => Response.json(MATCHES),
    });
    const config = await folder.write(
      'weir.yaml',
      `listen: 127.0.0.1:${server.port}\ndata: ${folder.path}\nguides: { path: ${place} }\nchannels: [{ id: own, guide: o, guide_shift: 1h, sources: http://h.example/x.m3u8 }]\n`,
    );
    const chosen = ['own=a.uk', 'x=A.uk', 'gone=b.uk', 'bbc1=a"uk'];
    const args = [...chosen.flatMap((choice) => ['--apply', choice]), '--shift', 'own=2h'];
    const { code, stderr } = await runWeir(['guide', 'match', '--config', config, ...args]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: `weir: guide: of own in the configuration wins over what is chosen
weir: guide_shift: of own in the configuration wins over what is chosen
weir: there is no channel gone now
weir: no guide that has come has a channel "b.uk"
weir: no guide that has come has a channel "a'uk"
`,
    });
    const elsewhere = await runWeir(['guide', 'match', '--reject', 'x', '--data', folder.path]);
    expect(elsewhere.stderr).toContain('wanted the --config or --data of the server');
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

  test('keeps how far a channel is moved, beside what feeds it', async () => {
    const data = ['--data', folder.path];
    const args = ['--apply', 'bbc1=one.uk', '--shift', 'bbc1=1h', '--shift', 'two=-30m'];
    const { code, stdout: out } = await runWeir(['guide', 'match', ...args, ...data]);
    expect({ code, out }).toEqual({
      code: 0,
      out: 'bbc1 is fed by one.uk.\nbbc1 is shown 1h later than the guide says.\ntwo is shown 30m earlier than the guide says.\n',
    });
    const json = ['--shift', 'two=0', '--clear', 'bbc1', '--json'];
    const told = await runWeir(['guide', 'match', ...json, ...data]);
    expect(JSON.parse(told.stdout)).toEqual({
      choices: { bbc1: null },
      shift_seconds: { two: 0 },
    });
    const deps = { clock: systemClock, random: systemRandom, log: silentLog };
    await using store = await openSharedForCommand({ dataDir: folder.path }, deps);
    expect([...(await store.load(GUIDE_SHIFT_KIND))]).toEqual([['two', 0]]);
    expect([...(await loadChoices(store))]).toEqual([]);
  });

  const refused = [
    ['no action', []],
    ['another action', ['find']],
    ['half a choice', ['match', '--apply', 'bbc1']],
    ['no channel', ['match', '--apply', '=x']],
    ['a channel twice', ['match', '--apply', 'a=x', '--reject', 'a']],
    ['a shift that is none', ['match', '--shift', 'a=soon']],
    ['a shift without one', ['match', '--shift', 'a']],
    ['a shift of more than a day', ['match', '--shift', 'a=25h']],
    ['a channel shifted twice', ['match', '--shift', 'a=1h', '--shift', 'a=2h']],
    ['a shift that is cleared', ['match', '--shift', 'a=1h', '--clear', 'a']],
  ] as const;
  test('refuses what it cannot understand', async () => {
    for (const [what, args] of refused) {
      expect({ what, code: (await runWeir(['guide', ...args])).code }).toEqual({ what, code: 2 });
    }
  });
});
