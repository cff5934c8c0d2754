// This file says what may be amiss with what an operator chose of the guides.
import type { Config } from '../config/config.ts';
import { keptMatches } from '../guide/match/kept-matches.ts';
import type { GuideChoice } from '../guide/match/match-channel.ts';
import type { ShownMatches } from './guide-words.ts';
import { askServer } from './healthcheck.ts';

/** As many channels as there may be, each with some proposals, of a server that is busy. */
export const MATCHES_LIMITS = { maxBytes: 64 * 1024 * 1024, totalMs: 60_000 };

type Choices = ReadonlyMap<string, GuideChoice | undefined>;

/** It is kept all the same: channels and guides come and go. */
export async function doubtsOf(
  config: Config,
  choices: Choices,
  shifts: ReadonlyMap<string, number>,
): Promise<readonly string[]> {
  if (config.guides.length === 0) {
    return ['this configuration names no guides, wanted the --config or --data of the server'];
  }
  const chosen = [...choices].filter(([, choice]) => choice !== undefined).map(([id]) => id);
  const made = new Set([...chosen, ...shifts.keys()]);
  const written = new Map(config.channels.map((channel) => [channel.id, channel]));
  const others = [...made].filter((channel) => !written.has(channel));
  const served = others.length === 0 ? undefined : await servedChannels(config);
  const wins = 'in the configuration wins over what is chosen';
  return [
    ...chosen
      .filter((channel) => written.get(channel)?.guide !== undefined)
      .map((channel) => `guide: of ${channel} ${wins}`),
    ...[...shifts.keys()]
      .filter((channel) => written.get(channel)?.guideShiftMs !== undefined)
      .map((channel) => `guide_shift: of ${channel} ${wins}`),
    ...others
      .filter((channel) => served?.has(channel) === false)
      .map((channel) => `there is no channel ${channel} now`),
    ...(await unknownGuideIds(config, choices)).map(
      (id) => `no guide that has come has a channel "${id}"`,
    ),
  ];
}

/** Undefined where no server runs here, or no guide has come to it. */
async function servedChannels(config: Config): Promise<ReadonlySet<string> | undefined> {
  const { status, text } = await askServer(config, '/api/guide/match', MATCHES_LIMITS);
  if (status !== 200) return undefined;
  const { channels } = JSON.parse(text) as ShownMatches;
  return channels.length === 0 ? undefined : new Set(channels.map(({ channel }) => channel));
}

async function unknownGuideIds(
  { dataDir, guides }: Config,
  choices: Choices,
): Promise<readonly string[]> {
  const ids = [...choices.values()].flatMap((choice) => choice?.guideId ?? []);
  const wanted = ids.map((guideId) => ({
    ...{ channel: guideId, name: '', isWritten: false, choice: { guideId } },
  }));
  const places = guides.map(({ place }) => place);
  const matches = await keptMatches(dataDir, places, wanted);
  return matches.filter(({ found }) => found === undefined).map(({ channel }) => channel);
}
