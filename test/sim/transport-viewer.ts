// This file is a viewer of the endless stream of a simulated channel, as a set-top box is one.
import { VIEWER_WAIT_MS } from '../../src/prefetch/answers.ts';
import type { Dice } from './dice.ts';
import type { Server } from './server.ts';
import type { ViewerWorld } from './session.ts';
import { StreamRecord } from './transport-rules.ts';
import type { Upstreams } from './upstreams.ts';

export type StreamHabit = {
  /** How likely it is to leave after a piece. */
  readonly leaves: number;
  /** How likely it is to stop reading for a while after a piece, and for how long. */
  readonly stalls: number;
  readonly stallMs: number;
  readonly quality: string;
};

export type StreamWorld = ViewerWorld & { readonly upstream: Upstreams };

const SLACK_MS = 50;
/** It waits for the channel, and then for its list. */
const ANSWER_MAX_MS = 2 * VIEWER_WAIT_MS + SLACK_MS;
/** So often a viewer may be skipped forward before it is let go. */
const SKIPS_MAX = 5;

export class TransportViewer {
  readonly #name: string;
  readonly #world: StreamWorld;
  readonly #dice: Dice;
  readonly #habit: StreamHabit;
  readonly #left = Promise.withResolvers<'left'>();
  #gone = new AbortController();
  #isLeaving = false;
  #stalls = 0;
  /** Of the connection there is, or was last. */
  record: StreamRecord | undefined;
  pieces = 0;

  constructor(name: string, world: StreamWorld, dice: Dice, habit: StreamHabit) {
    this.#name = name;
    this.#world = world;
    this.#dice = dice;
    this.#habit = habit;
  }

  leave(): void {
    this.#isLeaving = true;
    this.#gone.abort();
    this.#left.resolve('left');
  }

  async watch(): Promise<void> {
    const { channel, clock, checker } = this.#world;
    while (!this.#isLeaving) {
      const server = this.#world.server();
      if (server.isUp) {
        const goes = checker.presence.attends(channel);
        await this.#connect(server);
        goes(clock.monotonicMs());
      }
      if (this.#isLeaving) return;
      await this.#sleep(this.#dice.between(500, 1500));
    }
  }

  async #connect(server: Server): Promise<void> {
    const { clock, journal, channel } = this.#world;
    this.#gone = new AbortController();
    const url = `http://weir.test/live/${channel}.ts${this.#habit.quality}`;
    const startMs = clock.monotonicMs();
    const answer = await server.answer(server.ask(new Request(url, { signal: this.#gone.signal })));
    if (answer === 'killed') return;
    const tookMs = clock.monotonicMs() - startMs;
    if (tookMs > ANSWER_MAX_MS) journal.breach('I6', `${this.#name} waited ${tookMs} ms`);
    const { status, headers, body } = answer;
    if (status === 499 && this.#isLeaving) return;
    if (status !== 200 || body === null) {
      this.#note(`is refused the stream: ${status}`);
      const isRight = status === 503 && headers.has('retry-after');
      if (!isRight) journal.breach('stream', `${this.#name} is answered ${status}`);
      return;
    }
    if (headers.get('content-type') !== 'video/mp2t') journal.breach('stream', 'no content type');
    const { checker, upstream } = this.#world;
    this.record = new StreamRecord({ name: this.#name, checker, upstream, journal });
    const how = await this.#read(server, body as ReadableStream<Uint8Array>, this.record);
    this.#note(`has had ${this.record.pieces.length} pieces: ${how}`);
    this.record.judge();
    if (how === 'closed') this.#judgeClosed(server);
  }

  async #read(
    server: Server,
    body: ReadableStream<Uint8Array>,
    record: StreamRecord,
  ): Promise<'left' | 'killed' | 'closed'> {
    const { clock } = this.#world;
    const reader = body.getReader();
    let readMs = clock.monotonicMs();
    for (;;) {
      const step = await Promise.race([server.answer(reader.read()), this.#left.promise]);
      if (step === 'killed' || step === 'left') {
        await reader.cancel();
        return step;
      }
      if (step.done) return 'closed';
      const nowMs = clock.monotonicMs();
      record.take(step.value, nowMs, nowMs - readMs);
      this.pieces++;
      if (this.#dice.chance(this.#habit.leaves)) this.leave();
      else if (this.#dice.chance(this.#habit.stalls)) {
        this.#stalls++;
        await this.#sleep(this.#habit.stallMs);
      }
      readMs = nowMs;
    }
  }

  /** Nobody's connection ends but where the source has, or where the viewer was too slow. */
  #judgeClosed(server: Server): void {
    if (!server.isUp || this.#stalls > SKIPS_MAX) return;
    // Who stops reading learns of an end when it is long over
    const { upstream } = this.#world;
    if (this.#stalls > 0 && upstream.all.some(({ hasEnded }) => hasEnded)) return;
    const relay = server.relays.get(this.#world.channel);
    const { opened } = relay ?? {};
    const all = opened === undefined ? [] : (relay?.stats().renditions ?? []);
    const isOver = all.some(({ ring }) => ring.ended);
    if (isOver) return;
    this.#world.journal.breach('closed', `${this.#name} was closed although its source goes on`);
  }

  #note(what: string): void {
    this.#world.journal.note(`${this.#name} ${what}`);
  }

  async #sleep(ms: number): Promise<void> {
    const { clock } = this.#world;
    const slept = new Promise<void>((resolve) => clock.after(ms, resolve));
    await Promise.race([slept, this.#left.promise]);
  }
}
