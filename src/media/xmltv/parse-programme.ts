// This file reads what a guide says of a programme.
import { addIcon, addText, addUrl } from './channel.ts';
import { CREDIT_ROLES, type Credit, type Programme, type Rating } from './programme.ts';
import { parseXmltvTime } from './time.ts';
import { attributeOf, childOf, type Node, parseElement, textOf } from './tree.ts';

/** Of one programme: casts of films come to some dozens. */
const MAX_CREDITS = 200;
/** What takes longer is a channel without programmes, or a mistake. */
export const MAX_LENGTH_MS = 48 * 3600_000;

export type ProgrammeProblem = 'malformed' | 'no-channel' | 'no-time' | 'no-title';

type List<T> = T extends readonly (infer Each)[] ? Each[] : T;
/** One that is being read. */
type Draft = { -readonly [Key in keyof Programme]: List<Programme[Key]> };

/** Why it cannot be used, or what it says. */
export function parseProgramme(slice: string): Programme | ProgrammeProblem {
  const node = parseElement('programme', slice);
  if (node === undefined) return 'malformed';
  const channel = attributeOf(node, 'channel');
  if (channel === undefined) return 'no-channel';
  const times = timesOf(attributeOf(node, 'start'), attributeOf(node, 'stop'));
  if (times === undefined) return 'no-time';
  const draft = begin(channel, times);
  for (const child of node.children) READERS.get(child.name)?.(draft, child);
  if (draft.titles.length === 0) return 'no-title';
  const catchupId = attributeOf(node, 'catchup-id');
  if (catchupId !== undefined) draft.catchupId = catchupId;
  return draft;
}

export type Times = { readonly startMs: number; readonly stopMs?: number };

/** Undefined where nobody can say when it begins. */
export function timesOf(start: string | undefined, stop: string | undefined): Times | undefined {
  const startMs = parseXmltvTime(start ?? '');
  const stopMs = parseXmltvTime(stop ?? '');
  if (startMs === undefined) return undefined;
  const lengthMs = stopMs === undefined ? 0 : stopMs - startMs;
  const isMeant = stopMs !== undefined && lengthMs > 0 && lengthMs <= MAX_LENGTH_MS;
  return isMeant ? { startMs, stopMs } : { startMs };
}

function begin(channel: string, times: Times): Draft {
  return {
    ...{ channel, ...times },
    titles: [],
    subTitles: [],
    descriptions: [],
    credits: [],
    categories: [],
    keywords: [],
    icons: [],
    urls: [],
    countries: [],
    episodes: [],
    video: {},
    audio: {},
    subtitles: [],
    ratings: [],
    starRatings: [],
    isNew: false,
  };
}

/** What each element of it says; where only one can be meant, the first that says anything is. */
const READERS: ReadonlyMap<string, (draft: Draft, node: Node) => void> = new Map([
  ['title', (draft, node) => addText(draft.titles, node)],
  ['sub-title', (draft, node) => addText(draft.subTitles, node)],
  ['desc', (draft, node) => addText(draft.descriptions, node)],
  ['credits', readCredits],
  ['date', readDate],
  ['category', (draft, node) => addText(draft.categories, node)],
  ['keyword', (draft, node) => addText(draft.keywords, node)],
  ['language', readLanguage],
  ['icon', (draft, node) => addIcon(draft.icons, node)],
  ['url', (draft, node) => addUrl(draft.urls, node)],
  ['country', (draft, node) => addText(draft.countries, node)],
  ['episode-num', readEpisode],
  ['video', readVideo],
  ['audio', readAudio],
  ['previously-shown', readPreviouslyShown],
  ['premiere', readPremiere],
  ['last-chance', readLastChance],
  ['new', readNew],
  ['subtitles', readSubtitles],
  ['rating', (draft, node) => addRating(draft.ratings, node)],
  ['star-rating', (draft, node) => addRating(draft.starRatings, node)],
]);

function readCredits(draft: Draft, { children }: Node): void {
  if (draft.credits.length > 0) return;
  const credits: Credit[] = [];
  for (const role of CREDIT_ROLES) {
    for (const person of children) {
      if (person.name !== role) continue;
      const name = textOf(person);
      const part = attributeOf(person, 'role');
      if (name !== '') credits.push(part === undefined ? { role, name } : { role, name, part });
    }
  }
  draft.credits = credits.slice(0, MAX_CREDITS);
}

function readDate(draft: Draft, node: Node): void {
  const date = textOf(node).replace(/[-\s]/g, '').slice(0, 8);
  if (/^(?:\d{4}|\d{6}|\d{8})$/.test(date)) draft.date ??= date;
}

function readLanguage(draft: Draft, node: Node): void {
  const language = textOf(node);
  if (language !== '') draft.language ??= language;
}

function readEpisode(draft: Draft, node: Node): void {
  const value = textOf(node);
  // XMLTV DTD: the system is `onscreen` where it is not said
  const system = attributeOf(node, 'system') ?? 'onscreen';
  if (value !== '') draft.episodes.push({ system, value });
}

function readVideo(draft: Draft, node: Node): void {
  const aspect = textOf(childOf(node, 'aspect'));
  const quality = textOf(childOf(node, 'quality'));
  draft.video = {
    ...(aspect === '' ? {} : { aspect }),
    ...(quality === '' ? {} : { quality }),
    ...draft.video,
  };
}

function readAudio(draft: Draft, node: Node): void {
  const stereo = textOf(childOf(node, 'stereo'));
  if (stereo !== '') draft.audio = { stereo, ...draft.audio };
}

function readPreviouslyShown(draft: Draft, node: Node): void {
  const startMs = parseXmltvTime(attributeOf(node, 'start') ?? '');
  draft.previouslyShown ??= startMs === undefined ? {} : { startMs };
}

function readPremiere(draft: Draft, node: Node): void {
  draft.premiere ??= textOf(node);
}

function readLastChance(draft: Draft, node: Node): void {
  draft.lastChance ??= textOf(node);
}

function readNew(draft: Draft): void {
  draft.isNew = true;
}

const SUBTITLES = ['teletext', 'onscreen', 'deaf-signed'] as const;

function readSubtitles(draft: Draft, node: Node): void {
  const said = attributeOf(node, 'type');
  const type = SUBTITLES.find((known) => known === said);
  if (type !== undefined) draft.subtitles.push(type);
}

function addRating(ratings: Rating[], node: Node): void {
  const value = textOf(childOf(node, 'value'));
  if (value === '') return;
  const icons: string[] = [];
  for (const child of node.children) if (child.name === 'icon') addIcon(icons, child);
  const system = attributeOf(node, 'system');
  ratings.push(system === undefined ? { value, icons } : { value, system, icons });
}
