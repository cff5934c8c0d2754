// This file is the upstream of a simulated channel: what it answers to each request.
import type { Clock } from '../../src/base/clock.ts';
import type { OutboundRequest } from '../../src/net/outbound.ts';
import { type Form, identify, initBytes, keyBytes, segmentBytes } from './bytes.ts';
import type { Dice } from './dice.ts';
import { Encoder, type Made } from './encoder.ts';
import { Plans } from './plans.ts';
import { contentOf, encrypted, transportSegment } from './transport.ts';
import { listText, masterText } from './upstream-text.ts';
import type { Spell, Weather } from './weather.ts';
import type { Plan } from './wire.ts';

export type UpstreamOptions = {
  readonly channel: string;
  readonly renditions: readonly string[];
  /** How much later than the first each rendition lists a segment. */
  readonly lagMs: number;
  readonly durationMs: number;
  readonly jitter: number;
  readonly firstSequence: number;
  readonly window: number;
  readonly kept: number;
  readonly form: Form;
  readonly packets: number;
  /** A new key, or init segment, for each so many segments. */
  readonly changeEvery: number | undefined;
  readonly countsCuts: boolean;
  readonly hasDates: boolean;
  readonly hasTokens: boolean;
  /** Tokens stand in the names of segments, not behind them. */
  readonly signsNames: boolean;
  readonly latencyMs: number;
  readonly isFinished: boolean;
  readonly firstRun: number;
  /** Bodies are media that can be played. */
  readonly isMedia?: true;
};

const NOT_FOUND = 404;

export class Upstream {
  readonly options: UpstreamOptions;
  readonly encoder: Encoder;
  readonly #clock: Clock;
  readonly #dice: Dice;
  readonly #weather: Weather;
  readonly #plans: Plans;
  /** What a body of media shows, by its identity. */
  readonly contents = new Map<string, string>();
  #tokens = 0;
  #targetS: number;
  #longestTargetS: number;

  constructor(clock: Clock, dice: Dice, weather: Weather, options: UpstreamOptions) {
    this.#clock = clock;
    this.#dice = dice;
    this.#weather = weather;
    this.#plans = new Plans(dice, options.latencyMs);
    this.options = options;
    const { durationMs, jitter, firstSequence, window, kept, firstRun } = options;
    const random = dice.fork().random;
    const made = options.isFinished ? 3 * window : window;
    const numbers = { firstSequence, made, kept, firstRun };
    this.encoder = new Encoder(clock, { durationMs, jitter, ...numbers, random });
    this.#targetS = Math.max(1, Math.round((durationMs * (1 + jitter / 2)) / 1000));
    this.#longestTargetS = this.#targetS;
    if (options.isFinished) this.end();
  }

  /** What its lists say now. */
  get targetS(): number {
    return this.#targetS;
  }

  /** The longest target duration it ever said, or should have said. */
  get longestTargetS(): number {
    return this.#longestTargetS;
  }

  end(): void {
    this.encoder.pause();
    this.encoder.isEnded = true;
    this.hasEnded = true;
  }

  /** Names or numbers have come to mean other content, which nothing can tell from outside. */
  #isAmbiguous = false;
  /** Its list has said so, however long ago. */
  hasEnded = false;
  /** A thread that died has forgotten how long the list was, by which some restarts are told. */
  isForgotten = false;
  #hasRestarted = false;

  get isAmbiguous(): boolean {
    return this.options.signsNames || this.#isAmbiguous || (this.#hasRestarted && this.isForgotten);
  }

  restart(sequence: number, isFresh: boolean): void {
    if (!isFresh || sequence > this.encoder.newest.sequence) this.#isAmbiguous = true;
    this.#hasRestarted = true;
    this.encoder.restart(sequence, isFresh);
  }

  setDuration(durationMs: number): void {
    this.encoder.setDuration(durationMs);
    const { jitter } = this.options;
    this.#targetS = Math.max(1, Math.round((durationMs * (1 + jitter / 2)) / 1000));
    this.#longestTargetS = Math.max(this.#longestTargetS, this.#targetS);
  }

  plan(request: OutboundRequest): Plan {
    const { pathname } = new URL(request.url);
    const [, , rendition = '', file = ''] = pathname.split('/');
    if (rendition === 'master.m3u8') {
      return this.#listPlan('', () => masterText(this.options.renditions));
    }
    if (file === 'list.m3u8') {
      return this.#listPlan(rendition, (spell) => this.#list(rendition, spell));
    }
    return this.#bodyPlan(rendition, file);
  }

