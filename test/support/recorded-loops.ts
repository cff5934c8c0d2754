// This file stands in for rendition loops: it writes down what it is told and says what a test says.
import type { ErrorRecord } from '../../src/base/errors.ts';
import type { Taken } from '../../src/prefetch/loop/body-remux.ts';
import type { Listed, LoopEvent, LoopSpec } from '../../src/prefetch/messages.ts';
import type { OpenLoop } from '../../src/prefetch/rendition/supply.ts';
import type { ListedSegment } from '../../src/ring/listing.ts';

export class RecordedLoop {
  readonly spec: LoopSpec;
  /** `mode follow`, `want 3`, `unwant 3`, `asked 3`, `close`. */
  readonly told: string[] = [];
  /** What it was answered when it looked aside. */
  readonly answers = new Map<number | string, Blob | undefined>();
  readonly #sink: Parameters<OpenLoop>[1];
  readonly #closed = Promise.withResolvers<void>();
  #nextOrdinal = 0;

  constructor(spec: LoopSpec, sink: Parameters<OpenLoop>[1]) {
    this.spec = spec;
    this.#sink = sink;
    this.#nextOrdinal = spec.resume?.nextOrdinal ?? 0;
  }

  /** Of what it named last. */
  get lastOrdinal(): number {
    return this.#nextOrdinal - 1;
  }

  get isClosed(): boolean {
    return this.told.includes('close');
  }

  hasLetGo = false;

  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** All that it had open upstream is closed. */
  letGo(): void {
    this.hasLetGo = true;
    this.#closed.resolve();
  }

  emit(event: LoopEvent): void {
    this.#sink.emit(event);
  }

  /** It dies, and what takes its place is told what it must know. */
  die(): LoopSpec {
    return this.#sink.respec();
  }

  /** Names segments under the next ordinals. */
  list(segments: readonly ListedSegment[], more: Partial<Listed> = {}): void {
    this.emit({
      type: 'listed',
      link: 'cold',
      missed: 0,
      fresh: segments.map((segment) => ({ ordinal: this.#nextOrdinal++, segment })),
      targetDurationS: 4,
      onDemand: false,
      independentSegments: false,
      iFramesOnly: false,
      ...more,
    });
  }

  /** What comes last of a poll: the list was had. */
  polled(): void {
    this.emit({ type: 'fetched', what: 'playlist', outcome: 'ok' });
  }

  pollFailed(failures = 1, status = 503): void {
    const error = {
      code: 'SOURCE_STATUS',
      message: `upstream answered ${status}`,
      detail: { status },
    };
    this.emit({ type: 'poll-failed', error, failures });
  }

  load(
    key: number | string,
    text = `body of ${key}`,
    clockTicks?: number,
    taken: Taken = {},
  ): void {
    const body = new Blob([text]);
    this.emit({
      type: 'loaded',
      key,
      body,
      contentType: 'video/mp2t',
      tookMs: 1,
      attempts: 1,
      ...(clockTicks === undefined ? {} : { clockTicks }),
      ...taken,
    });
  }

  fail(key: number | string, more: Partial<ErrorRecord> = {}): void {
    const detail = { status: 404 };
    const error = { code: 'SOURCE_STATUS', message: 'Cannot fetch', detail, ...more };
    this.emit({ type: 'failed', key, error });
  }

  chunk(key: number | string, text: string, offset = 0): void {
    this.emit({ type: 'chunk', key, offset, bytes: new TextEncoder().encode(text) });
  }
}

export class RecordedLoops {
  readonly all: RecordedLoop[] = [];
  /** What was told to close stays open until it is let go. */
  isSlowToClose = false;

  readonly open: OpenLoop = (spec, sink) => {
    const loop = new RecordedLoop(spec, sink);
    this.all.push(loop);
    const tell = (what: string) => loop.told.push(what);
    return {
      setMode: (mode) => tell(`mode ${mode}`),
      want: (key) => tell(`want ${key}`),
      unwant: (key) => tell(`unwant ${key}`),
      asked: (ordinal) => tell(`asked ${ordinal}`),
      found: (key, body) => loop.answers.set(key, body),
      closed: loop.closed,
      [Symbol.dispose]: () => {
        tell('close');
        if (!this.isSlowToClose) loop.letGo();
      },
    };
  };

  get last(): RecordedLoop {
    return this.all.at(-1) as RecordedLoop;
  }
}
