// This file tests what is said about a configuration that is wrong, word for word.
import { describe, expect, test } from 'bun:test';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { ConfigError, formatProblem, MAX_PROBLEMS } from '../../src/config/errors.ts';
import { type LoadInput, loadConfig } from '../../src/config/load.ts';
import { SCHEMA } from '../../src/config/schema.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';

type Options = Partial<Omit<LoadInput, 'workingDir'>>;

async function refusal(folder: TempFolder, options: Options = {}): Promise<ConfigError> {
  const input = { workingDir: folder.path, environment: {}, flags: new Map(), m3u: [] };
  const outcome = await loadConfig({ ...input, ...options }).catch((error) => error);
  if (outcome instanceof ConfigError) return outcome;
  throw outcome instanceof Error ? outcome : new Error('The configuration was accepted');
}

async function problemsOf(text: string | Uint8Array, options: Options = {}): Promise<string[]> {
  await using folder = await createTempFolder();
  await folder.write('weir.yaml', text);
  const { problems } = await refusal(folder, options);
  return problems.map((problem) => `${problem.code} ${formatProblem(problem)}`);
}

const channel = (rest: string) => `channels:\n  - id: a\n${rest.replace(/^/gm, '    ')}`;
const source = (rest: string) => channel(`sources:\n  - ${rest.replaceAll('\n', '\n    ')}`);
const template = (rest: string) =>
  source(
    `template: http://h/{sequence}\nsequence: { at: 2026-01-01T00:00:00Z, duration: 4s }${rest}`,
  );

