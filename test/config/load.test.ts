// This file tests what a loaded configuration holds, and which of file, variable and flag wins.
import { describe, expect, test } from 'bun:test';
import { dirname, join } from 'node:path';
import { type LoadedConfig, type LoadInput, loadConfig } from '../../src/config/load.ts';
import { formatOrigin } from '../../src/config/origin.ts';
import { autoWorkers, DEMO_CHANNEL } from '../../src/config/resolve.ts';
import { checkPolicyHeaders } from '../../src/net/request-headers.ts';
import { createTempFolder } from '../support/temp-folder.ts';

/** The example of the design, as it stands there. */
const DESIGN_EXAMPLE = `listen: 0.0.0.0:8080
public_url: https://tv.example.com        # what is written into line-ups; relative where absent
data: ./data
memory: 256MiB                            # the ring's budget, all channels
prefetch: { ahead: 3, idle_stop: 60s }
channels:
  - id: news                              # [a-z0-9_-]{1,64}, permanent
    name: News 24
    number: 1
    group: News
    logo: https://example.com/news.png
    guide: news.example                   # the XMLTV channel id
    mode: buffered
    sources:
      - https://origin.example.com/news/master.m3u8
      - url: https://backup.example.com/news.m3u8
        headers: { user-agent: VLC/3.0.20 }
        proxy: http://proxy.example.com:3128
  - id: clock
    name: Computed
    sources:
      - template: https://cdn.example.com/clock/{quality}/{sequence}.ts   # no playlist is ever fetched
        sequence: { at: 2026-01-01T00:00:00Z, first: 0, duration: 4s, delay: 12s }
        qualities: { 720: hd, 480: sd }
allow_private: [10.0.0.0/8]               # upstream addresses that may be private; none by default
overflow:                                 # where segments go beyond memory, in order; none by default
  - disk: { path: ./data/segments, size: 20GiB }
  - redis://127.0.0.1:6379/0
  - postgres://weir@127.0.0.1/weir
  - mysql://weir@127.0.0.1/weir
lineups:
  - url: https://provider.example.com/list.m3u
    refresh: 6h
    include: { group: [News, Sport] }
guides:
  - url: https://guide.example.com/all.xml.gz
    at: "04:00"
`;

type Options = Partial<Omit<LoadInput, 'workingDir'>>;

async function load(text: string, options: Options = {}): Promise<LoadedConfig> {
  await using folder = await createTempFolder();
  await folder.write('weir.yaml', text);
  return await loadConfig({
    workingDir: folder.path,
    environment: {},
    flags: new Map(),
    m3u: [],
    ...options,
  });
}

async function loadNothing(options: Options = {}): Promise<LoadedConfig> {
  await using folder = await createTempFolder();
  const input = { workingDir: folder.path, environment: {}, flags: new Map(), m3u: [] };
  return await loadConfig({ ...input, ...options });
}

const placesOf = ({ config }: LoadedConfig) => config.lineUps.map(({ place }) => place);

const NO_REACH = { headers: {}, verifyTls: true, allowDowngrade: false, timeouts: {} };
const ONE_CHANNEL = 'channels: [{ id: a, sources: http://h.example/a.m3u8 }]';

