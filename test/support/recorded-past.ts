// This file keeps the past of channels by writing down what it is told.
import type { PastKeeper, PastPlace, PastSegment } from '../../src/prefetch/rendition/past.ts';

export class RecordedPast implements PastKeeper {
  readonly kept: Set<string>;
  readonly offered: string[] = [];
  readonly taken: { readonly place: PastPlace; readonly segment: PastSegment }[] = [];

  constructor(...kept: string[]) {
    this.kept = new Set(kept);
  }

  keeps(channel: string): boolean {
    return this.kept.has(channel);
  }

  offers(channel: string, main: string): void {
    this.offered.push(`${channel}/${main}`);
  }

  take(place: PastPlace, segment: PastSegment): void {
    this.taken.push({ place, segment });
  }

  /** Of each the source's number; `-` before a gap, `|` where it follows nothing. */
  shown(rendition: string): string {
    return this.taken
      .filter(({ place }) => place.rendition === rendition)
      .map(({ segment: { listed, body, follows } }) => {
        const sequence = listed.identity === 'missed' ? '?' : listed.sequence;
        return `${follows ? '' : '|'}${body === undefined ? '-' : ''}${sequence}`;
      })
      .join(' ');
  }
}
