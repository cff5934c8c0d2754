// This file is `weir import`: it reads all line-ups now and says what that changes.
import { loadConfig } from '../config/load.ts';
import type { ImportAnswer } from '../lineup/import/line-up-messages.ts';
import { describeImport } from './check-line-ups.ts';
import {
  EXIT,
  type ExitCode,
  type Given,
  isGiven,
  printable,
  type Terminal,
} from './command-line.ts';
import { loadInput } from './config-flags.ts';
import { type LineUpOutcome, readLineUps } from './read-line-ups.ts';

/** Of each kind of change; the count says how many there are. */
const SHOWN_MAX = 20;
const BAR_CHARS = 24;

export async function runImport(given: Given, terminal: Terminal, worker: URL): Promise<ExitCode> {
  const { config } = await loadConfig(loadInput(given, terminal));
  const isJson = isGiven(given, '--json');
  const isTrial = isGiven(given, '--dry-run');
  if (config.lineUps.length === 0) {
    terminal.error('weir: there are no line-ups, wanted lineups in the configuration or --m3u\n');
    return EXIT.failed;
  }
  const bar = terminal.isPerson && !isJson ? createBar(terminal, config.lineUps.length) : undefined;
  const { outcomes } = await readLineUps(config, {
    worker,
    use: isTrial ? 'trial' : 'command',
    ...(isGiven(given, '--accept-shrunk') ? { mayShrink: true } : {}),
    begins: ({ shown }, index) => bar?.show(index, shown),
  });
  bar?.clear();
  if (isJson) terminal.out(`${JSON.stringify({ isTrial, lineUps: outcomes.map(plain) })}\n`);
  else terminal.out(`${[...outcomes.flatMap(rowsOf), ending(outcomes, isTrial)].join('\n')}\n`);
  return outcomes.every(({ error }) => error === undefined) ? EXIT.ok : EXIT.failed;
}

/** One line that is drawn anew over itself. */
function createBar(terminal: Terminal, total: number) {
  return {
    show(done: number, name: string): void {
      const full = Math.round((done / total) * BAR_CHARS);
      const bar = '█'.repeat(full) + '░'.repeat(BAR_CHARS - full);
      terminal.error(`\r\u001b[K${bar} ${done + 1}/${total} ${printable(name)}`);
    },
    clear: () => terminal.error('\r\u001b[K'),
  };
}

function plain({ setting, answer, error }: LineUpOutcome) {
  const name = setting.shown;
  if (error !== undefined) return { name, error: { code: error.code, message: error.message } };
  if (answer?.kind !== 'taken') return { name, isUnchanged: true };
  const { kind: _, changes, changeCounts: __, ...rest } = answer;
  return { name, ...rest, ...changes };
}

function rowsOf({ setting, answer, error }: LineUpOutcome): string[] {
  const { shown } = setting;
  if (error !== undefined) return [`${shown}: NOT read`, `  ${error.message} (${error.code})`];
  if (answer === undefined) return [];
  return [`${shown}: ${describeImport(answer)}`, ...changeRows(answer)];
}

function changeRows(answer: ImportAnswer): string[] {
  if (answer.kind === 'same' || answer.changes === undefined) return [];
  const { changes, merged, merges, problems, unusedRules } = answer;
  const { added, gone, back, renamed, renumbered } = changes;
  return [
    ...listed('added', added, added.length),
    ...listed('gone', gone, gone.length),
    ...listed('back again', back, back.length),
    ...listed(
      'renamed',
      renamed.map(({ id, from, to }) => `${id}: ${from} → ${to}`),
      renamed.length,
    ),
    ...listed('renumbered', renumbered, renumbered.length),
    ...listed(
      'another source of a channel',
      merges.map(({ name, id }) => `${name} → ${id}`),
      merged,
    ),
    ...listed(
      'left out or cut, by line',
      problems.first.map(({ line, message }) => `${line}: ${message}`),
      Object.values(problems.counts).reduce((sum, count) => sum + count, 0),
    ),
    ...unusedRules.map((rule) => `  nothing was found by ${rule}`),
  ];
}

function listed(what: string, items: readonly string[], count: number): string[] {
  if (count === 0) return [];
  const shown = items.slice(0, SHOWN_MAX).map((item) => `    ${item}`);
  const more = count - shown.length;
  return [`  ${count} ${what}`, ...shown, ...(more > 0 ? [`    and ${more} more`] : [])];
}

function ending(outcomes: readonly LineUpOutcome[], isTrial: boolean): string {
  const failed = outcomes.filter(({ error }) => error !== undefined).length;
  const left = failed === 0 ? '' : ` ${failed} of ${outcomes.length} stay as they were.`;
  const isNothing = isTrial || failed === outcomes.length;
  return isNothing ? `Nothing was changed.${left}` : `Kept; a running weir takes it up.${left}`;
}
