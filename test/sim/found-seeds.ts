// This file keeps the seeds that found something, so that it stays found.

/** Each broke an invariant before the core was mended; `caught` says how. */
export const FOUND_SEEDS: readonly {
  readonly seed: number;
  readonly sources: 1 | 2;
  readonly hasSlate?: true;
  readonly hasStreams?: true;
  readonly caught: string;
}[] = [
  {
    seed: 5,
    sources: 1,
    caught: 'gaps in every channel, since all competed for memory that was too small',
  },
  {
    seed: 221,
    sources: 1,
    caught: 'gaps in every rendition, since a channel that came later took memory',
  },
  { seed: 2729, sources: 1, caught: 'I2: who asked again in mid-fetch got the end for the whole' },
  { seed: 2849, sources: 1, caught: 'order: what an origin denied once was taken for a restart' },
  { seed: 3326, sources: 1, caught: 'I7: a viewer that waited was taken to have gone (our own)' },
  { seed: 2074, sources: 1, caught: 'I6: a viewer that was woken late waited half a second more' },
  { seed: 36, sources: 2, caught: 'I3: what was taken back had been named before a restart' },
  {
    seed: 1252,
    sources: 2,
    hasSlate: true,
    caught: 'I3: what was made for players of fMP4 had other names after a restart',
  },
  { seed: 80, sources: 2, caught: 'order: after a restart another source, and no discontinuity' },
  { seed: 37, sources: 2, caught: 'I10: viewers waited for an init segment of the source before' },
  { seed: 94, sources: 2, caught: 'I4: a promise as long as the last list, not the longest' },
  { seed: 370, sources: 2, caught: 'order: a source returned to showed again what it had shown' },
  {
    seed: 819,
    sources: 2,
    caught: 'I10: a name that a player held was nothing to the other source',
  },
];
