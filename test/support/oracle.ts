// This file judges what viewers saw: all bytes or a visible break, one timeline, nothing promised in vain.
import type { Identity } from './live/bodies.ts';
import type { MediaList } from './viewer/media-list.ts';
import type { SeenSegment, ViewerReport } from './viewer/viewer.ts';

export type OracleOptions = {
  /** What the origin says a hash is; undefined: bytes it never sent. */
  readonly identify: (sha256: string) => Identity | undefined;
  /** Playlists may be 503 at times: the upstream is gone for longer than the ring covers. */
  readonly mayBeUnavailable?: boolean;
  /** Answers may end with a reset: the server is killed in this test. */
  readonly mayBreak?: boolean;
  /** The viewers read so slowly that their own time limit passes. */
  readonly mayBeLate?: boolean;
};

/** More of one kind say nothing new. */
const MAX_PER_KIND = 5;

/** Every promise that was broken, in words; empty is good. */
export function violations(
  reports: readonly ViewerReport[],
  options: OracleOptions,
): readonly string[] {
  const found = new Map<string, string[]>();
  const blame = (kind: string, what: string) => {
    const list = found.get(kind) ?? [];
    list.push(what);
    found.set(kind, list);
  };
  judgeAnswers(reports, options, blame);
  judgeTimeline(reports, blame);
  judgeOrder(reports, options, blame);
  return [...found].flatMap(([kind, list]) => {
    const more = list.length > MAX_PER_KIND ? [`${kind}: ${list.length - MAX_PER_KIND} more`] : [];
    return [...list.slice(0, MAX_PER_KIND).map((what) => `${kind}: ${what}`), ...more];
  });
}

type Blame = (kind: string, what: string) => void;

function judgeAnswers(
  reports: readonly ViewerReport[],
  options: OracleOptions,
  blame: Blame,
): void {
  const bodies = new Map<string, string>();
  for (const { playlists, segments, extras } of reports) {
    for (const { url, answer, list } of playlists) {
      const isGone = answer.status === 503 && options.mayBeUnavailable;
      const isBroken = answer.ended === 'broken' && options.mayBreak;
      if (list !== undefined || isGone || isBroken || answer.ended === 'left') continue;
      blame('playlist', `${url} gave ${answer.status}, ${answer.ended}`);
    }
    for (const { url, answer } of extras) judgeFetch(url, answer, options, blame);
    for (const segment of segments) {
      const { listed, answer, when } = segment;
      const name = when === 'again' ? `${listed.url} (gone from the list)` : listed.url;
      judgeFetch(name, answer, options, blame);
      if (answer.ended !== 'whole' || answer.status !== 200) continue;
      judgeBody(segment, options, blame);
      const before = bodies.get(listed.url);
      if (before !== undefined && before !== answer.sha256) {
        blame('one name, two bodies', listed.url);
      }
      bodies.set(listed.url, answer.sha256);
    }
  }
}

function judgeFetch(
  name: string,
  answer: SeenSegment['answer'],
  options: OracleOptions,
  blame: Blame,
): void {
  if (answer.ended === 'broken' && answer.status === 0 && !options.mayBreak) {
    blame('no answer', name);
  } else if (answer.ended === 'whole' && answer.status !== 200) {
    blame('listed and not answered', `${name} gave ${answer.status}`);
  } else if (answer.ended === 'late' && !options.mayBeLate) {
    blame('late', `${name} after ${Math.round(answer.totalMs)} ms, ${answer.bodyBytes} bytes`);
  }
}

function judgeBody(segment: SeenSegment, options: OracleOptions, blame: Blame): void {
  const identity = options.identify(segment.clearSha256);
  const { url } = segment.listed;
  if (identity === undefined) {
    blame('foreign bytes', `${url}: ${segment.answer.bodyBytes} bytes, ${segment.clearSha256}`);
  } else if (identity.kind !== 'segment' || !identity.isClear) {
    blame('wrong bytes', `${url} is ${identity.kind} ${identity.index} of ${identity.rendition}`);
  }
}

