// This file writes line-ups as the bouquets of Enigma2 set-top boxes, and what puts them there.
import type { M3uEntry, M3uLineUp } from '../media/m3u/entry.ts';
import { safeEntry } from '../media/m3u/format.ts';
import { plainText } from '../media/m3u/safe-text.ts';
import { idFromName } from './channel-id.ts';

/** As tvheadend names it; boxes look at the name of the file alone. */
export const BOUQUET_TYPE = 'application/x-e2-bouquet; charset=utf-8';
export const SCRIPT_TYPE = 'application/x-sh; charset=utf-8';

/** What the box shows as the list of its bouquets. */
export const INDEX_FILE = 'bouquets.tv';

/** 1 is the box's own demuxer, which takes MPEG-TS alone; 4097 is GStreamer. */
const TYPES = { ts: '1', hls: '4097' } as const;
const NUMBERS = ':0:0:0:0:0:0:0:0:0:';

/** A bouquet of one group goes by the name of that. */
export function bouquetName(groups: readonly string[]): string {
  const [group = ''] = groups;
  return (groups.length === 1 ? plainText(group) : '') || 'weir';
}

/** Of nothing that a shell or a box reads as anything else. */
export function bouquetFile(groups: readonly string[]): string {
  const [group = ''] = groups;
  const tail = groups.length === 1 && group !== '' ? `-${idFromName(group)}` : '';
  return `userbouquet.weir${tail}.tv`;
}

export function formatBouquet(name: string, { entries }: M3uLineUp): string {
  const lines = [`#NAME ${plainText(name)}`];
  for (const entry of entries) {
    const safe = safeEntry(entry);
    if (safe !== undefined) lines.push(...formatService(safe));
  }
  return `${lines.join('\n')}\n`;
}

function formatService({ name, url, form }: M3uEntry): readonly string[] {
  const type = TYPES[form ?? 'hls'];
  return [`#SERVICE ${type}${NUMBERS}${escaped(url)}:${escaped(name)}`, `#DESCRIPTION ${name}`];
}

/** The box undoes one layer of percent-encoding, so what is encoded already is so twice. */
function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll(':', '%3a');
}

/** The list of bouquets, for a box that has none but ours. */
export function formatBouquetIndex(file: string): string {
  return `#NAME Bouquets (TV)\n${indexLine(file)}\n`;
}

function indexLine(file: string): string {
  return `#SERVICE 1:7:1:0:0:0:0:0:0:0:FROM BOUQUET "${file}" ORDER BY bouquet`;
}

/**
 * A script that fetches the bouquet into the box and has it shown: `wget -qO- URL | sh`, by hand or
 * each night. Nothing in the name of the file ends the quotes, and in `url` nothing is let to.
 */
export function formatBouquetScript(file: string, url: string): string {
  return `#!/bin/sh
# Brings the channels of weir into this Enigma2 box; run it again to bring them up to date.
folder="\${ENIGMA2_FOLDER:-/etc/enigma2}"
bouquet="$folder/${file}"
index="$folder/${INDEX_FILE}"
if ! wget -q -O "$bouquet.new" '${url.replaceAll("'", '%27')}' || ! grep -q '^#NAME ' "$bouquet.new"; then
  rm -f "$bouquet.new"
  echo 'Cannot fetch the channels: nothing was changed' >&2
  exit 1
fi
mv "$bouquet.new" "$bouquet"
[ -s "$index" ] || echo '#NAME Bouquets (TV)' > "$index"
[ -z "$(tail -c 1 "$index")" ] || echo >> "$index"
grep -qF '"${file}"' "$index" || echo '${indexLine(file)}' >> "$index"
wget -q -O /dev/null 'http://127.0.0.1/web/servicelistreload?mode=2' ||
  echo 'The channels are there after a restart of the box'
`;
}
