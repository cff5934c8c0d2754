// This file keeps users as documents of the store that all nodes agree by.
import type { SharedStore } from '../channel/shared-store.ts';
import { UserError } from './errors.ts';
import { hashPassword } from './password.ts';
import type { User } from './user.ts';

export const USER_KIND = 'user';

/** What is stored of one. */
export type UserRecord = { readonly user: User; readonly passwordHash: string };

/** Absent: as it was; null: without that limit from now on. */
export type UserChange = {
  readonly maxConnections?: number | null;
  readonly expiresAtMs?: number | null;
  readonly isEnabled?: boolean;
  readonly password?: string;
};

// It stands in paths: /live/{name}/{password}/…, where . and .. would be lost
const NAME = /^(?!\.+$)[A-Za-z0-9._-]{1,64}$/;

export function isUserName(name: string): boolean {
  return NAME.test(name);
}

/** `/{name}/{password}/{number}` would lie among addresses of ours, that begin so. */
export const TAKEN_NAMES: readonly string[] = ['hdhr', 'host', 'proxy'];

export class UserStore {
  readonly #store: SharedStore;

  constructor(store: SharedStore) {
    this.#store = store;
  }

  /** By name. What cannot be read is nobody. */
  async load(): Promise<ReadonlyMap<string, UserRecord>> {
    const records = new Map<string, UserRecord>();
    for (const [name, document] of await this.#store.load(USER_KIND)) {
      const record = parseUser(name, document);
      if (record !== undefined) records.set(name, record);
    }
    return records;
  }

  watch(changed: () => void): Disposable {
    return this.#store.watch(USER_KIND, changed);
  }

  /** Throws where there is one of this name already. */
  async add(user: User, password: string): Promise<void> {
    const document = formatUser({ user, passwordHash: await hashPassword(password) });
    const standing = await this.#store.claim(USER_KIND, new Map([[user.name, document]]));
    const stands = parseUser(user.name, standing.get(user.name));
    if (stands?.passwordHash === document.passwordHash) return;
    throw new UserError('ACCESS_USER_TAKEN', `Cannot add ${user.name}: there is one already`);
  }

  async change(name: string, change: UserChange): Promise<User> {
    const { user, passwordHash } = await this.#one(name);
    const { password, ...fields } = change;
    const changed = changedUser(user, fields);
    const hash = password === undefined ? passwordHash : await hashPassword(password);
    const document = formatUser({ user: changed, passwordHash: hash });
    await this.#store.save(USER_KIND, new Map([[name, document]]));
    return changed;
  }

  async remove(name: string): Promise<void> {
    await this.#one(name);
    await this.#store.save(USER_KIND, new Map([[name, null]]));
  }

  async #one(name: string): Promise<UserRecord> {
    const record = parseUser(name, await this.#store.get(USER_KIND, name));
    if (record !== undefined) return record;
    throw new UserError('ACCESS_USER_UNKNOWN', `Cannot find ${name}: there is no such user`);
  }
}

export function changedUser(user: User, change: Omit<UserChange, 'password'>): User {
  const { name, createdAtMs } = user;
  const {
    maxConnections = user.maxConnections ?? null,
    expiresAtMs = user.expiresAtMs ?? null,
    isEnabled = user.isEnabled,
  } = change;
  return {
    name,
    isEnabled,
    createdAtMs,
    ...(maxConnections === null ? {} : { maxConnections }),
    ...(expiresAtMs === null ? {} : { expiresAtMs }),
  };
}

type UserDocument = Omit<User, 'name'> & { readonly passwordHash: string };

function formatUser({ user: { name: _, ...rest }, passwordHash }: UserRecord): UserDocument {
  return { ...rest, passwordHash };
}

function parseUser(name: string, document: unknown): UserRecord | undefined {
  if (typeof document !== 'object' || document === null || !isUserName(name)) return undefined;
  const { passwordHash, createdAtMs, isEnabled, maxConnections, expiresAtMs } =
    document as Partial<UserDocument>;
  if (typeof passwordHash !== 'string' || typeof isEnabled !== 'boolean') return undefined;
  // Without its limits a user would be let in for more than was meant
  if (!isNumberOrAbsent(maxConnections) || !isNumberOrAbsent(expiresAtMs)) return undefined;
  const user: User = {
    name,
    isEnabled,
    createdAtMs: typeof createdAtMs === 'number' ? createdAtMs : 0,
    ...(maxConnections === undefined ? {} : { maxConnections }),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
  };
  return { user, passwordHash };
}

function isNumberOrAbsent(value: unknown): value is number | undefined {
  return value === undefined || Number.isFinite(value);
}
