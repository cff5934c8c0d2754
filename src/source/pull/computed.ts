// This file is a source whose playlist is computed: nothing but segments is fetched.
import type { Clock } from '../../base/clock.ts';
import { parsePlaylist } from '../../media/m3u8/parse-playlist.ts';
import type { Outbound, OutboundLimits } from '../../net/outbound.ts';
import type { BodyRef, ListedSegment, Listing } from '../../ring/listing.ts';
import { playlistLimits, segmentLimits } from '../deadlines.ts';
import { SourceStatusError } from '../errors.ts';
import type { BodyAnswer, ComputedSpec, RenditionSource } from '../source.ts';
import { EdgeClock } from './edge-clock.ts';
import { fetchPlaylist } from './hls.ts';
import { openHttpBody } from './http-body.ts';

/** Segments a computed list names: as many as a live playlist should hold. */
const LISTED = 10;
/** How far back the edge is looked for before the numbering is taken to have begun anew. */
const LOOK_BACK_MAX = 64;
/** A look at an origin that does not answer costs no more than this many requests. */
const LOOKS_MAX = 24;
/** Probes ask for headers only; the body is cancelled. */
const PROBE_BYTES = 64 * 1024 * 1024;

export class ComputedSource implements RenditionSource {
  readonly #spec: ComputedSpec;
  readonly #outbound: Outbound;
  readonly #clock: Clock;
  readonly #edge: EdgeClock;
  #checkedMs: number;

  constructor(spec: ComputedSpec, outbound: Outbound, clock: Clock) {
    this.#spec = spec;
    this.#outbound = outbound;
    this.#clock = clock;
    this.#edge = new EdgeClock(spec);
    this.#checkedMs = Number.NEGATIVE_INFINITY;
  }

  async poll(targetDurationS: number, signal: AbortSignal): Promise<Listing> {
    const isLost = this.#edge.isLost(this.#clock.nowMs());
    const { playlist, checkEveryMs } = this.#spec;
    const isDue = this.#clock.monotonicMs() - this.#checkedMs >= checkEveryMs;
    if (playlist !== undefined && (isLost || isDue)) {
      await this.#check(playlist, targetDurationS, signal, isLost);
    } else if (isLost) {
      await this.#look(targetDurationS, signal);
    }
    return this.#listing();
  }

  open(ref: BodyRef, limits: OutboundLimits, signal: AbortSignal): Promise<BodyAnswer> {
    return openHttpBody(this.#outbound, this.#clock, this.#spec.policy, ref, limits, signal);
  }

  observe(sequence: number, outcome: 'found' | 'missing', nowMs: number): void {
    if (outcome === 'found') this.#edge.found(sequence, nowMs);
    else this.#edge.missing(sequence, nowMs);
  }

  #listing(): Listing {
    const { durationMs } = this.#spec;
    const { oldest, newest } = this.#edge.range(this.#clock.nowMs(), LISTED);
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
      dateRanges: [],
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

  /** Compares the guess with a real playlist; one that is not to be had changes nothing. */
  async #check(
    url: string,
    targetDurationS: number,
    signal: AbortSignal,
    isLost: boolean,
  ): Promise<void> {
    const { policy, timeouts } = this.#spec;
    this.#checkedMs = this.#clock.monotonicMs();
    try {
      const limits = playlistLimits(targetDurationS, timeouts);
      const answer = await fetchPlaylist(this.#outbound, this.#clock, url, policy, limits, signal);
      const playlist = parsePlaylist(answer.text, { uri: answer.url });
      const newest = playlist.kind === 'media' ? playlist.segments.at(-1)?.sequence : undefined;
      if (newest !== undefined) this.#edge.anchor(newest, this.#clock.nowMs());
    } catch {
      if (isLost && !signal.aborted) await this.#look(targetDurationS, signal);
    }
  }

  /**
   * Looks where the newest segment is: back from the guess in doubling steps, else up from the
   * first number, as after a restart; then halves the interval.
   */
  async #look(targetDurationS: number, signal: AbortSignal): Promise<void> {
    let looks = 0;
    const has = async (sequence: number): Promise<boolean> => {
      looks++;
      return looks <= LOOKS_MAX && (await this.#has(sequence, targetDurationS, signal));
    };
    const guess = this.#edge.guess(this.#clock.nowMs());
    const { first } = this.#spec;
    let low: number | undefined;
    let high = guess + 1;
    for (let step = 0; step <= LOOK_BACK_MAX; step = step === 0 ? 1 : step * 2) {
      if (guess - step < first) break;
      if (await has(guess - step)) {
        low = guess - step;
        break;
      }
      high = guess - step;
    }
    if (low === undefined && high > first && (await has(first))) {
      low = first;
      for (let step = 1; low + step < high; step *= 2) {
        if (!(await has(low + step))) {
          high = low + step;
          break;
        }
        low += step;
      }
    }
    if (low === undefined) return;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (await has(middle)) low = middle;
      else high = middle;
    }
    if (looks <= LOOKS_MAX) this.#edge.anchor(low, this.#clock.nowMs());
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
      if (error instanceof SourceStatusError && error.status < 500) return false;
      throw error;
    }
  }
}
