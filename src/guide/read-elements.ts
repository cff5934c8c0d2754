// This file turns programmes of a guide into rows as they are kept while it comes.
import { safeText } from '../media/m3u/safe-text.ts';
import { readProgramme } from '../media/xmltv/read-programme.ts';

/** One of them; `body` is what stands between its tags. */
export type ProgrammeRow = {
  /** Which of the guide it is, counted from its beginning; there may be gaps. */
  readonly at: number;
  /** By the id that a line-up has: there are characters that none can hold. */
  readonly channel: string;
  readonly startMs: number;
  readonly stopMs: number | null;
  readonly catchupId: string | null;
  readonly title: string;
  readonly body: string;
};

/** Elements of a guide that follow each other. */
export type ElementBatch = { readonly firstAt: number; readonly texts: readonly string[] };

export type ElementsRead = {
  readonly rows: readonly ProgrammeRow[];
  /** Why the others cannot be used. */
  readonly problems: readonly string[];
};

/** Each by itself: one that is broken takes none of its neighbours with it. */
export function readElements({ firstAt, texts }: ElementBatch): ElementsRead {
  const rows: ProgrammeRow[] = [];
  const problems: string[] = [];
  for (const [index, text] of texts.entries()) {
    const programme = readProgramme(text);
    if (typeof programme === 'string') {
      problems.push(programme);
      continue;
    }
    const { channel, startMs, stopMs, catchupId, title, body } = programme;
    rows.push({
      at: firstAt + index,
      channel: safeText(channel),
      startMs,
      stopMs: stopMs ?? null,
      catchupId: catchupId ?? null,
      title,
      body,
    });
  }
  return { rows, problems };
}
