// This file asks for what was shown as Kodi's IPTV Simple client does, flaws included.
import { markerValue } from './kodi.ts';

export type KodiCatchup = {
  readonly url: string;
  readonly days: number;
  /** The address with its specifiers in it. */
  readonly source: string;
  /** A stretch with an end is taken for a film, not for what goes on. */
  readonly terminates: boolean;
};

export type Programme = { readonly startS: number; readonly endS: number };

/** As the client is set up by itself. */
const BEGIN_BUFFER_S = 5 * 60;
const END_BUFFER_S = 15 * 60;
const DEFAULT_DAYS = 5;

/** Of each channel, in the order of the list; undefined where it shows no past of it. */
export function readKodiCatchup(text: string): readonly (KodiCatchup | undefined)[] {
  const found: (KodiCatchup | undefined)[] = [];
  let info = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('#EXTINF')) info = line.slice(line.indexOf(':') + 1, line.lastIndexOf(','));
    else if (line !== '' && !line.startsWith('#')) found.push(catchupIn(info, line));
  }
  return found;
}

function catchupIn(info: string, url: string): KodiCatchup | undefined {
  const value = (marker: string): string => markerValue(info, marker);
  const siptvDays =
    Number.parseInt(value('timeshift='), 10) || Number.parseInt(value('tvg-rec='), 10) || 0;
  const written = (value('catchup=') || value('catchup-type=')).toLowerCase();
  const mode = written === '' && siptvDays > 0 ? 'shift' : written;
  const source = sourceOf(mode, value('catchup-source='), url);
  if (source === undefined) return undefined;
  const days = value('catchup-days=');
  return {
    url,
    source,
    days: days !== '' ? Number.parseInt(days, 10) || 0 : siptvDays || DEFAULT_DAYS,
    terminates: /\{duration[}:]|\{lutc[}:]|\$\{timestamp[}:]|\{utcend[}:]|\$\{end[}:]/.test(source),
  };
}

function sourceOf(mode: string, written: string, url: string): string | undefined {
  switch (mode) {
    case 'default':
      return written || undefined;
    case 'append':
      return written === '' ? undefined : url + written;
    case 'shift':
      return `${url}${url.includes('?') ? '&' : '?'}utc={utc}&lutc={lutc}`;
    default:
      return undefined;
  }
}

/** What it opens when somebody plays a programme out of the guide; `zoneS` is the box's own. */
export function kodiCatchupUrl(
  { url, source }: KodiCatchup,
  { startS, endS }: Programme,
  nowS: number,
  zoneS = 0,
): string {
  const fromS = startS - BEGIN_BUFFER_S;
  let durationS = endS - startS + BEGIN_BUFFER_S + END_BUFFER_S;
  if (startS + durationS > nowS) durationS = nowS - startS;
  // What has only just begun is played as it is on
  return fromS < nowS - 5 ? filledIn(source, fromS, durationS, nowS, zoneS) : url;
}

const dollar = (name: string): string => `${'$'}{${name}}`;

/** Each specifier once, wherever it stands first; dates by the clock of the box. */
export function filledIn(
  source: string,
  fromS: number,
  durationS: number,
  nowS: number,
  zoneS = 0,
): string {
  const local = new Date((fromS + zoneS) * 1000).toISOString();
  const parts: readonly (readonly [string, string | number])[] = [
    ['{Y}', local.slice(0, 4)],
    ['{m}', local.slice(5, 7)],
    ['{d}', local.slice(8, 10)],
    ['{H}', local.slice(11, 13)],
    ['{M}', local.slice(14, 16)],
    ['{S}', local.slice(17, 19)],
    ['{utc}', fromS],
    [dollar('start'), fromS],
    ['{utcend}', fromS + durationS],
    [dollar('end'), fromS + durationS],
    ['{lutc}', nowS],
    [dollar('timestamp'), nowS],
    ['{duration}', durationS],
    [dollar('offset'), nowS - fromS],
  ];
  let filled = source;
  for (const [specifier, value] of parts) filled = filled.replace(specifier, () => String(value));
  return inUnits(inUnits(filled, 'duration', durationS), 'offset', nowS - fromS);
}

/** `{duration:60}` are minutes; a division by nothing leaves it as it is. */
function inUnits(source: string, name: string, seconds: number): string {
  const found = new RegExp(`\\{${name}:(\\d+)\\}`).exec(source);
  const divisor = Number(found?.[1] ?? 0);
  if (found === null || divisor === 0) return source;
  return source.replace(found[0], String(Math.max(0, Math.floor(seconds / divisor))));
}
