// This file is the one numbering of a channel: our media and discontinuity sequences.

/**
 * How the source's numbers become ours from some point on. An epoch begins where the source's own
 * numbering broke; all renditions of a channel share the epochs, so that their numbers agree
 * (RFC 8216 §6.2.4).
 */
export type Epoch = {
  /** Our media sequence = the source's + this. */
  readonly mediaOffset: number;
  readonly discontinuityOffset: number;
};

export type Mark = {
  /** Index of the epoch the rendition is in. */
  readonly epoch: number;
  /** The source's number of the last segment placed. */
  readonly sourceSequence: number;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
};

export type SavedTimeline = {
  readonly epochs: readonly Epoch[];
  readonly marks: Readonly<Record<string, Mark>>;
};

export type Place = {
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly discontinuity: boolean;
};

/**
 * How a segment follows the one placed before it in the same rendition: it is the next; the
 * rendition starts again and may name what it named before; segments between were never seen; the
 * source counts anew.
 */
export type Link = 'next' | 'cold' | 'jump' | 'reset';

/** Epochs kept; a mark in an older one is moved to the oldest kept. */
const EPOCHS_MAX = 64;
/** Recent places remembered so that a rendition that joins late agrees on discontinuities. */
const RECENT_PLACES_MAX = 256;
/**
 * After a restart the last number saved may be behind the last number served by what was placed
 * within one save interval; a new epoch starts beyond that.
 */
const UNSAVED_MARGIN = 32;

export class Timeline {
  #epochs: Epoch[];
  readonly #marks: Map<string, Mark>;
  /** Media sequence → discontinuity sequence, over all renditions. */
  readonly #recent = new Map<number, number>();
  #margin: number;
  #dirty = false;

  constructor(saved?: SavedTimeline) {
    this.#epochs = saved === undefined ? [] : [...saved.epochs];
    this.#marks = new Map(saved === undefined ? [] : Object.entries(saved.marks));
    this.#margin = saved === undefined ? 0 : UNSAVED_MARGIN;
  }

  mark(rendition: string): Mark | undefined {
    return this.#marks.get(rendition);
  }

  /**
   * Gives the next segment of a rendition its numbers. Both never go down within a rendition:
   * a source that counts badly is corrected, not followed.
   */
  place(
    rendition: string,
    source: {
      readonly sequence: number;
      readonly discontinuitySequence: number;
      readonly discontinuity: boolean;
    },
    link: Link,
  ): Place {
    const before = this.#marks.get(rendition);
    const index = this.#epochFor(before, source, link);
    const epoch = this.#epochs[index] as Epoch;
    const mediaSequence = source.sequence + epoch.mediaOffset;
    const discontinuity = source.discontinuity || link === 'jump' || link === 'reset';
    const counted = source.discontinuitySequence + epoch.discontinuityOffset;
    const agreed = this.#recent.get(mediaSequence) ?? counted;
    let discontinuitySequence = Math.max(0, agreed);
    if (before !== undefined && link === 'cold') {
      const seenBefore = mediaSequence <= before.mediaSequence;
      discontinuitySequence = seenBefore
        ? (this.#recent.get(mediaSequence) ?? before.discontinuitySequence)
        : Math.max(before.discontinuitySequence, agreed);
    } else if (before !== undefined) {
      const least = before.discontinuitySequence + (discontinuity ? 1 : 0);
      discontinuitySequence = link === 'next' ? least : Math.max(least, agreed);
    }
    this.#marks.set(rendition, {
      epoch: index,
      sourceSequence: source.sequence,
      mediaSequence,
      discontinuitySequence,
    });
    this.#remember(mediaSequence, discontinuitySequence);
    this.#dirty = true;
    return { mediaSequence, discontinuitySequence, discontinuity };
  }

  /** The numbering as it must be found again after a restart, or undefined if nothing changed. */
  takeUnsaved(): SavedTimeline | undefined {
    if (!this.#dirty) return undefined;
    this.#dirty = false;
    return { epochs: this.#epochs, marks: Object.fromEntries(this.#marks) };
  }

  #epochFor(
    before: Mark | undefined,
    source: { readonly sequence: number; readonly discontinuitySequence: number },
    link: Link,
  ): number {
    const newest = this.#epochs.length - 1;
    if (before === undefined) {
      if (newest >= 0) return newest;
      this.#epochs.push({ mediaOffset: 0, discontinuityOffset: 0 });
      return 0;
    }
    if (link !== 'reset') return before.epoch;
    const adopted = this.#epochs[newest] as Epoch;
    const fits = source.sequence + adopted.mediaOffset > before.mediaSequence;
    if (newest > before.epoch && fits) return newest;
    const marks = [...this.#marks.values()];
    const lastMedia = Math.max(...marks.map((mark) => mark.mediaSequence)) + this.#margin;
    const lastDiscontinuity = Math.max(...marks.map((mark) => mark.discontinuitySequence));
    this.#margin = 0;
    this.#epochs.push({
      mediaOffset: lastMedia + 1 - source.sequence,
      discontinuityOffset: lastDiscontinuity + 1 - source.discontinuitySequence,
    });
    this.#forgetOldEpochs();
    return this.#epochs.length - 1;
  }

  #remember(mediaSequence: number, discontinuitySequence: number): void {
    this.#recent.set(mediaSequence, discontinuitySequence);
    if (this.#recent.size > RECENT_PLACES_MAX) {
      const oldest = this.#recent.keys().next().value;
      if (oldest !== undefined) this.#recent.delete(oldest);
    }
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
