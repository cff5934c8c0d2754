// This file is `weir guide`: it shows what feeds the channels, and keeps what an operator chooses.
import { systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import { openSharedForCommand } from '../channel/open-shared.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { saveChoices } from '../guide/match/guide-choices.ts';
import type { GuideChoice } from '../guide/match/match-channel.ts';
import {
  EXIT,
  type ExitCode,
  flagValues,
  type Given,
  isGiven,
  printable,
  type Terminal,
  UsageError,
} from './command-line.ts';
import { loadInput } from './config-flags.ts';
import { formatMatches, type ShownMatches } from './guide-words.ts';
import { askServer } from './healthcheck.ts';

/** As many channels as there may be, each with some proposals. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

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
  const { status, text, url } = await askServer(config, '/api/guide/match', MAX_ANSWER_BYTES);
  if (status !== 200) {
    terminal.error(`weir: ${url} ${status === undefined ? '' : `answered ${status}: `}${text}\n`);
    return EXIT.failed;
  }
  const matches = JSON.parse(text) as ShownMatches;
  terminal.out(
    isGiven(given, '--json')
      ? `${JSON.stringify(matches)}\n`
      : formatMatches(matches, isGiven(given, '--all')),
  );
  return EXIT.ok;
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
    const guideId = equals < 0 ? '' : written.slice(equals + 1).trim();
    if (guideId === '') {
      throw new UsageError(`--apply is "${printable(written)}", wanted CHANNEL=GUIDEID`);
    }
    add(written.slice(0, equals), { guideId });
  }
  for (const channel of flagValues(given, '--reject')) add(channel, { guideId: null });
  for (const channel of flagValues(given, '--clear')) add(channel, undefined);
  return choices;
}
