// This file is `weir user`: it makes, lists and changes users, whether the server runs or not.
import { changedUser, type UserChange, UserStore } from '../access/user-store.ts';
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
import { storePlace } from './store-rows.ts';
import { USER_FLAGS } from './user-flags.ts';
import { limitsOf, nameOf, newNameOf, type Password, passwordOf } from './user-values.ts';
import {
  describeUser,
  formatAddresses,
  formatChanged,
  formatUsers,
  playerAddresses,
} from './user-words.ts';

type Work = {
  readonly users: UserStore;
  readonly config: Config;
  readonly given: Given;
  readonly terminal: Terminal;
};

type Action = {
  /** Those of USER_FLAGS that it heeds. */
  readonly flags: readonly string[];
  run(work: Work): Promise<void>;
};

const LIMITS = ['--connections', '--expires'];
const PASSWORD = '--password-stdin';

const ACTIONS: Readonly<Record<string, Action>> = {
  add: { flags: [PASSWORD, ...LIMITS], run: add },
  list: { flags: [], run: list },
  password: { flags: [PASSWORD], run: password },
  set: { flags: LIMITS, run: set },
  disable: { flags: [], run: (work) => change(work, { isEnabled: false }, 'disabled') },
  enable: {
    flags: LIMITS,
    run: (work) => change(work, { ...limitsIn(work), isEnabled: true }, 'enabled'),
  },
  remove: { flags: [], run: remove },
};

export async function runUser(given: Given, terminal: Terminal): Promise<ExitCode> {
  const [name] = given.operands;
  const action = name === undefined || !Object.hasOwn(ACTIONS, name) ? undefined : ACTIONS[name];
  if (action === undefined) throw unknownAction(name);
  checkGiven(given, action);
  const { config } = await loadConfig(loadInput(given, terminal));
  const deps = { clock: systemClock, random: systemRandom, log: silentLog };
  await using store = await openSharedForCommand(config, deps);
  await action.run({ users: new UserStore(store), config, given, terminal });
  return EXIT.ok;
}

async function add(work: Work): Promise<void> {
  const { users, given } = work;
  const createdAtMs = systemClock.nowMs();
  const plain = { name: newNameOf(given), createdAtMs, isEnabled: true };
  const user = changedUser(plain, limitsOf(given, createdAtMs));
  const chosen = await passwordOf(given, () => Bun.stdin.text());
  await users.add(user, chosen.text);
  say(work, user.name, chosen, `added to ${storePlace(work.config)}`);
}

async function password(work: Work): Promise<void> {
  const name = nameOf(work.given);
  const chosen = await passwordOf(work.given, () => Bun.stdin.text());
  await work.users.change(name, { password: chosen.text });
  say(work, name, chosen, 'has a new password');
}

async function set(work: Work): Promise<void> {
  const limits = limitsIn(work);
  if (Object.keys(limits).length === 0) {
    throw new UsageError(`Set what of the user? ${LIMITS.join(', or ')}`);
  }
  await change(work, limits, 'changed');
}

function limitsIn({ given }: Work): UserChange {
  return limitsOf(given, systemClock.nowMs());
}

async function change({ users, given, terminal }: Work, what: UserChange, word: string) {
  const user = await users.change(nameOf(given), what);
  const nowMs = systemClock.nowMs();
  if (isGiven(given, '--json')) return writeJson(terminal, describeUser(user, nowMs));
  terminal.out(formatChanged(user, word, nowMs));
}

async function remove({ users, given, terminal }: Work): Promise<void> {
  const name = nameOf(given);
  await users.remove(name);
  if (isGiven(given, '--json')) return writeJson(terminal, { name, state: 'removed' });
  terminal.out(`User ${name} removed.\n`);
}

async function list({ users, config, given, terminal }: Work): Promise<void> {
  const nowMs = systemClock.nowMs();
  const records = [...(await users.load()).values()].map(({ user }) => user);
  const sorted = records.sort((a, b) => (a.name < b.name ? -1 : 1));
  if (!isGiven(given, '--json')) {
    return terminal.out(formatUsers(sorted, nowMs, storePlace(config)));
  }
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

/** What an action would pass over in silence is refused: nobody looks for what was not done. */
function checkGiven(given: Given, { flags, run }: Action): void {
  const [action, name] = given.operands;
  if (run === list && name !== undefined) {
    throw new UsageError(`weir user list takes no name, and was given "${printable(name)}"`);
  }
  const other = USER_FLAGS.find((flag) => isGiven(given, flag.name) && !flags.includes(flag.name));
  if (other !== undefined) throw new UsageError(`weir user ${action} does not take ${other.name}`);
}

function unknownAction(action: string | undefined): UsageError {
  const names = Object.keys(ACTIONS);
  if (action === undefined) return new UsageError(`What of users: ${names.join(', ')}?`);
  const near = nearest(action, names);
  const hint = near === undefined ? `wanted ${names.join(', ')}` : `did you mean ${near}?`;
  return new UsageError(`Unknown action "${printable(action)}", ${hint}`);
}
