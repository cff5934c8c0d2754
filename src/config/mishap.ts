// This file tells a configuration that was lost or cut short from one that somebody wrote.
import { ConfigError, type ConfigErrorCode } from './errors.ts';
import type { LoadedConfig } from './load.ts';

/** Nobody writes this by mistake. */
const EMPTY_LIST = /\bchannels["']?\s*:\s*\[\s*\]/;

/**
 * What speaks against taking `next` up in the place of `before`, in a server that people watch. The
 * next start takes the file as it is.
 */
export function mishapOf(before: LoadedConfig, next: LoadedConfig): ConfigError | undefined {
  if (before.file === undefined) return undefined;
  if (next.file === undefined) {
    return mishap(
      before.file,
      '',
      'CONFIG_FILE_MISSING',
      'the file is gone, wanted it where it was',
    );
  }
  const [was, is] = [before.text ?? '', next.text ?? ''];
  if (is.trim() === '' && was.trim() !== '') {
    const message = 'the file is empty, wanted what it held, or channels: [] for no channels';
    return mishap(next.file, is, 'CONFIG_FILE_CUT', message);
  }
  if (isCutInLine(was, is)) {
    const message = 'the file ends in the middle of a line that it held, wanted it whole';
    return mishap(next.file, is, 'CONFIG_FILE_CUT', message);
  }
  const [count, left] = [countWritten(before), countWritten(next)];
  if (count > 0 && left === 0 && !EMPTY_LIST.test(is)) {
    const lost = count === 1 ? 'the only channel is' : `all ${count} channels are`;
    const message = `${lost} gone from the file, wanted channels: [] where none is meant`;
    return mishap(next.file, is, 'CONFIG_CHANNELS_GONE', message);
  }
  return undefined;
}

/** Without the demo, which plays where none is written. */
function countWritten(loaded: LoadedConfig): number {
  return loaded.hasChannels ? loaded.config.channels.length : 0;
}

/** Who deletes what stands last leaves whole lines; a disk that is full, and a copy at work, do not. */
function isCutInLine(was: string, is: string): boolean {
  const isBeginning = was.length > is.length && was.startsWith(is) && was.endsWith('\n');
  return isBeginning && !is.endsWith('\n') && !/^[\r\n]/.test(was.slice(is.length, is.length + 1));
}

function mishap(file: string, text: string, code: ConfigErrorCode, message: string): ConfigError {
  const line = text.split('\n').length;
  return new ConfigError([
    { code, origin: { from: 'file', file, line, column: 1 }, key: '', message },
  ]);
}
