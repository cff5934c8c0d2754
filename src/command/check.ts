// This file is `weir check`: it loads the configuration and says what it means.
import { stat } from 'node:fs/promises';
import { isUrl } from '../base/place.ts';
import { redactUrl } from '../base/redact.ts';
import type { ChannelConfig, SourceConfig } from '../config/config.ts';
import { formatDuration } from '../config/duration.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { formatOrigin } from '../config/origin.ts';
import { logoSourceOf } from '../lineup/logos/logo-source.ts';
import { archiveRows, archiveSentence } from './archive-words.ts';
import { checkLineUps } from './check-line-ups.ts';
import { EXIT, type ExitCode, type Given, type Terminal } from './command-line.ts';
import { loadInput } from './config-flags.ts';
import { deviceRows } from './device-rows.ts';
import { guideRows } from './guide-rows.ts';
import { memoryRows } from './memory-room.ts';
import { overflowRows } from './overflow-rows.ts';
import { storeRows } from './store-rows.ts';
import { warningsOf } from './warnings.ts';

/** `worker` is the entry of the thread that reads line-ups. */
export async function runCheck(given: Given, terminal: Terminal, worker: URL): Promise<ExitCode> {
  const loaded = await loadConfig(loadInput(given, terminal));
  const missing = await missingFiles(loaded);
  const lineUps = await checkLineUps(loaded, worker);
  const guides = await guideRows(loaded.config, lineUps);
  terminal.out(describeConfig(loaded, lineUps.rows, guides));
  const faults = [
    ...lineUps.faults,
    ...missing.map(({ key, path, reason }) => `${key}: ${path} ${reason}`),
  ];
  for (const fault of faults) terminal.error(`weir: ${fault}\n`);
  if (faults.length > 0) return EXIT.failed;
  terminal.out('The configuration is good.\n');
  return EXIT.ok;
}

