// This file holds every served playlist to the rules of the standard and to those served before it.
import { parsePlaylist } from '../../src/media/m3u8/parse-playlist.ts';
import type { MediaPlaylist, MediaSegment } from '../../src/media/m3u8/playlist.ts';
import type { Made } from './encoder.ts';
import type { Journal } from './journal.ts';
import { isOfSlate } from './slate.ts';

/** What the lists of one rendition have said so far, over all runs of weir. */
export type Past = {
  list: MediaPlaylist | undefined;
  /** The last lists, with when they were served. */
  lists: { readonly atMs: number; readonly list: MediaPlaylist }[];
  /** Which life of the rendition the last list was of. */
  life: object | undefined;
  readonly names: Map<number, string>;
  readonly namedMs: Map<number, number>;
  readonly cuts: Map<string, number>;
  /** The newest segment of upstream that any list named, and its media sequence. */
  newest: { readonly made: Made; readonly sequence: number } | undefined;
};

export function createPast(): Past {
  return {
    list: undefined,
    lists: [],
    life: undefined,
    names: new Map(),
    namedMs: new Map(),
    cuts: new Map(),
    newest: undefined,
  };
}

/**
 * Back to the last list served before `toMs`. `isLost`: what was written since is lost, so that
 * the numbers given since may be given again.
 */
export function rewind(past: Past, toMs: number, isLost: boolean): void {
  past.lists = past.lists.filter(({ atMs }) => atMs <= toMs);
  past.list = past.lists.at(-1)?.list;
  if (!isLost) return;
  for (const [sequence, atMs] of past.namedMs) {
    if (atMs <= toMs) continue;
    past.cuts.delete(past.names.get(sequence) ?? '');
    past.names.delete(sequence);
  }
}

/** Lists remembered: all that may be served between two saves, and more. */
const LISTS_MAX = 30;

export type Context = {
  readonly key: string;
  /** The same object as long as the rendition was not started anew. */
  readonly life: object;
  /** The longest target duration upstream ever said. */
  readonly longestTargetS: number;
  /** What upstream calls the segment; undefined for a gap. */
  readonly madeOf: (name: string) => Made | undefined;
  /** Upstream may have put other content under known names, which nothing can tell. */
  readonly isAmbiguous: boolean;
  /** There is another source, which may have played meanwhile. */
  readonly mayReturn: boolean;
};

/** The list as parsed, or undefined where it is none. */
export function judgeList(
  text: string,
  past: Past,
  context: Context,
  nowMs: number,
  journal: Journal,
): MediaPlaylist | undefined {
  const blame = (rule: string, what: string) => journal.breach(rule, `${context.key}: ${what}`);
  const list = parsePlaylist(text);
  if (list.kind !== 'media') {
    blame('list', 'it is multivariant');
    return undefined;
  }
  judgeAlone(list, context, blame);
  if (list.type !== 'VOD' && past.list?.type !== 'VOD')
    judgeAfter(list, past, context, nowMs, blame);
  if (!context.isAmbiguous) {
    judgeOrder(list, context, blame);
    if (list.type !== 'VOD') judgeRepeats(list, past, context, blame);
  }
  past.list = list;
  past.lists = [...past.lists.slice(1 - LISTS_MAX), { atMs: nowMs, list }];
  past.life = context.life;
  return list;
}

type Blame = (rule: string, what: string) => void;

function judgeAlone(list: MediaPlaylist, context: Context, blame: Blame): void {
  const names = new Set(list.segments.map(({ uri }) => uri));
  if (list.segments.length === 0 && !list.endList) blame('list', 'it names nothing');
  if (names.size !== list.segments.length) blame('list', 'it names a segment twice');
  if (list.targetDuration > context.longestTargetS) {
    blame('list', `target duration ${list.targetDuration}, upstream's ${context.longestTargetS}`);
  }
  for (const { duration, uri } of list.segments) {
    // RFC 8216 §4.3.3.1
    if (Math.round(duration) > list.targetDuration) blame('list', `${uri} lasts ${duration} s`);
  }
  // RFC 8216 §4.3.3.5
  if (list.type === 'VOD' && !list.endList) blame('list', 'it is VOD without an end');
  if (list.discontinuitySequence < 0) blame('I3', 'the discontinuity sequence is negative');
}

