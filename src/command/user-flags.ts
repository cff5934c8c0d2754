// This file says what `weir user` takes.
import type { Flag } from './command-line.ts';

export const USER_FLAGS: readonly Flag[] = [
  {
    name: '--password-stdin',
    means: 'Read the password from the standard input; without it add and password make one.',
  },
  {
    name: '--connections',
    value: 'N',
    means: 'Streams at once, for add and enable; as many as wanted where it is not given.',
  },
  {
    name: '--expires',
    value: 'DATE|30d',
    means: 'The last day, a time with its zone, or how long from now, for add and enable.',
  },
];

export const USER_NOTES = `Actions
  add NAME       make a user and say what to put into a player
  list           say who there is
  password NAME  give a new password; the old one ends within seconds
  disable NAME   let nobody in by this name, and forget nothing
  enable NAME    let them in again, with --connections and --expires where they change
  remove NAME    forget the user

A running server takes it up within seconds. No user is there by default.`;
