// This file is the pool of worker threads that run the rendition loops.
import type { Clock, Timer } from '../../base/clock.ts';
import { endThread } from '../../base/end-thread.ts';
import { BEAT_MS, Heartbeat } from '../../base/heartbeat.ts';
import type { Log } from '../../base/log.ts';
import { isStream, type Look } from '../../source/stream/first-answer.ts';
import type { LoopEvent, LoopHandle, LoopSpec } from '../messages.ts';
import { HeldStream, Looks } from './looks.ts';
import { clearGateRow, createGateTable } from './origin-gate.ts';
import type { FromWorker, ToWorker, WorkerSettings } from './thread-messages.ts';

export type PoolOptions = {
  readonly size: number;
  readonly entry: URL;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: Omit<WorkerSettings, 'worker' | 'gateTable'>;
  /** Called with every body that comes, whoever it is for. */
  readonly onBody?: (body: Blob) => void;
};

type Sink = {
  readonly emit: (event: LoopEvent) => void;
  readonly respec: () => LoopSpec;
};

type Slot = {
  readonly index: number;
  thread: Worker;
  readonly loops: Map<number, Sink>;
  readonly looks: Looks;
  /** Loops that were told to close, and who is to be told once they have. */
  readonly closing: Map<number, () => void>;
  heart: Heartbeat;
  bornMs: number;
};

/** A worker has this long to close what it has open. */
const END_MS = 1000;
/** A worker that dies sooner than this is replaced only after as long: no storm of starts. */
const REBIRTH_MS = 1000;

/** Takes the place of a thread that is not there: nothing sent to it reaches anybody. */
const NO_THREAD = { postMessage() {}, terminate() {} } as unknown as Worker;

