// This file writes what is known of a programme as XMLTV, in the order that its DTD wants.
import { element, emptyElement, textElement } from './markup.ts';
import { CREDIT_ROLES, type Programme, type Rating } from './programme.ts';
import { formatXmltvTime } from './time.ts';

/**
 * `stopMs`: where the programme itself does not say; players drop what has none. `channel`: by another
 * id than its own.
 */
export function writeProgramme(
  programme: Programme,
  stopMs = programme.stopMs,
  channel = programme.channel,
): string {
  const attributes = {
    start: formatXmltvTime(programme.startMs),
    stop: stopMs === undefined ? undefined : formatXmltvTime(stopMs),
    channel,
    'catchup-id': programme.catchupId,
  };
  return element('programme', attributes, [
    ...words(programme),
    ...facts(programme),
    ...showing(programme),
    ...programme.ratings.map((rating) => ratingElement('rating', rating)),
    ...programme.starRatings.map((rating) => ratingElement('star-rating', rating)),
  ]);
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
