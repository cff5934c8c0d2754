// This file holds what is remembered of an entry of a line-up, so that its channel stays the same.
import type { LineUpSetting } from '../../../config/resolve-lineups.ts';
import type { ListEntry } from '../list-entry.ts';

/** What we give an entry of a list. Plain data, kept as JSON. */
export type Given = {
  /** Permanent, and no other entry of any line-up has it. */
  readonly id: string;
  /** Given once, by the list or by us; undefined where none was left. */
  readonly number?: number;
  /** The `renumber` by which we gave it. */
  readonly numberedFrom?: number;
  /** The edition since which it is there: what has been there longest names a channel of several. */
  readonly born: number;
  /** What it was known by before its list changed it, newest last. */
  readonly was?: readonly string[];
  /** When it had gone from the list; absent while it is there. */
  readonly goneMs?: number;
  /** The channel it is shown in, where that has the id and number of another. */
  readonly as?: { readonly id: string; readonly number?: number };
};

export type KnownEntry = Omit<ListEntry, 'number'> & Given;

export type EntryCounts = {
  readonly channels: number;
  /** Films, episodes and series. */
  readonly films: number;
  /** Kept for when they come back. */
  readonly gone: number;
};

export type LineUpEntries = {
  readonly setting: LineUpSetting;
  /** In the order of the list; those that have gone are among them. */
  readonly rows: Iterable<KnownEntry>;
  /** No configuration had named it for a while, and it was not read since. */
  readonly isBack?: boolean;
};

/** What has gone comes back as what it was for so long. */
export const FORGET_MS = 90 * 86_400_000;
/** Earlier names and addresses kept of one entry. */
export const MAX_WAS = 6;
