// This file reads a guide as Kodi and Jellyfin do, and refuses what either would leave out.
import { XMLParser, XMLValidator } from 'fast-xml-parser';

export type GuideProgramme = {
  readonly channel: string;
  readonly startMs: number;
  readonly stopMs: number;
  readonly title: string;
};

export type PlayerGuide = {
  readonly channels: ReadonlyMap<string, string>;
  /** Number → id: by it alone a tuner's channel is joined to its programmes. */
  readonly byNumber: ReadonlyMap<string, string>;
  readonly programmes: readonly GuideProgramme[];
};

/** Jellyfin: what is no such date is no programme. */
const JELLYFIN_DATE = /^[0-9]{4,14}(\s[+-]*[0-9]{1,4})?$/;
/** Kodi: fourteen digits, one space, an offset. */
const KODI_DATE = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d) ([+-])(\d\d)(\d\d)$/;

const parser = new XMLParser({
  ...{ ignoreAttributes: false, attributeNamePrefix: '@', parseTagValue: false },
  ...{ ignoreDeclaration: true, processEntities: { enabled: true, maxTotalExpansions: 1e6 } },
});

// Jellyfin.XmlTv, SetChannelNumber: whatever .NET parses as a number, a dash being a point
function isNumber(name: string): boolean {
  return /^\s*[-+]?\d[\d,]*(?:\.\d*)?\s*$/.test(name.replaceAll('-', '.'));
}

type Element = Readonly<Record<string, unknown>>;

function list(value: unknown): readonly Element[] {
  return [value ?? []].flat() as Element[];
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  return String((value as Element | undefined)?.['#text'] ?? '');
}

function timeOf(value: unknown): number {
  const written = String(value);
  const found = KODI_DATE.exec(written);
  if (found === null || !JELLYFIN_DATE.test(written)) throw new Error(`no date: ${written}`);
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number) as [
    ...[number, number, number],
    ...[number, number, number],
  ];
  const offsetMs = (Number(found[8]) * 60 + Number(found[9])) * 60_000;
  const utcMs = Date.UTC(year, month - 1, day, hour, minute, second);
  return found[7] === '+' ? utcMs - offsetMs : utcMs + offsetMs;
}

export function readAsPlayers(xml: string): PlayerGuide {
  const verdict = XMLValidator.validate(xml);
  if (verdict !== true) throw new Error(`no XML: ${verdict.err.msg} at ${verdict.err.line}`);
  const { tv } = parser.parse(xml) as { tv: { channel?: unknown; programme?: unknown } };
  const channels = new Map<string, string>();
  const byNumber = new Map<string, string>();
  for (const channel of list(tv.channel)) {
    const id = String(channel['@id'] ?? '');
    const name = text(list(channel['display-name'])[0]);
    if (id === '' || name === '') throw new Error(`a channel without id or name: ${id} ${name}`);
    if (channels.has(id)) throw new Error(`two channels ${id}`);
    channels.set(id, name);
    // Jellyfin: the last name that is a number, and the last channel that has it
    const numbers = list(channel['display-name']).map(text).filter(isNumber);
    const number = numbers.at(-1);
    if (number !== undefined) byNumber.set(number, id);
  }
  // Kodi takes no guide without any
  if (channels.size === 0) throw new Error('no channel');
  const programmes = list(tv.programme).map((programme) => {
    const channel = String(programme['@channel']);
    const title = text(list(programme['title'])[0]);
    const [startMs, stopMs] = [timeOf(programme['@start']), timeOf(programme['@stop'])];
    if (!channels.has(channel)) throw new Error(`a programme of nobody: ${channel}`);
    if (title === '' || stopMs <= startMs) throw new Error(`no programme: ${title}`);
    for (const number of list(programme['episode-num'])) {
      if (
        number['@system'] === 'xmltv_ns' &&
        !/^[\d ./]*\.[\d ./]*\.[\d ./]*$/.test(text(number))
      ) {
        throw new Error(`no episode: ${text(number)}`);
      }
    }
    // Kodi: eight digits are a day, four a year
    const date = programme['date'];
    if (date !== undefined && !/^(\d{4}|\d{8})$/.test(text(date))) throw new Error('no day');
    return { channel, startMs, stopMs, title };
  });
  return { channels, byNumber, programmes };
}