describe("the design's example", () => {
  test('is accepted as it stands and means what it says', async () => {
    const loaded = await load(DESIGN_EXAMPLE);
    const folder = dirname(loaded.watchPath);
    expect(loaded.config).toEqual({
      listen: { host: '0.0.0.0', port: 8080 },
      publicUrl: 'https://tv.example.com',
      dataDir: join(folder, 'data'),
      memoryBytes: 256 * 2 ** 20,
      prefetch: {
        ahead: 3,
        idleStopMs: 60_000,
        workers: autoWorkers(navigator.hardwareConcurrency),
        perOrigin: 16,
        segmentMaxBytes: 64 * 2 ** 20,
      },
      connections: { perAddress: 256 },
      archivePad: { beforeMs: 60_000, afterMs: 300_000 },
      allowPrivate: ['10.0.0.0/8'],
      trustedProxies: [],
      logos: 'serve',
      providers: new Map(),
      overflow: expect.any(Array),
      guides: [{ place: 'https://guide.example.com/all.xml.gz', headers: {}, at: 240 }],
      devices: [],
      log: { level: 'info', format: 'auto' },
      channels: [
        {
          id: 'news',
          name: 'News 24',
          number: 1,
          group: 'News',
          logo: 'https://example.com/news.png',
          guide: 'news.example',
          mode: 'buffered',
          sources: [
            {
              kind: 'url',
              url: 'https://origin.example.com/news/master.m3u8',
              segmentMs: 4000,
              ...NO_REACH,
            },
            {
              kind: 'url',
              segmentMs: 4000,
              url: 'https://backup.example.com/news.m3u8',
              ...NO_REACH,
              headers: { 'user-agent': 'VLC/3.0.20' },
              proxy: 'http://proxy.example.com:3128',
            },
          ],
          keepWarm: false,
        },
        {
          id: 'clock',
          name: 'Computed',
          mode: 'buffered',
          sources: [
            {
              kind: 'template',
              template: 'https://cdn.example.com/clock/{quality}/{sequence}.ts',
              sequence: {
                atMs: Date.UTC(2026, 0, 1),
                first: 0,
                durationMs: 4000,
                delayMs: 12_000,
              },
              qualities: [
                { height: 720, value: 'hd' },
                { height: 480, value: 'sd' },
              ],
              checkEveryMs: 300_000,
              ...NO_REACH,
            },
          ],
          keepWarm: false,
        },
      ],
      lineUps: [
        {
          key: 'https://provider.example.com/list.m3u',
          shown: 'https://provider.example.com/list.m3u',
          place: 'https://provider.example.com/list.m3u',
          refreshMs: 6 * 3_600_000,
          rules: {
            include: {
              group: [
                { kind: 'text', text: 'News' },
                { kind: 'text', text: 'Sport' },
              ],
              name: [],
              guide: [],
            },
            rename: [],
            regroup: [],
            sort: 'list',
          },
          merge: false,
          headers: {},
        },
      ],
    });
  });

  test('names what has no effect yet, and where segments would overflow to', async () => {
    const loaded = await load(DESIGN_EXAMPLE);
    expect(loaded.later).toEqual([]);
    expect(loaded.config.overflow).toEqual([
      {
        kind: 'disk',
        path: join(dirname(loaded.watchPath), 'data/segments'),
        sizeBytes: 20 * 2 ** 30,
        ageMs: 3_600_000,
      },
      { kind: 'redis', url: 'redis://127.0.0.1:6379/0', ageMs: 3_600_000 },
      { kind: 'postgres', url: 'postgres://weir@127.0.0.1/weir', ageMs: 3_600_000 },
      { kind: 'mysql', url: 'mysql://weir@127.0.0.1/weir', ageMs: 3_600_000 },
    ]);
  });

  test('and how much and how long each may hold', async () => {
    const { config } = await load(`
overflow:
  - { url: redis://127.0.0.1, size: 4GiB, age: 10m }
  - { disk: { path: /srv/segments, size: 64MiB }, age: 2d }
`);
    expect(config.overflow).toEqual([
      { kind: 'redis', url: 'redis://127.0.0.1', sizeBytes: 4 * 2 ** 30, ageMs: 600_000 },
      { kind: 'disk', path: '/srv/segments', sizeBytes: 64 * 2 ** 20, ageMs: 172_800_000 },
    ]);
  });

  test('is plain data that another thread can be sent', async () => {
    const loaded = await load(DESIGN_EXAMPLE);
    expect(structuredClone(loaded)).toEqual(loaded);
  });
});

