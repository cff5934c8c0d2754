// This file locks out who guesses passwords.
import { createHmac, randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { parseAddress } from '../net/address.ts';

/** So many different wrong passwords for one name from one address are no slips of the finger. */
const MAX_FOR_NAME = 10;
/** Over all names of one address: a whole building may be behind it. */
const MAX_FOR_ADDRESS = 50;
/** What was wrong is forgotten after so long, and the lock opens after as long. */
const WINDOW_MS = 10 * 60_000;
/** Rows of some hundred bytes; the one that has not failed for longest makes room. */
const MAX_ROWS = 20_000;

type Row = {
  sinceMs: number;
  /** A player that goes on sending the same wrong password does not guess. */
  readonly tried: Set<string>;
  lockedUntilMs: number;
};

export class LockOut {
  readonly #clock: Clock;
  readonly #rows = new Map<string, Row>();
  readonly #key = randomBytes(32);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isLocked(name: string, address: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    return keysOf(name, address).some(
      ({ key }) => (this.#rows.get(key)?.lockedUntilMs ?? 0) > nowMs,
    );
  }

  /** True where this was the one too many. */
  failed(name: string, password: string, address: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    const guess = createHmac('sha256', this.#key).update(`${name}\0${password}`).digest('base64');
    let isLockedNow = false;
    for (const { key, max } of keysOf(name, address)) {
      const row = this.#rowOf(key, nowMs);
      row.tried.add(guess);
      if (row.tried.size < max) continue;
      row.tried.clear();
      row.lockedUntilMs = nowMs + WINDOW_MS;
      isLockedNow = true;
    }
    return isLockedNow;
  }

  /** Whoever knows the password has not guessed; what else the address tried still counts. */
  succeeded(name: string, address: string): void {
    const [ofName] = keysOf(name, address);
    if (ofName !== undefined) this.#rows.delete(ofName.key);
  }

  get lockedCount(): number {
    const nowMs = this.#clock.monotonicMs();
    return [...this.#rows.values()].filter(({ lockedUntilMs }) => lockedUntilMs > nowMs).length;
  }

  #rowOf(key: string, nowMs: number): Row {
    const known = this.#rows.get(key);
    const isCurrent =
      known !== undefined && (nowMs - known.sinceMs < WINDOW_MS || known.lockedUntilMs > nowMs);
    const row = isCurrent ? known : { sinceMs: nowMs, tried: new Set<string>(), lockedUntilMs: 0 };
    // Behind the others: who fails now is the last to be forgotten
    this.#rows.delete(key);
    this.#rows.set(key, row);
    if (this.#rows.size > MAX_ROWS) this.#rows.delete(this.#rows.keys().next().value as string);
    return row;
  }
}

function keysOf(name: string, address: string): { key: string; max: number }[] {
  const place = placeOf(address);
  return [
    { key: `${place} ${name.slice(0, 64)}`, max: MAX_FOR_NAME },
    { key: place, max: MAX_FOR_ADDRESS },
  ];
}

const SUBNET_BITS = 64n;

// RFC 4291 §2.5.4: whoever has one address of IPv6 has a whole /64 of them
function placeOf(text: string): string {
  const plain = text.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  const address = parseAddress(plain);
  if (address?.family !== 6) return plain;
  return `${(address.value >> SUBNET_BITS).toString(16)}::/64`;
}