/** What a configuration means, in plain words and without its secrets. */
export function describeConfig(
  loaded: LoadedConfig,
  lineUps: readonly string[] = [],
  guides: readonly string[] = [],
): string {
  const source =
    loaded.file === undefined ? 'no file, only defaults and what is set below' : loaded.file;
  const sections = [
    `Configuration: ${source}`,
    block('Settings', settingRows(loaded)),
    block('Memory', memoryRows(loaded.config)),
    block('Beyond memory', overflowRows(loaded.config)),
    block('Store', storeRows(loaded.config)),
    block('Archives', archiveRows(loaded.config)),
    block(
      `Channels (${loaded.config.channels.length})`,
      loaded.config.channels.flatMap(channelRows),
    ),
    block('Line-ups', lineUps),
    block('Guides', guides),
    block('HDHomeRun devices', deviceRows(loaded.config)),
    block(
      'Without effect in this version',
      loaded.later.map(({ key, place }) => `${key} (${place})`),
    ),
    block('Mind', warningRows(loaded)),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n\n`;
}

function block(title: string, rows: readonly string[]): string {
  if (rows.length === 0) return '';
  return `${title}\n${rows.map((row) => `  ${row}`).join('\n')}`;
}

function settingRows(loaded: LoadedConfig): string[] {
  const width = Math.max(...loaded.settings.map(({ key }) => key.length)) + 2;
  return loaded.settings.map(({ key, shown, origin }) => {
    const value = shown === '' ? 'not set' : shown;
    return `${key.padEnd(width)}${value.padEnd(24)} ${formatOrigin(origin)}`.trimEnd();
  });
}

const MODE_WORDS: Readonly<Record<ChannelConfig['mode'], string>> = {
  buffered: 'from the buffer',
  proxy: 'NOT buffered: piped through from the upstream',
  host: 'NOT buffered: viewers are sent to another host',
  redirect: 'NOT buffered: viewers are sent to the upstream itself',
};

function channelRows(channel: ChannelConfig): string[] {
  const number = channel.number === undefined ? '' : `${channel.number} `;
  const group = channel.group === undefined ? '' : `, group ${channel.group}`;
  const warm = channel.keepWarm ? ', kept warm' : '';
  const head = `${channel.id}: ${number}${channel.name}${group}, ${MODE_WORDS[channel.mode]}${warm}`;
  const sources = channel.sources.map((source, index) => {
    const rank = index === 0 ? 'from' : 'else';
    return `    ${rank} ${describeSource(source)}`;
  });
  const { slate } = channel;
  if (slate !== undefined) sources.push(`    while none plays, ${describeSource(slate)}`);
  const { silenceMs, blackMs } = channel.failover ?? {};
  if (silenceMs !== undefined)
    sources.push(`    each left after ${formatDuration(silenceMs)} of silence`);
  if (blackMs !== undefined)
    sources.push(`    each left after ${formatDuration(blackMs)} of one colour`);
  if (channel.archive !== undefined) sources.push(`    ${archiveSentence(channel.archive)}`);
  return [head, ...sources];
}

function describeSource(source: SourceConfig): string {
  if (source.kind === 'loop') {
    const { files } = source;
    return typeof files === 'string' ? `the ${files} inside weir` : `a loop of ${files.join(', ')}`;
  }
  if (source.kind === 'datagram') {
    const nic = source.target.interface;
    const at = nic === undefined ? '' : ` at ${nic}`;
    return `${redactUrl(source.url)}${at}, cut every ${formatDuration(source.segmentMs)}`;
  }
  const proxy = source.proxy === undefined ? '' : ` through ${redactUrl(source.proxy)}`;
  const names = Object.keys(source.headers);
  const headers = names.length === 0 ? '' : ` with ${names.join(', ')}`;
  const provider = source.provider === undefined ? '' : ` by ${source.provider}`;
  if (source.kind === 'url') return `${redactUrl(source.url)}${proxy}${headers}${provider}`;
  const { durationMs, delayMs, first, atMs } = source.sequence;
  const heights = source.qualities.map(({ height }) => `${height}p`).join(', ');
  const qualities = heights === '' ? '' : ` in ${heights}`;
  const start = `segment ${first} at ${new Date(atMs).toISOString()}`;
  const pace = `one each ${formatDuration(durationMs)}, there after ${formatDuration(delayMs)}`;
  return `${redactUrl(source.template)}${qualities} (${start}, ${pace})${proxy}${headers}${provider}`;
}

function warningRows(loaded: LoadedConfig): string[] {
  return warningsOf({ ...loaded, later: [] }).map(({ message, fields }) => {
    const words = Object.entries(fields).map(([name, value]) => `${name} ${value}`);
    return words.length === 0 ? message : `${message} (${words.join(', ')})`;
  });
}

type MissingFile = { readonly key: string; readonly path: string; readonly reason: string };

/** Files that the configuration names and that are not there to be read. */
async function missingFiles(loaded: LoadedConfig): Promise<MissingFile[]> {
  const logos = loaded.config.channels.flatMap(({ id, logo }) => {
    const source = logo === undefined ? undefined : logoSourceOf(logo);
    return source?.kind === 'file' ? [{ key: `channel ${id}, logo`, path: source.path }] : [];
  });
  const named = loaded.config.channels.flatMap((channel) =>
    [...channel.sources, channel.slate].flatMap((source) =>
      source?.kind === 'loop' && typeof source.files !== 'string'
        ? source.files.map((path) => ({ key: `channel ${channel.id}, loop`, path }))
        : [],
    ),
  );
  const guides = loaded.config.guides.flatMap(({ place }) =>
    isUrl(place) ? [] : [{ key: 'guide', path: place }],
  );
  const missing: MissingFile[] = [];
  for (const { key, path } of [...named, ...logos, ...guides]) {
    const stats = await stat(path).catch(() => undefined);
    if (stats === undefined) missing.push({ key, path, reason: 'is not there, wanted a file' });
    else if (!stats.isFile()) missing.push({ key, path, reason: 'is no file, wanted one' });
  }
  return missing;
}