  #listPlan(rendition: string, write: (spell: Spell | undefined) => string): Plan {
    const spell = this.#weather.listFault(this.#clock.monotonicMs(), rendition);
    switch (spell?.fault) {
      case '404':
        return this.#plans.status(NOT_FOUND);
      case 'page':
        return this.#plans.text('<!doctype html><title>Sign in</title>');
      case 'empty':
        return this.#plans.text('\n');
      default:
        return this.#plans.spoilt(spell?.fault, this.#plans.text(write(spell)));
    }
  }

  #bodyPlan(rendition: string, file: string): Plan {
    const body = this.#body(rendition, file);
    const fault = this.#weather.bodyFault(this.#clock.monotonicMs(), rendition);
    if (body === undefined) return this.#plans.status(NOT_FOUND);
    switch (fault) {
      case 'late 404':
        return this.#plans.status(NOT_FOUND);
      case 'other bytes':
        return this.#plans.whole(this.#body(rendition, file, this.#dice.whole(1, 9)) as Uint8Array);
      case 'other bytes, cut': {
        const other = this.#body(rendition, file, this.#dice.whole(1, 9)) as Uint8Array;
        const how = this.#dice.pick(['cut body', 'silent body', undefined] as const);
        const gapMs = this.#dice.between(20, 600);
        return this.#plans.spoilt(how, { ...this.#plans.whole(other), gapMs });
      }
      case 'broken media':
        return { ...this.#plans.whole(body.subarray(0, body.length - 7)), isFlawed: true };
      default:
        return this.#plans.spoilt(fault, this.#plans.whole(body));
    }
  }

  #list(rendition: string, spell: Spell | undefined): string {
    const { window, form, changeEvery, countsCuts, hasDates, hasTokens, signsNames } = this.options;
    const made = this.encoder.madeBy(this.#seenMs(rendition, spell));
    const isWhole = this.options.isFinished;
    const listed = spell?.fault === 'no segments' ? [] : isWhole ? made : made.slice(-window);
    const number = (one: Made) => numberOf(one, changeEvery);
    return listText(listed, {
      targetS: this.#targetS,
      extension: form === 'fmp4' ? 'm4s' : 'ts',
      signature: signsNames ? `_${this.#tokens++}` : '',
      query: hasTokens ? `?token=${this.#tokens++}` : '',
      countsCuts,
      hasDates,
      keyOf: (one) => (form === 'encrypted' ? number(one) : undefined),
      mapOf: (one) => (form === 'fmp4' ? number(one) : undefined),
      isEnded: this.encoder.isEnded,
    });
  }

  /** The time of the copy that is answered. */
  #seenMs(rendition: string, spell: Spell | undefined): number {
    const { renditions, lagMs, durationMs } = this.options;
    const nowMs = this.#clock.monotonicMs() - Math.max(0, renditions.indexOf(rendition)) * lagMs;
    if (spell?.fault === 'frozen copy') return Math.min(nowMs, spell.fromMs);
    if (spell?.fault === 'old copy') return Math.min(nowMs, spell.fromMs - 3 * durationMs);
    return spell?.fault === 'stale copy'
      ? nowMs - this.#dice.between(0.5, 2.5) * durationMs
      : nowMs;
  }

  #body(rendition: string, file: string, version = 0): Uint8Array | undefined {
    const { channel, form, packets } = this.options;
    const asset = /^(key|map)(\d+)\.\w+$/.exec(file);
    if (asset?.[1] === 'key') return keyBytes(`${channel}/${asset[2]}`);
    if (asset?.[1] === 'map') return initBytes(`${channel}/${rendition}/${asset[2]}`);
    const made = this.encoder.find(nameOf(file));
    if (made === undefined || made.isGap) return undefined;
    const isListed = made.madeAtMs <= this.#seenMs(rendition, undefined);
    if (!isListed) return undefined;
    if (this.options.isMedia) return this.#media(rendition, made, version);
    const name = `${channel}/${rendition}/${made.index}/${version}`;
    return segmentBytes(form, name, made.index, packets);
  }

  #media(rendition: string, made: Made, version: number): Uint8Array {
    const { channel, form, changeEvery } = this.options;
    const scene = { of: `${channel}/${rendition}`, made, version };
    const clear = transportSegment(scene);
    const key = `${channel}/${numberOf(made, changeEvery)}`;
    const bytes = form === 'encrypted' ? encrypted(clear, key, made.sequence) : clear;
    this.contents.set(identify(bytes), contentOf(scene));
    return bytes;
  }
}

/** Of its key or init segment. */
function numberOf({ index }: Made, changeEvery: number | undefined): number {
  return Math.floor(index / (changeEvery ?? 1e9));
}

/** What the encoder called the segment in this file. */
export function nameOf(file: string): string {
  return file.replace(/(?:_\d+)?\.\w+$/, '');
}