describe('every key of a source', () => {
  test('arrives of what is received in datagrams', async () => {
    const { config } = await load(`
channels:
  - id: groups
    sources:
      - udp://@239.1.2.3:5000
      - url: rtp://10.0.0.9@232.1.2.3:5004
        interface: eth1
        segment: 6s
        timeouts: { between_bytes: 2s }
      - udp://:6000`);
    expect(config.channels[0]?.sources).toEqual([
      {
        kind: 'datagram',
        url: 'udp://@239.1.2.3:5000',
        target: { address: '239.1.2.3', port: 5000 },
        segmentMs: 4000,
        timeouts: {},
      },
      {
        kind: 'datagram',
        url: 'rtp://10.0.0.9@232.1.2.3:5004',
        target: { address: '232.1.2.3', port: 5004, from: '10.0.0.9', interface: 'eth1' },
        segmentMs: 6000,
        timeouts: { betweenBytesMs: 2000 },
      },
      {
        kind: 'datagram',
        url: 'udp://:6000',
        target: { address: '0.0.0.0', port: 6000 },
        segmentMs: 4000,
        timeouts: {},
      },
    ]);
  });

  test('arrives where the program looks for it', async () => {
    const { config, later } = await load(`
channels:
  - id: full
    keep_warm: yes
    archive: { keep: 24h, size: 50GiB, as: hls, path: ./past }
    slate: slate.ts
    failover: { silence: 20s, black: 1m }
    mode: proxy
    sources:
      - url: https://h.example/a.m3u8?token=1
        headers: { X-One: "1", Cookie: a=b }
        user_agent: VLC/3
        referer: https://r.example/
        proxy: socks5://u:p@127.0.0.1:1080
        tls: { verify: false }
        allow_downgrade: true
        timeouts: { connect: 1s, first_byte: 2s, between_bytes: 3s, total: 4s }
        provider: acme
        segment: 2500ms
      - template: https://h.example/{begin}-{time}.ts
        sequence: { at: 2026-01-01T00:00:00Z, duration: 2s }
        playlist: https://h.example/real.m3u8
        check_every: 1m
      - loop: [a.ts, /b.ts]
      - loop: demo
providers: { acme: { max_connections: 2 } }`);
    const [url, template, files, demo] = config.channels[0]!.sources;
    expect(config.channels[0]).toMatchObject({ name: 'full', keepWarm: true, mode: 'proxy' });
    expect(url).toEqual({
      kind: 'url',
      segmentMs: 2500,
      url: 'https://h.example/a.m3u8?token=1',
      headers: {
        'x-one': '1',
        cookie: 'a=b',
        'user-agent': 'VLC/3',
        referer: 'https://r.example/',
      },
      proxy: 'socks5://u:p@127.0.0.1:1080',
      verifyTls: false,
      allowDowngrade: true,
      timeouts: { connectMs: 1000, firstByteMs: 2000, betweenBytesMs: 3000, totalMs: 4000 },
      provider: 'acme',
    });
    expect(template).toMatchObject({
      sequence: { first: 0, durationMs: 2000, delayMs: 0 },
      qualities: [],
      playlist: 'https://h.example/real.m3u8',
      checkEveryMs: 60_000,
    });
    expect(files).toEqual({ kind: 'loop', files: [join(config.dataDir, '../a.ts'), '/b.ts'] });
    expect(demo).toEqual({ kind: 'loop', files: 'demo' });
    expect(later.map(({ key }) => key)).toEqual([]);
    const hlsPath = join(config.dataDir, '../past');
    const archive = { keepMs: 86_400_000, sizeBytes: 50 * 2 ** 30, hlsPath };
    expect(config.channels[0]?.archive).toEqual(archive);
    const slate = { kind: 'loop', files: [join(config.dataDir, '../slate.ts')] } as const;
    expect(config.channels[0]?.slate).toEqual(slate);
    expect(config.channels[0]?.failover).toEqual({ silenceMs: 20_000, blackMs: 60_000 });
    expect(config.providers).toEqual(new Map([['acme', 2]]));
  });

  test('a provider that is named and not there is an error, with the nearest one', async () => {
    const text = `
channels: [{ id: a, sources: [{ url: http://h.example/a, provider: akme }] }]
providers: { acme: { max_connections: 2 } }`;
    expect(load(text)).rejects.toThrow('"akme" is no provider, wanted "acme"');
  });

  test.each([
    ['24h', { keepMs: 86_400_000 }],
    ['{ keep: 90d, size: 64MiB }', { keepMs: 90 * 86_400_000, sizeBytes: 64 * 2 ** 20 }],
    ['{ keep: 1m, as: tiers }', { keepMs: 60_000 }],
  ])('keeps what is archived as %s', async (archive, wanted) => {
    const { config } = await load(`
archive: { size: 500GiB }
overflow: redis://h.example
channels: [{ id: a, sources: http://h.example/a, archive: ${archive} }]`);
    expect(config.channels[0]?.archive).toEqual(wanted);
    expect(config.archiveBytes).toBe(500 * 2 ** 30);
  });

  const NO_PLACE =
    'channels[0].archive: there is no place to keep it, wanted overflow with a disk or a database, or as: hls with a path';
  test.each([
    ['24h', '', NO_PLACE],
    ['{ keep: 24h, as: tiers }', 'overflow: []', NO_PLACE],
    [
      '30s',
      'overflow: redis://h',
      'channels[0].archive: "30s", wanted a duration such as 24h, from 1m to 90d',
    ],
    [
      '{ size: 1GiB }',
      'overflow: redis://h',
      'channels[0].archive.keep: missing, wanted a duration',
    ],
    [
      '{ keep: 24h, as: hls }',
      '',
      'channels[0].archive.path: missing, wanted the folder that as: hls writes into',
    ],
    [
      '{ keep: 24h, path: ./p }',
      'overflow: redis://h',
      'channels[0].archive.path: nothing is written there without as: hls',
    ],
    ['{ keep: 24h, as: mp4 }', 'overflow: redis://h', '"mp4", wanted one of tiers, hls'],
    [
      '{ keep: 24h, size: 1MiB }',
      'overflow: redis://h',
      'channels[0].archive.size: "1MiB", wanted a size',
    ],
    ['true', 'overflow: redis://h', 'channels[0].archive: "true", wanted a duration'],
  ])('refuses archive: %s beside "%s"', async (archive, overflow, message) => {
    const text = `
channels: [{ id: a, sources: http://h.example/a, archive: ${archive} }]
${overflow}`;
    expect(load(text)).rejects.toThrow(message);
  });

  test('of a place that is wrong only that is said', async () => {
    const text = `
channels: [{ id: a, sources: http://h.example/a, archive: 24h }]
overflow: ftp://h`;
    const error = await load(text).catch((thrown: Error) => thrown);
    expect(String((error as Error).message)).not.toContain('no place to keep it');
  });

  test('what a source is left for is absent where nothing is asked for', async () => {
    const { config } = await load(`
channels:
  - { id: a, sources: http://h.example/a }
  - { id: b, sources: http://h.example/b, failover: {} }
  - { id: c, sources: http://h.example/c, failover: { black: 5s } }`);
    const limits = config.channels.map(({ failover }) => failover);
    expect(limits).toEqual([undefined, undefined, { blackMs: 5000 }]);
  });

  test('the card is inside the program, wherever the file lies', async () => {
    const { config } = await load(
      'channels: [{ id: a, slate: card, sources: http://h.example/a }]',
    );
    expect(config.channels[0]?.slate).toEqual({ kind: 'loop', files: 'card' });
  });

  test('headers that are accepted may be sent, as many as there may be', async () => {
    const headers = Array.from({ length: 62 }, (_, index) => `X-${index}: v`).join(', ');
    const { config } = await load(`
channels:
  - id: a
    sources: { url: http://h.example/a, user_agent: a, referer: b, headers: { ${headers} } }`);
    const [source] = config.channels[0]!.sources;
    if (source?.kind !== 'url') throw new Error('wanted a url');
    expect(Object.keys(source.headers)).toHaveLength(64);
    checkPolicyHeaders(source.headers);
  });

  test('an alias stands for its anchor', async () => {
    const { config } = await load(`
channels:
  - { id: a, sources: [{ url: http://h.example/a, headers: &own { x: "1" } }] }
  - { id: b, sources: [{ url: http://h.example/b, headers: *own }] }`);
    expect(config.channels[1]!.sources[0]).toMatchObject({ headers: { x: '1' } });
  });
});

