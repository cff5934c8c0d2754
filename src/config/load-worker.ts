// This file is the thread that loads a configuration beside a running server.
import { ConfigError, type Problem } from './errors.ts';
import { type LoadedConfig, type LoadInput, loadConfig } from './load.ts';

export type LoadAnswer =
  | { readonly loaded: LoadedConfig }
  | { readonly problems: readonly Problem[] }
  /** A mistake of ours, or a thread that cannot run. */
  | { readonly failure: string };

declare const self: Worker;

self.onmessage = async ({ data }: MessageEvent<LoadInput>) => {
  self.postMessage(await answerTo(data));
};

async function answerTo(input: LoadInput): Promise<LoadAnswer> {
  try {
    return { loaded: await loadConfig(input) };
  } catch (error) {
    if (error instanceof ConfigError) return { problems: error.problems };
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}
