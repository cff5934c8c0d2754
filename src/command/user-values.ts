// This file reads what is given to `weir user`.
import { generatePassword, passwordFault } from '../access/password.ts';
import { isUserName, TAKEN_NAMES, type UserChange } from '../access/user-store.ts';
import { parseDuration } from '../config/duration.ts';
import { parseInstant } from '../config/instant.ts';
import { flagValue, type Given, isGiven, printable, UsageError } from './command-line.ts';

const MAX_CONNECTIONS = 1000;
/** What is written for having no such limit. */
const ANY = 'any';
const NEVER = 'never';
/** A password and what a shell puts behind it. */
const MAX_INPUT_BYTES = 4096;

/** Throws UsageError, as all of these do. */
export function nameOf(given: Given): string {
  const name = given.operands[1];
  if (name === undefined) throw new UsageError('The name of the user is missing');
  if (isUserName(name)) return name;
  const wanted = 'wanted 1 to 64 of A-Z, a-z, 0-9, ., _ and -';
  throw new UsageError(`"${printable(name)}" is no name for a user, ${wanted}`);
}

export function newNameOf(given: Given): string {
  const name = nameOf(given);
  if (!TAKEN_NAMES.includes(name)) return name;
  throw new UsageError(`"${name}" begins addresses of ours, wanted another name for the user`);
}

/** `--connections` and `--expires`, each where it is given. */
export function limitsOf(given: Given, nowMs: number): UserChange {
  const connections = flagValue(given, '--connections');
  const expires = flagValue(given, '--expires');
  return {
    ...(connections === undefined ? {} : { maxConnections: connectionsIn(connections) }),
    ...(expires === undefined
      ? {}
      : { expiresAtMs: expires === NEVER ? null : parseExpiry(expires, nowMs) }),
  };
}

function connectionsIn(text: string): number | null {
  if (text === ANY) return null;
  const count = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= MAX_CONNECTIONS) return count;
  const wanted = `wanted 1 to ${MAX_CONNECTIONS}, or ${ANY}`;
  throw new UsageError(`--connections is "${printable(text)}", ${wanted}`);
}

/** A day lasts to its end, where this machine is. */
export function parseExpiry(text: string, nowMs: number): number {
  const durationMs = parseDuration(text);
  const atMs =
    durationMs === undefined ? (endOfDay(text) ?? parseInstant(text)) : nowMs + durationMs;
  if (atMs === undefined || Number.isNaN(new Date(atMs).getTime())) {
    const wanted = 'wanted a day such as 2027-01-31, a time with its zone, 30d or never';
    throw new UsageError(`--expires is "${printable(text)}", ${wanted}`);
  }
  if (atMs > nowMs) return atMs;
  throw new UsageError(`--expires is "${printable(text)}", wanted a time to come`);
}

function endOfDay(text: string): number | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const start = new Date(year, month - 1, day);
  // 31 February would roll over into March
  if (start.getMonth() !== month - 1 || start.getDate() !== day) return undefined;
  return new Date(year, month - 1, day + 1).getTime();
}

export type Password = { readonly text: string; readonly isGenerated: boolean };

/** From the first line of what is sent in, or made. */
export async function passwordOf(given: Given, input: () => Promise<string>): Promise<Password> {
  if (!isGiven(given, '--password-stdin')) return { text: generatePassword(), isGenerated: true };
  const [text = ''] = (await input()).slice(0, MAX_INPUT_BYTES).split(/\r?\n/);
  const fault = passwordFault(text);
  if (fault === undefined) return { text, isGenerated: false };
  throw new UsageError(`Cannot take the password: ${fault}`);
}
