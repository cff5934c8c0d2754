// This file tests that loops outlive the worker threads they run on.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { type Log, silentLog } from '../../../src/base/log.ts';
import { HeldStream } from '../../../src/prefetch/loop/looks.ts';
import { WorkerPool } from '../../../src/prefetch/loop/pool.ts';
import type { LoopEvent, LoopHandle, LoopSpec } from '../../../src/prefetch/messages.ts';
import type { FirstAnswer } from '../../../src/source/stream/first-answer.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const ENTRY = new URL('../../support/obedient-worker.ts', import.meta.url);

function spec(order: string): LoopSpec {
  return {
    source: { kind: 'loop', files: [order] },
    ahead: 1,
    segmentMaxBytes: 1,
    coldSegments: 1,
  };
}

/** What was said, in order, and a way to wait for it. */
class Said {
  readonly all: string[] = [];
  #waiting: (() => void)[] = [];

  readonly add = (what: string): void => {
    this.all.push(what);
    for (const wake of this.#waiting.splice(0)) wake();
  };

  readonly emit = (event: LoopEvent): void =>
    this.add(event.type === 'fetched' ? event.outcome : '');

  async until(count: number): Promise<readonly string[]> {
    while (this.all.length < count) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.all;
  }
}

let clock: FakeClock;
let died: Said;
let pool: WorkerPool;

function createPool(size: number): WorkerPool {
  const log: Log = {
    ...silentLog,
    error: (_message, fields) => died.add(String(fields?.['reason'])),
  };
  const settings = { perOrigin: 4, allowPrivate: [], userAgent: 'test' };
  return new WorkerPool({ size, entry: ENTRY, clock, log, settings });
}

/** A loop that does `order`, and `then` in place of it once it must be opened again. */
function open(order: string, then = 'live'): { said: Said; handle: LoopHandle } {
  const said = new Said();
  const handle = pool.open(spec(order), { emit: said.emit, respec: () => spec(then) });
  return { said, handle };
}

beforeEach(() => {
  clock = new FakeClock();
  died = new Said();
});

afterEach(async () => {
  const ended = pool[Symbol.asyncDispose]();
  await clock.advance(1000);
  await ended;
  expect(clock.pendingCount).toBe(0);
});

const { signal: never } = new AbortController();

function look(what: string, signal = never): Promise<FirstAnswer> {
  const policy = { headers: {}, verifyTls: true, allowDowngrade: false };
  return pool.look({ url: `http://up.example/${what}`, policy, timeouts: {} }, signal);
}

async function lookAtStream(): Promise<HeldStream> {
  const first = await look('stream');
  if (!(first instanceof HeldStream)) throw new Error('it is no stream');
  return first;
}

describe('WorkerPool', () => {
  test('has one worker more than have work, up to its size', async () => {
    pool = createPool(3);
    pool.start();
    const counts = [pool.stats().workers];
    for (let loop = 0; loop < 4; loop++) {
      open(`loop ${loop}`);
      counts.push(pool.stats().workers);
    }
    expect(counts).toEqual([1, 2, 3, 3, 3]);
  });

  test('also while it looks at what is behind an address', async () => {
    pool = createPool(2);
    pool.start();
    const looking = look('playlist');
    expect(pool.stats().workers).toBe(2);
    await looking;
  });

  test('starts one for each loop that was opened before it was started', () => {
    pool = createPool(2);
    open('early');
    expect(pool.stats()).toEqual({ workers: 0, loops: 1, replaced: 0 });
    pool.start();
    expect(pool.stats().workers).toBe(2);
  });
});

describe('WorkerPool and first looks', () => {
  test('a playlist comes as it is', async () => {
    pool = createPool(2);
    pool.start();
    expect(await look('playlist')).toEqual({
      text: '#EXTM3U',
      url: 'http://up.example/playlist',
    });
  });

  test('a stream is read by a loop of the worker that has it open', async () => {
    pool = createPool(2);
    pool.start();
    const one = await lookAtStream();
    open('busy');
    const two = await lookAtStream();
    const said = new Said();
    for (const first of [one, two]) {
      pool.open({ ...spec('live'), first }, { emit: said.emit, respec: () => spec('live') });
    }
    expect(await said.until(2)).toEqual(['open live over 1', 'open live over 1']);
    expect(one.looks).not.toBe(two.looks);
  });

  test('a stream that nobody wants is closed there', async () => {
    pool = createPool(1);
    pool.start();
    await (await lookAtStream()).close();
  });

  test('one that is given up is over once nothing of it is open', async () => {
    pool = createPool(1);
    pool.start();
    const stop = new AbortController();
    const looking = look('nothing', stop.signal);
    stop.abort();
    await expect(looking).rejects.toMatchObject({ code: 'NET_ABORTED' });
    await expect(look('nothing', stop.signal)).rejects.toMatchObject({ code: 'NET_ABORTED' });
  });

  test('what a dead worker was to look at the next one looks at', async () => {
    pool = createPool(1);
    const looking = look('playlist');
    pool.start();
    expect(await looking).toMatchObject({ text: '#EXTM3U' });
  });

  test('what a dead worker had open is closed', async () => {
    pool = createPool(1);
    pool.start();
    const stream = await lookAtStream();
    open('throw');
    await died.until(1);
    await stream.close();
  });

  test('after the end nothing is found any more', async () => {
    pool = createPool(1);
    const looking = look('nothing').catch((error) => error.code);
    await pool[Symbol.asyncDispose]();
    expect(await looking).toBe('NET_ABORTED');
  });
});

describe('WorkerPool', () => {
  test('passes on what is said to a loop and what it says, until it is closed', async () => {
    pool = createPool(1);
    pool.start();
    const { said, handle } = open('live');
    handle.setMode('follow');
    handle.want(3);
    handle.unwant(3);
    handle.asked(4);
    expect(await said.until(5)).toEqual(['open live', 'mode', 'want', 'unwant', 'asked']);
    handle[Symbol.dispose]();
    handle.want(5);
    const other = open('live');
    await other.said.until(1);
    expect(said.all).toHaveLength(5);
    expect(pool.stats()).toEqual({ workers: 1, loops: 1, replaced: 0 });
  });

  test('opens what was opened before the threads started', async () => {
    pool = createPool(1);
    const { said, handle } = open('lost', 'live');
    handle.want(1);
    pool.start();
    expect(await said.until(1)).toEqual(['open live']);
  });

  test('spreads loops over the workers', async () => {
    pool = createPool(2);
    pool.start();
    const first = open('live');
    const second = open('live');
    first.handle[Symbol.dispose]();
    const third = open('throw', 'live');
    // The worker that dies is that of the first: the second loop goes on undisturbed
    await died.until(1);
    await clock.advance(1000);
    expect(await third.said.until(2)).toEqual(['open throw', 'open live']);
    expect(await second.said.until(1)).toEqual(['open live']);
  });

  for (const order of ['throw', 'exit']) {
    test(`replaces a worker that dies by ${order}, and all its loops go on there`, async () => {
      pool = createPool(1);
      pool.start();
      const bystander = open('live', 'bystander again');
      await bystander.said.until(1);
      await clock.advance(2000);
      const { said, handle } = open(order, 'mended');
      await died.until(1);
      await clock.advance(0);
      expect(await said.until(2)).toEqual([`open ${order}`, 'open mended']);
      expect(await bystander.said.until(2)).toEqual(['open live', 'open bystander again']);
      handle.want(1);
      expect((await said.until(3)).at(-1)).toBe('want');
      expect(pool.stats()).toEqual({ workers: 1, loops: 2, replaced: 1 });
      if (order === 'throw') expect(died.all[0]).toContain('as it was told');
    });
  }

  test('does not replace one that dies at once before a second has passed', async () => {
    pool = createPool(1);
    pool.start();
    const { said } = open('throw', 'throw');
    for (let deaths = 1; deaths <= 3; deaths++) {
      await died.until(deaths);
      await clock.advance(999);
      // The next ping and the next start
      expect(clock.pendingCount).toBe(2);
      expect(said.all).toHaveLength(deaths);
      await clock.advance(1);
      await said.until(deaths + 1);
    }
    await died.until(4);
    expect(pool.stats().replaced).toBe(4);
  });

  test('what is said while there is no thread is not lost: the loop is opened anew', async () => {
    pool = createPool(1);
    pool.start();
    const { said, handle } = open('throw', 'live');
    await died.until(1);
    handle.want(1);
    const late = open('lost', 'late');
    await clock.advance(1000);
    expect(await said.until(2)).toEqual(['open throw', 'open live']);
    expect(await late.said.until(1)).toEqual(['open late']);
  });

  test('a loop closed while there is no thread is not opened again', async () => {
    pool = createPool(1);
    pool.start();
    const { said, handle } = open('throw', 'live');
    const other = open('live', 'live');
    await died.until(1);
    handle[Symbol.dispose]();
    await clock.advance(1000);
    await other.said.until(1);
    expect(said.all).toEqual(['open throw']);
  });

  test('a loop has closed once its thread says so', async () => {
    pool = createPool(1);
    pool.start();
    const { said, handle } = open('live');
    await said.until(1);
    handle[Symbol.dispose]();
    await handle.closed;
  });

  test('a loop has closed once its thread is gone, which said nothing', async () => {
    pool = createPool(1);
    pool.start();
    const { said, handle } = open('fall silent');
    await said.until(1);
    let isClosed = false;
    const closed = handle.closed.then(() => {
      isClosed = true;
    });
    handle[Symbol.dispose]();
    await clock.advance(15_000);
    expect(isClosed).toBe(false);
    await clock.advance(5000);
    expect(died.all).toEqual(['it does not answer']);
    await closed;
  });

  test('a loop closed while there is no thread has closed at once', async () => {
    pool = createPool(1);
    pool.start();
    const { handle } = open('throw', 'live');
    await died.until(1);
    handle[Symbol.dispose]();
    await handle.closed;
  });

  test('replaces one that answers no ping for fifteen seconds', async () => {
    pool = createPool(2);
    pool.start();
    const silent = open('fall silent', 'live');
    const other = open('live');
    await Promise.all([silent.said.until(1), other.said.until(1)]);
    for (let passedMs = 0; passedMs < 15_000; passedMs += 5000) {
      await clock.advance(5000);
      // What is said after a ping is answered after it
      other.handle.want(passedMs);
      await other.said.until(2 + passedMs / 5000);
    }
    expect(pool.stats().replaced).toBe(0);
    await clock.advance(5000);
    expect(died.all).toEqual(['it does not answer']);
    await clock.advance(0);
    expect(await silent.said.until(2)).toEqual(['open fall silent', 'open live']);
    expect(pool.stats().replaced).toBe(1);
  });

  test('a worker that does not end when told to is ended', async () => {
    pool = createPool(1);
    pool.start();
    const { said } = open('fall silent');
    await said.until(1);
    let hasEnded = false;
    const ended = pool[Symbol.asyncDispose]().then(() => {
      hasEnded = true;
    });
    await clock.advance(999);
    expect(hasEnded).toBe(false);
    await clock.advance(1);
    await ended;
    expect(died.all).toEqual([]);
  });

  test('nothing is started after the end', async () => {
    pool = createPool(1);
    pool.start();
    const { said } = open('throw', 'live');
    await died.until(1);
    const ended = pool[Symbol.asyncDispose]();
    await clock.advance(5000);
    await ended;
    expect(said.all).toEqual(['open throw']);
  });
});
