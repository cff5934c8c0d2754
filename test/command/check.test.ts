// This file tests what `weir check` says about a configuration.
import { describe, expect, test } from 'bun:test';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemRandom } from '../../src/base/random.ts';
import { openSharedForCommand } from '../../src/channel/open-shared.ts';
import { describeConfig, runCheck } from '../../src/command/check.ts';
import { EXIT, type ExitCode, parseArguments } from '../../src/command/command-line.ts';
import { CONFIG_FLAGS } from '../../src/command/config-flags.ts';
import { readLineUps } from '../../src/command/read-line-ups.ts';
import { warningsOf } from '../../src/command/warnings.ts';
import { loadConfig } from '../../src/config/load.ts';
import { GuideDesk } from '../../src/guide/guide-desk.ts';
import { guideKey } from '../../src/guide/guide-key.ts';
import { saveChoices } from '../../src/guide/match/guide-choices.ts';
import type { GuideChoice } from '../../src/guide/match/match-channel.ts';
import { LINE_UP_WORKER } from '../../src/threads.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { scriptedOutbound } from '../support/outbound-script.ts';
import { createTempFolder } from '../support/temp-folder.ts';

async function load(text: string) {
  await using folder = await createTempFolder();
  await folder.write('weir.yaml', text);
  const input = { workingDir: folder.path, environment: {}, flags: new Map(), m3u: [] };
  return { loaded: await loadConfig(input), folder: folder.path };
}

async function importGuide(dataDir: string, place: string): Promise<void> {
  const names = [
    ['bbc', 'BBC One'],
    ['film', 'Film Four'],
    ['odd', 'Odd'],
  ];
  const channels = names.map(
    ([id, name]) => `<channel id="${id}"><display-name>${name}</display-name></channel>`,
  );
  const programmes = names.map(
    ([id]) =>
      `<programme start="20260101000000" stop="20260101010000" channel="${id}"><title>T</title></programme>`,
  );
  const untitled = '<programme start="20260101000000" channel="odd"/>';
  const body = `<tv>${channels.join('')}${programmes.join('')}${untitled}</tv>`;
  const outbound = scriptedOutbound({ [place]: { body } });
  await using desk = new GuideDesk({ dataDir, outbound, clock: new FakeClock() });
  const policy = { headers: {}, verifyTls: true, allowDowngrade: false };
  await desk.call({ what: 'import', spec: { id: guideKey(place), place, policy } });
}

const FULL = `
listen: 127.0.0.1:9000
allow_private: [127.0.0.0/8, 10.0.0.0/8]
channels:
  - id: news
    number: 1
    name: News 24
    group: News
    keep_warm: true
    failover: { silence: 20s, black: 1m }
    sources:
      - url: https://user:c4n4ry@h.example/a.m3u8?token=c4n4ry
        headers: { authorization: Bearer c4n4ry }
        tls: { verify: false }
        allow_downgrade: true
      - url: https://b.example/a.m3u8
        proxy: http://u:c4n4ry@p.example:3128
  - { id: piped, mode: redirect, sources: http://h.example/a }
  - id: clock
    sources:
      - template: https://cdn.example/{quality}/{sequence}.ts
        sequence: { at: 2026-01-01T00:00:00Z, first: 5, duration: 4s, delay: 12s }
        qualities: { 480: sd, 720: hd }
  - { id: looped, sources: [{ loop: a.ts }, { loop: demo }], slate: card, archive: 1h }
overflow: redis://u:c4n4ry@127.0.0.1
`;