describe('no file, or next to nothing in it', () => {
  test('the demo channel plays with every default', async () => {
    const loaded = await loadNothing();
    expect(loaded.file).toBeUndefined();
    expect(loaded.watchPath).toEndWith('/weir.yaml');
    expect(loaded.config.channels).toEqual([DEMO_CHANNEL]);
    expect(loaded.config.listen).toEqual({ host: '0.0.0.0', port: 8080 });
    expect(loaded.config.dataDir).toBe(join(dirname(loaded.watchPath), 'data'));
    expect(loaded.notes).toEqual([]);
  });

  const rows: readonly [string, string, readonly string[], readonly string[]][] = [
    ['an empty file', '', ['demo'], []],
    ['only comments', '# listen: 1\n', ['demo'], []],
    ['a file without channels', 'prefetch:\n  # ahead: 3\n', ['demo'], []],
    ['an empty list of channels', 'channels: []', [], ['There are no channels.']],
    ['channels with everything commented out', 'channels:\n', [], ['There are no channels.']],
    ['only what has no effect yet', 'cluster: [http://h.example/a]', ['demo'], []],
    ['a line-up', 'lineups: [http://h.example/a.m3u]', [], []],
    ['a channel', ONE_CHANNEL, ['a'], []],
    ['a byte order mark', `\ufeff${ONE_CHANNEL}`, ['a'], []],
    ['carriage returns', `listen: :1\r\n${ONE_CHANNEL}\r\n`, ['a'], []],
  ];
  test.each(rows)('%s', async (_, text, ids, notes) => {
    const { config, notes: said } = await load(text);
    expect(config.channels.map(({ id }) => id)).toEqual([...ids]);
    expect(said).toEqual([...notes]);
  });

  test('a line-up takes the place of the demo channel', async () => {
    const m3u = ['list.m3u', 'https://h.example/list.m3u?token=1'];
    const loaded = await loadNothing({ m3u });
    expect(loaded.config.channels).toEqual([]);
    expect(placesOf(loaded)).toEqual([join(dirname(loaded.watchPath), 'list.m3u'), m3u[1]!]);
    expect(loaded.notes).toEqual([]);
  });

  test('line-ups may stand in a variable, and a flag is stronger', async () => {
    const environment = { WEIR_M3U: ' http://a.example/1  http://a.example/2 ' };
    expect(placesOf(await loadNothing({ environment }))).toEqual([
      'http://a.example/1',
      'http://a.example/2',
    ]);
    const m3u = ['http://b.example/'];
    expect(placesOf(await loadNothing({ environment, m3u }))).toEqual(m3u);
  });
});

