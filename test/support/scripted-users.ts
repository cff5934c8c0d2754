// This file is a table of users, for parts that ask who may watch.
import type { Refusal, User, Users } from '../../src/access/user.ts';

export type ScriptedUser = Partial<User> & {
  readonly password: string;
  /** Right credentials are refused all the same. */
  readonly refused?: Refusal;
};

export type AskedOf = { readonly name: string; readonly address: string };

/** By name. */
export function scriptedUsers(
  table: Readonly<Record<string, ScriptedUser>>,
): Users & { readonly asked: AskedOf[]; readonly barred: Set<string> } {
  const asked: AskedOf[] = [];
  const barred = new Set<string>();
  return {
    asked,
    /** Who was let in and may not stay. */
    barred,
    standingOf: (name) => (Object.hasOwn(table, name) && !barred.has(name) ? 'in' : undefined),
    isEmpty: Object.keys(table).length === 0,
    async check(name, password, address) {
      asked.push({ name, address });
      const found = Object.hasOwn(table, name) ? table[name] : undefined;
      if (found === undefined || found.password !== password) {
        return { kind: 'refused', why: 'unknown' };
      }
      const { password: _, refused, ...more } = found;
      const user = { name, createdAtMs: 1_700_000_000_000, isEnabled: true, ...more };
      return refused === undefined
        ? { kind: 'user', user }
        : { kind: 'refused', why: refused, user };
    },
  };
}