describe('describeConfig()', () => {
  test('says in plain words what a configuration means', async () => {
    const { loaded, folder } = await load(FULL);
    const said = describeConfig(loaded).replaceAll(folder, '/f');
    expect(said).toBe(`Configuration: /f/weir.yaml

Settings
  listen                   127.0.0.1:9000           weir.yaml:2:9
  public_url               not set                  default
  data                     ./data                   default
  memory                   256MiB                   default
  prefetch.ahead           3                        default
  prefetch.idle_stop       60s                      default
  prefetch.workers         auto                     default
  prefetch.per_origin      16                       default
  prefetch.segment_max     64MiB                    default
  connections.per_address  256                      default
  allow_private            127.0.0.0/8, 10.0.0.0/8  weir.yaml:3:16
  trusted_proxies          not set                  default
  logos                    serve                    default
  log.level                info                     default
  log.format               auto                     default
  archive.size             not set                  default
  archive.pad_before       1m                       default
  archive.pad_after        5m                       default
  store                    not set                  default

Memory
  256MiB for the segments of what is watched
  8 Mbit/s in segments of 6 s: 86MB a channel, 2 at once; where it is short 50MB, 5 at once
  3 Mbit/s in segments of 4 s: 22MB a channel, 11 at once; where it is short 13MB, 20 at once

Beyond memory
  redis at 127.0.0.1:6379, database 0: as much as it takes, for 1h, shared with every weir that names it
  what another weir has put there is not fetched from the source again

Store
  /f/data/shared.sqlite, of this weir alone

Archives
  1 of 4 channels are kept; together at most: as much as it takes
  at 4 Mbit/s a day of one takes 40.2GiB, all of them 1.7GiB

Channels (4)
  news: 1 News 24, group News, from the buffer, kept warm
      from https://***@h.example/a.m3u8?token=*** with authorization
      else https://b.example/a.m3u8 through http://***@p.example:3128
      each left after 20s of silence
      each left after 1m of one colour
  piped: piped, NOT buffered: viewers are sent to the upstream itself
      from http://h.example/a
  clock: clock, from the buffer
      from https://cdn.example/{quality}/{sequence}.ts in 720p, 480p (segment 5 at 2026-01-01T00:00:00.000Z, one each 4s, there after 12s)
  looped: looped, from the buffer
      from a loop of /f/a.ts
      else the demo inside weir
      while none plays, the card inside weir
      kept for 1h, in the places beyond memory; runs without viewers too

Mind
  certificates are NOT checked: anyone on the way can read and change what is fetched (channel news, source 1)
  an https address may redirect to http (channel news, source 1)
  upstreams may lead to this machine itself or its cloud metadata through allow_private (block 127.0.0.0/8)

`);
    expect(said).not.toContain('c4n4ry');
  });

  test('without a file it says so', async () => {
    await using folder = await createTempFolder();
    const input = { workingDir: folder.path, environment: {}, flags: new Map() };
    const loaded = await loadConfig({ ...input, m3u: ['https://u:c4n4ry@h/list.m3u?t=c4n4ry'] });
    const said = describeConfig(loaded);
    expect(said).toStartWith('Configuration: no file, only defaults and what is set below\n');
    expect(said).not.toContain('c4n4ry');
  });
});

describe('warningsOf()', () => {
  test('a configuration that means no harm has none', async () => {
    const { loaded } = await load('allow_private: 10.0.0.0/8');
    expect(warningsOf(loaded)).toEqual([]);
  });

  test('a failover that cannot be had', async () => {
    const { loaded } = await load(`channels:
  - { id: a, sources: http://h.example/a, failover: { silence: 20s } }
  - { id: b, mode: proxy, sources: [http://h.example/a, http://h.example/b], failover: { black: 20s } }
  - { id: c, sources: [http://h.example/a, http://h.example/b], failover: { black: 20s } }`);
    expect(warningsOf(loaded)).toEqual([
      {
        message: 'failover has no effect: there is one source, and none to go to',
        fields: { channel: 'a' },
      },
      { message: 'failover has no effect on viewers in mode proxy', fields: { channel: 'b' } },
    ]);
  });

  test('what has no effect is named with its place', async () => {
    const { loaded } = await load('record: { anything: true }');
    expect(warningsOf(loaded)).toEqual([
      {
        message: 'setting has no effect in this version',
        fields: { key: 'record', place: 'weir.yaml:1:9' },
      },
    ]);
  });
});

