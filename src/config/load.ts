// This file loads the configuration: the file, then variables, then flags, each over the last.
import { resolve } from 'node:path';
import { redactUrl } from '../base/redact.ts';
import type { Config } from './config.ts';
import {
  type Environment,
  type FlagValues,
  M3U_VARIABLE,
  override,
  strayVariables,
} from './environment.ts';
import { Problems } from './errors.ts';
import { chooseFile, type FileChoice, readConfigFile } from './file.ts';
import {
  type LaterSetting,
  type LoadedSetting,
  laterSettings,
  serverSettings,
} from './inventory.ts';
import type { Origin } from './origin.ts';
import { pathBase } from './path-base.ts';
import { readSettings } from './read.ts';
import { DEMO_CHANNEL, resolveChannels, resolveConfig } from './resolve.ts';
import { guideSettings } from './resolve-guides.ts';
import { deviceSettings } from './resolve-hdhomerun.ts';
import { lineUpSettings } from './resolve-lineups.ts';
import { overflowTiers } from './resolve-overflow.ts';
import { storeUrl } from './resolve-store.ts';
import { type SectionSetting, settingAt } from './setting.ts';

export type LoadInput = {
  readonly workingDir: string;
  readonly environment: Environment;
  /** `--config`. */
  readonly configPath?: string;
  /** Reads no file at all, whatever is there. */
  readonly noFile?: true;
  readonly flags: FlagValues;
  /** `--m3u`, each a file or a URL. */
  readonly m3u: readonly string[];
};

/** Plain data throughout: it may be sent from one thread to another. */
export type LoadedConfig = {
  readonly config: Config;
  /** The file that was read; absent where there was none to read. */
  readonly file?: string;
  /** What the file held, secrets and all: to be compared, never shown. */
  readonly text?: string;
  /** Whether the key `channels` is written, be it an empty list. */
  readonly hasChannels: boolean;
  /** Where a file is, or would be read from if it appeared. */
  readonly watchPath: string;
  /** Every setting of the server with where it came from, in the order of the manual. */
  readonly settings: readonly LoadedSetting[];
  /** What was set and has no effect in this version. */
  readonly later: readonly LaterSetting[];
  /** What a person should know, and what stops nothing. */
  readonly notes: readonly string[];
};

/** Throws ConfigError with everything that is wrong. */
export async function loadConfig(input: LoadInput): Promise<LoadedConfig> {
  const problems = new Problems();
  const choice = chooseFile(input);
  const text = input.noFile === true ? undefined : await readConfigFile(choice);
  const root = text === undefined ? noSettings() : await settingsOf(text, choice, problems);
  override(root, input.environment, input.flags, problems);
  const toPath = pathBase(text === undefined ? undefined : choice.path, input.workingDir);
  const lineUps = lineUpSettings(root, m3uOf(input, problems), toPath, problems);
  const written = resolveChannels(root, toPath, problems);
  const overflow = overflowTiers(root, toPath, problems);
  const guides = guideSettings(root, toPath, problems);
  const devices = deviceSettings(root, problems);
  const store = storeUrl(root, problems);
  problems.throwIfAny();
  const hasChannels = settingAt(root, 'channels') !== undefined;
  const isEmpty = lineUps.length === 0 && !hasChannels;
  return {
    // The demo plays only where nothing says what else should
    config: {
      ...resolveConfig(root, isEmpty ? [DEMO_CHANNEL] : written, toPath),
      overflow,
      guides,
      devices,
      lineUps,
      ...(store === undefined ? {} : { storeUrl: store }),
    },
    ...(text === undefined ? {} : { file: choice.path, text }),
    hasChannels,
    watchPath: choice.path,
    settings: serverSettings(root),
    later: laterSettings(root),
    notes: [
      ...strayVariables(input.environment),
      ...notesOn(written, isEmpty || lineUps.length > 0),
    ],
  };
}

/** The YAML parser is only loaded where there is YAML: a start without a file does not wait for it. */
async function settingsOf(
  text: string,
  choice: FileChoice,
  problems: Problems,
): Promise<SectionSetting> {
  const { parseConfigText } = await import('./document.ts');
  return readSettings(parseConfigText(text, choice.shown, problems), problems);
}

function noSettings(): SectionSetting {
  return { form: 'section', path: '', key: '', entries: new Map(), origin: { from: 'default' } };
}

/** Flags are stronger than the variable, which may hold several parted by blanks. */
function m3uOf(input: LoadInput, problems: Problems): readonly string[] {
  const fromVariable = (input.environment[M3U_VARIABLE] ?? '').split(/\s+/);
  const isTyped = input.m3u.length > 0;
  const origin: Origin = isTyped
    ? { from: 'flag', name: '--m3u' }
    : { from: 'variable', name: M3U_VARIABLE };
  const given = (isTyped ? input.m3u : fromVariable).filter((each) => each !== '');
  return given.map((each) => {
    if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(each)) return resolve(input.workingDir, each);
    if (/^https?:\/\/[^/]/i.test(each) && URL.canParse(each)) return each;
    const message = `"${redactUrl(each)}", wanted a file or a URL with http or https`;
    problems.add('CONFIG_VALUE', origin, '', message);
    return each;
  });
}

function notesOn(channels: Config['channels'], hasOthers: boolean): string[] {
  if (channels.length === 0 && !hasOthers) return ['There are no channels.'];
  const notes: string[] = [];
  const byNumber = new Map<number, string>();
  for (const { id, number } of channels) {
    if (number === undefined) continue;
    const first = byNumber.get(number);
    if (first !== undefined) notes.push(`Channels ${first} and ${id} share the number ${number}.`);
    byNumber.set(number, first ?? id);
  }
  return notes;
}
