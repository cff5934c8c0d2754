// This file finds and reads the configuration file.
import { readFile, stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { CONFIG_VARIABLE, type Environment } from './environment.ts';
import { ConfigError, type ConfigErrorCode } from './errors.ts';
import type { Origin } from './origin.ts';

/** Read from the working folder where nothing names a file; it need not be there. */
export const DEFAULT_FILE = 'weir.yaml';

/** A line-up of 20,000 channels written out takes 5 MiB. */
export const MAX_FILE_BYTES = 8 * 2 ** 20;

export type FileChoice = {
  readonly path: string;
  /** As a person would write it from where they stand. */
  readonly shown: string;
  /** Who named the file; by default nobody did, and it may be absent. */
  readonly origin: Origin;
};

export function chooseFile(input: {
  readonly workingDir: string;
  readonly environment: Environment;
  readonly configPath?: string;
}): FileChoice {
  const variable = input.environment[CONFIG_VARIABLE]?.trim() ?? '';
  const [name, origin]: [string, Origin] =
    input.configPath !== undefined
      ? [input.configPath, { from: 'flag', name: '--config' }]
      : variable !== ''
        ? [variable, { from: 'variable', name: CONFIG_VARIABLE }]
        : [DEFAULT_FILE, { from: 'default' }];
  const path = resolve(input.workingDir, name);
  const fromHere = relative(input.workingDir, path);
  return { path, shown: fromHere.startsWith('..') ? path : fromHere || path, origin };
}

/** The text, or undefined where no file is named and there is none. Throws ConfigError. */
export async function readConfigFile(choice: FileChoice): Promise<string | undefined> {
  try {
    const { size, isDirectory } = await statOf(choice.path);
    if (isDirectory) throw refusal(choice, 'CONFIG_FILE_UNREADABLE', 'is a folder, wanted a file');
    if (size > MAX_FILE_BYTES) throw tooLarge(choice, size);
    const bytes = await readFile(choice.path);
    if (bytes.byteLength > MAX_FILE_BYTES) throw tooLarge(choice, bytes.byteLength);
    // A file that is not UTF-8 would become channel names that nobody wrote. The BOM is dropped.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      if (choice.origin.from === 'default') return undefined;
      throw refusal(choice, 'CONFIG_FILE_MISSING', 'is not there, wanted a file', error);
    }
    const isText = error instanceof TypeError;
    const state = isText ? 'is not UTF-8 text' : `cannot be read (${code ?? 'unknown reason'})`;
    throw refusal(choice, 'CONFIG_FILE_UNREADABLE', `${state}, wanted a text file`, error);
  }
}

async function statOf(path: string): Promise<{ size: number; isDirectory: boolean }> {
  const stats = await stat(path);
  return { size: stats.size, isDirectory: stats.isDirectory() };
}

function tooLarge(choice: FileChoice, sizeBytes: number): ConfigError {
  const message = `holds ${sizeBytes} bytes, wanted at most ${MAX_FILE_BYTES}`;
  return refusal(choice, 'CONFIG_FILE_TOO_LARGE', message);
}

function refusal(
  choice: FileChoice,
  code: ConfigErrorCode,
  state: string,
  cause?: unknown,
): ConfigError {
  const origin: Origin =
    choice.origin.from === 'default'
      ? { from: 'file', file: choice.shown, line: 1, column: 1 }
      : choice.origin;
  const message = `${choice.shown} ${state}`;
  return new ConfigError([{ code, origin, key: '', message }], cause);
}
