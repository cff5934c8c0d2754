// This file watches how the source that feeds a rendition does, over all that it tells.
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { BlankLimits } from '../../config/config.ts';
import type { RenditionRing } from '../../ring/rendition-ring.ts';
import { TARGET_DURATION_DEFAULT_S } from '../../source/deadlines.ts';
import type { LoopEvent } from '../messages.ts';
import { Arrivals } from './arrivals.ts';
import { type BlankKind, BlankWatch } from './blank-watch.ts';
import { type Trouble, VitalSigns } from './vital-signs.ts';

export type SourceWatchDeps = {
  readonly clock: Clock;
  readonly log: Log;
  /** How long there may be nothing to hear or see, where the channel asks for it. */
  readonly blankLimits?: BlankLimits;
};

export class SourceWatch {
  readonly #list: RenditionRing;
  readonly #deps: SourceWatchDeps;
  readonly #arrivals = new Arrivals();
  #vital: VitalSigns;
  #blanks: BlankWatch | undefined;
  #startedMs = 0;
  #advancedMs = Number.NEGATIVE_INFINITY;
  /** When the source was last left for another, or about to be. */
  #changeMs = Number.NEGATIVE_INFINITY;

  constructor(list: RenditionRing, deps: SourceWatchDeps) {
    this.#list = list;
    this.#deps = deps;
    this.#vital = this.#newSigns(deps.clock.monotonicMs());
  }

  get signs(): VitalSigns {
    return this.#vital;
  }

  /** Monotonic time at which the list last grew; -Infinity before that. */
  get advancedMs(): number {
    return this.#advancedMs;
  }

  /** It is opened: nothing that was before counts. */
  begin(): void {
    this.#advancedMs = Number.NEGATIVE_INFINITY;
    this.#changeMs = Number.NEGATIVE_INFINITY;
    this.#arrivals.begin();
    this.#restart();
  }

  /** Another takes its place in mid-play. */
  change(): void {
    this.leaving();
    this.#restart();
  }

  /** It is about to be left for another: after a stream, whose last cut may be long ago. */
  leaving(): void {
    if (this.#vital.stream.movedMs === undefined) return;
    this.#changeMs = this.#deps.clock.monotonicMs();
  }

  /** It is followed from now on: what it did before nobody looked at. */
  followed(): void {
    this.#vital.begin(this.#deps.clock.monotonicMs());
  }

  /** The list has grown. */
  grew(nowMs: number): void {
    this.#advancedMs = nowMs;
    this.#arrivals.grew(nowMs, this.#list.listed());
  }

  /** Media that went by until the change and that nobody was shown. To be asked once a change. */
  missingMs(): number {
    const missingMs = this.#arrivals.missingMs(this.#startedMs);
    this.#arrivals.begin();
    return missingMs;
  }

  judged(event: Extract<LoopEvent, { type: 'judged' }>): void {
    this.#blanks?.take(event);
  }

  /** There is something to hear, or to see, where that is watched. */
  shows(kind: BlankKind): boolean {
    return this.#blanks?.shows(kind) ?? false;
  }

  /** Why it should be left for another, or that it plays. `joins`: it has yet to list anything. */
  condition(nowMs: number, joins: boolean): Trouble | 'well' | 'unknown' {
    const { ended, onDemand } = this.#list;
    if (onDemand) return 'well';
    const trouble = this.#vital.trouble({ nowMs, targetDurationS: this.#longestS(), ended });
    return trouble ?? (!joins && this.#advancedMs >= this.#startedMs ? 'well' : 'unknown');
  }

  /** An endless stream that has not failed, and may be about to. */
  isLate(nowMs: number): boolean {
    return !this.#list.ended && this.#vital.stream.isLate(nowMs, this.#longestS() * 1000);
  }

  /**
   * When it last gave a sign of life: the list grew, or an endless stream went on that could not be
   * cut yet. One that takes over has as long as any other, but once.
   */
  livedMs(graceMs: number): number {
    const movedMs = this.#vital.stream.movedMs ?? Number.NEGATIVE_INFINITY;
    const changedMs = Math.min(this.#changeMs, this.#advancedMs + graceMs);
    return Math.max(this.#advancedMs, movedMs, changedMs);
  }

  #restart(): void {
    this.#startedMs = this.#deps.clock.monotonicMs();
    this.#vital = this.#newSigns(this.#startedMs);
  }

  #newSigns(nowMs: number): VitalSigns {
    const { blankLimits, log } = this.#deps;
    this.#blanks = blankLimits === undefined ? undefined : new BlankWatch(blankLimits, log);
    return new VitalSigns(nowMs, this.#blanks);
  }

  /**
   * An endless stream that goes on and has yet to give its first segment: encoders left to themselves
   * put key frames ten seconds apart, so that may take longer than viewers wait for anything else.
   */
  awaitsCut(nowMs: number): boolean {
    if (this.#list.last !== undefined) return false;
    return this.#vital.stream.lives(nowMs, this.#longestS() * 1000);
  }

  // RFC 8216 §4.3.3.1: a segment may be half a second longer than its list says
  #longestS(): number {
    const { targetDurationS } = this.#list;
    if (targetDurationS === 0) return TARGET_DURATION_DEFAULT_S;
    return Math.max(targetDurationS, ...this.#list.listed().map(({ listed }) => listed.durationS));
  }
}