// RFC 8216 §6.2.1 and §6.2.2: what a playlist must never take back
function judgeTimeline(reports: readonly ViewerReport[], blame: Blame): void {
  const names = new Map<string, string>();
  const cuts = new Map<string, number>();
  for (const { playlists } of reports) {
    const latest = new Map<string, MediaList>();
    for (const { url, list } of playlists) {
      if (list === undefined) continue;
      const before = latest.get(url);
      latest.set(url, list);
      judgeStep(url, before, list, blame);
      for (const { sequence, url: segmentUrl, discontinuity } of list.segments) {
        const place = `${url} ${sequence}`;
        if ((names.get(place) ?? segmentUrl) !== segmentUrl) {
          blame('one number, two segments', `${place}: ${names.get(place)}, then ${segmentUrl}`);
        }
        if ((cuts.get(place) ?? discontinuity) !== discontinuity) {
          blame('discontinuities', `${place} was in ${cuts.get(place)}, then in ${discontinuity}`);
        }
        names.set(place, segmentUrl);
        cuts.set(place, discontinuity);
      }
    }
  }
}

function judgeStep(
  url: string,
  before: MediaList | undefined,
  list: MediaList,
  blame: Blame,
): void {
  for (const { sequence, durationMs } of list.segments) {
    if (Math.round(durationMs / 1000) * 1000 > list.targetMs) {
      blame('target duration', `${url} ${sequence}: ${durationMs} over ${list.targetMs}`);
    }
  }
  if (before === undefined) return;
  if (list.mediaSequence < before.mediaSequence) {
    blame('media sequence', `${url}: ${before.mediaSequence}, then ${list.mediaSequence}`);
  }
  if (list.discontinuitySequence < before.discontinuitySequence) {
    const [was, is] = [before.discontinuitySequence, list.discontinuitySequence];
    blame('discontinuity sequence', `${url}: ${was}, then ${is}`);
  }
}

/** The origin's segments come in order, each once, and without a hole but at a discontinuity. */
function judgeOrder(reports: readonly ViewerReport[], options: OracleOptions, blame: Blame): void {
  for (const { segments } of reports) {
    let before: { readonly segment: SeenSegment; readonly index: number } | undefined;
    for (const segment of segments) {
      const identity = options.identify(segment.clearSha256);
      if (segment.when === 'again' || identity === undefined) continue;
      const { listed } = segment;
      if (before !== undefined) {
        const by = identity.index - before.index;
        const step = `${before.index} → ${identity.index} at ${listed.url}`;
        const isNext = listed.sequence === before.segment.listed.sequence + 1;
        const isCut = listed.discontinuity > before.segment.listed.discontinuity;
        if (by <= 0) blame('order', step);
        else if (by > 1 && isNext && !isCut) blame('hole', step);
      }
      before = { segment, index: identity.index };
    }
  }
}

export type Counts = {
  readonly whole: number;
  readonly broken: number;
  readonly segments: number;
  readonly gaps: number;
};

/** Of all viewers together; a test that saw nothing proves nothing, so look at `whole`. */
export function counts(reports: readonly ViewerReport[]): Counts {
  const segments = reports.flatMap((report) => report.segments);
  const ended = (how: string) => segments.filter(({ answer }) => answer.ended === how).length;
  const gaps = new Set<string>();
  for (const { list, url } of reports.flatMap((report) => report.playlists)) {
    for (const { isGap, sequence } of list?.segments ?? [])
      if (isGap) gaps.add(`${url} ${sequence}`);
  }
  return {
    whole: segments.filter(({ answer }) => answer.ended === 'whole' && answer.status === 200)
      .length,
    broken: ended('broken'),
    segments: segments.length,
    gaps: gaps.size,
  };
}
