// This file is a source whose playlist is computed: nothing but segments is fetched.
import type { Clock } from '../../base/clock.ts';
import { parsePlaylist } from '../../media/m3u8/parse-playlist.ts';
import type { Outbound, OutboundLimits } from '../../net/outbound.ts';
import type { BodyRef, ListedSegment, Listing } from '../../ring/listing.ts';
import { playlistLimits, segmentLimits } from '../deadlines.ts';
import { SourceStatusError } from '../errors.ts';
import type { BodyAnswer, BodyOutcome, ComputedSpec, RenditionSource } from '../source.ts';
import { EdgeClock, UNSEEN_MAX } from './edge-clock.ts';
import { highest, type Places, search, searchAgain, searchAhead } from './edge-search.ts';
import { fetchPlaylist } from './hls.ts';
import { openHttpBody } from './http-body.ts';

/** Segments a computed list names: as many as a live playlist should hold. */
const LISTED = 10;
/** A look at an origin that does not answer costs no more than this many requests. */
const LOOKS_MAX = 24;
/** Where the numbering may have gone back to the configured clock, this many more. */
const LOOKS_ELSEWHERE_MAX = 12;
/** A look further ahead, at an origin that lost what it had, costs up to this many more. */
const LOOKS_AHEAD_MAX = 80;
/** Before the numbering is taken to have begun anew, what was newest is asked for again. */
const LOOKS_AGAIN_MAX = 12;
/** Looks that found nothing make the next one wait longer, up to this many segments. */
const LOOK_PAUSE_MAX = 8;
/** The edge that was lost and found again is looked at once more after so many segments. */
const RECHECK_SEGMENTS = 3;
/**
 * Whoever has a segment so far ahead of the clock, three days at 4 s, says yes to any number: a page
 * for whatever is not there, a gate that lets everything pass. It can only be taken at the clock's word.
 */
const AHEAD_OF_CLOCK_MAX = 65_536;
/** Some stores say 403 to what they do not have. */
const NOT_THERE = new Set([403, 404, 410]);
/** A cached playlist is behind by no more than this many segments. */
const OLD_COPY_MAX = 30;
/** Probes ask for headers only; the body is cancelled. */
const PROBE_BYTES = 64 * 1024 * 1024;

/** The newest segment named before: by a source that this one replaces, or when it ran last. */
export type Named = { readonly justNow?: number; readonly longAgo?: number };

export class ComputedSource implements RenditionSource {
  /** Nothing is asked for, so it may be polled often: what is named late is late for all. */
  readonly pollEveryMs: number;
  readonly #spec: ComputedSpec;
  readonly #outbound: Outbound;
  readonly #clock: Clock;
  readonly #edge: EdgeClock;
  /** Wall time minus monotonic time at the start: a step of the wall clock moves no segment. */
  readonly #wallOffsetMs: number;
  readonly #hint: number | undefined;
  #checkedMs: number;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #fruitless = 0;
  /** How the origin says that it has not got a segment. */
  #notThere = 404;

  constructor(spec: ComputedSpec, outbound: Outbound, clock: Clock, named: Named = {}) {
    this.#spec = spec;
    this.#outbound = outbound;
    this.#clock = clock;
    this.#edge = new EdgeClock(spec);
    this.#wallOffsetMs = clock.nowMs() - clock.monotonicMs();
    this.pollEveryMs = Math.max(250, spec.durationMs / 4);
    this.#hint = named.longAgo;
    if (named.justNow !== undefined) this.#edge.resume(named.justNow, this.#nowMs());
    const isChecked = spec.playlist === undefined || named.justNow !== undefined;
    this.#checkedMs = isChecked ? clock.monotonicMs() : Number.NEGATIVE_INFINITY;
  }

