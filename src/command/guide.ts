// This file is `weir guide`: it shows what feeds the channels, and keeps what an operator chooses.
import { systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import { redactUrl } from '../base/redact.ts';
import { openSharedForCommand } from '../channel/open-shared.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { saveChoices } from '../guide/match/guide-choices.ts';
import type { GuideChoice } from '../guide/match/match-channel.ts';
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
import { formatMatches, type ShownMatches } from './guide-words.ts';
import { askServer } from './healthcheck.ts';

export async function runGuide(given: Given, terminal: Terminal): Promise<ExitCode> {
  const [action] = given.operands;
  if (action !== 'match') {
    const what = action === undefined ? '' : `"${printable(action)}" is none; `;
    throw new UsageError(`What of guides: ${what}wanted match`);
  }
  const choices = choicesOf(given);
  const { config } = await loadConfig(loadInput(given, terminal));
  return choices.size > 0
    ? await choose(config, choices, given, terminal)
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
  choices: ReadonlyMap<string, GuideChoice | undefined>,
  given: Given,
  terminal: Terminal,
): Promise<ExitCode> {
  await using store = await openSharedForCommand(config, {
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
  });
  await saveChoices(store, choices);
  for (const doubt of await doubtsOf(config, choices)) terminal.error(`weir: ${doubt}\n`);
  if (isGiven(given, '--json')) {
    terminal.out(
      `${JSON.stringify({ choices: Object.fromEntries([...choices].map(([channel, choice]) => [channel, choice ?? null])) })}\n`,
    );
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
  return EXIT.ok;
}

/** Throws UsageError. Undefined: what was chosen is forgotten. */
function choicesOf(given: Given): ReadonlyMap<string, GuideChoice | undefined> {
  const choices = new Map<string, GuideChoice | undefined>();
  const add = (channel: string, choice: GuideChoice | undefined) => {
    if (!/^[a-z0-9_-]{1,64}$/.test(channel)) {
      throw new UsageError(
        `"${printable(channel)}" is no channel's id, wanted one such as bbc-one`,
      );
    }
    if (choices.has(channel)) throw new UsageError(`${channel} is given twice`);
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
