// This file measures how fast line-ups are read, made into channels and written.
import { type ChannelRow, RowReader } from '../../src/lineup/import/channel-row.ts';
import { settle } from '../../src/lineup/import/identity/settle.ts';
import { packEntries } from '../../src/lineup/import/list-entries.ts';
import { readEntry } from '../../src/lineup/import/list-entry.ts';
import { knownRows } from '../../src/lineup/import/packed-entries.ts';
import { lineUpOf } from '../../src/lineup/line-up.ts';
import { formatM3u } from '../../src/media/m3u/format.ts';
import { parseM3u } from '../../src/media/m3u/parse.ts';

export type Measurement = { readonly name: string; readonly value: number; readonly unit: string };

/** A provider's list with all its films. */
const ENTRIES = 50_000;

/** Each step once over the whole list, as an import does it; a test may ask for a shorter list. */
export function benchM3uParse(entryCount = ENTRIES): Measurement[] {
  const text = listText(entryCount);
  const parsed = timed(() => parseM3u(text));
  const imported = timed(() => {
    const entries = parsed.value.entries.flatMap((entry) => readEntry(entry, '', () => {}) ?? []);
    return [...settle(packEntries(entries), knownRows([]), NOTHING_KNOWN).rows];
  });
  const reader = new RowReader();
  const channels = imported.value.map(({ id, name, url }) =>
    reader.channel({ id, name, sources: [{ url }] } satisfies ChannelRow),
  );
  const request = { kind: 'line-up', groups: [] } as const;
  const options = { ownBase: 'http://tv.example', hasGuide: true };
  const composed = timed(() => lineUpOf(channels, request, options));
  const written = timed(() => formatM3u(composed.value));
  if (written.value.split('\n').length !== 2 * entryCount + 2) throw new Error('Entries were lost');
  const perSecond = (durationMs: number): number => (entryCount / durationMs) * 1000;
  return [
    { name: 'M3U parse', value: perSecond(parsed.durationMs), unit: 'entries/s' },
    { name: 'M3U parse', value: text.length / parsed.durationMs / 1000, unit: 'MB/s' },
    { name: 'M3U import', value: perSecond(imported.durationMs), unit: 'entries/s' },
    { name: 'line-up compose', value: perSecond(composed.durationMs), unit: 'entries/s' },
    { name: 'line-up format', value: perSecond(written.durationMs), unit: 'entries/s' },
  ];
}

const NOTHING_KNOWN = {
  takenIds: new Set<string>(),
  takenNumbers: new Set<number>(),
  numbers: new Map<string, number>(),
  edition: 1,
  nowMs: 0,
};

function timed<T>(run: () => T): { readonly value: T; readonly durationMs: number } {
  const startedAtMs = performance.now();
  const value = run();
  return { value, durationMs: performance.now() - startedAtMs };
}

/** As providers write it: ids shared by qualities, accents, commas, a token on every URL. */
function listText(entryCount: number): string {
  const lines = ['#EXTM3U x-tvg-url="http://guide.example/all.xml.gz"'];
  for (let index = 0; index < entryCount; index += 1) {
    const name = `Télé ${index}, ${index % 3 === 0 ? 'HD' : 'SD'}`;
    lines.push(
      `#EXTINF:-1 tvg-id="tele${index >> 1}.example" tvg-name="${name}" tvg-logo="http://logo.example/${index}.png" group-title="Group ${index % 40}",${name}`,
      `http://provider.example:8080/live/user/secret/${index}.m3u8?token=0123456789abcdef`,
    );
  }
  return lines.join('\n');
}
