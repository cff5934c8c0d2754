// This file keeps a rendition's loop running: opened when it is asked for, replaced where it died.
import type { WatchFor } from '../../media/content/judgement.ts';
import type { Segment } from '../../ring/rendition-ring.ts';
import type { RenditionSpec } from '../../source/source.ts';
import type { FirstAnswer } from '../../source/stream/first-answer.ts';
import type { BodyKey, LoopEvent, LoopHandle, LoopMode, LoopSpec } from '../messages.ts';
import type { Copies, Wanted } from './copies.ts';
import type { Intake } from './intake.ts';

/** Opens a loop; `respec` is asked for anew should the loop die and be replaced. */
export type OpenLoop = (
  spec: LoopSpec,
  sink: { readonly emit: (event: LoopEvent) => void; readonly respec: () => LoopSpec },
) => LoopHandle;

export type SupplySettings = {
  readonly ahead: number;
  readonly segmentMaxBytes: number;
  /** Segments of the source's list that a cold start names, from the newest back. */
  readonly coldSegments: number;
  readonly lookAside?: NonNullable<LoopSpec['lookAside']>;
  readonly watchFor?: WatchFor;
};

/**
 * Invariants: whoever waits for a body is known to the loop that runs now; one runs where it is
 * wanted and not held, and only there.
 */
export class Supply implements Disposable {
  readonly #intake: Intake;
  readonly #openLoop: OpenLoop;
  readonly #settings: SupplySettings;
  readonly #copies: Copies | undefined;
  #source: RenditionSpec;
  #loop: LoopHandle | undefined;
  #mode: LoopMode = 'probe';
  #isWanted = false;
  #isHeld = false;
  readonly #closing = new Set<Promise<void>>();

  /** `copies`: what it has in the tiers; absent where there are none. */
  constructor(
    source: RenditionSpec,
    intake: Intake,
    openLoop: OpenLoop,
    settings: SupplySettings,
    copies?: Copies,
  ) {
    this.#copies = copies;
    this.#source = source;
    this.#intake = intake;
    this.#openLoop = openLoop;
    this.#settings = settings;
  }

  /** `first`: an answer already at hand, used for the first poll. */
  open(mode: LoopMode, first?: FirstAnswer): void {
    this.#mode = mode;
    this.#isWanted = true;
    this.#intake.start();
    if (this.#isHeld) return;
    this.#open({ ...this.#coldSpec(), ...(first === undefined ? {} : { first }) });
  }

  setMode(mode: LoopMode): void {
    this.#mode = mode;
    this.#loop?.setMode(mode);
  }

  want(key: BodyKey): void {
    this.#loop?.want(key);
  }

  unwant(key: BodyKey): void {
    this.#loop?.unwant(key);
  }

  /** A viewer has asked for this segment of a finished stream. */
  asked({ ordinal }: Segment): void {
    this.#intake.placement.asked(ordinal);
    this.#loop?.asked(ordinal);
  }

  /** The source is to be reached another way from now on (a new token, another address). */
  moveTo(source: RenditionSpec): void {
    this.#source = source;
    if (this.#loop === undefined) return;
    this.#close();
    this.#open(this.#respec());
    this.#tellWaiting();
  }

  /** From now on another source feeds the rendition; viewers go on over a discontinuity. */
  switchTo(source: RenditionSpec, first?: FirstAnswer): void {
    this.#source = source;
    this.#isHeld = false;
    if (!this.#isWanted) return;
    this.#close();
    this.#open({
      source,
      ...this.#settings,
      join: this.#intake.cutOver(),
      ...(first === undefined ? {} : { first }),
    });
    this.#tellWaiting();
  }

  /** Closes what is open upstream, and opens nothing until it goes on. */
  hold(): void {
    this.#close();
    this.#isHeld = true;
  }

  /** Goes on where it was held, or with what was asked for meanwhile. */
  goOn(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    if (!this.#isWanted) return;
    this.#open(this.#respec());
    this.#tellWaiting();
  }

  /** Resolves once nothing of what was opened for it is open upstream any more. */
  async closed(): Promise<void> {
    await Promise.all(this.#closing);
  }

  /** Nobody wants it any more; what is held stays so. */
  [Symbol.dispose](): void {
    this.#isWanted = false;
    this.#close();
  }

  #close(): void {
    const loop = this.#loop;
    if (loop === undefined) return;
    this.#loop = undefined;
    loop[Symbol.dispose]();
    this.#closing.add(loop.closed);
    void loop.closed.finally(() => this.#closing.delete(loop.closed));
  }

  #open(spec: LoopSpec): void {
    const formed = this.#inForm(spec);
    this.#intake.asks = spec.source.kind === 'stream' ? 'stream' : 'playlist';
    this.#copies?.plays(formed);
    const loop = this.#openLoop(formed, {
      emit: (event) => {
        if (this.#loop !== loop) return;
        if (this.#copies !== undefined) this.#copy(this.#copies, event, loop);
        this.#intake.take(event);
      },
      respec: () => {
        queueMicrotask(() => {
          if (this.#mode === 'follow') this.#loop?.setMode('follow');
          this.#tellWaiting();
        });
        return this.#inForm(this.#respec());
      },
    });
    this.#loop = loop;
    if (this.#mode === 'follow') loop.setMode('follow');
  }

  /** Before the ring hears of it: then it is known what it is called. */
  #copy(copies: Copies, event: LoopEvent, loop: LoopHandle): void {
    if (event.type === 'listed' && event.link === 'reset') copies.countsAnew();
    if (event.type !== 'look' && event.type !== 'loaded') return;
    const { key } = event;
    const segment = typeof key === 'number' ? this.#intake.placement.at(key) : undefined;
    const wanted: Wanted | undefined = typeof key === 'string' ? key : segment?.listed;
    const { onDemand } = this.#intake;
    if (event.type === 'look') {
      const found = wanted === undefined ? undefined : copies.look(wanted, onDemand);
      void Promise.resolve(found).then((stored) => loop.found(key, stored?.body));
    } else if (wanted !== undefined) {
      const name = typeof wanted === 'string' ? wanted : segment?.name;
      if (name !== undefined) copies.loaded(name, wanted, event, onDemand);
    }
  }

  #inForm(spec: LoopSpec): LoopSpec {
    const form = this.#intake.form.toMake;
    return form === undefined ? spec : { ...spec, form };
  }

  #coldSpec(): LoopSpec {
    const before = this.#intake.placement.before();
    return {
      source: this.#source,
      ...this.#settings,
      ...(before === undefined ? {} : { before }),
    };
  }

  /** For a loop that replaces one that died: everything the dead one knew is known here. */
  #respec(): LoopSpec {
    const intake = this.#intake;
    // What is known of the source before is worth nothing to the one that has not listed anything
    if (intake.joins) return { source: this.#source, ...this.#settings, join: intake.cutOver() };
    const resume = intake.placement.resume();
    if (resume === undefined) return this.#coldSpec();
    return { source: this.#source, ...this.#settings, resume };
  }

  /** Tells a loop that took the place of another who is waiting. */
  #tellWaiting(): void {
    const { placement, assets } = this.#intake;
    if (placement.askedOrdinal >= 0) this.#loop?.asked(placement.askedOrdinal);
    for (const { ordinal, inFlight } of placement.unsettled()) {
      inFlight?.restart();
      if (inFlight !== undefined && inFlight.readers > 0) this.#loop?.want(ordinal);
    }
    for (const [name, inFlight] of assets.waitedFor()) {
      inFlight.restart();
      if (inFlight.readers > 0) this.#loop?.want(name);
    }
  }
}