  async poll(targetDurationS: number, signal: AbortSignal): Promise<Listing> {
    const isLost = this.#edge.isLost(this.#nowMs());
    const { playlist, checkEveryMs } = this.#spec;
    const isDue = this.#clock.monotonicMs() - this.#checkedMs >= checkEveryMs;
    const isFirst = this.#edge.newestFound === undefined;
    const isChecked =
      playlist !== undefined &&
      (isDue || (isLost && this.#mayLook())) &&
      (await this.#check(playlist, targetDurationS, signal));
    if (!isChecked && (isFirst || isDue || (isLost && this.#mayLook()))) {
      await this.#look(targetDurationS, signal);
    }
    if (isFirst && this.#edge.newestFound === undefined) {
      throw new SourceStatusError('segment', this.#notThere, undefined);
    }
    return this.#listing();
  }

  open(ref: BodyRef, limits: OutboundLimits, signal: AbortSignal): Promise<BodyAnswer> {
    return openHttpBody(this.#outbound, this.#clock, this.#spec.policy, ref, limits, signal);
  }

  observe(sequence: number, outcome: BodyOutcome): void {
    if (outcome === 'found') this.#edge.found(sequence, this.#nowMs());
    else if (outcome === 'missing') this.#edge.missing(sequence, this.#nowMs());
    else this.#edge.gaveUp(sequence);
  }

  #nowMs(): number {
    return this.#clock.monotonicMs() + this.#wallOffsetMs;
  }

  #listing(): Listing {
    const { durationMs } = this.#spec;
    const { oldest, newest } = this.#edge.range(this.#nowMs(), LISTED);
    const segments: ListedSegment[] = [];
    for (let sequence = oldest; sequence <= newest; sequence++) {
      segments.push(this.#segment(sequence));
    }
    return {
      segments,
      targetDurationS: Math.max(1, Math.ceil(durationMs / 1000)),
      ended: false,
      independentSegments: false,
      iFramesOnly: false,
      generation: this.#edge.generation,
    };
  }

  #segment(sequence: number): ListedSegment {
    const url = this.#url(sequence);
    const path = URL.parse(url)?.pathname ?? url;
    return {
      sequence,
      identity: String(sequence),
      ref: { kind: 'http', url },
      durationS: this.#spec.durationMs / 1000,
      title: '',
      discontinuity: false,
      discontinuitySequence: 0,
      programDateTimeMs: this.#edge.beginMs(sequence),
      keys: [],
      gap: false,
      extension: /\.([a-z0-9]{2,4})$/i.exec(path)?.[1]?.toLowerCase() ?? 'ts',
    };
  }

  /**
   * {sequence} its number, {begin} seconds from the beginning of the first segment to its own,
   * {time} wall time of its beginning in Unix seconds, {quality} as configured.
   */
  #url(sequence: number): string {
    const { template, quality, first, durationMs } = this.#spec;
    const values: Record<string, string> = {
      sequence: String(sequence),
      begin: String(Math.round(((sequence - first) * durationMs) / 1000)),
      time: String(Math.floor(this.#edge.beginMs(sequence) / 1000)),
      quality: encodeURIComponent(quality),
    };
    return template.replace(/\{(sequence|begin|time|quality)\}/g, (whole, name: string) => {
      return values[name] ?? whole;
    });
  }

  /** Compares the guess with a real playlist; false where that is not to be had. */
  async #check(url: string, targetDurationS: number, signal: AbortSignal): Promise<boolean> {
    const { policy, timeouts } = this.#spec;
    this.#checkedMs = this.#clock.monotonicMs();
    try {
      const limits = playlistLimits(targetDurationS, timeouts);
      const answer = await fetchPlaylist(this.#outbound, this.#clock, url, policy, limits, signal);
      const playlist = parsePlaylist(answer.text, { uri: answer.url });
      const newest = playlist.kind === 'media' ? playlist.segments.at(-1)?.sequence : undefined;
      if (newest === undefined || (await this.#isOldCopy(newest, targetDurationS, signal))) {
        return false;
      }
      this.#lookedMs = this.#clock.monotonicMs();
      this.#edge.anchor(newest, this.#nowMs());
      return true;
    } catch {
      return false;
    }
  }

  /** Behind what was found, which the origin still has: a cache answered, nothing began anew. */
  async #isOldCopy(newest: number, targetDurationS: number, signal: AbortSignal): Promise<boolean> {
    const before = this.#hint === undefined ? undefined : this.#hint - UNSEEN_MAX;
    const known = this.#edge.newestFound ?? before;
    if (known === undefined || newest >= known || newest < known - OLD_COPY_MAX) return false;
    return this.#has(known, targetDurationS, signal);
  }

  /** A source that pauses is asked twice a segment, one that is gone less and less often. */
  #mayLook(): boolean {
    const { durationMs } = this.#spec;
    const pause = Math.min(LOOK_PAUSE_MAX, 2 ** this.#fruitless / 2);
    return this.#clock.monotonicMs() - this.#lookedMs >= durationMs * pause;
  }

  /** Looks which segment is the newest: up from the newest known one, else all over. */
  async #look(targetDurationS: number, signal: AbortSignal): Promise<void> {
    const { durationMs, checkEveryMs } = this.#spec;
    const isLost = this.#edge.isLost(this.#nowMs());
    this.#lookedMs = this.#clock.monotonicMs();
    this.#checkedMs = this.#lookedMs;
    const known = this.#edge.newestFound;
    const guess = this.#edge.guess(this.#nowMs());
    const places = this.#places(known ?? guess + 1);
    let left = LOOKS_MAX + (places.configured === undefined ? 0 : LOOKS_ELSEWHERE_MAX);
    const limit = Math.max(guess, known ?? guess, places.configured ?? guess) + AHEAD_OF_CLOCK_MAX;
    let hasAll = false;
    const has = async (sequence: number): Promise<boolean> => {
      left--;
      if (hasAll || left < 0) return false;
      const isThere = await this.#has(sequence, targetDurationS, signal);
      hasAll ||= isThere && sequence > limit;
      return isThere && !hasAll;
    };
    let newest: number | undefined;
    if (known !== undefined && (await has(known + 1))) newest = await highest(has, known + 1);
    else if (known !== undefined && (await has(known))) newest = known;
    else newest = await search(has, places);
    const isLower = newest !== undefined && known !== undefined && newest < known - UNSEEN_MAX;
    if (isLower && left >= 0) {
      left = LOOKS_AGAIN_MAX;
      newest = (await searchAgain(has, known as number)) ?? newest;
    }
    if (newest === undefined && known !== undefined) {
      left = LOOKS_AHEAD_MAX;
      newest = await searchAhead(has, known, this.#fruitless);
    }
    if (hasAll) newest = guess;
    const isSure = newest !== undefined && (left >= 0 || hasAll);
    this.#fruitless = isSure ? 0 : this.#fruitless + 1;
    if (!isSure) return;
    this.#edge.anchor(newest as number, this.#nowMs());
    // What was found while the origin was shaky, or the clock wrong, is looked at again soon
    if (isLost || newest !== guess) this.#checkedMs += RECHECK_SEGMENTS * durationMs - checkEveryMs;
  }

  /** Where the newest may be: just before `known`, or as the configuration has it. */
  #places(known: number): Places {
    const configured = this.#edge.configuredGuess(this.#nowMs());
    // So near it is asked for anyway
    const isElsewhere = Math.abs(configured - known) > UNSEEN_MAX;
    return {
      guess: known - 1,
      ...(isElsewhere ? { configured } : {}),
      hint: this.#hint,
      first: this.#spec.first,
    };
  }

  /** Throws where the origin cannot be asked at all: that says nothing of its numbers. */
  async #has(sequence: number, targetDurationS: number, signal: AbortSignal): Promise<boolean> {
    const limits = segmentLimits(targetDurationS, this.#spec.timeouts, PROBE_BYTES, 0);
    const ref: BodyRef = { kind: 'http', url: this.#url(sequence) };
    try {
      const answer = await this.open(ref, limits, signal);
      answer.cancel();
      return true;
    } catch (error) {
      if (!(error instanceof SourceStatusError && NOT_THERE.has(error.status))) throw error;
      this.#notThere = error.status;
      return false;
    }
  }
}
