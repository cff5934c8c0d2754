// This file writes what an HDHomeRun device says of itself and its channels.
import type { ChannelConfig } from '../../config/config.ts';
import { escapeMarkup } from '../../media/xmltv/markup.ts';
import { formatDeviceId } from './device-id.ts';

/** A device as clients see it; `baseUrl` without a slash at its end. */
export type Device = {
  readonly id: number;
  readonly auth: string;
  readonly name: string;
  readonly tunerCount: number;
  readonly baseUrl: string;
};

/** A model whose name has `hdtc` would be asked to transcode, and this one Plex and Jellyfin know. */
const MODEL = 'HDHR4-2US';
const FIRMWARE = 'hdhomerun4_atsc';
const FIRMWARE_VERSION = '20150826';

export function discoverOf({ id, auth, name, tunerCount, baseUrl }: Device) {
  return {
    FriendlyName: name,
    Manufacturer: 'Silicondust',
    ModelNumber: MODEL,
    FirmwareName: FIRMWARE,
    FirmwareVersion: FIRMWARE_VERSION,
    DeviceID: formatDeviceId(id),
    DeviceAuth: auth,
    BaseURL: baseUrl,
    LineupURL: `${baseUrl}/lineup.json`,
    TunerCount: tunerCount,
  };
}

export type LineUpRow = {
  readonly GuideNumber: string;
  readonly GuideName: string;
  readonly URL: string;
};

export type NumberedChannel = ChannelConfig & { readonly number: number };

/**
 * Those that have a number, in its order, the first of two with the same: clients tune by nothing
 * else, and Plex takes no line-up that has one twice.
 */
export function numbered(channels: readonly ChannelConfig[]): readonly NumberedChannel[] {
  const found = new Map<number, NumberedChannel>();
  for (const channel of channels) {
    const { number } = channel;
    if (number !== undefined && !found.has(number)) found.set(number, { ...channel, number });
  }
  return [...found.values()].sort((a, b) => a.number - b.number);
}

export function lineUpRows(channels: readonly ChannelConfig[], baseUrl: string): LineUpRow[] {
  return numbered(channels).map(({ number, name }) => ({
    GuideNumber: String(number),
    GuideName: name,
    URL: `${baseUrl}/auto/v${number}`,
  }));
}

export function lineUpXml(rows: readonly LineUpRow[]): string {
  const programs = rows.map((row) => {
    const fields = Object.entries(row).map(([name, value]) => xmlElement(name, value));
    return `<Program>${fields.join('')}</Program>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Lineup>${programs.join('\n')}</Lineup>\n`;
}

/** Nothing is ever scanned for: the line-up is what the configuration says. */
export const LINEUP_STATUS = {
  ScanInProgress: 0,
  ScanPossible: 1,
  Source: 'Cable',
  SourceList: ['Cable'],
} as const;

// UPnP Device Architecture 1.0 §2.1
export function deviceXml({ id, name, baseUrl }: Device): string {
  const serial = formatDeviceId(id);
  const fields = [
    ['deviceType', 'urn:schemas-upnp-org:device:MediaServer:1'],
    ['friendlyName', name],
    ['manufacturer', 'Silicondust'],
    ['modelName', MODEL],
    ['modelNumber', MODEL],
    ['serialNumber', serial],
    ['UDN', `uuid:${uuidOf(serial)}`],
  ] as const;
  const device = fields.map(([field, value]) => xmlElement(field, value)).join('');
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n<root xmlns="urn:schemas-upnp-org:device-1-0">' +
    '<specVersion><major>1</major><minor>0</minor></specVersion>' +
    `${xmlElement('URLBase', baseUrl)}<device>${device}</device></root>\n`
  );
}

/** The same for the same device, in the form of a random one. */
function uuidOf(serial: string): string {
  const digits = Bun.hash.wyhash(serial).toString(16).padStart(16, '0');
  const low = serial.toLowerCase();
  return `${low}-${digits.slice(0, 4)}-4${digits.slice(4, 7)}-8${digits.slice(7, 10)}-${digits.slice(10, 16)}${low.slice(0, 6)}`;
}

function xmlElement(name: string, text: string): string {
  return `<${name}>${escapeMarkup(text)}</${name}>`;
}
