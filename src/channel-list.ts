// This file keeps the list of all channels, those of the file and those of line-ups, each with a number.
import { systemClock } from './base/clock.ts';
import { errorFields, errorRecord } from './base/errors.ts';
import type { Log } from './base/log.ts';
import { systemRandom } from './base/random.ts';
import { eachInTurns } from './base/turn.ts';
import { VERSION } from './base/version.ts';
import type { OpenSharedStore } from './channel/open-shared.ts';
import type { ChannelConfig, Config } from './config/config.ts';
import { CHANNEL_NUMBER_KIND, ChannelNumbers } from './lineup/channel-number.ts';
import { GUIDE_SHIFT_KIND, GuideShifts } from './lineup/guide-shifts.ts';
import { LineUpThread } from './lineup/import/line-up-thread.ts';
import { LineUps } from './lineup/import/line-ups.ts';
import { eachMinute } from './schedule/each-minute.ts';
import { LINE_UP_WORKER } from './threads.ts';

/** What is kept of channels beyond their line-ups. */
type Kept = { readonly numbers: ChannelNumbers; readonly shifts: GuideShifts };

/** Channels indexed in one turn: a millisecond or two. */
const TURN_CHANNELS = 2500;

export class ChannelList implements AsyncDisposable {
  readonly lineUps: LineUps;
  readonly #thread: LineUpThread;
  readonly #numbers: ChannelNumbers;
  readonly #shifts: GuideShifts;
  readonly #log: Log;
  /** The file's own. */
  #written: readonly ChannelConfig[] = [];
  #channels: readonly ChannelConfig[] = [];
  #byId: ReadonlyMap<string, ChannelConfig> = new Map();
  #taking: Promise<void> = Promise.resolve();
  readonly #watching = new DisposableStack();

  private constructor(
    { numbers, shifts }: Kept,
    config: Config,
    log: Log,
    shared: OpenSharedStore,
  ) {
    const { dataDir, storeUrl, allowPrivate } = config;
    const clock = systemClock;
    this.#numbers = numbers;
    this.#shifts = shifts;
    this.#written = config.channels;
    this.#log = log;
    this.#thread = new LineUpThread({
      entry: LINE_UP_WORKER,
      clock,
      log,
      settings: {
        dataDir,
        ...(storeUrl === undefined ? {} : { storeUrl }),
        allowPrivate,
        userAgent: `weir/${VERSION}`,
        use: 'server',
      },
    });
    this.lineUps = new LineUps({
      thread: this.#thread,
      shared,
      isStoreUp: () => shared.stats().isUp,
      clock,
      random: systemRandom,
      log,
      eachMinute,
      numbers: () => numbers.known,
    });
  }

  /**
   * Resolves once line-ups were read, in an earlier run or now, or have failed, or after a while;
   * what comes later calls `changed`.
   */
  static async start(
    config: Config,
    log: Log,
    shared: OpenSharedStore,
    changed: () => void,
  ): Promise<ChannelList> {
    const numbers = await ChannelNumbers.open(shared, log);
    const shifts = await GuideShifts.open(shared, log);
    const list = new ChannelList({ numbers, shifts }, config, log, shared);
    await list.lineUps.start(config.lineUps, config.channels, () => {
      void list.#number().then(changed);
    });
    // Two nodes may number the same channel while they do not hear of each other: the first is right
    for (const [kind, kept] of [
      [CHANNEL_NUMBER_KIND, numbers],
      [GUIDE_SHIFT_KIND, shifts],
    ] as const) {
      const watch = async () => {
        if (!(await kept.read())) return;
        await list.#number();
        changed();
      };
      list.#watching.use(shared.watch(kind, () => void watch()));
    }
    await list.#number();
    return list;
  }

  get channels(): readonly ChannelConfig[] {
    return this.#channels;
  }

  /** The same, made while others had their turn. */
  get byId(): ReadonlyMap<string, ChannelConfig> {
    return this.#byId;
  }

  /** Takes over what a new configuration says of channels and line-ups. */
  async apply({ lineUps, channels }: Config): Promise<void> {
    this.#written = channels;
    await this.lineUps.apply(lineUps, channels);
    await this.#number();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watching[Symbol.dispose]();
    await this.lineUps[Symbol.asyncDispose]();
    await this.#thread[Symbol.asyncDispose]();
  }

  /** One after another, so that what is newest is what stays. */
  #number(): Promise<void> {
    this.#taking = this.#taking.then(async () => {
      try {
        const numbered = await this.#numbers.number(this.lineUps.channels);
        const channels = this.#shifts.applied(numbered, this.#written);
        const byId = await indexed(channels);
        this.#channels = channels;
        this.#byId = byId;
      } catch (error) {
        this.#log.error('channels not numbered', errorFields(errorRecord(error)));
      }
    });
    return this.#taking;
  }
}

async function indexed(
  channels: readonly ChannelConfig[],
): Promise<ReadonlyMap<string, ChannelConfig>> {
  const byId = new Map<string, ChannelConfig>();
  await eachInTurns(channels, TURN_CHANNELS, (channel) => byId.set(channel.id, channel));
  return byId;
}
