// This file is all viewers of the endless streams of a simulated world.
import type { Dice } from './dice.ts';
import type { Server } from './server.ts';
import { type StreamHabit, type StreamWorld, TransportViewer } from './transport-viewer.ts';

const STEADY: StreamHabit = { leaves: 0, stalls: 0, stallMs: 0, quality: '' };
const HEAD_EVERY_MS = 7000;

export class Audience {
  readonly #world: StreamWorld;
  readonly #viewers: TransportViewer[] = [];

  constructor(world: StreamWorld) {
    this.#world = world;
  }

  /** Some come within a time, and somebody looks now and then whether there is anything. */
  expect(dice: Dice, withinMs: number): void {
    const { clock } = this.#world;
    for (let count = dice.whole(1, 3); count > 0; count--) {
      const own = dice.fork();
      const habit = {
        leaves: own.pick([0, 0, 0.02, 0.1]),
        stalls: own.pick([0, 0, 0.05, 0.3]),
        stallMs: own.pick([6000, 15_000, 40_000]),
        quality: own.pick(['', '', '?quality=480']),
      };
      const startMs = own.chance(0.5) ? own.between(0, 500) : own.between(0, withinMs);
      clock.after(startMs, () => this.#admit(own, habit));
    }
    for (let atMs = 0; atMs < withinMs; atMs += HEAD_EVERY_MS) {
      clock.after(atMs, () => void this.askHead());
    }
  }

  /** One that stays until all leave. */
  steady(dice: Dice): TransportViewer {
    return this.#admit(dice, STEADY);
  }

  leave(): void {
    for (const viewer of this.#viewers) viewer.leave();
  }

  get pieces(): number {
    return this.#viewers.reduce((sum, { pieces }) => sum + pieces, 0);
  }

  /** Nobody watches because of it: whatever it wakes upstream is asked for by nobody. */
  async askHead(): Promise<void> {
    const { server, channel, journal } = this.#world;
    if (!server().isUp) return;
    const url = `http://weir.test/live/${channel}.ts`;
    const answer = await server().ask(new Request(url, { method: 'HEAD' }));
    if (answer.status !== 200) journal.breach('stream', `HEAD is answered ${answer.status}`);
  }

  /** A stream runs from its first viewer to its last. */
  judgeGone(server: Server): void {
    const running = server.streams.stats().length;
    if (running > 0) this.#world.journal.breach('I7', `${running} streams run on for nobody`);
  }

  #admit(dice: Dice, habit: StreamHabit): TransportViewer {
    const name = `box ${this.#viewers.length + 1}`;
    this.#world.journal.note(`${name} comes: ${JSON.stringify(habit)}`);
    const viewer = new TransportViewer(name, this.#world, dice, habit);
    this.#viewers.push(viewer);
    void viewer.watch();
    return viewer;
  }
}
