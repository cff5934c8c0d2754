// This file is the one numbering of a channel: our media and discontinuity sequences.
import type { Epoch, Mark, SavedTimeline, Turn } from './saved-timeline.ts';

export type Place = {
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly discontinuity: boolean;
};

/** What the numbering needs to know of a segment. */
export type Placeable = {
  readonly sequence: number;
  readonly identity: string;
  readonly discontinuitySequence: number;
  readonly discontinuity: boolean;
};

/**
 * How a segment follows the one placed before it in the same rendition: it is the next; the
 * rendition starts again and may name what it named before; segments between were never seen; the
 * source counts anew.
 */
export type Link = 'next' | 'cold' | 'jump' | 'reset';

/**
 * What the segment is placed behind: nothing; segments that are still listed, so that no hole may
 * be long; or a finished stream, which is listed from its first segment on, whatever was before.
 */
export type Onto = 'nothing' | 'list' | 'finished';

/** A hole in the numbers up to this long is filled with gaps; a longer one begins an epoch. */
export const HOLE_MAX = 256;
/** Epochs kept; a mark in an older one is moved to the oldest kept. */
const EPOCHS_MAX = 64;
/** Discontinuities remembered: more than a playlist ever holds. */
const HISTORY_MAX = 32;
/** Names remembered over a restart: more than the copy of a slow CDN edge is behind. */
const TAIL_MAX = 16;
/**
 * After a restart the last number saved may be behind the last number served by what was placed
 * within one save interval; an epoch begun before the rendition was placed again lies beyond that.
 */
const UNSAVED_MARGIN = 32;

export class Timeline {
  #epochs: Epoch[];
  readonly #marks: Map<string, Mark>;
  /** Renditions whose mark comes from the last run and may be behind what it served. */
  readonly #unsure: Set<string>;
  /** The last number of each rendition that a list may have named. */
  readonly #named = new Map<string, number>();
  #turn: Turn | undefined;
  #dirty = false;
  /**
   * Called when the source began to count anew: what becomes of its numbers from there on can be
   * worked out from nothing else, and should be saved before anybody is told of them.
   */
  onEpoch: () => void = () => {};

  constructor(saved?: SavedTimeline) {
    this.#epochs = saved === undefined ? [] : [...saved.epochs];
    this.#marks = new Map(saved === undefined ? [] : Object.entries(saved.marks));
    this.#unsure = new Set(this.#marks.keys());
    for (const [rendition, { mediaSequence }] of this.#marks) {
      this.#named.set(rendition, mediaSequence);
    }
    this.#turn = saved?.turn;
  }

  mark(rendition: string): Mark | undefined {
    return this.#marks.get(rendition);
  }

  /** From now on this source plays: what is placed belongs to it. */
  plays(source: string): void {
    const before = this.#turn;
    if (before?.source === source) return;
    this.#turn = { source, number: before === undefined ? 0 : before.number + 1 };
    this.#dirty ||= before !== undefined;
  }

  /** The rendition was placed last while another source played, of whose numbers nothing follows. */
  isOfOther(rendition: string): boolean {
    const turn = this.#marks.get(rendition)?.turn;
    return turn !== undefined && turn !== this.#turn?.number;
  }

  /**
   * Gives the next segment of a rendition its numbers. Both never go down within a rendition, and
   * what was placed before is placed as it was: a source that counts badly is corrected, not
   * followed. Undefined where it lies before what was listed last, so that no list may begin there.
   */
  place(rendition: string, source: Placeable, wanted: Link, onto: Onto): Place | undefined {
    const before = this.#marks.get(rendition);
    const link = wanted === 'cold' && this.isOfOther(rendition) ? 'reset' : wanted;
    const index = this.#epochFor(rendition, before, source, link, onto);
    const epoch = this.#epochs[index] as Epoch;
    const mediaSequence = source.sequence + epoch.mediaOffset;
    const isAnew = before !== undefined && (link === 'reset' || index !== before.epoch);
    if (onto === 'nothing' && mediaSequence < (before?.floor ?? 0)) return undefined;
    const place =
      before === undefined || (link === 'cold' && !isAnew)
        ? this.#firstPlace(before, mediaSequence, source, epoch)
        : nextPlace(before, mediaSequence, source.discontinuity || isAnew, isAnew);
    const mark = markAfter(before, place, source, index, isAnew);
    const turn = this.#turn?.number;
    this.#marks.set(rendition, turn === undefined ? mark : { ...mark, turn });
    this.#unsure.delete(rendition);
    this.#dirty = true;
    return place;
  }

