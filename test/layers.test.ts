// This file is the executable map: which folder may import from which.
import { describe, expect, test } from 'bun:test';
import { dirname, join, normalize } from 'node:path';
import { Glob } from 'bun';

/** A file imports only from its own folder or from folders to its left. */
const LAYERS = [
  'base',
  'media',
  'net',
  'config',
  'channel',
  'access',
  'ring',
  'source',
  'prefetch',
  'feed',
  'packaging',
  'transcode',
  'recording',
  'guide',
  'lineup',
  'cluster',
  'schedule',
  'metrics',
  'delivery',
  'command',
  'main',
];

/** What only some folders may touch, with the reason said when it is broken. */
const ONLY_IN: readonly {
  readonly module: RegExp;
  readonly where: RegExp;
  readonly why: string;
}[] = [
  {
    module: /^elysia/,
    where: /^(delivery\/|schedule\/|serve\.ts)/,
    why: 'Elysia is known to delivery only, and to what runs by its clock',
  },
  { module: /^bun:sqlite$/, where: /^(channel|ring|guide)\//, why: 'SQL stays in the stores' },
  {
    module: /^ioredis$/,
    where: /^ring\/tiers\//,
    why: 'clients of databases stay in the tiers',
  },
  {
    module: /^postgres$/,
    where: /^net\/postgres-/,
    why: 'tiers and the shared store have one client of Postgres, and one way to reach it',
  },
  { module: /^node:(http|https|net|tls|dns|dgram)/, where: /^net\//, why: 'one outbound client' },
  { module: /^socks$/, where: /^net\//, why: 'one outbound client' },
];

/** What `media/` may lean on: text in, values out. */
const PURE_LIBRARIES = ['fast-xml-parser', '@nodable/entities'];

const src = join(import.meta.dir, '..', 'src');
const files = [...new Glob('**/*.ts').scanSync(src)].sort();
const transpiler = new Bun.Transpiler({ loader: 'ts' });

const sources = new Map<string, string>();
for (const file of files) sources.set(file, await Bun.file(join(src, file)).text());

/** Imports that survive compilation come from the scanner; types are read from the text. */
function importsOf(file: string): string[] {
  const text = sources.get(file) as string;
  const found = new Set(transpiler.scanImports(text).map((entry) => entry.path));
  for (const match of text.matchAll(/^(?:import|export) type [^;]*? from '([^']+)'/gm)) {
    found.add(match[1] as string);
  }
  return [...found];
}

function layerOf(file: string): number {
  const folder = file.includes('/') ? (file.split('/')[0] as string) : 'main';
  return LAYERS.indexOf(folder);
}

describe('layers', () => {
  test('every folder has its place in the order', () => {
    for (const file of files) {
      if (file.startsWith('console/')) continue;
      expect({ file, known: layerOf(file) >= 0 }).toEqual({ file, known: true });
    }
  });

  test('a file imports only from its own folder or from folders to its left', () => {
    const upward: string[] = [];
    for (const file of files) {
      for (const path of importsOf(file)) {
        if (!path.startsWith('.')) continue;
        const target = normalize(join(dirname(file), path));
        if (layerOf(target) > layerOf(file)) upward.push(`${file} → ${target}`);
      }
    }
    expect(upward).toEqual([]);
  });

  test('there is no cycle, not even of types', () => {
    const state = new Map<string, 'open' | 'done'>();
    const cycles: string[] = [];
    const visit = (file: string, trail: string[]): void => {
      if (state.get(file) === 'done') return;
      if (state.get(file) === 'open') {
        cycles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
        return;
      }
      state.set(file, 'open');
      for (const path of importsOf(file)) {
        const target = normalize(join(dirname(file), path));
        if (path.startsWith('.') && sources.has(target)) visit(target, [...trail, file]);
      }
      state.set(file, 'done');
    };
    for (const file of files) visit(file, []);
    expect(cycles).toEqual([]);
  });

  test('media/ is pure: no I/O, no clock, no runtime', () => {
    const impure: string[] = [];
    for (const file of files.filter((name) => name.startsWith('media/'))) {
      const text = sources.get(file) as string;
      const outside = importsOf(file).filter(
        (path) => !path.startsWith('.') && !PURE_LIBRARIES.includes(path),
      );
      if (outside.length > 0) impure.push(`${file} imports ${outside}`);
      const word = /\b(Bun\.|Date\.now|new Date\(\)|setTimeout|setInterval|performance\.now)/;
      if (word.test(text)) impure.push(`${file} uses ${word.exec(text)?.[0]}`);
    }
    expect(impure).toEqual([]);
  });

  test('what belongs to one folder is used nowhere else', () => {
    const strays: string[] = [];
    for (const file of files) {
      for (const path of importsOf(file)) {
        for (const rule of ONLY_IN) {
          if (rule.module.test(path) && !rule.where.test(file)) {
            strays.push(`${file} imports ${path}: ${rule.why}`);
          }
        }
      }
    }
    expect(strays).toEqual([]);
  });

  test('nothing behind the door looks for HEAD: it comes there as a GET that isHead() knows', () => {
    const strays = files.filter(
      (file) =>
        file.startsWith('delivery/') &&
        file !== 'delivery/door.ts' &&
        /'HEAD'/.test(sources.get(file) as string),
    );
    expect(strays).toEqual([]);
  });

  test('nothing but net/ calls fetch', () => {
    const strays = files.filter(
      (file) =>
        !file.startsWith('net/') &&
        !file.startsWith('console/') &&
        /(?<![.\w])(?:globalThis\.|Bun\.)?fetch\(/.test(sources.get(file) as string),
    );
    expect(strays).toEqual([]);
  });

  test('no log line has an error for fields: its message would be a second one', () => {
    const spread = /log\.(?:debug|info|warn|error)\([^;]*?\.\.\.error(?:Record\(|\b)/;
    const strays = files.filter((file) => spread.test(sources.get(file) as string));
    expect(strays).toEqual([]);
  });

  test('every file says in its first line what it is', () => {
    const silent = files.filter(
      (file) => !/^(#!.*\n)?\/\/ This file /.test(sources.get(file) as string),
    );
    expect(silent).toEqual([]);
  });
});
