// This file is `weir guide`: it shows what feeds the channels, and keeps what an operator chooses.
import { systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import { redactUrl } from '../base/redact.ts';
import { openSharedForCommand } from '../channel/open-shared.ts';
import type { Config } from '../config/config.ts';
import { parseShift } from '../config/duration.ts';
import { loadConfig } from '../config/load.ts';
import { saveChoices } from '../guide/match/guide-choices.ts';
import type { GuideChoice } from '../guide/match/match-channel.ts';
import { GUIDE_SHIFT_MAX_MS, saveShifts } from '../lineup/guide-shifts.ts';
import { safeText } from '../media/m3u/safe-text.ts';
import {
  EXIT,
  type ExitCode,
  flagValue,
  flagValues,
  type Given,
  isGiven,
  printable,
  type Terminal,
  UsageError,
} from './command-line.ts';
import { loadInput } from './config-flags.ts';
import { doubtsOf, MATCHES_LIMITS } from './guide-doubts.ts';
import { formatMatches, type ShownMatches, shiftWords } from './guide-words.ts';
import { askServer } from './healthcheck.ts';

export async function runGuide(given: Given, terminal: Terminal): Promise<ExitCode> {
  const [action] = given.operands;
  if (action !== 'match') {
    const what = action === undefined ? '' : `"${printable(action)}" is none; `;
    throw new UsageError(`What of guides: ${what}wanted match`);
  }
  const chosen = { choices: choicesOf(given), shifts: shiftsOf(given) };
  const { config } = await loadConfig(loadInput(given, terminal));
  return chosen.choices.size + chosen.shifts.size > 0
    ? await choose(config, chosen, given, terminal)
    : await show(config, given, terminal);
}

async function show(config: Config, given: Given, terminal: Terminal): Promise<ExitCode> {
  const { status, text, url } = await askServer(config, '/api/guide/match', MATCHES_LIMITS);
  if (status !== 200) {
    terminal.error(`weir: ${url} ${status === undefined ? '' : `answered ${status}: `}${text}\n`);
    return EXIT.failed;
  }
  const matches = JSON.parse(text) as ShownMatches;
  terminal.out(
    isGiven(given, '--json')
      ? `${JSON.stringify(matches)}\n`
      : formatMatches(matches, isGiven(given, '--all'), sameData(given)),
  );
  return EXIT.ok;
}

/** What a choice has to be given with, to be kept where this server looks. */
function sameData(given: Given): readonly string[] {
  return ['--config', '--data', '--store'].flatMap((name) => {
    const value = flagValue(given, name);
    return value === undefined ? [] : [name, name === '--store' ? redactUrl(value) : value];
  });
}

async function choose(
  config: Config,
  { choices, shifts }: Chosen,
  given: Given,
  terminal: Terminal,
): Promise<ExitCode> {
  await using store = await openSharedForCommand(config, {
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
  });
  if (choices.size > 0) await saveChoices(store, choices);
  const cleared = [...choices].flatMap(([channel, choice]) => (choice ? [] : [channel]));
  await saveShifts(store, new Map([...cleared.map((id) => [id, undefined] as const), ...shifts]));
  for (const doubt of await doubtsOf(config, choices, shifts)) terminal.error(`weir: ${doubt}\n`);
  if (isGiven(given, '--json')) {
    const told = {
      choices: Object.fromEntries(
        [...choices].map(([channel, choice]) => [channel, choice ?? null]),
      ),
      shift_seconds: Object.fromEntries([...shifts].map(([channel, ms]) => [channel, ms / 1000])),
    };
    terminal.out(`${JSON.stringify(told)}\n`);
    return EXIT.ok;
  }
  for (const [channel, choice] of choices) {
    const how =
      choice === undefined
        ? 'is fed by what is found'
        : choice.guideId === null
          ? 'is fed by nothing'
          : `is fed by ${choice.guideId}`;
    terminal.out(`${channel} ${how}.\n`);
  }
  for (const [channel, ms] of shifts) {
    const when = ms === 0 ? 'when' : `${shiftWords(ms)} than`;
    terminal.out(`${channel} is shown ${when} the guide says.\n`);
  }
  return EXIT.ok;
}

/** By channel; undefined: what was chosen is forgotten. */
type Chosen = {
  readonly choices: ReadonlyMap<string, GuideChoice | undefined>;
  readonly shifts: ReadonlyMap<string, number>;
};

/** Throws UsageError, as the next does. */
function shiftsOf(given: Given): ReadonlyMap<string, number> {
  const shifts = new Map<string, number>();
  const cleared = new Set(flagValues(given, '--clear'));
  for (const written of flagValues(given, '--shift')) {
    const [channel = '', text] = written.split('=', 2);
    const ms = text === undefined ? undefined : parseShift(text);
    if (ms === undefined || Math.abs(ms) > GUIDE_SHIFT_MAX_MS) {
      const wanted = 'wanted CHANNEL=1h, or -30m, from -24h to 24h';
      throw new UsageError(`--shift is "${printable(written)}", ${wanted}`);
    }
    checkChannel(channel, shifts.has(channel) || cleared.has(channel));
    shifts.set(channel, ms);
  }
  return shifts;
}

function checkChannel(channel: string, isTwice: boolean): void {
  if (!/^[a-z0-9_-]{1,64}$/.test(channel)) {
    throw new UsageError(`"${printable(channel)}" is no channel's id, wanted one such as bbc-one`);
  }
  if (isTwice) throw new UsageError(`${channel} is given twice`);
}

function choicesOf(given: Given): ReadonlyMap<string, GuideChoice | undefined> {
  const choices = new Map<string, GuideChoice | undefined>();
  const add = (channel: string, choice: GuideChoice | undefined) => {
    checkChannel(channel, choices.has(channel));
    choices.set(channel, choice);
  };
  for (const written of flagValues(given, '--apply')) {
    const equals = written.indexOf('=');
    // As guides are kept: there are characters that no line-up can hold
    const guideId = equals < 0 ? '' : safeText(written.slice(equals + 1));
    if (guideId === '') {
      throw new UsageError(`--apply is "${printable(written)}", wanted CHANNEL=GUIDEID`);
    }
    add(written.slice(0, equals), { guideId });
  }
  for (const channel of flagValues(given, '--reject')) add(channel, { guideId: null });
  for (const channel of flagValues(given, '--clear')) add(channel, undefined);
  return choices;
}