  /** A list that begins here was made: none may begin before it any more. */
  listedFrom(rendition: string, mediaSequence: number): void {
    const mark = this.#marks.get(rendition);
    if (mark === undefined || mediaSequence <= mark.floor) return;
    this.#marks.set(rendition, { ...mark, floor: mediaSequence });
    this.#dirty = true;
  }

  /** A list that ends here was made: its numbers mean what they mean for good. */
  listedTo(rendition: string, mediaSequence: number): void {
    const named = this.#named.get(rendition) ?? mediaSequence;
    this.#named.set(rendition, Math.max(named, mediaSequence));
  }

  /**
   * What was placed after `last` is in no list: its numbers are free again, but for those that
   * another list named before, since a cold start may have begun below them.
   */
  takeBack(rendition: string, last: Place & { readonly sequence: number }): void {
    const mark = this.#marks.get(rendition);
    const named = this.#named.get(rendition) ?? last.mediaSequence;
    const mediaSequence = Math.max(last.mediaSequence, named);
    if (mark === undefined || mark.mediaSequence <= mediaSequence) return;
    this.#marks.set(rendition, {
      ...mark,
      sourceSequence: last.sequence,
      mediaSequence,
      discontinuitySequence: last.discontinuitySequence,
      history: mark.history.filter(([from]) => from <= mediaSequence),
      tail: mark.tail.filter(([sequence]) => sequence <= last.sequence),
    });
    this.#dirty = true;
  }

  /** The numbering as it must be found again after a restart, or undefined if nothing changed. */
  takeUnsaved(): SavedTimeline | undefined {
    if (!this.#dirty) return undefined;
    this.#dirty = false;
    const marks = Object.fromEntries(this.#marks);
    const turn = this.#turn === undefined ? {} : { turn: this.#turn };
    return { epochs: [...this.#epochs], marks, ...turn };
  }

  /** The first segment of a list that has nothing before it. */
  #firstPlace(
    before: Mark | undefined,
    mediaSequence: number,
    source: Placeable,
    epoch: Epoch,
  ): Place {
    const { discontinuity } = source;
    const step = discontinuity ? 1 : 0;
    let discontinuitySequence = before === undefined ? undefined : knownAt(before, mediaSequence);
    if (discontinuitySequence === undefined) {
      const counted = source.discontinuitySequence + epoch.discontinuityOffset;
      const agreed = this.#agreedAt(mediaSequence) ?? counted;
      const least = before === undefined ? 0 : newestDiscontinuity(before) + step;
      discontinuitySequence = Math.max(step, least, agreed);
    }
    return { mediaSequence, discontinuitySequence, discontinuity };
  }

  /** What the renditions that have been there call it: one that joins late agrees with them. */
  #agreedAt(mediaSequence: number): number | undefined {
    let agreed: number | undefined;
    for (const mark of this.#marks.values()) {
      const known = knownAt(mark, mediaSequence);
      if (known !== undefined) agreed = Math.max(agreed ?? 0, known);
    }
    return agreed;
  }

  #epochFor(
    rendition: string,
    before: Mark | undefined,
    source: Placeable,
    link: Link,
    onto: Onto,
  ): number {
    const newest = this.#epochs.length - 1;
    const least = before === undefined ? 0 : before.mediaSequence + 1;
    const most = onto === 'list' ? least + HOLE_MAX : Number.POSITIVE_INFINITY;
    const fits = (index: number): boolean => {
      const mediaSequence = source.sequence + (this.#epochs[index] as Epoch).mediaOffset;
      return mediaSequence >= least && mediaSequence <= most;
    };
    if (before === undefined) {
      if (newest >= 0 && fits(newest)) return newest;
    } else {
      if (link === 'next' || link === 'cold') return before.epoch;
      if (link === 'jump' && fits(before.epoch)) return before.epoch;
      if (newest > before.epoch && fits(newest)) return newest;
    }
    return this.#beginEpoch(this.#nextFree(rendition, least, most), source);
  }

  /** The media sequence after the last of all renditions, as far as one epoch can serve them. */
  #nextFree(rendition: string, least: number, most: number): number {
    let next = least + (this.#unsure.has(rendition) ? UNSAVED_MARGIN : 0);
    for (const [other, mark] of this.#marks) {
      const margin = this.#unsure.has(other) ? UNSAVED_MARGIN : 0;
      const after = mark.mediaSequence + 1 + margin;
      if (after <= most) next = Math.max(next, after);
    }
    return next;
  }

  #beginEpoch(mediaSequence: number, source: Placeable): number {
    const isVeryFirst = this.#epochs.length === 0;
    const newest = Math.max(0, ...[...this.#marks.values()].map(newestDiscontinuity));
    this.#epochs.push({
      mediaOffset: isVeryFirst ? 0 : mediaSequence - source.sequence,
      discontinuityOffset: isVeryFirst ? 0 : newest + 1 - source.discontinuitySequence,
    });
    this.#forgetOldEpochs();
    if (!isVeryFirst) this.onEpoch();
    return this.#epochs.length - 1;
  }

  #forgetOldEpochs(): void {
    const surplus = this.#epochs.length - EPOCHS_MAX;
    if (surplus <= 0) return;
    this.#epochs.splice(0, surplus);
    for (const [rendition, mark] of this.#marks) {
      this.#marks.set(rendition, { ...mark, epoch: Math.max(0, mark.epoch - surplus) });
    }
  }
}

