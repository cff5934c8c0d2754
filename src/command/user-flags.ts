// This file says what `weir user` takes.
import type { Flag } from './command-line.ts';

export const USER_FLAGS: readonly Flag[] = [
  {
    name: '--password-stdin',
    means: 'Read the password from the standard input; without it add and password make one.',
  },
  {
    name: '--connections',
    value: 'N|any',
    means:
      'Streams at once, for add, set and enable; any is as many as wanted, as without it in add.',
  },
  {
    name: '--expires',
    value: 'DATE|30d|never',
    means: 'The last day, a time with its zone, or how long from now, for add, set and enable.',
  },
];

export const USER_NOTES = `Actions
  add NAME       make a user and say what to put into a player
  list           say who there is
  password NAME  give a new password; the old one ends within seconds
  set NAME       change --connections and --expires; what is not given stays as it is
  disable NAME   let nobody in by this name, end its streams, and forget nothing
  enable NAME    let them in again; takes the flags of set too
  remove NAME    forget the user

A running server takes it up within seconds. No user is there by default.`;
