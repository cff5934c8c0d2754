// This file loads a configuration in a thread of its own, so that viewers do not notice.
import { stat } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import { ConfigError, type Problem } from './errors.ts';
import { chooseFile } from './file.ts';
import { type LoadedConfig, type LoadInput, loadConfig } from './load.ts';
import type { LoadAnswer } from './load-worker.ts';

/** Some 150 channels, read in about 20 ms: a thread takes longer to come up. */
const SMALL_FILE_BYTES = 16 * 1024;
/** 20,000 channels take some 10 s on a slow core. */
const LOAD_MS = 120_000;

/**
 * As `loadConfig`. Parsing takes half a second for every thousand channels, and all answers would
 * wait for it; a small file is read at once. Where the thread does not come up, it is read here:
 * late answers are better than an old configuration.
 */
export async function loadAside(input: LoadInput, entry: URL, clock: Clock): Promise<LoadedConfig> {
  const { size } = await stat(chooseFile(input).path).catch(() => ({ size: 0 }));
  if (size <= SMALL_FILE_BYTES) return await loadConfig(input);
  const answer = await askThread(input, entry, clock);
  if ('loaded' in answer) return answer.loaded;
  if ('problems' in answer) {
    throw new ConfigError(answer.problems as readonly [Problem, ...Problem[]]);
  }
  return await loadConfig(input);
}

async function askThread(input: LoadInput, entry: URL, clock: Clock): Promise<LoadAnswer> {
  const answer = Promise.withResolvers<LoadAnswer>();
  const worker = new Worker(entry);
  worker.onmessage = ({ data }: MessageEvent<LoadAnswer>) => answer.resolve(data);
  worker.onerror = ({ message }) => answer.resolve({ failure: message });
  using _timer = clock.after(LOAD_MS, () => answer.resolve({ failure: 'it takes too long' }));
  try {
    // The environment of the process is no plain object, and cannot be sent.
    worker.postMessage({ ...input, environment: { ...input.environment } });
    return await answer.promise;
  } finally {
    worker.terminate();
  }
}