describe('one mistake', () => {
  const rows: readonly [string, string, string][] = [
    [
      'an unknown key near a known one',
      'lisen: :80',
      'CONFIG_KEY_UNKNOWN weir.yaml:1:1: lisen: unknown key, did you mean listen?',
    ],
    [
      'an unknown key inside a section',
      'prefetch:\n  ahed: 3',
      'CONFIG_KEY_UNKNOWN weir.yaml:2:3: prefetch.ahed: unknown key, did you mean ahead?',
    ],
    [
      'a key that belongs elsewhere',
      'idle_stop: 3s',
      'CONFIG_KEY_UNKNOWN weir.yaml:1:1: idle_stop: unknown key here, known as prefetch.idle_stop',
    ],
    [
      'a key near nothing',
      'log: { colour: red }',
      'CONFIG_KEY_UNKNOWN weir.yaml:1:8: log.colour: unknown key, wanted one of level, format',
    ],
    [
      'a silence that is too short to be one',
      channel('sources: http://h/a\nfailover: { silence: 2s }'),
      'CONFIG_VALUE weir.yaml:4:26: channels[0].failover.silence: "2s", wanted a duration such as 20s, from 5s to 10m',
    ],
    [
      'a failover that is no section',
      channel('sources: http://h/a\nfailover: 20s'),
      'CONFIG_TYPE weir.yaml:4:15: channels[0].failover: a single value, wanted a section with silence, black',
    ],
    [
      'what a source may not be left for',
      channel('sources: http://h/a\nfailover: { blak: 20s }'),
      'CONFIG_KEY_UNKNOWN weir.yaml:4:17: channels[0].failover.blak: unknown key, did you mean black?',
    ],
    [
      'a path with dots',
      'prefetch.ahead: 3',
      'CONFIG_KEY_UNKNOWN weir.yaml:1:1: prefetch.ahead: unknown key, wanted its parts as sections, not with dots',
    ],
    [
      'a merge key',
      'log: &x {}\n<<: *x',
      'CONFIG_KEY_UNKNOWN weir.yaml:2:1: <<: merge keys are not read, wanted an alias as the whole value',
    ],
    [
      'a key written twice',
      'listen: :80\nmemory: 20MiB\nlisten: :81',
      'CONFIG_KEY_DUPLICATE weir.yaml:3:1: listen: written twice, first on line 1',
    ],
    [
      'a wrong listen',
      'listen: tv.example.com',
      'CONFIG_VALUE weir.yaml:1:9: listen: "tv.example.com", wanted HOST:PORT, such as 0.0.0.0:8080 or [::]:8080',
    ],
    [
      'a size below the least',
      'memory: 1MiB',
      'CONFIG_VALUE weir.yaml:1:9: memory: "1MiB", wanted a size such as 1GiB, from 16MiB to 1TiB',
    ],
    [
      'a number above the most',
      'prefetch: { ahead: 21 }',
      'CONFIG_VALUE weir.yaml:1:20: prefetch.ahead: "21", wanted a whole number from 0 to 20',
    ],
    [
      'half a number',
      'prefetch: { ahead: 1.5 }',
      'CONFIG_VALUE weir.yaml:1:20: prefetch.ahead: "1.5", wanted a whole number from 0 to 20',
    ],
    [
      'a duration without a unit',
      'prefetch: { idle_stop: 60 }',
      'CONFIG_VALUE weir.yaml:1:24: prefetch.idle_stop: "60", wanted a duration such as 60s, from 1s to 24h',
    ],
    [
      'neither auto nor a number',
      'prefetch: { workers: many }',
      'CONFIG_VALUE weir.yaml:1:22: prefetch.workers: "many", wanted auto or a whole number from 1 to 64',
    ],
    [
      'not one of the words',
      'log: { level: loud }',
      'CONFIG_VALUE weir.yaml:1:15: log.level: "loud", wanted one of debug, info, warn, error',
    ],
    [
      'neither true nor false',
      channel('keep_warm: perhaps\nsources: http://h/a'),
      'CONFIG_VALUE weir.yaml:3:16: channels[0].keep_warm: "perhaps", wanted true or false',
    ],
    [
      'a public address with a query',
      'public_url: https://tv.example.com/?a=1',
      'CONFIG_VALUE weir.yaml:1:13: public_url: "https://tv.example.com/?a=***", wanted a URL with http or https, with neither user nor query',
    ],
    [
      'no address block',
      'allow_private: [10.0.0.0/33]',
      'CONFIG_VALUE weir.yaml:1:17: allow_private[0]: "10.0.0.0/33", wanted an address block such as 10.0.0.0/8 or fd00::/8',
    ],
    [
      'a list where a section belongs',
      'prefetch: [1]',
      'CONFIG_TYPE weir.yaml:1:11: prefetch: a list, wanted a section with ahead, idle_stop, workers, per_origin, segment_max',
    ],
    [
      'a value where a list belongs',
      'channels: news',
      'CONFIG_TYPE weir.yaml:1:11: channels: a single value, wanted a list',
    ],
    [
      'a section where a value belongs',
      'listen: { port: 80 }',
      'CONFIG_TYPE weir.yaml:1:9: listen: a section, wanted HOST:PORT, such as 0.0.0.0:8080 or [::]:8080',
    ],
    [
      'nothing where a value belongs',
      'memory:',
      'CONFIG_TYPE weir.yaml:1:8: memory: empty, wanted a size such as 1GiB, from 16MiB to 1TiB',
    ],
    [
      'a list as the whole file',
      '- a',
      'CONFIG_TYPE weir.yaml:1:1: a list, wanted a section with listen, public_url, data, memory, prefetch, connections, allow_private, trusted_proxies, providers, logos, log, channels, overflow, archive, guides, hdhomerun, lineups, store, cluster, auth, ingest, record',
    ],
    [
      'a store with a mode of TLS that there is not',
      'store: postgres://u:c4n4ry@h/d?sslmode=prefer',
      'CONFIG_VALUE weir.yaml:1:8: store: no URL of a Postgres: sslmode is none of disable, require, verify-full',
    ],
    [
      'a store of another kind',
      'store: mysql://u@h/d',
      'CONFIG_VALUE weir.yaml:1:8: store: "mysql://***@h/d", wanted a URL with postgres or postgresql',
    ],
    [
      'a flag as a name',
      channel('name: true\nsources: http://h/a'),
      'CONFIG_TYPE weir.yaml:3:11: channels[0].name: true without quotes, wanted text; put quotes around it',
    ],
    [
      'no id',
      'channels: [{ sources: http://h/a }]',
      'CONFIG_KEY_MISSING weir.yaml:1:12: channels[0].id: missing, wanted 1 to 64 of a-z, 0-9, _ and -',
    ],
    [
      'a wrong id',
      'channels: [{ id: News, sources: http://h/a }]',
      'CONFIG_VALUE weir.yaml:1:18: channels[0].id: "News", wanted 1 to 64 of a-z, 0-9, _ and -',
    ],
    [
      'an id that is taken',
      'channels:\n  - { id: a, sources: http://h/a }\n  - { id: a, sources: http://h/b }',
      'CONFIG_ID_DUPLICATE weir.yaml:3:11: channels[1].id: "a" is taken by channels[0], wanted an id of its own',
    ],
    [
      'no sources',
      'channels: [{ id: a }]',
      'CONFIG_KEY_MISSING weir.yaml:1:12: channels[0].sources: missing, wanted a list such as [https://origin.example.com/news.m3u8]',
    ],
    [
      'an empty list of sources',
      channel('sources: []'),
      'CONFIG_TYPE weir.yaml:3:14: channels[0].sources: empty, wanted a list such as [https://origin.example.com/news.m3u8]',
    ],
    [
      'too many sources',
      channel(`sources: [${'http://h/a, '.repeat(17)}]`),
      'CONFIG_VALUE weir.yaml:3:14: channels[0].sources: 17 entries, wanted at most 16',
    ],
    [
      'a file where an address stands alone',
      'lineups: [./list.m3u]\n',
      'CONFIG_VALUE weir.yaml:1:11: lineups[0]: "./list.m3u", wanted a URL with http or https, or a section such as { path: FILE }',
    ],
    [
      'a source of another scheme',
      channel('sources: rtmp://h/a'),
      'CONFIG_VALUE weir.yaml:3:14: channels[0].sources: "rtmp://h/a", wanted a URL with http or https, or udp://ADDRESS:PORT or rtp://ADDRESS:PORT',
    ],
    [
      'a source with port 0',
      channel('sources: http://h:0/a'),
      'CONFIG_VALUE weir.yaml:3:14: channels[0].sources: "http://h:0/a", wanted a URL with http or https, or udp://ADDRESS:PORT or rtp://ADDRESS:PORT',
    ],
    [
      'a source that is nothing',
      source('user_agent: a'),
      'CONFIG_KEY_MISSING weir.yaml:4:9: channels[0].sources[0]: no source, wanted one of url, template and loop',
    ],
    [
      'a source that is two things',
      source('url: http://h/a\nloop: a.ts'),
      'CONFIG_KEY_CONFLICT weir.yaml:4:9: channels[0].sources[0]: url and loop together, wanted one of them',
    ],
    [
      'qualities beside a url',
      source('url: http://h/a\nqualities: { 720: hd }'),
      'CONFIG_KEY_CONFLICT weir.yaml:5:20: channels[0].sources[0].qualities: no effect here, wanted only beside a template',
    ],
    [
      'a group by name',
      source('url: udp://group.example:5000'),
      'CONFIG_VALUE weir.yaml:4:14: channels[0].sources[0].url: "udp://group.example:5000", wanted a URL with http or https, or udp://ADDRESS:PORT or rtp://ADDRESS:PORT',
    ],
    [
      'a proxy beside a group',
      source('url: udp://@239.1.2.3:5000\nproxy: http://p:1'),
      'CONFIG_KEY_CONFLICT weir.yaml:5:16: channels[0].sources[0].proxy: no effect here, wanted only beside a url with http or https',
    ],
    [
      'a network interface beside a playlist',
      source('url: http://h/a\ninterface: eth0'),
      'CONFIG_KEY_CONFLICT weir.yaml:5:20: channels[0].sources[0].interface: no effect here, wanted only beside a url with udp or rtp',
    ],
    [
      'a length of segments beside a loop',
      source('loop: a.ts\nsegment: 4s'),
      'CONFIG_KEY_CONFLICT weir.yaml:5:18: channels[0].sources[0].segment: no effect here, wanted only beside a url',
    ],
    [
      'a proxy beside a loop',
      source('loop: a.ts\nproxy: http://p:1'),
      'CONFIG_KEY_CONFLICT weir.yaml:5:16: channels[0].sources[0].proxy: no effect here, wanted only beside a url or a template',
    ],
    [
      'a template without a place',
      source('template: http://h/a.ts'),
      'CONFIG_VALUE weir.yaml:4:19: channels[0].sources[0].template: "http://h/a.ts", wanted a URL with http or https that holds {sequence}, {begin} or {time}, and {quality} at will',
    ],
    [
      'a template without a sequence',
      source('template: http://h/{sequence}.ts'),
      'CONFIG_KEY_MISSING weir.yaml:4:9: channels[0].sources[0].sequence: missing, wanted a section with at and duration beside a template',
    ],
    [
      'a sequence without a duration',
      source('template: http://h/{time}.ts\nsequence: { at: 2026-01-01T00:00:00Z }'),
      'CONFIG_KEY_MISSING weir.yaml:5:19: channels[0].sources[0].sequence.duration: missing, wanted a duration such as 4s, from 500ms to 60s',
    ],
    [
      'a time without a zone',
      source('template: http://h/{time}.ts\nsequence: { at: 2026-01-01T00:00:00, duration: 4s }'),
      'CONFIG_VALUE weir.yaml:5:25: channels[0].sources[0].sequence.at: "2026-01-01T00:00:00", wanted a time with its zone, such as 2026-01-01T00:00:00Z',
    ],
    [
      'qualities that the template does not use',
      template('\nqualities: { 720: hd }'),
      'CONFIG_KEY_CONFLICT weir.yaml:6:20: channels[0].sources[0].qualities: not used, wanted {quality} in the template',
    ],
    [
      'a template that wants qualities',
      template('').replace('{sequence}', '{sequence}{quality}'),
      'CONFIG_KEY_CONFLICT weir.yaml:4:19: channels[0].sources[0].template: holds {quality}, wanted qualities beside it',
    ],
    [
      'a quality that is no height',
      template('\nqualities: { hd: x }').replace('{sequence}', '{sequence}{quality}'),
      'CONFIG_VALUE weir.yaml:6:26: channels[0].sources[0].qualities.hd: no height, wanted a whole number of lines such as 720',
    ],
    [
      'a header that weir sets',
      source('url: http://h/a\nheaders: { Host: b }'),
      'CONFIG_VALUE weir.yaml:5:26: channels[0].sources[0].headers.Host: set by weir itself, wanted another header',
    ],
    [
      'a header by two names',
      source('url: http://h/a\nheaders: { X-A: b, x-a: c }'),
      'CONFIG_VALUE weir.yaml:5:33: channels[0].sources[0].headers.x-a: written twice, case does not tell headers apart',
    ],
    [
      'no name of a header',
      source('url: http://h/a\nheaders: { "X A": b }'),
      'CONFIG_VALUE weir.yaml:5:27: channels[0].sources[0].headers.X A: no header name, wanted a token',
    ],
    [
      'a header that would make two',
      source('url: http://h/a\nheaders: { X-A: "b\\r\\nX-B: c" }'),
      'CONFIG_VALUE weir.yaml:5:25: channels[0].sources[0].headers.X-A: ***, wanted a header value: 1 to 8192 visible ASCII characters',
    ],
    [
      'a user agent in two places',
      source('url: http://h/a\nuser_agent: a\nheaders: { User-Agent: b }'),
      'CONFIG_KEY_CONFLICT weir.yaml:5:21: channels[0].sources[0].user_agent: also among the headers as user-agent, wanted it once',
    ],
    [
      'a redirect to nowhere',
      channel('mode: redirect\nsources: [{ loop: a.ts }]'),
      'CONFIG_KEY_CONFLICT weir.yaml:3:11: channels[0].mode: "redirect" sends viewers to an upstream, wanted a source with a url',
    ],
    [
      'a size beside a disk',
      'overflow: [{ disk: { path: a, size: 1GiB }, size: 2GiB }]',
      'CONFIG_KEY_CONFLICT weir.yaml:1:51: overflow[0].size: beside a disk, wanted size inside it',
    ],
    [
      'an overflow that is two things',
      'overflow: [{ url: redis://h, disk: { path: a, size: 1GiB } }]',
      'CONFIG_KEY_CONFLICT weir.yaml:1:12: overflow[0]: disk and url together, wanted a disk or a url',
    ],
    [
      'a host of a cluster that is none',
      'overflow: "redis+cluster://one:7000,two:70000"',
      'CONFIG_VALUE weir.yaml:1:11: overflow: "redis+cluster://***", wanted a URL with redis, rediss, redis+sentinel, rediss+sentinel, redis+cluster, rediss+cluster, postgres, postgresql, mysql or mariadb',
    ],
    [
      'a tab',
      'log:\n\tlevel: info',
      'CONFIG_SYNTAX weir.yaml:2:1: a tab as indentation, wanted spaces',
    ],
    [
      'an address without quotes',
      'listen: [::]:8080',
      'CONFIG_SYNTAX weir.yaml:1:13: text that does not belong here; a value with [, {, : or # in it needs quotes',
    ],
    [
      'two documents',
      'listen: :80\n---\nlisten: :81',
      'CONFIG_SYNTAX weir.yaml:2:1: a second document after ---, wanted one',
    ],
    [
      'an alias of nothing',
      'listen: *where',
      'CONFIG_SYNTAX weir.yaml:1:9: listen: alias of an anchor that is not there above',
    ],
    [
      'a key that is no text',
      '{ [a]: b }',
      'CONFIG_SYNTAX weir.yaml:1:3: a key that is not text, wanted text',
    ],
    [
      'an alias of itself',
      'channels: &x [*x]',
      `CONFIG_TOO_DEEP weir.yaml:1:14: channels${'[0]'.repeat(8)}: more than 16 levels deep`,
    ],
  ];
  test.each(rows)('%s', async (_, text, expected) => {
    const [first] = await problemsOf(text);
    expect(first as string).toBe(expected);
  });

  test('is the only one said of each text', async () => {
    for (const [name, text] of rows) {
      if (name === 'an alias of nothing') continue; // a value is missing too, in its stead
      const problems = await problemsOf(text);
      expect({ name, problems: problems.length }).toEqual({ name, problems: 1 });
    }
  });
});

