// This file says what the line-ups make: files as they are, all others as they were read last.
import { isUrl } from '../base/place.ts';
import type { ChannelConfig } from '../config/config.ts';
import { formatDuration } from '../config/duration.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { LineUpSetting } from '../config/resolve-lineups.ts';
import type { ImportAnswer, KeptLineUp, ShownChannel } from '../lineup/import/line-up-messages.ts';
import { readLineUps } from './read-line-ups.ts';

export type CheckedLineUps = {
  /** Rows of the report. */
  readonly rows: readonly string[];
  /** What keeps a list from making channels. */
  readonly faults: readonly string[];
  /** Names of those whose channels nobody knows yet. */
  readonly unread: readonly string[];
  /** Those of the file, and those of all line-ups of which something is known. */
  readonly channels: readonly ChannelConfig[];
};

/** Files are read as the server does at its start; nobody else is asked, and nothing is kept. */
export async function checkLineUps({ config }: LoadedConfig, worker: URL): Promise<CheckedLineUps> {
  const [rows, faults, unread]: [string[], string[], string[]] = [[], [], []];
  if (config.lineUps.length === 0) return { rows, faults, unread, channels: config.channels };
  const only = ({ place, account }: LineUpSetting) => account === undefined && !isUrl(place);
  const { outcomes, combined, channels } = await readLineUps(config, {
    worker,
    use: 'offline',
    only,
  });
  for (const setting of config.lineUps) {
    const { key, shown, refreshMs } = setting;
    const head = `${shown}, every ${formatDuration(refreshMs)}:`;
    const { answer, error } = outcomes.find((outcome) => outcome.setting === setting) ?? {};
    const kept = combined?.kept.find((lineUp) => lineUp.key === key);
    if (error !== undefined) {
      rows.push(`${shown}: cannot be read`);
      faults.push(`line-up ${shown}: ${error.message} (${error.code})`);
    } else if (answer !== undefined) {
      rows.push(`${head} ${describeImport(answer)}`, ...detailRows(answer));
    } else if (kept !== undefined) {
      rows.push(`${head} ${describeKept(kept)}`, ...keptRows(kept));
    } else {
      rows.push(`${head} not read yet; weir import --dry-run says what it would make`);
      unread.push(shown);
    }
  }
  return { rows, faults, unread, channels };
}

/** What a list makes, in one line. */
export function describeImport(answer: ImportAnswer): string {
  if (answer.kind === 'same') return 'unchanged since it was last read';
  return `${countWords(answer)}${problemWords(answer)}`;
}

function describeKept(kept: KeptLineUp): string {
  const readAt = new Date(kept.fetchedMs).toISOString();
  return `${countWords(kept)}, read ${readAt}${problemWords(kept)}`;
}

function countWords({ channels, films }: Pick<KeptLineUp, 'channels' | 'films'>): string {
  const beside = films === 0 ? '' : ` and ${films} films, episodes and series`;
  return `${channels === 1 ? '1 channel' : `${channels} channels`}${beside}`;
}

function problemWords({ problems }: Pick<KeptLineUp, 'problems'>): string {
  const wrong = Object.entries(problems.counts).map(([reason, times]) => `${reason} ${times}`);
  return wrong.length === 0 ? '' : `; in the list: ${wrong.join(', ')}`;
}

function keptRows({ merged, gone, unusedRules, isOutdated, isWaiting }: KeptLineUp): string[] {
  return [
    ...(merged > 0 ? [`  ${merged} of its entries are another source of a channel`] : []),
    ...(gone > 0 ? [`  ${gone} that left it are kept for when they come back`] : []),
    ...unusedRules.map(unusedRow),
    ...(isOutdated ? ['  its settings have changed since, so that it will be read anew'] : []),
    ...(isWaiting ? ['  the store has not taken it yet: ids of what is new may change'] : []),
  ];
}

function detailRows(answer: ImportAnswer): string[] {
  if (answer.kind === 'same') return [];
  const { first, channels, unusedRules } = answer;
  const more = channels - first.length;
  return [
    ...first.map(channelRow),
    ...(more > 0 ? [`  and ${more} more`] : []),
    ...unusedRules.map(unusedRow),
  ];
}

function unusedRow(rule: string): string {
  return `  nothing was found by ${rule}`;
}

function channelRow({ id, number, name, group }: ShownChannel): string {
  const [before, after] = [number === undefined ? '' : `${number} `, group && `, group ${group}`];
  return `  ${id}: ${before}${name}${after ?? ''}`;
}
