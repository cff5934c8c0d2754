// This file makes the playlists of archives, and goes on with those that grow.
import type { Clock } from '../../base/clock.ts';
import { SingleFlight } from '../../base/single-flight.ts';
import { MediaPlaylistText } from '../../media/m3u8/format-media.ts';
import { ArchivedSegmentWriter, frameOf } from './archive-playlist.ts';
import type { ArchivedRendition, ArchivedSegment, TimeSpan } from './archived.ts';
import { endMs, segmentPages, segmentsBefore } from './segment-pages.ts';
import type { Found } from './wanted-span.ts';

/** Finished: it will not change but where what it names is lost. */
export type ListText = { readonly text: string; readonly isFinished: boolean };

/** A day of two-second segments; a list of more is 4 MB, which no player takes. */
export const LIST_SEGMENTS_MAX = 43_200;

/** Characters kept of all lists together: a hundred viewers at a hundred times of three hours. */
const KEPT_CHARS = 24 * 1024 * 1024;

/** Then a list is made anew: what it names may have been lost meanwhile, and is a gap. */
const KEPT_MS = 5 * 60_000;

type Kept = {
  readonly madeMs: number;
  readonly first: ArchivedSegment;
  readonly text: MediaPlaylistText;
  readonly writer: ArchivedSegmentWriter;
  count: number;
  lastNumber: number;
  nextMs: number;
  /** It was handed out without an end, so that players come again for the rest. */
  isOpen: boolean;
};

/** Lists that are polled are written on, not anew: each poll of three hours would take 15 ms. */
export class ArchiveLists {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  /** Two polls at once would write the same twice. */
  readonly #writing = new SingleFlight<Kept | undefined>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Undefined where there is nothing; 'too-long' where there is more than a list may name. `of` names
   * the rendition among all there are.
   */
  async list(
    of: string,
    rendition: ArchivedRendition,
    found: Exclude<Found, { kind: 'none' }>,
    prefix: string,
  ): Promise<ListText | 'too-long' | undefined> {
    if (found.kind === 'window') return windowText(rendition, found, prefix);
    const { span, grows } = found;
    const [first] = rendition.segments(span, 1);
    const key = `${of} ${first?.number} ${span.toMs} ${prefix}`;
    const kept = await this.#writing.run(key, () => this.#written(key, rendition, span, prefix));
    if (kept === undefined) return undefined;
    if (kept.count > LIST_SEGMENTS_MAX) return 'too-long';
    // What is asked for when its end has come ends with what there is: players of FFmpeg's make (Kodi,
    // mpv), which name now as the end of what has just been, begin an open list near its end, and
    // EXT-X-START does not keep them from it
    kept.isOpen = grows && (kept.isOpen || found.isToCome);
    const start = { timeOffset: 0, precise: false };
    const frame = frameOf(rendition, kept.first, {
      type: grows ? 'EVENT' : 'VOD',
      endList: !kept.isOpen,
      ...(kept.isOpen ? { start } : {}),
    });
    return { text: kept.text.with(frame), isFinished: !grows };
  }

  async #written(
    key: string,
    rendition: ArchivedRendition,
    span: TimeSpan,
    prefix: string,
  ): Promise<Kept | undefined> {
    const nowMs = this.#clock.monotonicMs();
    let kept = this.#kept.get(key);
    if (kept !== undefined && nowMs - kept.madeMs > KEPT_MS) kept = undefined;
    const fromMs = kept === undefined ? span.fromMs : kept.nextMs - 1;
    for await (const page of segmentPages(rendition, { fromMs, toMs: span.toMs })) {
      kept ??= begun(page[0] as ArchivedSegment, prefix, nowMs);
      writeOn(kept, page);
      if (kept.count > LIST_SEGMENTS_MAX) return kept;
    }
    if (kept !== undefined) this.#keep(key, kept);
    return kept;
  }

  /** Those asked for last are kept. */
  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    let chars = 0;
    for (const { text } of this.#kept.values()) chars += text.chars;
    for (const [oldest, { text }] of this.#kept) {
      if (chars <= KEPT_CHARS) return;
      this.#kept.delete(oldest);
      chars -= text.chars;
    }
  }
}

function begun(first: ArchivedSegment, prefix: string, madeMs: number): Kept {
  return {
    madeMs,
    first,
    text: new MediaPlaylistText(),
    writer: new ArchivedSegmentWriter(prefix),
    count: 0,
    lastNumber: first.number - 1,
    nextMs: first.startMs,
    isOpen: false,
  };
}

function writeOn(kept: Kept, page: readonly ArchivedSegment[]): void {
  const fresh = page.filter(({ number }) => number > kept.lastNumber);
  const last = fresh.at(-1);
  if (last === undefined) return;
  kept.text.add(fresh.map((segment) => kept.writer.write(segment)));
  kept.count += fresh.length;
  kept.lastNumber = last.number;
  kept.nextMs = endMs(last);
}

function windowText(
  rendition: ArchivedRendition,
  { endMs: atMs, count }: Extract<Found, { kind: 'window' }>,
  prefix: string,
): ListText | undefined {
  const segments = segmentsBefore(rendition, atMs, count);
  const [first] = segments;
  if (first === undefined) return undefined;
  const writer = new ArchivedSegmentWriter(prefix);
  const text = new MediaPlaylistText();
  text.add(segments.map((segment) => writer.write(segment)));
  return { text: text.with(frameOf(rendition, first, { endList: false })), isFinished: false };
}
