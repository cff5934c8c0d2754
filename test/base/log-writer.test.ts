// This file tests the log: its two forms, its bound, and that no reader can hold the program up.
import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { createLog, type LogOptions } from '../../src/base/log-writer.ts';
import { FakeClock } from '../support/fake-clock.ts';

const AT_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

function logInto(options: Partial<LogOptions> = {}) {
  const clock = new FakeClock(AT_MS);
  let text = '';
  const log = createLog({
    write: async (piece) => {
      text += piece;
    },
    level: 'info',
    format: 'json',
    clock,
    colour: false,
    ...options,
  });
  return { clock, log, text: () => text, lines: () => text.split('\n').slice(0, -1) };
}

describe('createLog() as JSON', () => {
  test('one object a line, time, level and message first', async () => {
    const { log, text } = logInto();
    log.info('Started', { port: 8080, nested: { a: [1] }, gone: undefined });
    await log.flush(1000);
    expect(text()).toBe(
      '{"time":"2026-01-02T03:04:05.678Z","level":"info","message":"Started","port":8080,"nested":{"a":[1]}}\n',
    );
  });

  test('fields of with() are on every line, the line wins, nothing hides time or level', async () => {
    const { log, lines } = logInto();
    const channelLog = log.with({ channel: 'news' }).with({ source: 1 });
    channelLog.warn('One', { source: 2, level: 'x', time: 'y', message: 'z' });
    await log.flush(1000);
    expect(JSON.parse(lines()[0] as string)).toEqual({
      time: '2026-01-02T03:04:05.678Z',
      level: 'warn',
      message: 'One',
      channel: 'news',
      source: 2,
      level_: 'x',
      time_: 'y',
      message_: 'z',
    });
  });

  test('levels below the chosen one are not written, and the level can change', async () => {
    const { log, lines } = logInto({ level: 'warn' });
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.setLevel('debug');
    log.debug('d');
    await log.flush(1000);
    expect(lines().map((line) => JSON.parse(line).message)).toEqual(['c', 'd']);
  });

  test('secrets are masked in message and fields', async () => {
    const { log, text } = logInto();
    log.error('Cannot fetch https://u:c4n4ry@h/a?t=c4n4ry', { cookie: 'c4n4ry', ok: 1 });
    await log.flush(1000);
    expect(text()).not.toContain('c4n4ry');
    expect(text()).toContain('Cannot fetch https://***@h/a?t=***');
  });

  test('a line feed in a message stays inside its line', async () => {
    const { log, lines } = logInto();
    log.info('a\n{"level":"forged"}');
    await log.flush(1000);
    expect(lines()).toHaveLength(1);
  });

  test('fields that throw do not fail the caller', async () => {
    const { log, lines } = logInto();
    log.info('a', {
      get boom(): string {
        throw new Error('no');
      },
    });
    await log.flush(1000);
    expect(JSON.parse(lines()[0] as string).fields).toBe('[unreadable]');
  });
});

describe('createLog() for a person', () => {
  test('time, level, message and fields in columns', async () => {
    const { log, text } = logInto({ format: 'pretty' });
    log.info('Started', { port: 8080, name: 'two words', list: [1] });
    await log.flush(1000);
    expect(text().replace(/^\d\d:\d\d/, 'HH:MM')).toBe(
      'HH:MM:05.678 INFO  Started  port=8080 name="two words" list=[1]\n',
    );
  });

  test('colour is only where it was asked for', async () => {
    const plain = logInto({ format: 'pretty' });
    const coloured = logInto({ format: 'pretty', colour: true });
    for (const each of [plain, coloured]) {
      each.log.error('a', { b: 1 });
      await each.log.flush(1000);
    }
    expect(plain.text()).not.toContain('\x1b');
    expect(coloured.text()).toContain('\x1b[31mERROR\x1b[0m a');
  });

  test('what came from outside cannot steer the terminal', async () => {
    const { log, lines } = logInto({ format: 'pretty' });
    log.info('a\x1b[2J\nb\u202e', { 'n\x07': 'x\x1b]0;y' });
    await log.flush(1000);
    expect(lines()).toHaveLength(1);
    expect(lines()[0]).not.toMatch(/[\u0000-\u001f\u202e]/);
    expect(lines()[0]).toContain('a\\u001b[2J\\u000ab\\u202e');
  });
});

