// This file reads what a guide says of a programme.
import { iconsOf, isHttp, texts } from './channel.ts';
import {
  CREDIT_ROLES,
  type Credit,
  type EpisodeNumber,
  type Programme,
  type Rating,
} from './programme.ts';
import { parseXmltvTime } from './time.ts';
import { attributeOf, childOf, childrenOf, type Node, parseElement, textOf } from './tree.ts';

/** Of one programme: casts of films come to some dozens. */
const MAX_CREDITS = 200;
/** What takes longer is a channel without programmes, or a mistake. */
const MAX_LENGTH_MS = 48 * 3600_000;

export type ProgrammeProblem = 'malformed' | 'no-channel' | 'no-time' | 'no-title';

/** Why it cannot be used, or what it says. */
export function parseProgramme(slice: string): Programme | ProgrammeProblem {
  const node = parseElement('programme', slice);
  if (node === undefined) return 'malformed';
  const channel = attributeOf(node, 'channel');
  if (channel === undefined) return 'no-channel';
  const startMs = parseXmltvTime(attributeOf(node, 'start') ?? '');
  if (startMs === undefined) return 'no-time';
  const titles = texts(node, 'title');
  if (titles.length === 0) return 'no-title';
  const stopMs = parseXmltvTime(attributeOf(node, 'stop') ?? '');
  const lengthMs = stopMs === undefined ? 0 : stopMs - startMs;
  const catchupId = attributeOf(node, 'catchup-id');
  return {
    channel,
    startMs,
    ...(stopMs !== undefined && lengthMs > 0 && lengthMs <= MAX_LENGTH_MS ? { stopMs } : {}),
    ...(catchupId === undefined ? {} : { catchupId }),
    titles,
    ...wordsOf(node),
    ...partsOf(node),
    ...showingOf(node),
  };
}

function wordsOf(node: Node) {
  const language = textOf(childOf(node, 'language'));
  const date = textOf(childOf(node, 'date')).replace(/[-\s]/g, '');
  return {
    subTitles: texts(node, 'sub-title'),
    descriptions: texts(node, 'desc'),
    ...(/^(?:\d{4}|\d{6}|\d{8})$/.test(date.slice(0, 8)) ? { date: date.slice(0, 8) } : {}),
    categories: texts(node, 'category'),
    keywords: texts(node, 'keyword'),
    ...(language === '' ? {} : { language }),
    icons: iconsOf(node),
    urls: childrenOf(node, 'url').map(textOf).filter(isHttp),
    countries: texts(node, 'country'),
  };
}

function partsOf(node: Node) {
  const credits = childOf(node, 'credits');
  return {
    credits: credits === undefined ? [] : creditsOf(credits),
    episodes: episodesOf(node),
    ratings: ratingsOf(node, 'rating'),
    starRatings: ratingsOf(node, 'star-rating'),
  };
}

function creditsOf(node: Node): readonly Credit[] {
  const credits: Credit[] = [];
  for (const role of CREDIT_ROLES) {
    for (const person of childrenOf(node, role)) {
      const name = textOf(person);
      const part = attributeOf(person, 'role');
      if (name !== '') credits.push(part === undefined ? { role, name } : { role, name, part });
      if (credits.length === MAX_CREDITS) return credits;
    }
  }
  return credits;
}

function episodesOf(node: Node): readonly EpisodeNumber[] {
  const episodes: EpisodeNumber[] = [];
  for (const number of childrenOf(node, 'episode-num')) {
    const value = textOf(number);
    // XMLTV DTD: the system is `onscreen` where it is not said
    const system = attributeOf(number, 'system') ?? 'onscreen';
    if (value !== '') episodes.push({ system, value });
  }
  return episodes;
}

function ratingsOf(node: Node, name: string): readonly Rating[] {
  const ratings: Rating[] = [];
  for (const rating of childrenOf(node, name)) {
    const value = textOf(childOf(rating, 'value'));
    if (value === '') continue;
    const system = attributeOf(rating, 'system');
    const icons = iconsOf(rating);
    ratings.push(system === undefined ? { value, icons } : { value, system, icons });
  }
  return ratings;
}

const SUBTITLES = ['teletext', 'onscreen', 'deaf-signed'] as const;

function showingOf(node: Node) {
  const video = childOf(node, 'video');
  const aspect = video === undefined ? '' : textOf(childOf(video, 'aspect'));
  const quality = video === undefined ? '' : textOf(childOf(video, 'quality'));
  const audio = childOf(node, 'audio');
  const stereo = audio === undefined ? '' : textOf(childOf(audio, 'stereo'));
  const premiere = childOf(node, 'premiere');
  const lastChance = childOf(node, 'last-chance');
  return {
    video: { ...(aspect === '' ? {} : { aspect }), ...(quality === '' ? {} : { quality }) },
    audio: stereo === '' ? {} : { stereo },
    subtitles: childrenOf(node, 'subtitles').flatMap((each) => {
      const type = SUBTITLES.find((known) => known === attributeOf(each, 'type'));
      return type === undefined ? [] : [type];
    }),
    ...previouslyShownOf(node),
    ...(premiere === undefined ? {} : { premiere: textOf(premiere) }),
    ...(lastChance === undefined ? {} : { lastChance: textOf(lastChance) }),
    isNew: childOf(node, 'new') !== undefined,
  };
}

function previouslyShownOf(node: Node) {
  const shown = childOf(node, 'previously-shown');
  if (shown === undefined) return {};
  const startMs = parseXmltvTime(attributeOf(shown, 'start') ?? '');
  return { previouslyShown: startMs === undefined ? {} : { startMs } };
}
