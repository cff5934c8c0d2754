// This file writes what is known of a programme as XMLTV, in the order that its DTD wants.
import { element, emptyElement, textElement } from './markup.ts';
import { CREDIT_ROLES, type Programme, type Rating } from './programme.ts';
import { formatXmltvTime } from './time.ts';

export function writeProgramme(programme: Programme): string {
  return writeShowing(programme, programme.stopMs, writeProgrammeBody(programme));
}

/** A programme whose elements were written before. Players drop one that has no `stopMs`. */
export function writeShowing(
  { channel, startMs, catchupId }: Pick<Programme, 'channel' | 'startMs' | 'catchupId'>,
  stopMs: number | undefined,
  body: string,
): string {
  const attributes = {
    start: formatXmltvTime(startMs),
    stop: stopMs === undefined ? undefined : formatXmltvTime(stopMs),
    channel,
    'catchup-id': catchupId,
  };
  return element('programme', attributes, [body]);
}

/** All that stands between its tags. */
export function writeProgrammeBody(programme: Programme): string {
  return [
    ...words(programme),
    ...facts(programme),
    ...showing(programme),
    ...programme.ratings.map((rating) => ratingElement('rating', rating)),
    ...programme.starRatings.map((rating) => ratingElement('star-rating', rating)),
  ].join('');
}

function words({ titles, subTitles, descriptions, credits, date }: Programme): string[] {
  const people = CREDIT_ROLES.flatMap((role) =>
    credits
      .filter((credit) => credit.role === role)
      .map(({ name, part }) => textElement(role, { text: name }, { role: part })),
  );
  return [
    ...titles.map((title) => textElement('title', title)),
    ...subTitles.map((title) => textElement('sub-title', title)),
    ...descriptions.map((text) => textElement('desc', text)),
    ...(people.length === 0 ? [] : [element('credits', {}, people)]),
    ...(date === undefined ? [] : [textElement('date', { text: date })]),
  ];
}

function facts(programme: Programme): string[] {
  const { categories, keywords, language, icons, urls, countries, episodes } = programme;
  return [
    ...categories.map((text) => textElement('category', text)),
    ...keywords.map((text) => textElement('keyword', text)),
    ...(language === undefined ? [] : [textElement('language', { text: language })]),
    ...icons.map((src) => emptyElement('icon', { src })),
    ...urls.map((text) => textElement('url', { text })),
    ...countries.map((text) => textElement('country', text)),
    ...episodes.map(({ system, value }) => textElement('episode-num', { text: value }, { system })),
  ];
}

function showing(programme: Programme): string[] {
  const { video, audio, previouslyShown, premiere, lastChance, isNew, subtitles } = programme;
  const picture = [
    ...(video.aspect === undefined ? [] : [textElement('aspect', { text: video.aspect })]),
    ...(video.quality === undefined ? [] : [textElement('quality', { text: video.quality })]),
  ];
  const { stereo } = audio;
  const start = previouslyShown?.startMs;
  return [
    ...(picture.length === 0 ? [] : [element('video', {}, picture)]),
    ...(stereo === undefined
      ? []
      : [element('audio', {}, [textElement('stereo', { text: stereo })])]),
    ...(previouslyShown === undefined
      ? []
      : [
          emptyElement('previously-shown', {
            start: start === undefined ? undefined : formatXmltvTime(start),
          }),
        ]),
    ...(premiere === undefined ? [] : [said('premiere', premiere)]),
    ...(lastChance === undefined ? [] : [said('last-chance', lastChance)]),
    ...(isNew ? [emptyElement('new')] : []),
    ...subtitles.map((type) => emptyElement('subtitles', { type })),
  ];
}

function said(name: string, text: string): string {
  return text === '' ? emptyElement(name) : textElement(name, { text });
}

function ratingElement(name: string, { value, system, icons }: Rating): string {
  return element(name, { system }, [
    textElement('value', { text: value }),
    ...icons.map((src) => emptyElement('icon', { src })),
  ]);
}
