// This file reads what a device says of itself as the strictest of its clients does.
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { isDeviceId } from '../../../src/lineup/hdhomerun/device-id.ts';

export type Tuned = { readonly number: string; readonly name: string; readonly url: string };

type Kind = 'text' | 'whole' | 'flag' | 'url' | 'texts';

const IS: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string' && value !== '',
  whole: (value) => Number.isInteger(value) && (value as number) >= 0,
  flag: (value) => value === 0 || value === 1,
  url: (value) => typeof value === 'string' && /^https?:\/\/[^/\s]+/.test(value),
  texts: (value) => Array.isArray(value) && value.length > 0 && value.every(IS.text),
};

/** Throws where a key is missing, of another type, or one that no client knows. */
function decode(
  what: string,
  value: unknown,
  required: Readonly<Record<string, Kind>>,
  optional: Readonly<Record<string, Kind>> = {},
): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new Error(`${what} is no object`);
  const found = value as Record<string, unknown>;
  for (const [key, kind] of Object.entries(required)) {
    if (!IS[kind](found[key])) throw new Error(`${what}.${key} is no ${kind}: ${found[key]}`);
  }
  for (const [key, held] of Object.entries(found)) {
    const kind = required[key] ?? optional[key];
    if (kind === undefined) throw new Error(`${what}.${key} is unknown`);
    if (!IS[kind](held)) throw new Error(`${what}.${key} is no ${kind}: ${held}`);
  }
  return found;
}

export function readDiscover(value: unknown) {
  const found = decode('discover', value, {
    FriendlyName: 'text',
    Manufacturer: 'text',
    ModelNumber: 'text',
    FirmwareName: 'text',
    FirmwareVersion: 'text',
    DeviceID: 'text',
    DeviceAuth: 'text',
    BaseURL: 'url',
    LineupURL: 'url',
    TunerCount: 'whole',
  }) as Record<string, string>;
  const { DeviceID = '', DeviceAuth = '', BaseURL = '', LineupURL = '', ModelNumber = '' } = found;
  // libhdhomerun: eight digits with a sum; longer ones lose the favourites of Plex
  if (!/^[0-9A-F]{8}$/.test(DeviceID) || !isDeviceId(Number.parseInt(DeviceID, 16))) {
    throw new Error(`DeviceID ${DeviceID} is none`);
  }
  if (DeviceAuth.length !== 24) throw new Error(`DeviceAuth is of ${DeviceAuth.length} characters`);
  if (LineupURL !== `${BaseURL}/lineup.json`) throw new Error('LineupURL lies elsewhere');
  // Jellyfin would ask such a model to transcode
  if (/hdtc/i.test(ModelNumber)) throw new Error(`ModelNumber ${ModelNumber} can transcode`);
  return { id: DeviceID, baseUrl: BaseURL, lineUpUrl: LineupURL, name: found['FriendlyName'] };
}

/** Numbers as remotes have them; each once, since clients know a channel by nothing else. */
export function readLineup(value: unknown): readonly Tuned[] {
  if (!Array.isArray(value)) throw new Error('the line-up is no list');
  const seen = new Set<string>();
  return value.map((row) => {
    const found = decode(
      'row',
      row,
      { GuideNumber: 'text', GuideName: 'text', URL: 'url' },
      { VideoCodec: 'text', AudioCodec: 'text', HD: 'flag', Favorite: 'flag', Tags: 'text' },
    );
    const [number, name, url] = [
      found['GuideNumber'],
      found['GuideName'],
      found['URL'],
    ] as string[];
    if (!/^[1-9]\d{0,4}(?:\.\d{1,3})?$/.test(number!)) throw new Error(`no number: ${number}`);
    if (seen.has(number!)) throw new Error(`two channels of number ${number}`);
    seen.add(number!);
    // Plex keeps the name as it is in a line of its own
    if (/[\u0000-\u001f\u007f]/.test(name!)) throw new Error(`controls in ${name}`);
    return { number: number!, name: name!, url: url! };
  });
}

export function readStatus(value: unknown): void {
  decode('status', value, {
    ScanInProgress: 'flag',
    ScanPossible: 'flag',
    Source: 'text',
    SourceList: 'texts',
  });
}

// XML 1.0 §2.2: Char
const NO_CHAR = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

function parseStrictly(text: string): Record<string, unknown> {
  if (NO_CHAR.test(text)) throw new Error('characters that XML has not');
  const verdict = XMLValidator.validate(text);
  if (verdict !== true) throw new Error(`no XML: ${verdict.err.msg}`);
  const parser = new XMLParser({
    parseTagValue: false,
    trimValues: false,
    ignoreDeclaration: true,
  });
  return parser.parse(text) as Record<string, unknown>;
}

export function readLineupXml(text: string): readonly Tuned[] {
  const { Lineup } = parseStrictly(text) as { Lineup: { Program?: unknown } | '' };
  const programs = Lineup === '' ? [] : [Lineup.Program ?? []].flat();
  return readLineup(programs);
}

export function readDeviceXml(text: string): { readonly serial: string; readonly udn: string } {
  const { root } = parseStrictly(text) as { root: { URLBase: string; device: unknown } };
  const device = decode('device', root.device, {
    deviceType: 'text',
    friendlyName: 'text',
    manufacturer: 'text',
    modelName: 'text',
    modelNumber: 'text',
    serialNumber: 'text',
    UDN: 'text',
  }) as Record<string, string>;
  // UPnP Device Architecture 1.0 §2.1
  if (!/^uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(device['UDN']!)) {
    throw new Error(`UDN ${device['UDN']} is none`);
  }
  return { serial: device['serialNumber']!, udn: device['UDN']! };
}
