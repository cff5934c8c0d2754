// This file is the part of the command line that concerns the configuration.

import { flagOf, OVERRIDABLE, variableOf } from '../config/environment.ts';
import type { LoadInput } from '../config/load.ts';
import type { Flag, Given, Terminal } from './command-line.ts';
import { flagValue, flagValues } from './command-line.ts';

/** Keys that people set by hand; the rest follows below them in the help. */
const COMMON = ['listen', 'data', 'log.level', 'log.format'];

/** Every setting of the server is a flag too. */
export const CONFIG_FLAGS: readonly Flag[] = [
  {
    name: '--config',
    value: 'FILE',
    means: 'Configuration file; weir.yaml of the working folder where it is there.',
  },
  {
    name: '--m3u',
    value: 'FILE|URL',
    repeats: true,
    means: 'Make channels of a line-up; may be given more than once, and needs no file.',
  },
  ...OVERRIDABLE.map((key) => {
    const fallback = key.default === undefined ? '' : ` (${key.default})`;
    const flag: Flag = { name: flagOf(key), value: valueWord(key.kind, key.of), means: '' };
    const means = `${key.means.replaceAll('`', '').replace(/\.$/, '')}${fallback}.`;
    return COMMON.includes(key.path)
      ? { ...flag, means }
      : { ...flag, means, isSetting: true as const };
  }),
];

export const CONFIG_NOTES = `Each setting is also a variable: ${variables()}, and so on.
WEIR_CONFIG names the file, WEIR_M3U line-ups parted by blanks. A flag wins over a variable, a
variable over the file.`;

export function loadInput(given: Given, terminal: Terminal): LoadInput {
  const flags = new Map<string, string>();
  for (const key of OVERRIDABLE) {
    const value = flagValue(given, flagOf(key));
    if (value !== undefined) flags.set(key.path, value);
  }
  const configPath = flagValue(given, '--config');
  return {
    workingDir: terminal.workingDir,
    environment: terminal.environment,
    ...(configPath === undefined ? {} : { configPath }),
    flags,
    m3u: flagValues(given, '--m3u'),
  };
}

function valueWord(kind: string, of: readonly string[] | undefined): string {
  if (of !== undefined) return of.join('|');
  const words: Readonly<Record<string, string>> = {
    listen: 'HOST:PORT',
    path: 'DIR',
    list: 'LIST',
    whole: 'N',
    workers: 'N',
  };
  return words[kind] ?? kind.toUpperCase();
}

function variables(): string {
  return OVERRIDABLE.slice(0, 3).map(variableOf).join(', ');
}
