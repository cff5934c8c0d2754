// This file writes the home folder of a Kodi that is new, quiet, and knows one line-up.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { escapeMarkup } from '../../src/media/xmltv/markup.ts';

export type KodiProfile = {
  readonly lineUpUrl: string;
  readonly rpcPort: number;
  /** Of the event server, which cannot be left out where JSON-RPC is wanted. */
  readonly eventPort: number;
};

/** Nothing is looked up, announced or updated; JSON-RPC over TCP at 127.0.0.1 alone. */
const quiet = (eventPort: number) => ({
  'services.esenabled': 'true',
  'services.esport': String(eventPort),
  'services.esallinterfaces': 'false',
  'services.webserver': 'false',
  'services.zeroconf': 'false',
  'services.wsdiscovery': 'false',
  'services.upnp': 'false',
  'services.airplay': 'false',
  'lookandfeel.enablerssfeeds': 'false',
  'general.addonupdates': '2',
  'general.addonnotifications': 'false',
  'network.httpproxytype': '0',
  'screensaver.mode': '',
  // As the back end has them, in its order: what a person chooses who keeps a line-up in order
  'pvrmanager.backendchannelorder': 'true',
  'pvrmanager.usebackendchannelnumbers': 'true',
  'pvrmanager.usebackendchannelnumbersalways': 'true',
  'epg.pastdaystodisplay': '1',
});

/** The guide is the one that the line-up points to; catch-up where a channel has it. */
const addOn = (lineUpUrl: string) => ({
  m3uPathType: '1',
  m3uUrl: lineUpUrl,
  m3uCache: 'false',
  startNum: '1',
  numberByOrder: 'false',
  epgPathType: '1',
  epgUrl: '',
  epgCache: 'false',
  logoPathType: '1',
  logoFromEpg: '1',
  catchupEnabled: 'true',
  catchupDays: '1',
  timeshiftEnabled: 'false',
});

export function writeKodiProfile(home: string, profile: KodiProfile): void {
  const userdata = join(home, '.kodi/userdata');
  const addOnData = join(userdata, 'addon_data/pvr.iptvsimple');
  mkdirSync(addOnData, { recursive: true });
  // Without these two it takes the file for a broken one
  const sections = '<viewstates/><resolutions/>';
  writeFileSync(join(userdata, 'guisettings.xml'), settings(quiet(profile.eventPort), sections));
  writeFileSync(join(addOnData, 'settings.xml'), settings(addOn(profile.lineUpUrl)));
  writeFileSync(
    join(userdata, 'advancedsettings.xml'),
    `<advancedsettings version="1.0">
  <jsonrpc><tcpport>${profile.rpcPort}</tcpport></jsonrpc>
  <loglevel hide="true">1</loglevel>
  <splash>false</splash>
</advancedsettings>\n`,
  );
}

function settings(values: Readonly<Record<string, string>>, sections = ''): string {
  const rows = Object.entries(values).map(
    ([id, value]) => `  <setting id="${id}">${escapeMarkup(value)}</setting>`,
  );
  return `<settings version="2">${sections}\n${rows.join('\n')}\n</settings>\n`;
}
