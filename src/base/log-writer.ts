// This file writes the log without ever waiting for whoever reads it.
import type { Clock } from './clock.ts';
import type { Log, LogFields, LogLevel } from './log.ts';
import { formatJsonLine, formatPrettyLine, type LogLine } from './log-line.ts';

/** Puts text where it belongs; resolves once it is taken. A sink that is gone resolves too. */
export type LogSink = (text: string) => Promise<void>;

export type LogOptions = {
  readonly write: LogSink;
  readonly level: LogLevel;
  readonly format: 'pretty' | 'json';
  readonly clock: Clock;
  readonly colour: boolean;
  /** Lines that may wait for the sink; the oldest go first, and are counted. */
  readonly maxLines?: number;
};

export type LogWriter = Log & {
  /** Resolves when nothing waits any more, or after `withinMs`. */
  flush(withinMs: number): Promise<void>;
  setLevel(level: LogLevel): void;
  stats(): Readonly<{ written: number; dropped: number; waiting: number }>;
};

/** About 2 MB of ordinary lines: minutes of a reader that stalls, and no more memory than that. */
const MAX_LINES = 8192;
/** One write carries at most this many lines, so that a reader that is slow still gets some. */
const MAX_BATCH = 256;

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

export function createLog(options: LogOptions): LogWriter {
  const queue = new LineQueue(options);
  let lowest = RANK[options.level];
  const logWith = (fixed: LogFields): Log => {
    const line = (level: LogLevel) => (message: string, fields?: LogFields) => {
      if (RANK[level] < lowest) return;
      const timeMs = options.clock.nowMs();
      queue.push({ timeMs, level, message, fields: merged(fixed, fields) });
    };
    return {
      debug: line('debug'),
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
      with: (fields) => logWith({ ...fixed, ...fields }),
    };
  };
  return {
    ...logWith({}),
    flush: (withinMs) => queue.flush(withinMs),
    setLevel: (level) => {
      lowest = RANK[level];
    },
    stats: () => queue.stats(),
  };
}

/** A field whose getter throws must not fail the part that logs. */
function merged(fixed: LogFields, fields: LogFields | undefined): LogFields {
  try {
    return { ...fixed, ...fields };
  } catch {
    return { ...fixed, fields: '[unreadable]' };
  }
}

/** Lines that wait for the sink; one write is under way at a time. */
class LineQueue {
  readonly #options: LogOptions;
  readonly #maxLines: number;
  #waiting: string[] = [];
  #writing = false;
  #written = 0;
  #dropped = 0;
  #droppedUntold = 0;
  #idle: (() => void)[] = [];

  constructor(options: LogOptions) {
    this.#options = options;
    this.#maxLines = options.maxLines ?? MAX_LINES;
  }

  push(line: LogLine): void {
    // Formatted at once: fields may change after the call.
    this.#waiting.push(this.#format(line));
    if (this.#waiting.length > this.#maxLines) {
      // A quarter at a time, since taking single lines off the front of an array is slow.
      const count = Math.max(1, this.#maxLines >> 2);
      this.#waiting.splice(0, count);
      this.#dropped += count;
      this.#droppedUntold += count;
    }
    if (this.#writing) return;
    this.#writing = true;
    // Not inside the caller: a logging part never pays for a write.
    queueMicrotask(() => void this.#drain());
  }

  async flush(withinMs: number): Promise<void> {
    if (!this.#writing) return;
    const done = Promise.withResolvers<void>();
    this.#idle.push(done.resolve);
    using _timer = this.#options.clock.after(withinMs, done.resolve);
    await done.promise;
  }

  stats(): Readonly<{ written: number; dropped: number; waiting: number }> {
    return { written: this.#written, dropped: this.#dropped, waiting: this.#waiting.length };
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAX_BATCH);
      const lost = this.#lostLine();
      try {
        await this.#options.write(lost + batch.join(''));
        this.#written += batch.length;
      } catch {
        this.#dropped += batch.length; // the sink is broken; there is nowhere to say so
      }
    }
    this.#writing = false;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }

  #lostLine(): string {
    const count = this.#droppedUntold;
    if (count === 0) return '';
    this.#droppedUntold = 0;
    const timeMs = this.#options.clock.nowMs();
    const message = 'log lines dropped: the reader of the log is too slow';
    return this.#format({ timeMs, level: 'warn', message, fields: { dropped: count } });
  }

  #format(line: LogLine): string {
    return this.#options.format === 'json'
      ? formatJsonLine(line)
      : formatPrettyLine(line, this.#options.colour);
  }
}