describe('a file that cannot be read', () => {
  test('one that is named and missing', async () => {
    await using folder = await createTempFolder();
    const byFlag = await refusal(folder, { configPath: 'mine.yaml' });
    const environment = { WEIR_CONFIG: '/nowhere/mine.yaml' };
    const byVariable = await refusal(folder, { environment });
    expect([byFlag.code, byFlag.message]).toEqual([
      'CONFIG_FILE_MISSING',
      'Cannot use configuration: --config: mine.yaml is not there, wanted a file',
    ]);
    expect(byVariable.message).toBe(
      'Cannot use configuration: WEIR_CONFIG: /nowhere/mine.yaml is not there, wanted a file',
    );
  });

  test('a folder', async () => {
    await using folder = await createTempFolder();
    await mkdir(join(folder.path, 'weir.yaml'));
    expect((await refusal(folder)).message).toBe(
      'Cannot use configuration: weir.yaml:1:1: weir.yaml is a folder, wanted a file',
    );
  });

  test('one that the system does not open', async () => {
    await using folder = await createTempFolder();
    await symlink('weir.yaml', join(folder.path, 'weir.yaml'));
    const { code, message } = await refusal(folder);
    expect(code).toBe('CONFIG_FILE_UNREADABLE');
    expect(message).toEndWith('weir.yaml cannot be read (ELOOP), wanted a text file');
  });

  test('one that is not UTF-8', async () => {
    expect(await problemsOf(new Uint8Array([0x6c, 0xff, 0xfe]))).toEqual([
      'CONFIG_FILE_UNREADABLE weir.yaml:1:1: weir.yaml is not UTF-8 text, wanted a text file',
    ]);
  });

  test('one that is larger than any configuration', async () => {
    expect(await problemsOf('#'.repeat(8 * 2 ** 20 + 1))).toEqual([
      'CONFIG_FILE_TOO_LARGE weir.yaml:1:1: weir.yaml holds 8388609 bytes, wanted at most 8388608',
    ]);
  });
});