describe('createLog() and a reader that stalls', () => {
  test('drops the oldest lines, counts them, and says so when the reader is back', async () => {
    const written: string[] = [];
    const stall = Promise.withResolvers<void>();
    const { log } = logInto({
      maxLines: 8,
      write: async (text) => {
        written.push(text);
        await stall.promise;
      },
    });
    log.info('first');
    await Promise.resolve();
    for (let index = 0; index < 20; index++) log.info(`line ${index}`);
    expect(log.stats().waiting).toBeLessThanOrEqual(8);
    const { dropped } = log.stats();
    expect(dropped).toBeGreaterThan(0);
    stall.resolve();
    await log.flush(1000);
    const messages = written.join('').trim().split('\n');
    const parsed = messages.map((line) => JSON.parse(line));
    expect(parsed[1]).toMatchObject({ level: 'warn', dropped });
    expect(parsed.at(-1).message).toBe('line 19');
    expect(parsed).toHaveLength(1 + 1 + 20 - dropped);
    expect(log.stats()).toEqual({ written: 21 - dropped, dropped, waiting: 0 });
  });

  test('flush() gives up after its time', async () => {
    const { log, clock } = logInto({ write: () => new Promise(() => {}) });
    log.info('stuck');
    let isDone = false;
    const flushed = log.flush(500).then(() => {
      isDone = true;
    });
    await clock.advance(499);
    expect(isDone).toBe(false);
    await clock.advance(1);
    await flushed;
    expect(isDone).toBe(true);
  });

  test('a sink that fails loses its lines and nothing else', async () => {
    const { log } = logInto({ write: () => Promise.reject(new Error('EPIPE')) });
    log.info('a');
    await log.flush(1000);
    expect(log.stats()).toEqual({ written: 0, dropped: 1, waiting: 0 });
  });
});

describe('createStdoutSink()', () => {
  const program = `
    import { createLog } from '${join(import.meta.dir, '../../src/base/log-writer.ts')}';
    import { createStdoutSink } from '${join(import.meta.dir, '../../src/base/stdout-sink.ts')}';
    import { systemClock } from '${join(import.meta.dir, '../../src/base/clock.ts')}';
    const log = createLog({ write: createStdoutSink(), level: 'info', format: 'json', clock: systemClock, colour: false, maxLines: 100 });
    for (let turn = 0; turn < 50; turn++) {
      for (let index = 0; index < 100; index++) log.info('x'.repeat(1000));
      await Bun.sleep(1);
    }
    await log.flush(50);
    const { dropped, waiting } = log.stats();
    process.stderr.write(JSON.stringify({ isDropping: dropped > 0, isBounded: waiting <= 100 }));
    process.exit(0);`;

  test('a full pipe holds nothing up', async () => {
    // The right side of the pipe waits for its own standard input and never reads the left side.
    const child = Bun.spawn(
      ['sh', '-c', 'exec 3<&0; "$0" -e "$1" | { cat <&3; true; }', process.execPath, program],
      { stdin: 'pipe', stdout: 'ignore', stderr: 'pipe' },
    );
    const { value } = await child.stderr.getReader().read();
    expect(new TextDecoder().decode(value)).toBe('{"isDropping":true,"isBounded":true}');
    child.stdin.end();
    expect(await child.exited).toBe(0);
  });

  test('a reader that is gone does not end the program', async () => {
    const child = Bun.spawn(
      ['sh', '-c', '"$0" -e "$1" | head -c 10 >/dev/null', process.execPath, program],
      { stdout: 'ignore', stderr: 'pipe' },
    );
    const said = await new Response(child.stderr).text();
    await child.exited;
    expect(said).toContain('"isBounded":true');
  });
});