export class WorkerPool implements AsyncDisposable {
  readonly #options: PoolOptions;
  readonly #gateTable: SharedArrayBuffer;
  readonly #slots: Slot[] = [];
  #nextLoop = 1;
  /** Slots that have, or had, a thread: the first so many. */
  #started = 0;
  #replaced = 0;
  #ping: Timer;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#gateTable = createGateTable(options.size);
    for (let index = 0; index < options.size; index++) {
      const nowMs = options.clock.monotonicMs();
      const slot: Slot = {
        index,
        thread: NO_THREAD,
        loops: new Map(),
        looks: new Looks((message) => {
          slot.thread.postMessage(message);
          return slot.thread !== NO_THREAD;
        }),
        closing: new Map(),
        heart: new Heartbeat(),
        bornMs: nowMs,
      };
      this.#slots.push(slot);
    }
    this.#ping = options.clock.after(BEAT_MS, () => this.#pingAll());
  }

  /**
   * Starts a thread, and another whenever all that there are have work, up to the size: one stands
   * ready, and a machine of many cores has no threads that nobody needs. Loops may be opened before:
   * the server listens while they start.
   */
  start(): void {
    this.#replace(this.#slots[this.#started++] as Slot);
    this.#keepOneReady();
  }

  /** Finds out what is behind an address; a stream stays open for the loop that is to read it. */
  readonly look: Look = (request, signal) => {
    const looking = this.#idlest().looks.look(request, signal);
    this.#keepOneReady();
    return looking;
  };

  /**
   * Runs a loop on the worker that has its stream open, or on the one with the fewest; it moves to
   * a new worker should that one die.
   */
  open({ first, ...spec }: LoopSpec, sink: Sink): LoopHandle {
    const held = first instanceof HeldStream ? first : undefined;
    // What is open in this thread no loop can read
    if (held === undefined && isStream(first)) void first.close();
    const slot = this.#slots.find(({ looks }) => looks === held?.looks) ?? this.#idlest();
    const loop = this.#nextLoop++;
    slot.loops.set(loop, sink);
    this.#keepOneReady();
    const send = (message: ToWorker) => {
      if (slot.loops.has(loop)) slot.thread.postMessage(message);
    };
    if (held !== undefined) send({ type: 'open', loop, spec, look: held.look });
    else
      send({
        type: 'open',
        loop,
        spec: first === undefined || isStream(first) ? spec : { ...spec, first },
      });
    const closed = Promise.withResolvers<void>();
    return {
      closed: closed.promise,
      setMode: (mode) => send({ type: 'mode', loop, mode }),
      want: (key) => send({ type: 'want', loop, key }),
      unwant: (key) => send({ type: 'unwant', loop, key }),
      asked: (ordinal) => send({ type: 'asked', loop, ordinal }),
      found: (key, body) => send({ type: 'found', loop, key, body }),
      [Symbol.dispose]: () => {
        if (!slot.loops.has(loop)) return;
        slot.closing.set(loop, closed.resolve);
        send({ type: 'close', loop });
        slot.loops.delete(loop);
        // Between a thread that died and the next there is nobody to say that it has closed
        if (slot.thread === NO_THREAD) closingDone(slot, loop);
      },
    };
  }

  #idlest(): Slot {
    return this.#slots
      .slice(0, Math.max(1, this.#started))
      .reduce((a, b) => (load(b) < load(a) ? b : a));
  }

  #keepOneReady(): void {
    if (this.#started === 0 || this.#started === this.#slots.length || this.#closed) return;
    if (load(this.#idlest()) > 0) this.#replace(this.#slots[this.#started++] as Slot);
  }

  stats(): { readonly workers: number; readonly loops: number; readonly replaced: number } {
    const loops = this.#slots.reduce((sum, slot) => sum + slot.loops.size, 0);
    return { workers: this.#started, loops, replaced: this.#replaced };
  }

  /** Lets the workers close what they have open; one that does not in time is ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#ping[Symbol.dispose]();
    await Promise.all(this.#slots.map((slot) => this.#end(slot.thread)));
    for (const slot of this.#slots) {
      for (const loop of slot.closing.keys()) closingDone(slot, loop);
      slot.looks.end();
    }
  }

  #end(thread: Worker): Promise<void> {
    if (thread === NO_THREAD) return Promise.resolve();
    return endThread(thread, this.#options.clock, END_MS);
  }

  #start(slot: Slot): void {
    const { entry, settings, clock, onBody } = this.#options;
    const thread = new Worker(entry);
    slot.thread = thread;
    slot.bornMs = clock.monotonicMs();
    slot.heart = new Heartbeat();
    const settled: WorkerSettings = {
      ...settings,
      worker: slot.index,
      gateTable: this.#gateTable,
    };
    thread.postMessage({ type: 'settings', settings: settled } satisfies ToWorker);
    thread.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.type === 'event' && data.event.type === 'loaded') onBody?.(data.event.body);
      if (slot.thread !== thread) return;
      if (data.type === 'pong') slot.heart.answered();
      else if (data.type === 'event') slot.loops.get(data.loop)?.emit(data.event);
      else if (data.type === 'closed') closingDone(slot, data.loop);
      else slot.looks.take(data);
    };
    thread.onerror = (event) => {
      event.preventDefault?.();
      this.#died(slot, thread, event.message);
    };
    thread.addEventListener('close', () => this.#died(slot, thread, 'it ended'));
  }

  #died(slot: Slot, thread: Worker, reason: string): void {
    if (this.#closed || slot.thread !== thread) return;
    const { log, clock } = this.#options;
    this.#replaced++;
    log.error('prefetch worker died and is replaced', { worker: slot.index, reason });
    for (const loop of slot.closing.keys()) closingDone(slot, loop);
    clearGateRow(this.#gateTable, slot.index);
    const ageMs = clock.monotonicMs() - slot.bornMs;
    thread.terminate();
    slot.looks.died();
    // Until it is replaced nothing more is taken from it, and nothing sent reaches anybody
    slot.thread = NO_THREAD;
    clock.after(ageMs < REBIRTH_MS ? REBIRTH_MS : 0, () => this.#replace(slot));
  }

  #replace(slot: Slot): void {
    if (this.#closed) return;
    this.#start(slot);
    slot.looks.begin();
    for (const [loop, sink] of slot.loops) {
      slot.thread.postMessage({ type: 'open', loop, spec: sink.respec() } satisfies ToWorker);
    }
  }

  #pingAll(): void {
    for (const slot of this.#slots) {
      if (slot.thread === NO_THREAD) continue;
      // Stuck in a loop
      if (!slot.heart.ask()) this.#died(slot, slot.thread, 'it does not answer');
      slot.thread.postMessage({ type: 'ping' } satisfies ToWorker);
    }
    this.#ping = this.#options.clock.after(BEAT_MS, () => this.#pingAll());
  }
}

function load({ loops, looks }: Slot): number {
  return loops.size + looks.count;
}

/** Nothing of the loop is open any more: it said so, or its thread is gone. */
function closingDone(slot: Slot, loop: number): void {
  slot.closing.get(loop)?.();
  slot.closing.delete(loop);
}
