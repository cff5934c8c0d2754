// This file says what the line-ups of `--m3u` would make, or why they cannot be read.
import { systemClock } from '../base/clock.ts';
import { showPlace } from '../base/place.ts';
import { VERSION } from '../base/version.ts';
import type { LoadedConfig } from '../config/load.ts';
import { type ReadLineUp, readLineUp } from '../lineup/read-line-up.ts';
import { createOutbound } from '../net/outbound-client.ts';

/** Enough to see whether it is the right list. */
const SHOWN_MAX = 10;

export type CheckedLineUps = {
  /** Rows of the report. */
  readonly rows: readonly string[];
  /** What keeps a list from making channels. */
  readonly faults: readonly string[];
};

/** Reads each as the server does at its start. */
export async function checkLineUps({ m3u, config }: LoadedConfig): Promise<CheckedLineUps> {
  const rows: string[] = [];
  const faults: string[] = [];
  if (m3u.length === 0) return { rows, faults };
  await using outbound = createOutbound({
    clock: systemClock,
    allowPrivate: config.allowPrivate,
    userAgent: `weir/${VERSION}`,
  });
  const { signal } = new AbortController();
  for (const place of m3u) {
    const shown = showPlace(place);
    try {
      const read = await readLineUp(place, outbound, signal);
      rows.push(`${shown}: ${describe(read)}`, ...channelRows(read));
      if (read.channels.length === 0)
        faults.push(`${shown} makes no channel, wanted a list of URLs`);
    } catch (error) {
      rows.push(`${shown}: cannot be read`);
      faults.push(`${shown} ${reasonOf(error)}`);
    }
  }
  return { rows, faults };
}

function describe({ channels, problems }: ReadLineUp): string {
  const count = channels.length === 1 ? '1 channel' : `${channels.length} channels`;
  const wrong = [...problems.counts].map(([reason, times]) => `${reason} ${times}`);
  return wrong.length === 0 ? count : `${count}; in the list: ${wrong.join(', ')}`;
}

function channelRows({ channels }: ReadLineUp): string[] {
  const rows = channels.slice(0, SHOWN_MAX).map(({ id, number, name, group }) => {
    const [before, after] = [number === undefined ? '' : `${number} `, group && `, group ${group}`];
    return `  ${id}: ${before}${name}${after ?? ''}`;
  });
  const more = channels.length - SHOWN_MAX;
  return more > 0 ? [...rows, `  and ${more} more`] : rows;
}

function reasonOf(error: unknown): string {
  const { code } = error as { code?: string };
  if (code === 'ENOENT') return 'is not there, wanted a file';
  if (code === 'EISDIR') return 'is no file, wanted one';
  return `cannot be read: ${(error as Error).message} (${code ?? 'BASE_UNEXPECTED'})`;
}
