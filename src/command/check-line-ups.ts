// This file says what the line-ups would make, or why they cannot be read.
import { formatDuration } from '../config/duration.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { ImportAnswer, ShownChannel } from '../lineup/line-up-messages.ts';
import { readLineUps } from './read-line-ups.ts';

export type CheckedLineUps = {
  /** Rows of the report. */
  readonly rows: readonly string[];
  /** What keeps a list from making channels. */
  readonly faults: readonly string[];
};

/** Reads each as the server does at its start, and keeps nothing. */
export async function checkLineUps({ config }: LoadedConfig, worker: URL): Promise<CheckedLineUps> {
  const rows: string[] = [];
  const faults: string[] = [];
  if (config.lineUps.length === 0) return { rows, faults };
  const { outcomes } = await readLineUps(config, { worker, isTrial: true });
  for (const { setting, answer, error } of outcomes) {
    const { shown, refreshMs } = setting;
    if (error !== undefined) {
      rows.push(`${shown}: cannot be read`);
      faults.push(`line-up ${shown}: ${error.message} (${error.code})`);
    } else if (answer !== undefined) {
      rows.push(`${shown}, every ${formatDuration(refreshMs)}: ${describeImport(answer)}`);
      rows.push(...detailRows(answer));
    }
  }
  return { rows, faults };
}

/** What a list makes, in one line. */
export function describeImport(answer: ImportAnswer): string {
  if (answer.kind === 'same') return 'unchanged since it was last read';
  const { channels, films, problems } = answer;
  const beside = films === 0 ? '' : ` and ${films} films, episodes and series`;
  const count = `${channels === 1 ? '1 channel' : `${channels} channels`}${beside}`;
  const wrong = Object.entries(problems.counts).map(([reason, times]) => `${reason} ${times}`);
  return wrong.length === 0 ? count : `${count}; in the list: ${wrong.join(', ')}`;
}

function detailRows(answer: ImportAnswer): string[] {
  if (answer.kind === 'same') return [];
  const { first, channels, unusedRules } = answer;
  const more = channels - first.length;
  return [
    ...first.map(channelRow),
    ...(more > 0 ? [`  and ${more} more`] : []),
    ...unusedRules.map((rule) => `  nothing was found by ${rule}`),
  ];
}

function channelRow({ id, number, name, group }: ShownChannel): string {
  const [before, after] = [number === undefined ? '' : `${number} `, group && `, group ${group}`];
  return `  ${id}: ${before}${name}${after ?? ''}`;
}
