// This file says what of a probed upstream an operator should know.
import { streamHints } from './probe-stream.ts';
import type { Probed, ProbedMedia } from './probe-upstream.ts';

/** A list of fewer leaves a player no reserve: RFC 8216 §6.3.3 starts three from the end. */
const FEW_SEGMENTS = 3;
/** A fetch that takes more of a segment's own length than this has no reserve either. */
const TIGHT_SHARE = 0.6;
const LONG_DELAY_S = 90;
/** RFC 8216 §4.3.3.1 rounds, so a segment may be half a second over. */
const ROUNDING_S = 0.5;

/** The gravest first; empty where all is well. */
export function hintsOf(probed: Probed): string[] {
  return [
    ...accessHints(probed),
    ...probed.failures.map(({ what, message }) => `The ${what} is not to be had: ${message}`),
    ...(probed.media === undefined ? [] : mediaHints(probed.media)),
  ];
}

/** Could weir play this to a viewer? */
export function isPlayable(probed: Probed): boolean {
  if (probed.stream !== undefined) return probed.stream.mediaS > 0;
  const { newest } = probed.media ?? {};
  const isBroken = probed.failures.some(({ what }) => what !== 'second look');
  return newest !== undefined && newest.flaw === undefined && !isBroken;
}

function accessHints({ answer, other, stream }: Probed): string[] {
  if (stream !== undefined) return streamHints(stream);
  if (other === undefined) return [];
  const { status } = answer;
  if (status === 401 || status === 403) {
    return [
      `The upstream refuses (${status}): try --header 'user-agent: VLC/3.0.20', a referer, or a token that is not used up`,
    ];
  }
  if (status === 404 || status === 410) return [`There is nothing at this address (${status})`];
  if (status !== 200) return [`The upstream answers ${status}, wanted 200`];
  if (other.looksLike === 'mpegts media') {
    return ['This is a piece of a transport stream, without a table of programmes'];
  }
  if (other.looksLike === 'a DASH manifest') {
    return ['This is DASH; ask the provider for the HLS address of the same channel'];
  }
  return [`This is ${other.looksLike}, wanted an HLS playlist: a token may have run out`];
}

function mediaHints(media: ProbedMedia): string[] {
  return [...segmentHints(media), ...listHints(media), ...timeHints(media)];
}

function segmentHints({ newest }: ProbedMedia): string[] {
  if (newest === undefined) return [];
  if (newest.flaw !== undefined) return [`The newest segment cannot be used: ${newest.flaw}`];
  const share = newest.answer.tookMs / 1000 / newest.durationS;
  if (share >= 1) return ['Fetching a segment takes longer than it plays: viewers will stall'];
  if (share < TIGHT_SHARE) return [];
  return ['Fetching takes most of the time a segment plays: weir will fetch several at once'];
}

function listHints({ playlist }: ProbedMedia): string[] {
  const hints: string[] = [];
  const { segments, targetDuration, endList } = playlist;
  if (segments.length === 0) hints.push('The list is empty: the stream may not have begun');
  else if (segments.length < FEW_SEGMENTS && !endList) {
    const listed = segments.length === 1 ? '1 segment is' : `${segments.length} segments are`;
    hints.push(`Only ${listed} listed: players have little reserve`);
  }
  if (endList) hints.push('The stream is finished: it plays once and does not go on');
  const longest = Math.max(0, ...segments.map(({ duration }) => duration));
  if (longest > targetDuration + ROUNDING_S) {
    hints.push(
      `A segment of ${longest} s is longer than the target duration of ${targetDuration} s`,
    );
  }
  const methods = new Set(segments.flatMap(({ keys }) => keys.map(({ method }) => method)));
  methods.delete('AES-128');
  if (methods.size > 0) {
    hints.push(
      `Encrypted with ${[...methods].join(', ')}: passed on as it is, players need the licence`,
    );
  }
  if (playlist.iFramesOnly) hints.push('The list holds key frames only: it is for seeking');
  return hints;
}

function timeHints({ delay, second }: ProbedMedia): string[] {
  const hints: string[] = [];
  if (delay !== undefined && delay.seconds > LONG_DELAY_S) {
    hints.push(
      `The newest segment is ${Math.round(delay.seconds)} s old: the stream may stand still`,
    );
  }
  if (delay !== undefined && delay.seconds < -1) {
    hints.push('The newest segment ends in the future: a clock is wrong, here or there');
  }
  if (second !== undefined && second.newSegments === 0) {
    hints.push(`No new segment came in ${second.afterS.toFixed(1)} s: the stream may stand still`);
  }
  if (second !== undefined && second.newSegments < 0) {
    hints.push('The numbering went back between two looks: weir takes that for a restart');
  }
  return hints;
}
