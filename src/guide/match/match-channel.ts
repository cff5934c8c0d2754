// This file finds which channel of a guide feeds a channel of the line-up.
import { type ChannelWords, channelWords } from './channel-words.ts';
import type { GuideIndex, Indexed } from './guide-index.ts';
import {
  disagreement,
  LIKENESS_BAR,
  LIKENESS_FLOOR,
  LIKENESS_MARGIN,
  type Likeness,
  likeness,
} from './likeness.ts';

/** What an operator chose: a channel of the guides, or none. */
export type GuideChoice = { readonly guideId: string | null };

export type MatchWanted = {
  /** Id of the channel. */
  readonly channel: string;
  /** As the line-up calls it in the guide, where it says so. */
  readonly guideId?: string;
  /** The configuration says that, and is not argued with. */
  readonly isWritten: boolean;
  readonly name: string;
  readonly number?: number;
  readonly choice?: GuideChoice;
};

export type MatchedBy = 'configuration' | 'choice' | 'id' | 'name' | 'likeness';

export type GuideProposal = {
  readonly id: string;
  readonly name: string;
  readonly score: number;
  readonly why: string;
};

export type ChannelMatch = {
  /** What feeds it; absent where nothing does. */
  readonly found?: GuideProposal & { readonly by: MatchedBy; readonly shiftMs?: number };
  /** Others that may be meant, the likeliest first. */
  readonly proposals: readonly GuideProposal[];
};

const MAX_PROPOSALS = 3;
const HOUR_MS = 3600_000;
const NOTHING: ChannelMatch = { proposals: [] };

/**
 * ```
 *   the configuration's id ─► the operator's choice ─► the id ─► the name ─► the likeness
 *        each ends it                                  each only where one channel is meant
 * ```
 */
export function matchChannel(wanted: MatchWanted, index: GuideIndex): ChannelMatch {
  const { choice, guideId, isWritten } = wanted;
  if (isWritten && guideId !== undefined) return byId(guideId, 'configuration', index);
  if (choice !== undefined) {
    return choice.guideId === null ? NOTHING : byId(choice.guideId, 'choice', index);
  }
  const known = byId(guideId ?? wanted.channel, 'id', index);
  if (known.found !== undefined) return known;
  const words = channelWords(wanted.name);
  const named = byName(words, wanted, index);
  return named ?? byLikeness(words, index);
}

function byId(id: string, by: MatchedBy, index: GuideIndex): ChannelMatch {
  const found = index.byId(id);
  if (found === undefined) return NOTHING;
  return { found: { id: found.id, name: found.name, score: 1, why: WHY[by], by }, proposals: [] };
}

const WHY: Readonly<Record<MatchedBy, string>> = {
  configuration: 'the configuration says so',
  choice: 'chosen',
  id: 'the same id',
  name: 'the same name',
  likeness: 'alike',
};

/** Undefined where no name is the same, and where several channels have it. */
function byName(
  words: ChannelWords,
  { number }: MatchWanted,
  index: GuideIndex,
): ChannelMatch | undefined {
  const named = index.byKey(words.key);
  const fits = (own: ChannelWords) => (channel: Indexed) =>
    channel.words.some((each) => each.key === own.key && disagreement(own, each) === undefined);
  const one = only(named.filter(fits(words)), words, number);
  if (one !== undefined) return { found: { ...told(one), by: 'name' }, proposals: [] };
  if (words.plus === 0) return undefined;
  // An hour later than a channel of the guide is what the guide says, an hour later
  const base = only(named.filter(fits({ ...words, plus: 0 })), words, number);
  if (base === undefined || named.some(fits(words))) return undefined;
  const why = `the same name, ${words.plus} h later`;
  const shiftMs = words.plus * HOUR_MS;
  return { found: { ...told(base), why, by: 'name', shiftMs }, proposals: [] };
}

function told({ id, name }: Indexed): GuideProposal {
  return { id, name, score: 1, why: 'the same name' };
}

/** Of several of one name the one of the same country, or of the same number, where that is one. */
function only(
  channels: readonly Indexed[],
  { country }: ChannelWords,
  number: number | undefined,
): Indexed | undefined {
  if (channels.length <= 1) return channels[0];
  const near = channels.filter(({ words }) =>
    words.some((each) => country !== undefined && each.country === country),
  );
  if (near.length === 1) return near[0];
  const numbered = channels.filter(({ numbers }) => numbers.includes(String(number)));
  return numbered.length === 1 ? numbered[0] : undefined;
}

function byLikeness(words: ChannelWords, index: GuideIndex): ChannelMatch {
  const weightOf = (word: string) => index.weightOf(word);
  const scored: GuideProposal[] = [];
  for (const channel of index.byWords(words)) {
    let best: Likeness = { score: 0, why: '' };
    for (const each of channel.words) {
      const next = likeness(words, each, weightOf);
      if (next.score > best.score) best = next;
    }
    if (best.score < LIKENESS_FLOOR) continue;
    const score = Math.round(best.score * 100) / 100;
    scored.push({ id: channel.id, name: channel.name, score, why: best.why });
  }
  scored.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
  const [first, second] = scored;
  // In hundredths, as they are shown
  const ahead = Math.round(((first?.score ?? 0) - (second?.score ?? 0)) * 100) / 100;
  const isClear = ahead >= LIKENESS_MARGIN;
  if (first === undefined || first.score < LIKENESS_BAR || !isClear) {
    return { proposals: scored.slice(0, MAX_PROPOSALS) };
  }
  return {
    found: { ...first, by: 'likeness' },
    proposals: scored.slice(1, 1 + MAX_PROPOSALS),
  };
}