describe('variables and flags', () => {
  test('name themselves, the list item included', async () => {
    const environment = { WEIR_MEMORY: 'lots', WEIR_ALLOW_PRIVATE: '10.0.0.0/8,here' };
    const flags = new Map([['listen', 'nowhere']]);
    expect(await problemsOf('log: { level: loud }', { environment, flags })).toEqual([
      'CONFIG_VALUE weir.yaml:1:15: log.level: "loud", wanted one of debug, info, warn, error',
      'CONFIG_VALUE --listen: listen: "nowhere", wanted HOST:PORT, such as 0.0.0.0:8080 or [::]:8080',
      'CONFIG_VALUE WEIR_MEMORY: memory: "lots", wanted a size such as 1GiB, from 16MiB to 1TiB',
      'CONFIG_VALUE WEIR_ALLOW_PRIVATE: allow_private[]: "here", wanted an address block such as 10.0.0.0/8 or fd00::/8',
    ]);
  });

  test('a line-up of another scheme', async () => {
    expect(await problemsOf('', { m3u: ['ftp://u:p@h/list.m3u'] })).toEqual([
      'CONFIG_VALUE --m3u: "ftp://***@h/list.m3u", wanted a file or a URL with http or https',
    ]);
  });
});

describe('many mistakes', () => {
  test('are said at once, in the order of the file, and the first one decides the code', async () => {
    await using folder = await createTempFolder();
    await folder.write('weir.yaml', 'memory: x\nlisten: :1\nlisten: :2\nlog: 1\n');
    const error = await refusal(folder);
    expect(error.problems.map(({ code }) => code)).toEqual([
      'CONFIG_VALUE',
      'CONFIG_KEY_DUPLICATE',
      'CONFIG_TYPE',
    ]);
    expect(error.code).toBe('CONFIG_VALUE');
    expect(error.message).toBe(
      'Cannot use configuration: weir.yaml:1:9: memory: "x", wanted a size such as 1GiB, from 16MiB to 1TiB, and 2 more',
    );
    expect(error.detail).toEqual({ key: 'memory', place: 'weir.yaml:1:9', line: 1 });
  });

  test('are counted up to twenty', async () => {
    const text = Array.from({ length: 50 }, (_, index) => `unknown_${index}: 1`).join('\n');
    expect(await problemsOf(text)).toHaveLength(MAX_PROBLEMS);
  });
});

