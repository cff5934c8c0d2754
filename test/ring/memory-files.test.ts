// This file tests bodies in files that lie in memory: whole, and gone once nobody holds them.
import { afterEach, describe, expect, test } from 'bun:test';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderLock } from '../../src/channel/folder-lock.ts';
import {
  fileBodies,
  heapBody,
  MemoryFiles,
  readFileHead,
  whyNoMemoryFiles,
} from '../../src/ring/memory-files.ts';
import { FakeClock } from '../support/fake-clock.ts';

const parent = mkdtempSync(join(tmpdir(), 'weir-memory-'));
afterEach(() => {
  rmSync(parent, { recursive: true, force: true });
  mkdirSync(parent);
});

const BIG = 200_000;
const piece = (sizeBytes: number, of: number) => new Uint8Array(sizeBytes).fill(of);
const filesIn = (folder: string) => readdirSync(folder).filter((name) => !/lock/.test(name));

/** The collector takes what nobody holds when it likes; it is asked until `done`. */
async function collected(done: () => boolean): Promise<boolean> {
  for (let i = 0; i < 100 && !done(); i++) {
    Bun.gc(true);
    await Bun.sleep(5);
  }
  return done();
}

describe('bodies in memory', () => {
  test.each([
    ['a small one', [piece(1000, 1)], false],
    ['nothing', [], false],
    ['a large one', [piece(BIG, 1)], true],
    ['many pieces', Array.from({ length: 300 }, (_, index) => piece(1000, index % 256)), true],
  ])('%s is what it was made of', async (_, chunks, isFile) => {
    using files = new MemoryFiles(new FakeClock(), parent);
    const body = fileBodies(files.path)(chunks);
    files.adopt(body);
    expect(filesIn(files.path)).toHaveLength(isFile ? 1 : 0);
    expect(body.size).toBe(heapBody(chunks).size);
    expect(await body.bytes()).toEqual(await heapBody(chunks).bytes());
  });

  test('its head can be read at once where it is a file of ours', () => {
    const reason = whyNoMemoryFiles(0);
    using files = new MemoryFiles(new FakeClock(), reason === undefined ? '/dev/shm' : parent);
    const body = fileBodies(files.path)([piece(BIG, 1), piece(1000, 2)]);
    const head = reason === undefined ? piece(1000, 1) : undefined;
    expect(readFileHead(body, 1000)).toEqual(head);
    expect(readFileHead(body, 2 * BIG)?.length).toBe(head && BIG + 1000);
    expect(readFileHead(heapBody([piece(BIG, 1)]), 1000)).toBeUndefined();
    files.adopt(body);
  });

  test('two workers never write into one file', () => {
    using files = new MemoryFiles(new FakeClock(), parent);
    const makers = [fileBodies(files.path), fileBodies(files.path)];
    const bodies = makers.flatMap((make) => [make([piece(BIG, 1)]), make([piece(BIG, 2)])]);
    expect(filesIn(files.path)).toHaveLength(bodies.length);
  });

  test('without its folder a body is on the heap', async () => {
    const body = fileBodies(join(parent, 'gone'))([piece(BIG, 7)]);
    expect(await body.bytes()).toEqual(piece(BIG, 7));
  });

  test('a file goes with the last who holds the body', async () => {
    using files = new MemoryFiles(new FakeClock(), parent);
    const make = fileBodies(files.path);
    const kept = make([piece(BIG, 1)]);
    files.adopt(kept);
    (() => {
      for (let i = 0; i < 20; i++) files.adopt(make([piece(BIG, 2)]));
    })();
    // One may still lie in a register
    expect(await collected(() => filesIn(files.path).length <= 2)).toBe(true);
    expect(await kept.bytes()).toEqual(piece(BIG, 1));
  });

  test('who is in mid-answer has it to the end', async () => {
    using files = new MemoryFiles(new FakeClock(), parent);
    let body: Blob | undefined = fileBodies(files.path)([piece(8_000_000, 3)]);
    files.adopt(body);
    using server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: () => new Response(body),
    });
    const answer = await fetch(server.url);
    const reader = answer.body!.getReader();
    const first = await reader.read();
    body = undefined;
    await collected(() => filesIn(files.path).length === 0);
    let count = first.value!.byteLength;
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      count += next.value.byteLength;
    }
    expect(count).toBe(8_000_000);
  });

  test('what came to nobody goes, and what is held stays', async () => {
    const clock = new FakeClock();
    using files = new MemoryFiles(clock, parent);
    const make = fileBodies(files.path);
    const held = make([piece(BIG, 1)]);
    files.adopt(held);
    make([piece(BIG, 2)]);
    expect(filesIn(files.path)).toHaveLength(2);
    await clock.advance(60_000);
    await clock.advance(60_000);
    expect(await collected(() => filesIn(files.path).length === 1)).toBe(true);
    expect(await held.bytes()).toEqual(piece(BIG, 1));
  });

  test('the folder goes with its process', () => {
    const files = new MemoryFiles(new FakeClock(), parent);
    fileBodies(files.path)([piece(BIG, 1)]);
    files[Symbol.dispose]();
    expect(existsSync(files.path)).toBe(false);
  });

  test('folders of the dead are removed, those of the living and the new are not', () => {
    const old = new Date(Date.now() - 3_600_000);
    const folder = (name: string, made: Date) => {
      const path = join(parent, name);
      mkdirSync(path);
      writeFileSync(join(path, 'segment'), 'x');
      utimesSync(path, made, made);
      return path;
    };
    const dead = folder('weir-bodies-dead', old);
    const living = folder('weir-bodies-living', old);
    const fresh = folder('weir-bodies-fresh', new Date());
    const other = folder('weir-data', old);
    using lock = new FolderLock(living);
    expect(lock.isOurs()).toBe(true);
    utimesSync(living, old, old);
    using _files = new MemoryFiles(new FakeClock(Date.now()), parent);
    expect([dead, living, fresh, other].map((path) => existsSync(path))).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });
});

describe('whyNoMemoryFiles()', () => {
  test.each([
    ['there is none', join(parent, 'none'), 1, /^there is no .*none$/],
    ['more is wanted than there is', '/dev/shm', 2 ** 60, /MiB free, wanted \d+$|^there is no/],
    ['it lies on a disk', '/proc', 1, /^\/proc is not in memory$/],
  ])('says where %s', (_, folder, ringBytes, wanted) => {
    expect(whyNoMemoryFiles(ringBytes, folder)).toMatch(wanted);
  });
});
