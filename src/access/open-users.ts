// This file answers who may watch, from memory, and follows what is written into the store.
import type { Clock } from '../base/clock.ts';
import { errorFields, errorRecord } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { SingleFlight } from '../base/single-flight.ts';
import type { SharedStore } from '../channel/shared-store.ts';
import { KnownPasswords } from './known-passwords.ts';
import { LockOut } from './lock-out.ts';
import { DUMMY_HASH, isPassword } from './password.ts';
import type { Checked, Refusal, User, Users } from './user.ts';
import { type UserRecord, UserStore } from './user-store.ts';

export type UsersStats = {
  readonly users: number;
  readonly lockedOut: number;
  /** What became of those who came with a name and a password. */
  readonly checks: Readonly<Record<'right' | Refusal, number>>;
};

export interface OpenUsers extends Users, Disposable {
  stats(): UsersStats;
}

export type UsersDeps = {
  readonly clock: Clock;
  readonly log: Log;
  /** As it is, or counted by a test. */
  readonly compare?: (password: string, hash: string) => Promise<boolean>;
};

/**
 * Comparisons that wait, as all do at once after a start; each takes tens of milliseconds and 19 MiB.
 * Those beyond are told to come again.
 */
const MAX_WAITING = 100;
/** At once: the rest of the machine is for those who watch. */
const MAX_AT_ONCE = 2;

export async function openUsers(store: SharedStore, deps: UsersDeps): Promise<OpenUsers> {
  const users = new LiveUsers(new UserStore(store), deps);
  await users.reload();
  return users;
}

class LiveUsers implements OpenUsers {
  readonly #store: UserStore;
  readonly #deps: UsersDeps;
  readonly #watching: Disposable;
  readonly #known = new KnownPasswords();
  readonly #lockOut: LockOut;
  readonly #comparing = new SingleFlight<boolean>();
  readonly #waiting: (() => void)[] = [];
  readonly #checks = { right: 0, unknown: 0, disabled: 0, expired: 0, 'locked-out': 0, busy: 0 };
  #loading: Promise<void> = Promise.resolve();
  #running = 0;
  #records: ReadonlyMap<string, UserRecord> = new Map();

  constructor(store: UserStore, deps: UsersDeps) {
    this.#store = store;
    this.#deps = deps;
    this.#lockOut = new LockOut(deps.clock);
    this.#watching = store.watch(() => void this.reload());
  }

  get isEmpty(): boolean {
    return this.#records.size === 0;
  }

  /** Never rejects: whom we know stays known while the store is away. */
  reload(): Promise<void> {
    this.#loading = this.#loading.then(() => this.#load());
    return this.#loading;
  }

  async #load(): Promise<void> {
    try {
      this.#records = await this.#store.load();
    } catch (error) {
      this.#deps.log.warn('users not read', errorFields(errorRecord(error)));
    }
  }

  async check(name: string, password: string, address: string): Promise<Checked> {
    const checked = await this.#check(name, password, address);
    this.#checks[checked.kind === 'user' ? 'right' : checked.why]++;
    return checked;
  }

  standingOf(name: string): string | undefined {
    const record = this.#records.get(name);
    if (record === undefined) return undefined;
    const { kind } = judge(record.user, this.#deps.clock.nowMs());
    return kind === 'user' ? record.passwordHash : undefined;
  }

  stats(): UsersStats {
    return {
      users: this.#records.size,
      lockedOut: this.#lockOut.lockedCount,
      checks: { ...this.#checks },
    };
  }

  [Symbol.dispose](): void {
    this.#watching[Symbol.dispose]();
  }

  async #check(name: string, password: string, address: string): Promise<Checked> {
    // Before all else: who guesses must not learn that a guess was right
    if (this.#lockOut.isLocked(name, address)) return refused('locked-out');
    const hash = this.#records.get(name)?.passwordHash;
    const isRight = await this.#isRight(name, password, hash);
    if (isRight === undefined) return refused('busy');
    // Again: of guesses that are all sent at once only those before the one too many count
    if (this.#lockOut.isLocked(name, address)) return refused('locked-out');
    if (!isRight) {
      if (this.#lockOut.failed(name, password, address)) {
        this.#deps.log.warn('locked out: too many wrong passwords', { address });
      }
      return refused('unknown');
    }
    // Whoever was changed meanwhile is as they are now
    const record = this.#records.get(name);
    if (record === undefined || record.passwordHash !== hash) return refused('unknown');
    this.#lockOut.succeeded(name, address);
    return judge(record.user, this.#deps.clock.nowMs());
  }

  /** Undefined where too many wait to be told. */
  async #isRight(
    name: string,
    password: string,
    hash: string | undefined,
  ): Promise<boolean | undefined> {
    if (hash !== undefined && this.#known.isKnown(name, password, hash)) return true;
    if (this.#waiting.length >= MAX_WAITING) return undefined;
    const id = `${this.#known.idOf(name, password)} ${hash ?? ''}`;
    const isSame = await this.#comparing.run(id, () => this.#compare(password, hash ?? DUMMY_HASH));
    if (hash === undefined || !isSame) return false;
    this.#known.add(name, password, hash);
    return true;
  }

  async #compare(password: string, hash: string): Promise<boolean> {
    if (this.#running >= MAX_AT_ONCE) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#running++;
    try {
      return await (this.#deps.compare ?? isPassword)(password, hash);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}

function judge(user: User, nowMs: number): Checked {
  if (!user.isEnabled) return { ...refused('disabled'), user };
  if (user.expiresAtMs !== undefined && user.expiresAtMs <= nowMs) {
    return { ...refused('expired'), user };
  }
  return { kind: 'user', user };
}

function refused(why: Refusal): Checked & { kind: 'refused' } {
  return { kind: 'refused', why };
}