describe('secrets', () => {
  const secret = 'c4n4ry';
  const url = `https://user:${secret}@h.example/a?token=${secret}`;
  const rows: readonly [string, string][] = [
    ['a url', channel(`sources: ${url.replace('https', 'ftp')}`)],
    ['a proxy', source(`url: http://h/a\nproxy: ${url.replace('https', 'ftp')}`)],
    ['a proxy without a scheme', source(`url: http://h/a\nproxy: user:${secret}@h:3128`)],
    ['a header', source(`url: http://h/a\nheaders: { authorization: "Bearer ${secret}é" }`)],
    ['an address in the wrong place', `listen: ${url}`],
    ['an address as a key', `${url}: x`],
    ['a database', `overflow: [mongodb://user:${secret}@h/d]`],
    ['a referer', source(`url: http://h/a\nreferer: "${url} é"`)],
    ['broken YAML', source(`url: http://h/a\nheaders: { authorization: "${secret}" [`)],
    ['an unknown escape', `listen: "${secret}\\q"`],
    ['an alias', `listen: *${secret}`],
    ['an unknown key beside it', `auth: { password: ${secret} }\nlisen: 1`],
  ];
  test.each(rows)('%s does not give it away', async (_, text) => {
    expect((await problemsOf(text)).join('\n')).not.toContain(secret);
  });
});

