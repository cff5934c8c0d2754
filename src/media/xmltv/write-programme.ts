// This file writes what is known of a programme as XMLTV, in the order that its DTD wants.
import { attribute, element, emptyElement, textElement } from './markup.ts';
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
  const attributes =
    attribute('start', formatXmltvTime(startMs)) +
    attribute('stop', stopMs === undefined ? undefined : formatXmltvTime(stopMs)) +
    attribute('channel', channel) +
    attribute('catchup-id', catchupId);
  return element('programme', attributes, body);
}

/** All that stands between its tags. */
export function writeProgrammeBody(programme: Programme): string {
  return (
    words(programme) +
    facts(programme) +
    showing(programme) +
    each(programme.ratings, (rating) => ratingElement('rating', rating)) +
    each(programme.starRatings, (rating) => ratingElement('star-rating', rating))
  );
}

function words({ titles, subTitles, descriptions, credits, date }: Programme): string {
  return (
    each(titles, (title) => textElement('title', title)) +
    each(subTitles, (title) => textElement('sub-title', title)) +
    each(descriptions, (text) => textElement('desc', text)) +
    (credits.length === 0 ? '' : `<credits>${people(credits)}</credits>`) +
    (date === undefined ? '' : textElement('date', { text: date }))
  );
}

function people(credits: Programme['credits']): string {
  let text = '';
  for (const role of CREDIT_ROLES) {
    for (const credit of credits) {
      if (credit.role !== role) continue;
      const { name, part } = credit;
      text += textElement(role, { text: name }, attribute('role', part));
    }
  }
  return text;
}

function facts(programme: Programme): string {
  const { categories, keywords, language, icons, urls, countries, episodes } = programme;
  return (
    each(categories, (text) => textElement('category', text)) +
    each(keywords, (text) => textElement('keyword', text)) +
    (language === undefined ? '' : textElement('language', { text: language })) +
    each(icons, (src) => emptyElement('icon', attribute('src', src))) +
    each(urls, (text) => textElement('url', { text })) +
    each(countries, (text) => textElement('country', text)) +
    each(episodes, ({ system, value }) =>
      textElement('episode-num', { text: value }, attribute('system', system)),
    )
  );
}

function showing(programme: Programme): string {
  const { video, audio, previouslyShown, premiere, lastChance, isNew, subtitles } = programme;
  const picture =
    (video.aspect === undefined ? '' : textElement('aspect', { text: video.aspect })) +
    (video.quality === undefined ? '' : textElement('quality', { text: video.quality }));
  const sound = audio.stereo === undefined ? '' : textElement('stereo', { text: audio.stereo });
  return (
    (picture === '' ? '' : `<video>${picture}</video>`) +
    (sound === '' ? '' : `<audio>${sound}</audio>`) +
    (previouslyShown === undefined ? '' : shownBefore(previouslyShown.startMs)) +
    (premiere === undefined ? '' : said('premiere', premiere)) +
    (lastChance === undefined ? '' : said('last-chance', lastChance)) +
    (isNew ? '<new/>' : '') +
    each(subtitles, (type) => emptyElement('subtitles', attribute('type', type)))
  );
}

function shownBefore(startMs: number | undefined): string {
  const start = startMs === undefined ? undefined : formatXmltvTime(startMs);
  return emptyElement('previously-shown', attribute('start', start));
}

function said(name: string, text: string): string {
  return text === '' ? emptyElement(name) : textElement(name, { text });
}

function ratingElement(name: string, { value, system, icons }: Rating): string {
  const inner =
    textElement('value', { text: value }) +
    each(icons, (src) => emptyElement('icon', attribute('src', src)));
  return element(name, attribute('system', system), inner);
}

/** A guide has hundreds of thousands of programmes, and most of them nothing of most of this. */
function each<T>(values: readonly T[], write: (value: T) => string): string {
  if (values.length === 0) return '';
  let text = '';
  for (const value of values) text += write(value);
  return text;
}