/**
 * The segment after the one placed last. RFC 8216 §6.2.2: from one to the next the discontinuity
 * sequence grows by the tag between them and by nothing else.
 */
function nextPlace(
  before: Mark,
  mediaSequence: number,
  wantsDiscontinuity: boolean,
  isAnew: boolean,
): Place {
  const last = isAnew ? newestDiscontinuity(before) : before.discontinuitySequence;
  const known = knownAt(before, mediaSequence);
  const isKnown = known === last || known === last + 1;
  const discontinuity = isKnown ? known > last : wantsDiscontinuity;
  return { mediaSequence, discontinuitySequence: last + (discontinuity ? 1 : 0), discontinuity };
}

function markAfter(
  before: Mark | undefined,
  place: Place,
  source: Placeable,
  epoch: number,
  isAnew: boolean,
): Mark {
  const { mediaSequence, discontinuitySequence } = place;
  const isNewest = before === undefined || mediaSequence > before.mediaSequence;
  const history = before?.history ?? [];
  const isChange = isNewest && history.at(-1)?.[1] !== discontinuitySequence;
  const tail = isAnew ? [] : (before?.tail ?? []).filter(([known]) => known < source.sequence);
  return {
    epoch,
    sourceSequence: source.sequence,
    discontinuitySequence,
    mediaSequence: isNewest ? mediaSequence : before.mediaSequence,
    // What an older epoch placed below this number has other names
    floor: isAnew ? Math.max(before?.floor ?? 0, mediaSequence) : (before?.floor ?? 0),
    history: isChange
      ? [...history, [mediaSequence, discontinuitySequence] as const].slice(-HISTORY_MAX)
      : history,
    tail: [...tail, [source.sequence, source.identity] as const].slice(-TAIL_MAX),
  };
}

function newestDiscontinuity(mark: Mark): number {
  return Math.max(mark.discontinuitySequence, mark.history.at(-1)?.[1] ?? 0);
}

/** The discontinuity sequence a rendition gave this number, where it still knows. */
function knownAt(mark: Mark, mediaSequence: number): number | undefined {
  if (mediaSequence > mark.mediaSequence) return undefined;
  return mark.history.findLast(([from]) => from <= mediaSequence)?.[1];
}
