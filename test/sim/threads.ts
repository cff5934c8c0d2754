// This file runs rendition loops as worker threads would: behind queues, and mortal.

import type { Clock } from '../../src/base/clock.ts';
import type { Outbound } from '../../src/net/outbound.ts';
import { createFollowedSource } from '../../src/prefetch/loop/followed-source.ts';
import type { OriginGate } from '../../src/prefetch/loop/origin-gate.ts';
import { RenditionLoop } from '../../src/prefetch/loop/rendition-loop.ts';
import type { LoopEvent, LoopHandle, LoopSpec } from '../../src/prefetch/messages.ts';
import type { OpenLoop } from '../../src/prefetch/rendition/supply.ts';
import { heapBody } from '../../src/ring/memory-files.ts';
import type { Dice } from './dice.ts';
import { SimSlate } from './slate.ts';

type Sink = Parameters<OpenLoop>[1];

/** A loop as the serving thread knows it; `life` counts the loops that ran for it. */
type Slot = { readonly sink: Sink; loop: RenditionLoop | undefined; life: number; isOpen: boolean };

/** Fetches at once to the one upstream. */
const PER_ORIGIN = 6;

export class Threads {
  readonly #clock: Clock;
  readonly #dice: Dice;
  readonly #outbound: Outbound;
  readonly #slots = new Set<Slot>();
  readonly #loops = new Set<RenditionLoop>();
  readonly #gate: OriginGate = createGate(PER_ORIGIN);
  readonly #toWorker: Queue;
  readonly #toMain: Queue;

  constructor(clock: Clock, dice: Dice, outbound: Outbound) {
    this.#clock = clock;
    this.#dice = dice;
    this.#outbound = outbound;
    this.#toWorker = new Queue(clock, dice);
    this.#toMain = new Queue(clock, dice);
  }

  readonly open: OpenLoop = (spec, sink) => {
    const slot: Slot = { sink, loop: undefined, life: 0, isOpen: true };
    this.#slots.add(slot);
    this.#start(slot, spec);
    const send = (run: (loop: LoopHandle) => void) => {
      const { life } = slot;
      this.#toWorker.push(() => {
        // What is sent to a dead thread reaches nobody
        if (slot.loop !== undefined && slot.life === life) run(slot.loop);
      });
    };
    const closed = Promise.withResolvers<void>();
    return {
      closed: closed.promise,
      setMode: (mode) => send((loop) => loop.setMode(mode)),
      want: (key) => send((loop) => loop.want(key)),
      unwant: (key) => send((loop) => loop.unwant(key)),
      asked: (ordinal) => send((loop) => loop.asked(ordinal)),
      found: (key, body) => send((loop) => loop.found(key, body)),
      [Symbol.dispose]: () => {
        if (!slot.isOpen) return;
        slot.isOpen = false;
        // Nothing runs for it: there is nobody to say that it has closed
        if (slot.loop === undefined) closed.resolve();
        send((loop) => {
          loop[Symbol.dispose]();
          void loop.closed.then(closed.resolve);
        });
        this.#slots.delete(slot);
      },
    };
  };

  /** One thread dies with all that is on its way from it, and is replaced a moment later. */
  crash(): void {
    const slots = [...this.#slots];
    if (slots.length === 0) return;
    const slot = this.#dice.pick(slots);
    const life = ++slot.life;
    slot.loop?.[Symbol.dispose]();
    slot.loop = undefined;
    this.#clock.after(this.#dice.pick([0, 1, 1000]), () => {
      if (slot.isOpen && slot.life === life) this.#start(slot, slot.sink.respec());
    });
  }

  killAll(): void {
    for (const slot of this.#slots) slot.life++;
    for (const loop of this.#loops) loop[Symbol.dispose]();
    this.#slots.clear();
  }

  #start(slot: Slot, spec: LoopSpec): void {
    const life = ++slot.life;
    this.#toWorker.push(() => {
      if (slot.life !== life || !slot.isOpen) return;
      slot.loop = this.#createLoop(structuredClone(spec), (event) => {
        const copy = event.type === 'listed' ? structuredClone(event) : event;
        this.#toMain.push(() => {
          if (slot.life === life && slot.isOpen) slot.sink.emit(copy);
        });
      });
    });
  }

  #createLoop(spec: LoopSpec, emit: (event: LoopEvent) => void): RenditionLoop {
    const clock = this.#clock;
    const random = this.#dice.fork().random;
    const source =
      spec.source.kind === 'loop'
        ? new SimSlate(clock)
        : createFollowedSource(spec, this.#outbound, clock, random);
    const gate = this.#gate;
    const deps = { clock, random, gate, source, emit, makeBody: heapBody };
    const loop = new RenditionLoop(spec, deps);
    this.#loops.add(loop);
    return loop;
  }
}

/** Messages in order, each a moment after it was sent. */
class Queue {
  readonly #clock: Clock;
  readonly #dice: Dice;
  #lastMs = 0;

  constructor(clock: Clock, dice: Dice) {
    this.#clock = clock;
    this.#dice = dice;
  }

  push(run: () => void): void {
    const nowMs = this.#clock.monotonicMs();
    const atMs = nowMs + (this.#dice.chance(0.7) ? 0 : this.#dice.whole(1, 4));
    this.#lastMs = Math.max(this.#lastMs, atMs);
    this.#clock.after(this.#lastMs - nowMs, run);
  }
}

/** First come, first served, and no timers: the real one polls a table shared by threads. */
function createGate(limit: number): OriginGate {
  let free = limit;
  const waiting: (() => void)[] = [];
  const leave = () => {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  };
  return {
    async enter(_url, signal) {
      if (signal.aborted) return undefined;
      if (free > 0) free--;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      if (signal.aborted) {
        leave();
        return undefined;
      }
      let isHeld = true;
      return {
        [Symbol.dispose]() {
          if (isHeld) leave();
          isHeld = false;
        },
      };
    },
  };
}