describe('runCheck()', () => {
  async function check(text: string, args: string[] = []): Promise<[ExitCode, string, string]> {
    await using folder = await createTempFolder();
    await folder.write('weir.yaml', text);
    const heard = { out: '', error: '' };
    const given = parseArguments(args, { name: 'check', flags: CONFIG_FLAGS, maxOperands: 0 });
    const code = await runCheck(
      given,
      {
        environment: {},
        workingDir: folder.path,
        isPerson: false,
        isColoured: false,
        out: (said) => {
          heard.out += said;
        },
        error: (said) => {
          heard.error += said.replaceAll(folder.path, '/f');
        },
      },
      LINE_UP_WORKER,
    );
    return [code, heard.out, heard.error];
  }

  test('a good one ends well', async () => {
    const [code, out, error] = await check('listen: :9000', ['--listen', ':9001']);
    expect([code, error]).toEqual([EXIT.ok, '']);
    expect(out).toContain('listen                   :9001                    --listen\n');
    expect(out).toEndWith('The configuration is good.\n');
  });

  test('a line-up is read, and what it would make is said', async () => {
    await using folder = await createTempFolder();
    const many = Array.from({ length: 11 }, (_, n) => `#EXTINF:-1,C ${n}\nhttp://h.example/${n}\n`);
    const few =
      '#EXTM3U\n#EXTINF:-1 tvg-chno="7" group-title="News",News, now\nhttp://u:c4n4ry@h.example/a\n' +
      '#EXTINF:-1,Same\nhttp://u:c4n4ry@h.example/a\n#EXTINF:-1,Mail\nudp://h.example/b\n';
    const files = [
      await folder.write('few.m3u', few),
      await folder.write('many.m3u', `#EXTM3U\n${many.join('')}`),
    ];
    const [code, out, error] = await check(
      '',
      files.flatMap((file) => ['--m3u', file]),
    );
    expect([code, error]).toEqual([EXIT.ok, '']);
    const shown = Array.from({ length: 10 }, (_, n) => `    c-${n}: ${n + 8} C ${n}\n`).join('');
    expect(out.replaceAll(folder.path, '/l')).toContain(
      'Line-ups\n' +
        '  /l/few.m3u, every 6h: 1 channel; in the list: duplicate-url 1, scheme 1\n' +
        '    news-now: 7 News, now, group News\n' +
        `  /l/many.m3u, every 6h: 11 channels\n${shown}    and 1 more\n\nThe configuration is good.\n`,
    );
    expect(out).not.toContain('c4n4ry');
  });

  test('a line-up that cannot be read, or makes nothing, is no good', async () => {
    await using folder = await createTempFolder();
    const page = await folder.write('page.m3u', '<html><body>Log in, please</body></html>\n');
    const none = await folder.write('none.m3u', '#EXTM3U\n#EXTINF:-1,Mail\nudp://h.example/b\n');
    const lists = [page, none, folder.path];
    const [code, out, error] = await check(
      '',
      lists.flatMap((list) => ['--m3u', list]),
    );
    expect([code, error.replaceAll(folder.path, '/l')]).toEqual([
      EXIT.failed,
      'weir: line-up /l/page.m3u: Cannot read line-up: it is an HTML page, wanted an M3U list (MEDIA_FORMAT)\n' +
        'weir: line-up /l/none.m3u: Cannot take line-up from /l/none.m3u: no entry in it can be used (LINEUP_EMPTY)\n' +
        'weir: line-up /l: Cannot read line-up /l: it is a folder, wanted a file (LINEUP_FILE)\n',
    ]);
    expect(out).toContain('page.m3u: cannot be read\n');
  });

  test('what lies elsewhere is not asked: it says what was read last, and what feeds its channels', async () => {
    await using folder = await createTempFolder();
    let asked = 0;
    await using server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: () => {
        asked++;
        const names = ['BBC One', 'Shop', 'Dave', 'Mine'];
        const entries = names.map((name, n) => `#EXTINF:-1,${name}\nhttp://h.example/${n}\n`);
        return new Response(`#EXTM3U\n${entries.join('')}#EXTINF:-1,U\nudp://h.example/u\n`);
      },
    });
    const at = `http://127.0.0.1:${server.port}`;
    const text = `
data: ${folder.path}
allow_private: 127.0.0.0/8
channels: [{ id: own, name: Film Four, sources: http://h.example/own }]
lineups: [{ url: '${at}/l?t=c4n4ry', include: { group: Gone } , exclude: { name: Mine } }]
guides: ['${at}/guide.xml', { url: '${at}/late.xml', at: '05:30' }]
`;
    const kept = text.replace('include: { group: Gone } , ', '');
    const before = await check(kept);
    expect([before[0], before[2], asked]).toEqual([EXIT.ok, '', 0]);
    const shown = `${at}/l?t=***, every 6h: `;
    expect(before[1]).toContain(
      `Line-ups\n  ${shown}not read yet; weir import --dry-run says what it would make\n`,
    );
    expect(before[1]).toContain(`
  ${at}/guide.xml: read each day at 04:00, up to ten minutes later; not read yet
  ${at}/late.xml: read each day at 05:30, up to ten minutes later; not read yet
  none has come yet: which channels they are for is not known
`);

    const { config } = (await load(kept)).loaded;
    await importGuide(folder.path, `${at}/guide.xml`);
    const unread = await check(kept);
    expect(unread[1]).toContain(`
  1 of 1 channels have a guide
  not counted, since it was not read yet: ${at}/l?t=***
`);
    await readLineUps(config, { worker: LINE_UP_WORKER, use: 'command' });
    const deps = { clock: systemClock, random: systemRandom, log: silentLog };
    {
      await using store = await openSharedForCommand(config, deps);
      const choices = new Map<string, GuideChoice>();
      choices.set('dave', { guideId: 'odd' }).set('shop', { guideId: null });
      await saveChoices(store, choices);
    }
    asked = 0;
    await server.stop(true);
    const [code, out, error] = await check(kept);
    expect([code, error, asked]).toEqual([EXIT.ok, '', 0]);
    expect(out).toMatch(
      /\/l\?t=\*\*\*, every 6h: 3 channels, read 20[\d-]+T[\d:.]+Z; in the list: scheme 1\n\n/,
    );
    expect(out).toMatch(
      /guide.xml: .*; 3 channels, read 2026-01-01T00:00:00.000Z; in the guide: no-title 1\n/,
    );
    expect(out).toContain(`
  3 of 4 channels have a guide, 1 as chosen
  without one, as chosen: shop

`);
    expect(await check(text).then(([, said]) => said)).toContain(
      '\n    its settings have changed since, so that it will be read anew\n',
    );
    expect(out).not.toContain('c4n4ry');
  });

  test('files that are not there are named', async () => {
    const text =
      'channels: [{ id: a, logo: gone.png, sources: { loop: [gone.ts, .] } }]\nguides: { path: gone.xml }';
    const [code, out, error] = await check(text, ['--m3u', 'gone.m3u']);
    expect([code, error]).toEqual([
      EXIT.failed,
      'weir: line-up /f/gone.m3u: Cannot read line-up /f/gone.m3u: it is not there, wanted a file (LINEUP_FILE)\n' +
        'weir: channel a, loop: /f/gone.ts is not there, wanted a file\n' +
        'weir: channel a, loop: /f is no file, wanted one\n' +
        'weir: channel a, logo: /f/gone.png is not there, wanted a file\n' +
        'weir: guide: /f/gone.xml is not there, wanted a file\n',
    ]);
    expect(out).not.toContain('The configuration is good.');
  });
});
