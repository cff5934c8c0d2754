// This file matches the channels of a line-up to those of all guides.
import type { Database } from 'bun:sqlite';
import { othersTurn } from '../../base/turn.ts';
import { parseGuideChannel } from '../../media/xmltv/channel.ts';
import { type Served, servedOf } from '../feed.ts';
import { GuideIndex } from './guide-index.ts';
import {
  type ChannelMatch,
  type GuideProposal,
  type MatchedBy,
  type MatchWanted,
  matchChannel,
} from './match-channel.ts';

/** A channel of the line-up, and what feeds it in each guide. */
export type MatchedChannel = {
  readonly channel: string;
  /** By guide; one that has nothing for it is not named. */
  readonly from: Readonly<Record<string, string>>;
  readonly shiftMs?: number;
  /** How the first of them was found; absent where nothing feeds it. */
  readonly found?: GuideProposal & { readonly by: MatchedBy };
  /** Where nothing feeds it, what it was to be fed by; null: by nothing, as was chosen. */
  readonly said?: string | null;
  /** Of all guides, the likeliest first. */
  readonly proposals: readonly GuideProposal[];
};

/** Channels matched before others have their turn: some ten milliseconds of work. */
const STEP_CHANNELS = 10;
/** Channels of a guide that are read before others have their turn. */
const STEP_NAMES = 200;
const MAX_PROPOSALS = 3;

export async function matchGuides(
  database: Database,
  guides: readonly string[],
  wanted: readonly MatchWanted[],
): Promise<readonly MatchedChannel[]> {
  const matches = new Map<string, [guide: string, match: ChannelMatch][]>();
  for (const served of servedOf(database, guides)) {
    // One at a time: of twenty thousand channels an index has some ten megabytes
    const index = await indexOf(database, served);
    for (const [at, each] of wanted.entries()) {
      if (at % STEP_CHANNELS === 0) await othersTurn();
      const all = matches.get(each.channel) ?? [];
      all.push([served.guide, matchChannel(each, index)]);
      matches.set(each.channel, all);
    }
  }
  return wanted.map((each) => merged(each, matches.get(each.channel) ?? []));
}

async function indexOf(database: Database, { guide, edition }: Served): Promise<GuideIndex> {
  const index = new GuideIndex();
  const named = database
    .query<{ id: string; xml: string }, [string, number]>(
      'SELECT id, xml FROM channel WHERE guide = ? AND edition = ?',
    )
    .all(guide, edition);
  for (const [at, { id, xml }] of named.entries()) {
    if (at % STEP_NAMES === 0) await othersTurn();
    index.add({ id, names: parseGuideChannel(xml)?.names.map(({ text }) => text) ?? [] });
  }
  // Some guides name their channels nowhere but in the programmes
  const unnamed = database
    .query<{ id: string }, [string, number, string, number]>(
      `SELECT DISTINCT channel AS id FROM day WHERE guide = ? AND edition = ?
       EXCEPT SELECT id FROM channel WHERE guide = ? AND edition = ?`,
    )
    .all(guide, edition, guide, edition);
  for (const { id } of unnamed) index.add({ id, names: [] });
  return index;
}

function merged(
  wanted: MatchWanted,
  matches: readonly (readonly [guide: string, match: ChannelMatch])[],
): MatchedChannel {
  const found = matches.flatMap(([guide, match]) =>
    match.found === undefined ? [] : [{ guide, found: match.found }],
  );
  // A guide that has the channel itself goes before those that have it an hour earlier
  const exact = found.filter((each) => each.found.shiftMs === undefined);
  const used = exact.length > 0 ? exact : found;
  const proposals = matches
    .flatMap(([, match]) => match.proposals)
    .sort((a, b) => b.score - a.score)
    .slice(0, MAX_PROPOSALS);
  const from = Object.fromEntries(used.map((each) => [each.guide, each.found.id]));
  const [first] = used;
  const { channel } = wanted;
  if (first === undefined) return { channel, from, proposals, ...saidOf(wanted) };
  const { shiftMs, ...how } = first.found;
  const shift = shiftMs === undefined ? {} : { shiftMs };
  return { channel, from, ...shift, found: how, proposals };
}

/** As the configuration says, else as was chosen, else as its line-up says. */
function saidOf({ choice, guideId, isWritten }: MatchWanted): Pick<MatchedChannel, 'said'> {
  const isChosen = choice !== undefined && !(isWritten && guideId !== undefined);
  const said = isChosen ? choice.guideId : guideId;
  return said === undefined ? {} : { said };
}
