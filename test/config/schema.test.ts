// This file tests that the schema agrees with itself and that the manual says what it says.
import { describe, expect, test } from 'bun:test';
import { parseConfigText } from '../../src/config/document.ts';
import { flagOf, OVERRIDABLE, variableOf } from '../../src/config/environment.ts';
import { Problems } from '../../src/config/errors.ts';
import { isStructure, type Key } from '../../src/config/key.ts';
import { KINDS } from '../../src/config/kinds.ts';
import { formatManual } from '../../src/config/manual.ts';
import { keyAt, keysOf, nameOf, SCHEMA } from '../../src/config/schema.ts';

const byPath = SCHEMA.map((key) => [key.path, key] as const);

function read(key: Key, text: string): unknown {
  return isStructure(key.kind) ? undefined : KINDS[key.kind].read(text, key);
}

describe('the schema', () => {
  test('names no key twice', () => {
    expect(new Set(SCHEMA.map((key) => key.path)).size).toBe(SCHEMA.length);
  });

  test.each(byPath)('%s lies in a key that exists and says what it means', (path, key) => {
    const parent = path.replace(/(\[\]|\.\*|\.?[a-z_]+)$/, '');
    expect(parent === '' || keyAt(parent) !== undefined).toBe(true);
    expect(key.means).toMatch(/^[A-Z`][^\n]*\.$/);
    if (key.kind === 'list') expect(keyAt(`${path}[]`)).toBeDefined();
    if (key.kind === 'map') expect(keyAt(`${path}.*`)).toBeDefined();
    if (key.kind === 'choice') expect(key.of?.length).toBeGreaterThan(1);
    if (key.kind === 'url') expect(key.schemes?.length).toBeGreaterThan(0);
    if (key.shorthand !== undefined) expect(keyAt(`${path}.${key.shorthand}`)).toBeDefined();
  });

  test.each(byPath)('%s allows its own default, limits and example', (_, key) => {
    if (isStructure(key.kind)) return;
    const isText = key.kind === 'text'; // whose max is a count of characters
    const written = [key.default, key.example, ...(isText ? [] : [key.min, key.max])];
    for (const text of written) {
      if (text === undefined) continue;
      expect({ path: key.path, text, value: read(key, text) }).not.toEqual({
        path: key.path,
        text,
        value: undefined,
      });
    }
  });

  test.each(byPath)('%s has an example of the shape it wants', (_, key) => {
    if (!isStructure(key.kind) || key.example === undefined) return;
    const tree = parseConfigText(`it: ${key.example}`, 'example.yaml', new Problems());
    const value = tree.form === 'section' ? tree.entries[0]?.value.form : undefined;
    const shapes = { list: key.single ? ['list', 'text'] : ['list'] }[key.kind as string];
    expect(shapes ?? ['section']).toContain(value as string);
  });

  test('limits are the right way round', () => {
    for (const key of SCHEMA) {
      if (key.min === undefined || key.max === undefined) continue;
      expect(read(key, key.min) as number).toBeLessThan(read(key, key.max) as number);
    }
  });

  test('every name of a variable and of a flag is its own', () => {
    expect(new Set(OVERRIDABLE.map(variableOf)).size).toBe(OVERRIDABLE.length);
    expect(new Set(OVERRIDABLE.map(flagOf)).size).toBe(OVERRIDABLE.length);
  });

  test('variables and flags are named after the path', () => {
    const rows = Object.fromEntries(
      OVERRIDABLE.map((key) => [key.path, [variableOf(key), flagOf(key)]]),
    );
    expect(rows).toEqual({
      listen: ['WEIR_LISTEN', '--listen'],
      public_url: ['WEIR_PUBLIC_URL', '--public-url'],
      data: ['WEIR_DATA', '--data'],
      memory: ['WEIR_MEMORY', '--memory'],
      'prefetch.ahead': ['WEIR_PREFETCH_AHEAD', '--prefetch-ahead'],
      'prefetch.idle_stop': ['WEIR_PREFETCH_IDLE_STOP', '--prefetch-idle-stop'],
      'prefetch.workers': ['WEIR_PREFETCH_WORKERS', '--prefetch-workers'],
      'prefetch.per_origin': ['WEIR_PREFETCH_PER_ORIGIN', '--prefetch-per-origin'],
      'prefetch.segment_max': ['WEIR_PREFETCH_SEGMENT_MAX', '--prefetch-segment-max'],
      'connections.per_address': ['WEIR_CONNECTIONS_PER_ADDRESS', '--connections-per-address'],
      allow_private: ['WEIR_ALLOW_PRIVATE', '--allow-private'],
      trusted_proxies: ['WEIR_TRUSTED_PROXIES', '--trusted-proxies'],
      logos: ['WEIR_LOGOS', '--logos'],
      'log.level': ['WEIR_LOG_LEVEL', '--log-level'],
      'log.format': ['WEIR_LOG_FORMAT', '--log-format'],
      'archive.size': ['WEIR_ARCHIVE_SIZE', '--archive-size'],
      'archive.pad_before': ['WEIR_ARCHIVE_PAD_BEFORE', '--archive-pad-before'],
      'archive.pad_after': ['WEIR_ARCHIVE_PAD_AFTER', '--archive-pad-after'],
      store: ['WEIR_STORE', '--store'],
    });
  });

  test('keysOf() gives the keys of one section in order', () => {
    expect(keysOf('connections').map(nameOf)).toEqual(['per_address']);
    expect(keysOf('').map(nameOf).slice(0, 4)).toEqual(['listen', 'public_url', 'data', 'memory']);
    expect(keysOf('channels[]').map(nameOf)).toContain('sources');
  });
});

describe('formatManual()', () => {
  const manual = formatManual();

  test('has one row for every key, later keys in the second table', () => {
    const [now, later] = manual.split('have no effect yet') as [string, string];
    for (const key of SCHEMA) {
      const row = `\n| \`${key.path}\` |`;
      expect({ key: key.path, now: now.includes(row), later: later.includes(row) }).toEqual({
        key: key.path,
        now: key.later !== true,
        later: key.later === true,
      });
    }
  });

  test('every row has four cells', () => {
    const rows = manual.split('\n').filter((line) => line.startsWith('|'));
    for (const row of rows) expect(row.split(/(?<!\\)\|/)).toHaveLength(6);
  });

  test('a row says what is allowed, the default and the meaning', () => {
    expect(manual).toContain(
      '| `prefetch.ahead` | a whole number from 0 to 20 | `3` | Segments held beyond what viewers have asked for. Taken up at the next start. |\n',
    );
  });
});
