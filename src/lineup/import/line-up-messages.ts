// This file holds what is asked of the thread of the line-ups, and what it answers.
import type { LineUpSetting } from '../../config/resolve-lineups.ts';
import type { Particulars } from '../films.ts';
import type { EpisodeRow, SeriesRow } from './catalogue-row.ts';
import type { OwnChannel } from './channel-row.ts';
import type { EntryCounts, KnownEntry } from './identity/known-entry.ts';
import type { LineUpChanges } from './identity/settle.ts';
import type { ChannelPiece } from './packed-channels.ts';
import type { PackedPiece } from './packed-rows.ts';
import type { ListProblems } from './read-list.ts';

export type LineUpUse = 'server' | 'command' | 'trial' | 'offline';

export type LineUpThreadSettings = {
  readonly dataDir: string;
  /** Of the store that nodes share; absent: a file. */
  readonly storeUrl?: string;
  readonly allowPrivate: readonly string[];
  readonly userAgent: string;
  /**
   * A server plays on without its store, a command ends where it cannot be written, and in a trial
   * nothing is kept: the thread alone sees what would be; offline on top of what this machine holds.
   */
  readonly use: LineUpUse;
  /** Where patterns are watched. */
  readonly patternCells: SharedArrayBuffer;
};

/** What everything is made of that is not in the store. */
export type LineUpInput = {
  readonly settings: readonly LineUpSetting[];
  readonly own: readonly OwnChannel[];
  /** Numbers that channels were given, of whatever line-up they are, by id; absent: the stored ones. */
  readonly numbers?: ReadonlyMap<string, number>;
};

export type LineUpCall =
  /** Reads one of the line-ups, and keeps what comes of it. */
  | {
      readonly what: 'import';
      readonly key: string;
      readonly input: LineUpInput;
      /** One that has shrunk is taken too. */
      readonly mayShrink?: true;
      /** What changed is named, not only counted. */
      readonly isDetailed?: true;
    }
  /** Makes the channels, films and series. */
  | { readonly what: 'combine'; readonly input: LineUpInput }
  /** Has the shared store take what was read while it took nothing. */
  | { readonly what: 'keep'; readonly input: LineUpInput }
  /** Asks the account of a line-up for the episodes of one of its series. */
  | { readonly what: 'episodes'; readonly setting: LineUpSetting; readonly series: SeriesRow }
  /** Asks the account of a line-up what it says of one of its films, by its number there. */
  | { readonly what: 'film'; readonly setting: LineUpSetting; readonly number: string };

export type ShownChannel = Pick<KnownEntry, 'id' | 'name' | 'number' | 'group'>;

export type ImportAnswer =
  /** The server says that it is what we have. */
  | { readonly kind: 'same' }
  | {
      readonly kind: 'taken';
      /** Channels of this line-up, those that have gone not among them. */
      readonly channels: number;
      /** Films, episodes and series. */
      readonly films: number;
      readonly problems: ListProblems;
      readonly unusedRules: readonly string[];
      readonly changeCounts: Readonly<Record<keyof LineUpChanges, number>>;
      /** Where it was asked for: of a new list it is as long as that. */
      readonly changes?: LineUpChanges;
      /** The first of its channels. */
      readonly first: readonly ShownChannel[];
      /** Entries that became another source of a channel. */
      readonly merged: number;
      /** The first of those. */
      readonly merges: readonly Merge[];
    };

/** An entry by its name, and the channel that it is another source of. */
export type Merge = { readonly name: string; readonly id: string };

/** What is known of a line-up in the store. */
export type KeptLineUp = EntryCounts & {
  readonly key: string;
  readonly fetchedMs: number;
  /** Entries that are another source of a channel. */
  readonly merged: number;
  readonly problems: ListProblems;
  readonly unusedRules: readonly string[];
  /** It was read by other settings than it has now. */
  readonly isOutdated: boolean;
  /** Streams at once that the account allows. */
  readonly maxConnections?: number;
  /** The shared store has not taken it yet: ids of what is new hold on this node alone. */
  readonly isWaiting?: true;
};

/** `reason`: the code of what the store said where it is there, and takes nothing. */
export type KeepAnswer = { readonly isKept: boolean; readonly reason?: string };

export type Combined = {
  readonly edition: number;
  readonly kept: readonly KeptLineUp[];
  /** Small as they are packed, and each piece is read in a millisecond. */
  readonly channels: readonly ChannelPiece[];
  readonly films: readonly PackedPiece[];
  readonly series: readonly PackedPiece[];
};

export type LineUpAnswers = {
  readonly import: ImportAnswer;
  readonly combine: Combined;
  readonly keep: KeepAnswer;
  readonly episodes: readonly EpisodeRow[];
  readonly film: Particulars;
};
