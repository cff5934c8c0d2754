// This file tests what `weir check` says about a configuration.
import { describe, expect, test } from 'bun:test';
import { describeConfig, runCheck } from '../../src/command/check.ts';
import { EXIT, type ExitCode, parseArguments } from '../../src/command/command-line.ts';
import { CONFIG_FLAGS } from '../../src/command/config-flags.ts';
import { warningsOf } from '../../src/command/warnings.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createTempFolder } from '../support/temp-folder.ts';

async function load(text: string) {
  await using folder = await createTempFolder();
  await folder.write('weir.yaml', text);
  const input = { workingDir: folder.path, environment: {}, flags: new Map(), m3u: [] };
  return { loaded: await loadConfig(input), folder: folder.path };
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
  log.level                info                     default
  log.format               auto                     default

Channels (4)
  news: 1 News 24, group News, from the buffer, kept warm
      from https://***@h.example/a.m3u8?token=*** with authorization
      else https://b.example/a.m3u8 through http://***@p.example:3128
  piped: piped, NOT buffered: viewers are sent to the upstream itself
      from http://h.example/a
  clock: clock, from the buffer
      from https://cdn.example/{quality}/{sequence}.ts in 720p, 480p (segment 5 at 2026-01-01T00:00:00.000Z, one each 4s, there after 12s)
  looped: looped, from the buffer
      from a loop of /f/a.ts
      else the demo inside weir
      while none plays, the card inside weir

Without effect in this version
  channels[3].archive (weir.yaml:23:84)
  overflow (weir.yaml:24:11)

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
    expect(said).toContain('Line-ups to import at start\n  https://***@h/list.m3u?t=***\n');
  });
});

describe('warningsOf()', () => {
  test('a configuration that means no harm has none', async () => {
    const { loaded } = await load('allow_private: 10.0.0.0/8');
    expect(warningsOf(loaded)).toEqual([]);
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
    const code = await runCheck(given, {
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
    });
    return [code, heard.out, heard.error];
  }

  test('a good one ends well', async () => {
    const [code, out, error] = await check('listen: :9000', ['--listen', ':9001']);
    expect([code, error]).toEqual([EXIT.ok, '']);
    expect(out).toContain('listen                   :9001                    --listen\n');
    expect(out).toEndWith('The configuration is good.\n');
  });

  test('files that are not there are named', async () => {
    const text = 'channels: [{ id: a, sources: { loop: [gone.ts, .] } }]';
    const [code, out, error] = await check(text, ['--m3u', 'gone.m3u']);
    expect([code, error]).toEqual([
      EXIT.failed,
      'weir: --m3u: /f/gone.m3u is not there, wanted a file\n' +
        'weir: channel a, loop: /f/gone.ts is not there, wanted a file\n' +
        'weir: channel a, loop: /f is no file, wanted one\n',
    ]);
    expect(out).not.toContain('The configuration is good.');
  });
});
