// This file ends the streams of users who may not watch any more.
import type { Users } from '../../access/user.ts';
import type { Clock, Timer } from '../../base/clock.ts';

/** From when somebody begins to watch until it is disposed. */
export type Stay = Disposable & {
  /** The user was disabled, removed or has another password, or its time is over. */
  readonly ended: AbortSignal;
};

type Watching = {
  readonly name: string;
  readonly standing: string | undefined;
  readonly ending: AbortController;
};

/** A stream that never ends asks nobody again whether it may go on. */
const LOOK_EVERY_MS = 5000;

export class Stays implements Disposable {
  readonly #clock: Clock;
  readonly #users: Pick<Users, 'standingOf'>;
  readonly #watching = new Set<Watching>();
  #timer: Timer | undefined;

  constructor(clock: Clock, users: Pick<Users, 'standingOf'>) {
    this.#clock = clock;
    this.#users = users;
  }

  begin(name: string): Stay {
    const standing = this.#users.standingOf(name);
    const watching = { name, standing, ending: new AbortController() };
    this.#watching.add(watching);
    this.#timer ??= this.#clock.after(LOOK_EVERY_MS, () => this.#look());
    return { ended: watching.ending.signal, [Symbol.dispose]: () => this.#leave(watching) };
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#watching.clear();
  }

  #look(): void {
    this.#timer = this.#clock.after(LOOK_EVERY_MS, () => this.#look());
    for (const watching of [...this.#watching]) {
      const { name, standing, ending } = watching;
      if (standing !== undefined && this.#users.standingOf(name) === standing) continue;
      ending.abort();
      this.#leave(watching);
    }
  }

  #leave(watching: Watching): void {
    this.#watching.delete(watching);
    if (this.#watching.size === 0) this[Symbol.dispose]();
  }
}
