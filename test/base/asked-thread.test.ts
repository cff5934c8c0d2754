// This file tests that a thread is asked, and what comes of it when it fails, dies or is closed.
import { describe, expect, test } from 'bun:test';
import { AskedThread } from '../../src/base/asked-thread.ts';
import { AppError } from '../../src/base/errors.ts';
import { silentLog } from '../../src/base/log.ts';
import type { AskedCall } from '../support/asked-worker.ts';
import { FakeClock } from '../support/fake-clock.ts';

type Answers = {
  readonly add: number;
  readonly fail: never;
  readonly hang: never;
  readonly 'count given up': number;
  readonly spin: never;
  readonly die: never;
};

function open(clock = new FakeClock(), isQuick = false) {
  return new AskedThread<{ readonly to: number }, AskedCall, Answers>({
    entry: new URL('../support/asked-worker.ts', import.meta.url),
    clock,
    log: silentLog,
    name: 'a test',
    settings: { to: 40 },
    isQuick,
    gone: (reason) => new AppError('TEST_GONE', `Cannot ask: it is gone (${reason})`),
  });
}

describe('AskedThread', () => {
  test('answers each call with what belongs to it', async () => {
    await using thread = open();
    const calls = [1, 2, 3].map((number) => thread.call({ what: 'add', number }));
    expect(await Promise.all(calls)).toEqual([41, 42, 43]);
  });

  test('an error keeps its code and detail', async () => {
    await using thread = open();
    const failed = thread.call({ what: 'fail' });
    expect(failed).rejects.toMatchObject({ code: 'TEST_FAILED', detail: { to: 40 } });
    await failed.catch(() => {});
  });

  test('one that dies fails what it was asked, and is started again after a while', async () => {
    const clock = new FakeClock();
    await using thread = open(clock);
    const hanging = thread.call({ what: 'hang' }).catch(({ code }) => code);
    const dying = thread.call({ what: 'die' }).catch(({ code }) => code);
    expect(await Promise.all<unknown>([hanging, dying])).toEqual(['TEST_GONE', 'TEST_GONE']);
    const atOnce = thread.call({ what: 'add', number: 1 }).catch(({ code }) => code);
    expect(await (atOnce as Promise<unknown>)).toBe('TEST_GONE');
    await clock.advance(5000);
    expect(await thread.call({ what: 'add', number: 2 })).toBe(42);
  });

  test('what is given up is not waited for, here nor there', async () => {
    await using thread = open();
    const given = new AbortController();
    const hanging = thread.call({ what: 'hang' }, given.signal).catch(({ message }) => message);
    expect(await thread.call({ what: 'count given up' })).toBe(0);
    given.abort();
    expect(await (hanging as Promise<unknown>)).toContain('it was given up');
    expect(await thread.call({ what: 'count given up' })).toBe(1);
    const late = thread.call({ what: 'hang' }, given.signal).catch(({ message }) => message);
    expect(await (late as Promise<unknown>)).toContain('it was given up');
    expect(thread.stats()).toEqual({ waiting: 0, deaths: 0 });
  });

  test('one that is to be quick and does not answer is ended, and only such a one', async () => {
    for (const isQuick of [true, false]) {
      const clock = new FakeClock();
      const thread = open(clock, isQuick);
      await thread.call({ what: 'add', number: 1 });
      const spinning = thread.call({ what: 'spin' }).catch(({ message }) => message);
      await clock.advance(25_000);
      expect(thread.stats().deaths).toBe(isQuick ? 1 : 0);
      if (isQuick) expect(await (spinning as Promise<unknown>)).toContain('it does not answer');
      const closed = thread[Symbol.asyncDispose]();
      await clock.advance(2000);
      await closed;
      expect(clock.pendingCount).toBe(0);
    }
  });

  test('closed, it fails what it was asked and whatever is asked later', async () => {
    const thread = open();
    await thread.call({ what: 'add', number: 1 });
    const hanging = thread.call({ what: 'hang' }).catch(({ code }) => code);
    await thread[Symbol.asyncDispose]();
    expect(await (hanging as Promise<unknown>)).toBe('TEST_GONE');
    const later = thread.call({ what: 'add', number: 1 }).catch(({ code }) => code);
    expect(await (later as Promise<unknown>)).toBe('TEST_GONE');
  });
});
