// This file finds in what a viewer saw where one source took over from another, and what that cost.
import type { Identity } from '../support/live/bodies.ts';
import type { SeenSegment, ViewerReport } from '../support/viewer/viewer.ts';

/** Which source a body is of, and which of its segments; both sources count alike. */
export type Origin = { readonly source: string; readonly identity: Identity };

export type Seam = {
  readonly from: string;
  readonly to: string;
  /** Segments shown again (above 0) or never shown (below 0). */
  readonly repeated: number;
  readonly isTagged: boolean;
};

export type Course = {
  /** The sources in the order in which they were seen. */
  readonly sources: readonly string[];
  readonly seams: readonly Seam[];
  /** Within one source: segments shown again or left out. */
  readonly slips: readonly string[];
};

export function courseOf(
  report: ViewerReport,
  originOf: (sha256: string) => Origin | undefined,
): Course {
  const seams: Seam[] = [];
  const slips: string[] = [];
  const sources: string[] = [];
  let before: { readonly segment: SeenSegment; readonly origin: Origin } | undefined;
  for (const segment of report.segments) {
    const origin = originOf(segment.clearSha256);
    if (origin === undefined || segment.when === 'again') continue;
    if (sources.at(-1) !== origin.source) sources.push(origin.source);
    if (before !== undefined) {
      const by = origin.identity.index - before.origin.identity.index;
      const isTagged = segment.listed.discontinuity > before.segment.listed.discontinuity;
      if (origin.source !== before.origin.source) {
        const [from, to] = [before.origin.source, origin.source];
        seams.push({ from, to, repeated: 1 - by, isTagged });
      } else if (by !== 1) {
        slips.push(`${before.origin.identity.index} → ${origin.identity.index}`);
      }
    }
    before = { segment, origin };
  }
  return { sources, seams, slips };
}

/** Media sequences of all lists in a row: where one goes back or leaves one out. */
export function brokenNumbers({ playlists }: ViewerReport): readonly string[] {
  const broken: string[] = [];
  let last: number | undefined;
  for (const { list } of playlists) {
    if (list === undefined) continue;
    const end = list.mediaSequence + list.segments.length - 1;
    if (last !== undefined && end < last) broken.push(`ends at ${end} after ${last}`);
    if (last !== undefined && list.mediaSequence > last + 1) {
      broken.push(`begins at ${list.mediaSequence} after ${last}`);
    }
    last = end;
  }
  return broken;
}