describe('any text at all', () => {
  async function isAnswered(text: string): Promise<void> {
    await using folder = await createTempFolder();
    await folder.write('weir.yaml', text);
    const input = { workingDir: folder.path, environment: {}, flags: new Map(), m3u: [] };
    const outcome = await loadConfig(input).catch((error) => error);
    if (!(outcome instanceof Error)) return;
    expect(outcome).toBeInstanceOf(ConfigError);
    expect(outcome.message).toMatch(/^Cannot use configuration: /);
  }

  const word = fc.oneof(
    fc.constantFrom(...SCHEMA.flatMap(({ path }) => path.split(/[.[\]*]+/))),
    fc.constantFrom('&a', '*a', '<<', '!!map', '---', '...', '|', '>', '? ', '- ', ': ', '#', "'"),
    fc.constantFrom('[', ']', '{', '}', ',', '"', '\n', '\n  ', '\n    - ', '\t', '%YAML 1.1\n'),
    fc.string({ maxLength: 8, unit: 'grapheme' }),
  );

  test('is a configuration or a ConfigError', async () => {
    const text = fc.array(word, { maxLength: 40 }).map((words) => words.join(''));
    await fc.assert(fc.asyncProperty(text, isAnswered), { numRuns: 300 });
  });

  test('and so is any tree of values under the known keys', async () => {
    const name = fc.constantFrom(...SCHEMA.flatMap(({ path }) => path.split(/[.[\]*]+/)));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
        fc.dictionary(name, tie('tree'), { maxKeys: 6 }),
        fc.array(tie('tree'), { maxLength: 4 }),
      ),
    }));
    const text = tree.map((value) => JSON.stringify(value));
    await fc.assert(fc.asyncProperty(text, isAnswered), { numRuns: 300 });
  });

  const bombs: readonly [string, string][] = [
    ['a nest of aliases', bomb(12)],
    ['brackets', '['.repeat(50_000)],
    ['maps', '{a: '.repeat(20_000)],
    ['question marks', '? '.repeat(20_000)],
    ['anchors', '&a '.repeat(20_000)],
    ['deep lines', Array.from({ length: 300 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['a name of the language', '__proto__: { a: 1 }\nconstructor: 1\ntoString: 1'],
  ];
  test.each(bombs)('%s is refused', async (_, text) => {
    const problems = await problemsOf(text);
    expect(problems.length).toBeGreaterThan(0);
    expect({}).not.toHaveProperty('a');
  });

  function bomb(levels: number): string {
    const lines = ['channels:', '  - &a0 { id: a, sources: http://h/a }'];
    for (let level = 1; level < levels; level++) {
      lines.push(`  - &a${level} [${`*a${level - 1}, `.repeat(9)}]`);
    }
    return lines.join('\n');
  }
});
