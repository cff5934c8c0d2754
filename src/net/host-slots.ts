// This file keeps the number of requests under way to one origin within a limit.
import { type Clock, within } from '../base/clock.ts';

type Waiter = (slot: Disposable) => void;
type Host = { busy: number; readonly waiters: Waiter[] };

/** Requests over the limit wait in the order they came; how long is their own deadline's business. */
export class HostSlots {
  readonly #limit: number;
  readonly #hosts = new Map<string, Host>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A slot if one is free. Slots are disposed when the request is over; twice does no harm. */
  take(origin: string): Disposable | undefined {
    const host = this.#host(origin);
    return host.busy < this.#limit ? this.#occupy(origin, host) : undefined;
  }

  /** The next slot to become free; `signal` gives it, or the place in the queue, up. */
  wait(origin: string, signal: AbortSignal): Promise<Disposable> {
    const host = this.#host(origin);
    return new Promise((resolve) => {
      let slot: Disposable | undefined;
      const waiter: Waiter = (free) => {
        slot = free;
        resolve(free);
      };
      host.waiters.push(waiter);
      const leave = () => {
        const place = host.waiters.indexOf(waiter);
        if (place >= 0) host.waiters.splice(place, 1);
        slot?.[Symbol.dispose]();
      };
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** One that is free, or becomes so in time. */
  async takeWithin(clock: Clock, origin: string, waitMs: number): Promise<Disposable | undefined> {
    const free = this.take(origin);
    if (free !== undefined) return free;
    const waiting = new AbortController();
    const slot = await within(clock, this.wait(origin, waiting.signal), waitMs);
    if (slot === undefined) waiting.abort();
    return slot;
  }

  #host(origin: string): Host {
    const host = this.#hosts.get(origin) ?? { busy: 0, waiters: [] };
    this.#hosts.set(origin, host);
    return host;
  }

  #occupy(origin: string, host: Host): Disposable {
    host.busy += 1;
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        host.busy -= 1;
        const next = host.waiters.shift();
        if (next !== undefined) next(this.#occupy(origin, host));
        else if (host.busy === 0) this.#hosts.delete(origin);
      },
    };
  }
}