describe('precedence', () => {
  const file = 'listen: :1\nmemory: 17MiB\nprefetch: { ahead: 1 }\nlog: { level: warn }';
  const environment = {
    WEIR_MEMORY: '18MiB',
    WEIR_PREFETCH_AHEAD: '2',
    WEIR_PREFETCH_IDLE_STOP: '2s',
    WEIR_LOG_LEVEL: '  ',
    WEIR_ALLOW_PRIVATE: '10.0.0.0/8, fd00::/8 192.168.0.1',
  };
  const flags = new Map([
    ['prefetch.ahead', '3'],
    ['connections.per_address', '9'],
  ]);

  test('flags win over variables, variables over the file, the file over defaults', async () => {
    const { config } = await load(file, { environment, flags });
    expect(config).toMatchObject({
      listen: { port: 1 },
      memoryBytes: 18 * 2 ** 20,
      prefetch: { ahead: 3, idleStopMs: 2000, perOrigin: 16 },
      connections: { perAddress: 9 },
      allowPrivate: ['10.0.0.0/8', 'fd00::/8', '192.168.0.1/32'],
      log: { level: 'warn' },
    });
  });

  test('each setting says where it came from', async () => {
    const { settings } = await load(file, { environment, flags });
    const places = settings.map(({ key, shown, origin }) => [key, shown, formatOrigin(origin)]);
    expect(places).toEqual([
      ['listen', ':1', 'weir.yaml:1:9'],
      ['public_url', '', 'default'],
      ['data', './data', 'default'],
      ['memory', '18MiB', 'WEIR_MEMORY'],
      ['prefetch.ahead', '3', '--prefetch-ahead'],
      ['prefetch.idle_stop', '2s', 'WEIR_PREFETCH_IDLE_STOP'],
      ['prefetch.workers', 'auto', 'default'],
      ['prefetch.per_origin', '16', 'default'],
      ['prefetch.segment_max', '64MiB', 'default'],
      ['connections.per_address', '9', '--connections-per-address'],
      ['allow_private', '10.0.0.0/8, fd00::/8, 192.168.0.1', 'WEIR_ALLOW_PRIVATE'],
      ['trusted_proxies', '', 'default'],
      ['logos', 'serve', 'default'],
      ['log.level', 'warn', 'weir.yaml:4:15'],
      ['log.format', 'auto', 'default'],
      ['archive.size', '', 'default'],
      ['archive.pad_before', '1m', 'default'],
      ['archive.pad_after', '5m', 'default'],
      ['store', '', 'default'],
    ]);
  });

  test('--config is stronger than WEIR_CONFIG, and both than weir.yaml', async () => {
    await using folder = await createTempFolder();
    for (const name of ['weir', 'variable', 'flag']) {
      await folder.write(`${name}.yaml`, ONE_CHANNEL.replace('id: a', `id: ${name}`));
    }
    const input = { workingDir: folder.path, flags: new Map(), m3u: [] };
    const environment = { WEIR_CONFIG: 'variable.yaml' };
    const loads = [
      { ...input, environment: {} },
      { ...input, environment },
      { ...input, environment, configPath: 'flag.yaml' },
    ];
    const ids = [];
    for (const each of loads) ids.push((await loadConfig(each)).config.channels[0]?.id);
    expect(ids).toEqual(['weir', 'variable', 'flag']);
  });

  test('a path in the file is relative to the file, a typed one to where it was typed', async () => {
    await using folder = await createTempFolder();
    await using elsewhere = await createTempFolder();
    const configPath = await folder.write('a.yaml', 'data: kept');
    const input = { workingDir: elsewhere.path, configPath, flags: new Map(), m3u: [] };
    const fromFile = await loadConfig({ ...input, environment: {} });
    const typed = await loadConfig({ ...input, environment: { WEIR_DATA: 'typed' } });
    expect(fromFile.config.dataDir).toBe(join(folder.path, 'kept'));
    expect(typed.config.dataDir).toBe(join(elsewhere.path, 'typed'));
  });
});

