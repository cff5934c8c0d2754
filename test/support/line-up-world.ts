// This file is line-ups without sockets or threads: a desk that is asked as its thread would be.
import { silentLog } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { ChannelConfig } from '../../src/config/config.ts';
import type { LineUpSetting } from '../../src/config/resolve-lineups.ts';
import type { ChannelRow } from '../../src/lineup/import/channel-row.ts';
import { LineUpDesk } from '../../src/lineup/import/line-up-desk.ts';
import type {
  LineUpAnswers,
  LineUpCall,
  LineUpInput,
} from '../../src/lineup/import/line-up-messages.ts';
import type { LineUpThread } from '../../src/lineup/import/line-up-thread.ts';
import { LineUps } from '../../src/lineup/import/line-ups.ts';
import { type ChannelPiece, channelsIn } from '../../src/lineup/import/packed-channels.ts';
import { createPatternCells, type Tried } from '../../src/lineup/import/pattern-watch.ts';
import { WaitingLineUps } from '../../src/lineup/import/waiting-line-ups.ts';
import { FakeClock } from './fake-clock.ts';
import { MemorySharedStore } from './memory-shared-store.ts';
import { type Script, scriptedOutbound } from './outbound-script.ts';

export function lineUpSetting(place: string, more: Partial<LineUpSetting> = {}): LineUpSetting {
  return {
    key: place,
    shown: place,
    place,
    refreshMs: 6 * 3_600_000,
    rules: { rename: [], regroup: [], sort: 'list' },
    merge: false,
    headers: {},
    ...more,
  };
}

export const m3uOf = (...names: string[]) =>
  `#EXTM3U\n${names.map((name) => `#EXTINF:-1,${name}\n${name}.m3u8\n`).join('')}`;

export function inputOf(
  settings: readonly LineUpSetting[],
  more: Partial<LineUpInput> = {},
): LineUpInput {
  return { settings, own: [], numbers: new Map(), ...more };
}

export type WorldOptions = {
  readonly script: Script;
  readonly store?: MemorySharedStore;
  readonly clock?: FakeClock;
  readonly isTrial?: boolean;
  /** What the machine keeps of a store that lies elsewhere. */
  readonly copy?: MemorySharedStore;
};

export function createDesk({ script, ...options }: WorldOptions) {
  const {
    store = new MemorySharedStore(),
    clock = new FakeClock(),
    isTrial = false,
    copy,
  } = options;
  const outbound = scriptedOutbound(script);
  const waiting = copy && new WaitingLineUps(copy, () => store.isUp);
  const desk = new LineUpDesk({
    store: async () => store,
    waiting: async () => waiting,
    outbound,
    clock,
    patternCells: createPatternCells(),
    writer: crypto.randomUUID(),
    isTrial,
  });
  return { desk, store, clock, outbound };
}

export function rowsOf(pieces: readonly ChannelPiece[]): readonly ChannelRow[] {
  return pieces.flatMap(channelsIn);
}

/** All channels that a desk makes. */
export async function channelsOf(desk: LineUpDesk, input: LineUpInput) {
  return rowsOf((await desk.call({ what: 'combine', input })).channels);
}

export class LineUpWorld implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly store: MemorySharedStore;
  readonly outbound: ReturnType<typeof scriptedOutbound>;
  readonly lineUps: LineUps;
  readonly #desk: LineUpDesk;
  readonly #thread: Pick<LineUpThread, 'call' | 'onStuck' | 'rest'> = {
    call: (call) => this.#call(call),
    rest: () => {},
    onStuck: undefined,
  };
  readonly #minutes = new Set<() => void>();
  /** What the thread is asked before it is. */
  before: (call: LineUpCall) => Promise<void> = async () => {};
  changes = 0;

  constructor(options: WorldOptions) {
    const { desk, store, clock, outbound } = createDesk(options);
    this.#desk = desk;
    this.clock = clock;
    // The serving thread's own connection: it is told of what the thread writes
    this.store = store.beside();
    this.outbound = outbound;
    this.lineUps = new LineUps({
      thread: this.#thread,
      shared: this.store,
      isStoreUp: () => store.isUp,
      clock,
      random: seededRandom(1),
      log: silentLog,
      eachMinute: (_, run) => {
        this.#minutes.add(run);
        return { [Symbol.dispose]: () => void this.#minutes.delete(run) };
      },
      numbers: () => new Map(),
    });
  }

  start(settings: readonly LineUpSetting[], own: readonly ChannelConfig[] = []): Promise<void> {
    return this.lineUps.start(settings, own, () => this.changes++);
  }

  get ids(): readonly string[] {
    return this.lineUps.channels.map(({ id }) => id);
  }

  /** As the thread says it. */
  stuck(tried: Tried): void {
    this.#thread.onStuck?.(tried);
  }

  /** As cron would: the minutes pass, and each is looked at. */
  async pass(minutes: number): Promise<void> {
    for (let minute = 0; minute < minutes; minute++) {
      await this.clock.advance(60_000);
      for (const run of this.#minutes) run();
    }
    await this.settle();
  }

  /** Reading leaves the thread to others between two pieces, which is no matter of the clock. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lineUps[Symbol.asyncDispose]();
    await this.#desk[Symbol.asyncDispose]();
  }

  async #call<C extends LineUpCall>(call: C): Promise<LineUpAnswers[C['what']]> {
    await this.before(call);
    return await this.#desk.call(call);
  }
}
