// This file keeps the thread of the line-ups while it is needed, and replaces one that hangs.
import { AskedThread } from '../../base/asked-thread.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { LineUpError } from '../errors.ts';
import type { LineUpAnswers, LineUpCall, LineUpThreadSettings } from './line-up-messages.ts';
import { createPatternCells, PatternGuard, type Tried } from './pattern-watch.ts';

export type LineUpThreadOptions = {
  readonly entry: URL;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: Omit<LineUpThreadSettings, 'patternCells'>;
};

type Thread = AskedThread<LineUpThreadSettings, LineUpCall, LineUpAnswers>;

/** What is not done with one name by now never will be. */
const PATTERN_MS = 3000;
const LOOK_MS = 250;
/** What it holds of tens of thousands of channels goes with it when nothing is asked any more. */
const IDLE_MS = 5000;

export class LineUpThread implements AsyncDisposable {
  readonly #options: LineUpThreadOptions;
  readonly #cells = createPatternCells();
  readonly #guard = new PatternGuard(this.#cells);
  /** Told which pattern hung; calls under way fail with it. */
  onStuck: ((tried: Tried) => void) | undefined;
  #thread: Thread | undefined;
  #underWay = 0;
  #timer: Timer | undefined;
  #idleSinceMs = 0;
  #isClosed = false;

  constructor(options: LineUpThreadOptions) {
    this.#options = options;
  }

  /** Rejects with AppError, its code that of what went wrong there. */
  async call<C extends LineUpCall>(call: C): Promise<LineUpAnswers[C['what']]> {
    this.#thread ??= this.#create();
    this.#underWay++;
    this.#lookLater();
    try {
      return await this.#thread.call(call);
    } finally {
      this.#underWay--;
      this.#idleSinceMs = this.#options.clock.monotonicMs();
    }
  }

  /** Ends it where nothing is asked of it, without waiting for more. */
  rest(): void {
    if (this.#underWay === 0) void this.#end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
    await this.#end();
  }

  #create(): Thread {
    const { entry, clock, log, settings } = this.#options;
    if (this.#isClosed) throw gone('it is closed');
    return new AskedThread({
      entry,
      clock,
      log,
      name: 'the line-ups',
      isFrugal: true,
      settings: { ...settings, patternCells: this.#cells },
      gone,
    });
  }

  #lookLater(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#timer = this.#options.clock.after(LOOK_MS, () => {
      this.#timer = undefined;
      this.#look();
      if (this.#thread !== undefined) this.#lookLater();
    });
  }

  #look(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const tried = this.#guard.stuck(nowMs, PATTERN_MS);
    if (tried !== undefined) {
      this.onStuck?.(tried);
      this.#guard.reset();
      void this.#end();
    } else if (this.#underWay === 0 && nowMs - this.#idleSinceMs >= IDLE_MS) {
      void this.#end();
    }
  }

  async #end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.[Symbol.asyncDispose]();
  }
}

function gone(reason: string): LineUpError {
  const message = `Cannot read line-ups: their thread is gone (${reason})`;
  return new LineUpError('LINEUP_THREAD', message);
}