describe('notes', () => {
  test('a variable that looks like ours is named, one of a cluster is not', async () => {
    const { notes } = await loadNothing({
      environment: {
        WEIR_LISTN: 'x',
        WEIR_PORT: '9000',
        WEIR_SERVICE_HOST: '10.0.0.1',
        WEIR_SERVICE_PORT_HTTP: '80',
        WEIR_PORT_8080_TCP_ADDR: '10.0.0.1',
        HOME: '/',
      },
    });
    expect(notes).toEqual([
      'WEIR_LISTN is not a setting and has no effect, did you mean WEIR_LISTEN?',
      'WEIR_PORT is not a setting and has no effect',
    ]);
    const cluster = await loadNothing({ environment: { WEIR_PORT: 'tcp://10.0.0.1:8080' } });
    expect(cluster.notes).toEqual([]);
  });

  test('channels that share a number are named', async () => {
    const { notes } = await load(`channels:
  - { id: a, number: 7, sources: http://h.example/a }
  - { id: b, number: 7, sources: http://h.example/b }`);
    expect(notes).toEqual(['Channels a and b share the number 7.']);
  });
});

test.each([
  [1, 2],
  [2, 2],
  [5, 5],
  [64, 8],
])('autoWorkers(%i) is %i', (cores, workers) => {
  expect(autoWorkers(cores)).toBe(workers);
});
