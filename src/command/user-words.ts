// This file says what is known of users in words, and what goes into a player.
import { networkInterfaces } from 'node:os';
import type { User } from '../access/user.ts';
import type { Config } from '../config/config.ts';
import { baseUrls } from './banner.ts';

export type PlayerAddresses = {
  /** What players ask for as server, portal or host. */
  readonly server: string;
  readonly lineUp: string;
  /** Absent where no guide is configured: players would be told that there is none. */
  readonly guide?: string;
};

/** Where the password is not known, a word stands in its place. */
export function playerAddresses(config: Config, name: string, password: string): PlayerAddresses {
  const { listen, publicUrl } = config;
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const facts = { ...listen, ...(publicUrl === undefined ? {} : { publicUrl }), addresses };
  const server = baseUrls(facts)[0] as string;
  const login = new URLSearchParams({ username: name, password });
  return {
    server,
    lineUp: `${server}/get.php?${login}&type=m3u_plus&output=ts`,
    ...(config.guides.length === 0 ? {} : { guide: `${server}/xmltv.php?${login}` }),
  };
}

/** `password`: undefined where who asked has chosen it, and so knows it. */
export function formatAddresses(
  name: string,
  password: string | undefined,
  { server, lineUp, guide }: PlayerAddresses,
): string {
  const shown = password === undefined ? 'as you have chosen it' : `${password}   (shown only now)`;
  return `
Into a player that asks for an Xtream account:
  server    ${server}
  username  ${name}
  password  ${shown}

Into a player that takes a line-up and a guide by their addresses:
  line-up   ${lineUp}
  guide     ${guide ?? 'none is configured'}

`;
}

export type UserState = 'enabled' | 'disabled' | 'expired';

export function stateOf({ isEnabled, expiresAtMs }: User, nowMs: number): UserState {
  if (!isEnabled) return 'disabled';
  return expiresAtMs !== undefined && expiresAtMs <= nowMs ? 'expired' : 'enabled';
}

export function describeUser(user: User, nowMs: number) {
  const { name, maxConnections, expiresAtMs, createdAtMs } = user;
  return {
    name,
    state: stateOf(user, nowMs),
    connections: maxConnections ?? null,
    expires: expiresAtMs === undefined ? null : new Date(expiresAtMs).toISOString(),
    created: new Date(createdAtMs).toISOString(),
  };
}

/** `word`: what was done to the user, who may be kept out by something else all the same. */
export function formatChanged(user: User, word: string, nowMs: number): string {
  const { name, connections, expires } = describeUser(user, nowMs);
  const state = stateOf(user, nowMs);
  const at = expires === null ? undefined : `${expires.slice(0, 16)} (UTC)`;
  const facts = [
    connections === null ? 'as many streams at once as wanted' : `${connections} at once`,
    at === undefined ? 'never expires' : `${state === 'expired' ? 'expired' : 'expires'} ${at}`,
    ...(state === 'disabled' && word !== state ? ['still disabled'] : []),
  ];
  return `User ${name} ${word}: ${facts.join(', ')}.\n`;
}

/** `place`: where they are kept. Who stands in another folder than the server looks at another one. */
export function formatUsers(users: readonly User[], nowMs: number, place: string): string {
  if (users.length === 0) return `There are no users in ${place}: weir user add NAME makes one.\n`;
  const rows = users.map((user) => {
    const { name, state, connections, expires, created } = describeUser(user, nowMs);
    const most = connections === null ? 'as many as wanted' : String(connections);
    return [name, state, most, expires?.slice(0, 16) ?? 'never', created.slice(0, 10)];
  });
  const all = [['user', 'state', 'streams at once', 'expires (UTC)', 'since'], ...rows];
  const widths = all[0]!.map((_, at) => Math.max(...all.map((row) => row[at]!.length)) + 2);
  const line = (row: readonly string[]) => row.map((cell, at) => cell.padEnd(widths[at]!)).join('');
  return `${all.map((row) => line(row).trimEnd()).join('\n')}\n`;
}
