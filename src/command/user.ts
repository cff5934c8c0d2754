// This file is `weir user`: it makes, lists and changes users, whether the server runs or not.
import { type UserChange, UserStore } from '../access/user-store.ts';
import { systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { nearest } from '../base/nearest.ts';
import { systemRandom } from '../base/random.ts';
import { openSharedForCommand } from '../channel/open-shared.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import {
  EXIT,
  type ExitCode,
  type Given,
  isGiven,
  printable,
  type Terminal,
  UsageError,
} from './command-line.ts';
import { loadInput } from './config-flags.ts';
import { limitsOf, nameOf, newNameOf, type Password, passwordOf } from './user-values.ts';
import { describeUser, formatAddresses, formatUsers, playerAddresses } from './user-words.ts';

type Work = {
  readonly users: UserStore;
  readonly config: Config;
  readonly given: Given;
  readonly terminal: Terminal;
};

const ACTIONS: Readonly<Record<string, (work: Work) => Promise<void>>> = {
  add,
  list,
  password,
  disable: (work) => change(work, { isEnabled: false }, 'disabled'),
  enable: (work) =>
    change(work, { ...limitsOf(work.given, systemClock.nowMs()), isEnabled: true }, 'enabled'),
  remove,
};

export async function runUser(given: Given, terminal: Terminal): Promise<ExitCode> {
  const [action] = given.operands;
  const run = action === undefined ? undefined : ACTIONS[action];
  if (run === undefined) throw unknownAction(action);
  const { config } = await loadConfig(loadInput(given, terminal));
  const deps = { clock: systemClock, random: systemRandom, log: silentLog };
  await using store = await openSharedForCommand(config, deps);
  await run({ users: new UserStore(store), config, given, terminal });
  return EXIT.ok;
}

async function add(work: Work): Promise<void> {
  const { users, given } = work;
  const nowMs = systemClock.nowMs();
  const user = {
    name: newNameOf(given),
    createdAtMs: nowMs,
    isEnabled: true,
    ...limitsOf(given, nowMs),
  };
  const chosen = await passwordOf(given, () => Bun.stdin.text());
  await users.add(user, chosen.text);
  say(work, user.name, chosen, 'added');
}

async function password(work: Work): Promise<void> {
  const name = nameOf(work.given);
  const chosen = await passwordOf(work.given, () => Bun.stdin.text());
  await work.users.change(name, { password: chosen.text });
  say(work, name, chosen, 'has a new password');
}

async function change({ users, given, terminal }: Work, what: UserChange, word: string) {
  const user = await users.change(nameOf(given), what);
  if (isGiven(given, '--json')) return writeJson(terminal, describeUser(user, systemClock.nowMs()));
  terminal.out(`User ${user.name} ${word}.\n`);
}

async function remove({ users, given, terminal }: Work): Promise<void> {
  const name = nameOf(given);
  await users.remove(name);
  if (isGiven(given, '--json')) return writeJson(terminal, { name, state: 'removed' });
  terminal.out(`User ${name} removed.\n`);
}

async function list({ users, given, terminal }: Work): Promise<void> {
  const nowMs = systemClock.nowMs();
  const records = [...(await users.load()).values()].map(({ user }) => user);
  const sorted = records.sort((a, b) => (a.name < b.name ? -1 : 1));
  if (!isGiven(given, '--json')) return terminal.out(formatUsers(sorted, nowMs));
  writeJson(terminal, { users: sorted.map((user) => describeUser(user, nowMs)) });
}

/** What was generated is shown here and nowhere else. */
function say(
  { config, given, terminal }: Work,
  name: string,
  chosen: Password,
  word: string,
): void {
  const shown = chosen.isGenerated ? chosen.text : 'PASSWORD';
  const addresses = playerAddresses(config, name, shown);
  if (isGiven(given, '--json')) {
    const made = chosen.isGenerated ? { password: chosen.text } : {};
    writeJson(terminal, { name, ...made, ...addresses });
    return;
  }
  terminal.out(`User ${name} ${word}.\n`);
  terminal.out(formatAddresses(name, chosen.isGenerated ? chosen.text : undefined, addresses));
}

function writeJson(terminal: Terminal, value: unknown): void {
  terminal.out(`${JSON.stringify(value)}\n`);
}

function unknownAction(action: string | undefined): UsageError {
  const names = Object.keys(ACTIONS);
  if (action === undefined) return new UsageError(`What of users: ${names.join(', ')}?`);
  const near = nearest(action, names);
  const hint = near === undefined ? `wanted ${names.join(', ')}` : `did you mean ${near}?`;
  return new UsageError(`Unknown action "${printable(action)}", ${hint}`);
}