// RFC 8216 §6.2.1 and §6.2.2
function judgeAfter(
  list: MediaPlaylist,
  past: Past,
  context: Context,
  nowMs: number,
  blame: Blame,
): void {
  const before = past.list;
  if (before !== undefined) {
    if (list.mediaSequence < before.mediaSequence) {
      blame('I3', `media sequence ${list.mediaSequence} after ${before.mediaSequence}`);
    }
    if (list.discontinuitySequence < before.discontinuitySequence) {
      const [now, then] = [list.discontinuitySequence, before.discontinuitySequence];
      blame('I3', `discontinuity sequence ${now} after ${then}`);
    }
    if (past.life === context.life) judgeSuccessor(list, before, blame);
  }
  let cuts = list.discontinuitySequence;
  for (const segment of list.segments) {
    if (segment.discontinuity) cuts++;
    if (segment.gap) continue;
    if (!past.names.has(segment.sequence)) past.namedMs.set(segment.sequence, nowMs);
    judgeName(segment, cuts, past, blame);
  }
}

/** The next list of the same life. */
function judgeSuccessor(list: MediaPlaylist, before: MediaPlaylist, blame: Blame): void {
  if (list.targetDuration < before.targetDuration) {
    blame('list', `target duration ${list.targetDuration} after ${before.targetDuration}`);
  }
  const seconds = list.segments.reduce((sum, { duration }) => sum + duration, 0);
  const isShorter = list.mediaSequence > before.mediaSequence;
  if (isShorter && seconds < 3 * before.targetDuration - 0.001) {
    blame('list', `segments were removed although ${seconds} s are left of ${list.targetDuration}`);
  }
  const last = list.mediaSequence + list.segments.length;
  const lastBefore = before.mediaSequence + before.segments.length;
  if (last < lastBefore) blame('list', `it ends at ${last}, the one before at ${lastBefore}`);
}

function judgeName(segment: MediaSegment, cuts: number, past: Past, blame: Blame): void {
  const { sequence, uri } = segment;
  const name = past.names.get(sequence);
  if (name !== undefined && name !== uri) blame('I3', `${sequence} was ${name} and is ${uri}`);
  past.names.set(sequence, uri);
  const cutsBefore = past.cuts.get(uri);
  if (cutsBefore !== undefined && cutsBefore !== cuts) {
    blame('I3', `${uri} had discontinuity sequence ${cutsBefore} and has ${cuts}`);
  }
  past.cuts.set(uri, cuts);
}

/** What follows without a discontinuity must follow upstream too. */
function judgeOrder(list: MediaPlaylist, context: Context, blame: Blame): void {
  let before: { made: Made; sequence: number } | undefined;
  let isCut = false;
  for (const segment of list.segments) {
    isCut ||= segment.discontinuity;
    const made = segment.gap ? undefined : context.madeOf(segment.uri);
    if (made === undefined) continue;
    if (before !== undefined && !isCut) {
      const apart = segment.sequence - before.sequence;
      const isNext = made.run === before.made.run && made.index - before.made.index === apart;
      const hides = made.cuts !== before.made.cuts;
      if (!isNext || hides) {
        const what = `${made.run}/${made.index} follows ${before.made.run}/${before.made.index}`;
        blame('order', `${segment.uri}: ${what} without a discontinuity`);
      }
    }
    before = { made, sequence: segment.sequence };
    isCut = false;
  }
}

/**
 * What was named once is not named again under a new number, as long as upstream goes on; but a
 * source that is returned to may show its newest segment twice, and its list in another life.
 */
function judgeRepeats(list: MediaPlaylist, past: Past, context: Context, blame: Blame): void {
  let isCut = false;
  for (const { uri, sequence, gap, discontinuity } of list.segments) {
    isCut ||= discontinuity;
    // What was named and never came may come of it yet
    if (gap && context.mayReturn && past.newest?.sequence === sequence) past.newest = undefined;
    const made = gap ? undefined : context.madeOf(uri);
    // The slate is the same whenever it is shown
    if (made === undefined || isOfSlate(made)) continue;
    const { newest } = past;
    if (newest !== undefined && sequence <= newest.sequence) continue;
    const isAgain = made.index === newest?.made.index || past.life !== context.life;
    const isReturn = context.mayReturn && isCut && isAgain;
    if (newest?.made.run === made.run && made.index <= newest.made.index && !isReturn) {
      blame('order', `${uri} is ${made.run}/${made.index}, named before`);
    }
    past.newest = { made, sequence };
    isCut = false;
  }
}
