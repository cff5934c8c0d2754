// This file says in words where guides come from, and which channels have one.
import { systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { showPlace } from '../base/place.ts';
import { systemRandom } from '../base/random.ts';
import { openSharedOffline } from '../channel/open-shared.ts';
import type { Config } from '../config/config.ts';
import type { KeptGuide } from '../guide/guide-messages.ts';
import { loadChoices } from '../guide/match/guide-choices.ts';
import { guidesAt, keptMatches } from '../guide/match/kept-matches.ts';
import type { MatchWanted } from '../guide/match/match-channel.ts';
import { ChannelNumbers } from '../lineup/channel-number.ts';
import { matchWantedOf } from '../lineup/guide-channels.ts';
import type { CheckedLineUps } from './check-line-ups.ts';

/** Names of channels without a guide that are told. */
const TOLD_MAX = 20;

/** For `weir check`, by what an earlier run has kept and operators have chosen: nobody is asked. */
export async function guideRows(
  config: Config,
  lineUps: Pick<CheckedLineUps, 'channels' | 'unread'>,
): Promise<string[]> {
  const { guides, dataDir } = config;
  if (guides.length === 0) return [];
  const places = guides.map(({ place }) => place);
  const kept = guidesAt(dataDir, places);
  const rows = guides.map(({ place, at }) => {
    const hour = String(Math.floor(at / 60)).padStart(2, '0');
    const minute = String(at % 60).padStart(2, '0');
    const known = kept.get(place);
    const state =
      known === undefined
        ? 'not read yet'
        : `${countWords(known)}, read ${new Date(known.fetchedMs).toISOString()}${leftOutWords(known)}`;
    const when = `read each day at ${hour}:${minute}, up to ten minutes later`;
    return `${showPlace(place)}: ${when}; ${state}`;
  });
  if (kept.size === 0) {
    return [...rows, 'none has come yet: which channels they are for is not known'];
  }
  return [...rows, ...(await matchRows(config, lineUps))];
}

function countWords({ channels }: KeptGuide): string {
  return channels === 1 ? '1 channel' : `${channels} channels`;
}

/** As line-ups have it. */
function leftOutWords({ problems }: KeptGuide): string {
  const wrong = Object.entries(problems).map(([reason, times]) => `${reason} ${times}`);
  return wrong.length === 0 ? '' : `; in the guide: ${wrong.join(', ')}`;
}

async function matchRows(
  config: Config,
  { channels, unread }: Pick<CheckedLineUps, 'channels' | 'unread'>,
): Promise<string[]> {
  const { guides, dataDir } = config;
  const places = guides.map(({ place }) => place);
  const wanted = await wantedOf(config, channels);
  const matches = await keptMatches(dataDir, places, wanted);
  const without = matches.filter(({ found }) => found === undefined);
  const chosen = matches.filter(({ found }) => found?.by === 'choice').length;
  const rejected = wanted.filter(({ choice }) => choice?.guideId === null);
  const refused = new Set(rejected.map(({ channel }) => channel));
  const [none, open] = [
    without.filter(({ channel }) => refused.has(channel)),
    without.filter(({ channel }) => !refused.has(channel)),
  ];
  const how = chosen === 0 ? '' : `, ${chosen} as chosen`;
  const found = matches.length - without.length;
  return [
    ...(matches.length > 0 ? [`${found} of ${matches.length} channels have a guide${how}`] : []),
    ...(unread.length > 0 ? [`not counted, since it was not read yet: ${unread.join(', ')}`] : []),
    ...(none.length > 0 ? [`without one, as chosen: ${told(none)}`] : []),
    ...(open.length > 0
      ? [`without one: ${told(open)}; weir guide match proposes what may be meant`]
      : []),
  ];
}

function told(channels: readonly { readonly channel: string }[]): string {
  const named = channels.slice(0, TOLD_MAX).map(({ channel }) => channel);
  const more = channels.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** As the server has them: with their numbers, and with what was chosen for them. */
async function wantedOf(
  config: Config,
  channels: CheckedLineUps['channels'],
): Promise<readonly MatchWanted[]> {
  const deps = { clock: systemClock, random: systemRandom, log: silentLog };
  await using shared = await openSharedOffline(config, deps);
  const choices = await loadChoices(shared);
  const { known } = await ChannelNumbers.open(shared, silentLog);
  const numbered = channels.map((channel) => {
    const number = channel.number ?? known.get(channel.id);
    return number === undefined ? channel : { ...channel, number };
  });
  return matchWantedOf(numbered, config.channels).map((each) => {
    const choice = choices.get(each.channel);
    return choice === undefined ? each : { ...each, choice };
  });
}
