// This file reads line-ups for a command, one after another, in the thread that a server reads them in.
import { systemClock } from '../base/clock.ts';
import { type ErrorRecord, errorRecord } from '../base/errors.ts';
import { silentLog } from '../base/log.ts';
import { VERSION } from '../base/version.ts';
import type { ChannelConfig, Config } from '../config/config.ts';
import { formatMatch } from '../config/match.ts';
import type { LineUpSetting } from '../config/resolve-lineups.ts';
import { ownChannelOf } from '../lineup/import/channel-row.ts';
import type {
  Combined,
  ImportAnswer,
  LineUpInput,
  LineUpUse,
} from '../lineup/import/line-up-messages.ts';
import { LineUpThread } from '../lineup/import/line-up-thread.ts';
import { slowPattern } from '../lineup/import/pattern-watch.ts';
import { patternsOf } from '../lineup/import/rules.ts';
import { TakenChannels } from '../lineup/import/taken-channels.ts';

export type LineUpOutcome = {
  readonly setting: LineUpSetting;
  readonly answer?: ImportAnswer;
  readonly error?: ErrorRecord;
};

export type ReadOptions = {
  /** The entry of the thread. */
  readonly worker: URL;
  readonly use: Exclude<LineUpUse, 'server'>;
  readonly mayShrink?: true;
  /** Those that are read; all where absent. */
  readonly only?: (setting: LineUpSetting) => boolean;
  /** Before each. */
  readonly begins?: (setting: LineUpSetting, index: number) => void;
};

export type ReadLineUps = {
  readonly outcomes: readonly LineUpOutcome[];
  /** What comes of all of them together. */
  readonly combined?: Combined;
  /** Those of the file, and those of the line-ups behind them. */
  readonly channels: readonly ChannelConfig[];
};

/** Never rejects for what is wrong with a line-up. */
export async function readLineUps(config: Config, options: ReadOptions): Promise<ReadLineUps> {
  const { dataDir, storeUrl, allowPrivate, lineUps, channels } = config;
  const { worker, use, mayShrink, only, begins } = options;
  await using thread = new LineUpThread({
    entry: worker,
    clock: systemClock,
    log: silentLog,
    settings: {
      dataDir,
      ...(storeUrl === undefined ? {} : { storeUrl }),
      allowPrivate,
      userAgent: `weir/${VERSION}`,
      use,
    },
  });
  let stuck: string | undefined;
  thread.onStuck = ({ lineUp, index }) => {
    const match = patternsOf(lineUps[lineUp]?.rules ?? NO_RULES)[index];
    stuck = match === undefined ? '' : formatMatch(match);
  };
  const own = channels.map(ownChannelOf);
  const input: LineUpInput = { settings: lineUps, own };
  const outcomes: LineUpOutcome[] = [];
  for (const [index, setting] of lineUps.entries()) {
    if (only?.(setting) === false) continue;
    begins?.(setting, index);
    stuck = undefined;
    try {
      const { key } = setting;
      const wanted = { isDetailed: true, ...(mayShrink ? { mayShrink } : {}) } as const;
      const what = { what: 'import', key, input, ...wanted } as const;
      outcomes.push({ setting, answer: await thread.call(what) });
    } catch (error) {
      const why = stuck === undefined ? error : slowPattern(stuck);
      outcomes.push({ setting, error: errorRecord(why) });
    }
  }
  try {
    const combined = await thread.call({ what: 'combine', input });
    return { outcomes, combined, channels: await channelsOf(config, combined) };
  } catch {
    return { outcomes, channels };
  }
}

async function channelsOf(
  { channels: own }: Config,
  { channels }: Combined,
): Promise<readonly ChannelConfig[]> {
  const taken = new TakenChannels();
  await taken.take(channels, own);
  return taken.all;
}

const NO_RULES = { rename: [], regroup: [], sort: 'list' } as const;
