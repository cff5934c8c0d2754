// This file is what channels of line-ups look like on their way to the serving thread.
import type { ChannelConfig, UrlSource } from '../../config/config.ts';
import type { KnownEntry } from './identity/known-entry.ts';
import { guideShiftMsOf, isAdult } from './kept-facts.ts';
import { vlcOptionsOf } from './player-options.ts';
import { type RowSource, type SourceSetting, sourceOf } from './row-source.ts';

export type ChannelRow = {
  readonly id: string;
  /** A channel of the file, to which a line-up puts sources, and what the file leaves out. */
  readonly isOwn?: boolean;
  readonly name: string;
  readonly number?: number;
  readonly group?: string;
  readonly logo?: string;
  readonly guide?: string;
  readonly guideShiftMs?: number;
  readonly vlcOptions?: Readonly<Record<string, string>>;
  readonly isAdult?: true;
  readonly sources: readonly RowSource[];
};

/** Of an entry that is a channel by itself. */
export function rowOf(entry: KnownEntry, setting: SourceSetting): ChannelRow {
  const { id, name, number, group, logo, guide } = entry;
  const vlcOptions = vlcOptionsOf(entry);
  const row: Draft<ChannelRow> = { id, name: name || id, sources: [sourceOf(entry, setting)] };
  if (number !== undefined) row.number = number;
  if (group !== undefined) row.group = group;
  if (logo !== undefined) row.logo = logo;
  if (guide !== undefined) row.guide = guide;
  if (vlcOptions !== undefined) row.vlcOptions = vlcOptions;
  if (entry.kept === undefined) return row;
  const guideShiftMs = guideShiftMsOf(entry);
  if (guideShiftMs !== undefined) row.guideShiftMs = guideShiftMs;
  if (isAdult(entry)) row.isAdult = true;
  return row;
}

/** What is told of a channel of the file, so that none of a line-up gets in its way. */
export type OwnChannel = {
  readonly id: string;
  readonly name: string;
  readonly number?: number;
  readonly group?: string;
  readonly guide?: string;
};

export function ownChannelOf({ id, name, number, group, guide }: ChannelConfig): OwnChannel {
  return {
    id,
    name,
    ...(number === undefined ? {} : { number }),
    ...(group === undefined ? {} : { group }),
    ...(guide === undefined ? {} : { guide }),
  };
}

/** Spread together, 50,000 of them would take twice as long. */
type Draft<T> = { -readonly [Key in keyof T]: T[Key] };

/** As many as the configuration file may name. */
const MAX_SOURCES = 16;
/** One for all: tens of thousands of channels say the same. */
const NOTHING = {};

/** Makes channels of rows; what many of them have in common is held once. */
export class RowReader {
  readonly #texts = new Map<string, string>();
  readonly #records = new Map<string, Readonly<Record<string, string>>>();

  channel(row: ChannelRow): ChannelConfig {
    const { id, name, number, group, logo, guide, vlcOptions, sources } = row;
    const channel: Draft<ChannelConfig> = {
      id,
      name,
      mode: 'buffered',
      sources: sources.map((source) => this.source(source)),
      keepWarm: false,
    };
    if (number !== undefined) channel.number = number;
    if (group !== undefined) channel.group = this.#text(group);
    if (logo !== undefined) channel.logo = logo;
    if (guide !== undefined) channel.guide = guide;
    if (vlcOptions !== undefined) channel.vlcOptions = this.#common(vlcOptions);
    if (row.guideShiftMs !== undefined) channel.guideShiftMs = row.guideShiftMs;
    if (row.isAdult === true) channel.isAdult = true;
    return channel;
  }

  /** What the file says of a channel always goes. */
  widened(own: ChannelConfig, row: ChannelRow): ChannelConfig {
    const { logo, guide, guideShiftMs, isAdult, sources } = row;
    const isShifted = guideShiftMs !== undefined && own.guide === undefined;
    const room = Math.max(0, MAX_SOURCES - own.sources.length);
    return {
      ...(logo === undefined ? {} : { logo }),
      ...(guide === undefined ? {} : { guide }),
      ...(isShifted ? { guideShiftMs } : {}),
      ...(isAdult === undefined ? {} : { isAdult }),
      ...own,
      sources: [...own.sources, ...sources.slice(0, room).map((source) => this.source(source))],
    };
  }

  source({ url, headers, provider }: RowSource): UrlSource {
    const source: Draft<UrlSource> = {
      kind: 'url',
      url,
      headers: headers === undefined ? NOTHING : this.#common(headers),
      verifyTls: true,
      allowDowngrade: false,
      timeouts: NOTHING,
    };
    if (provider !== undefined) source.provider = this.#text(provider);
    return source;
  }

  #text(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  }

  #common(record: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    const key = JSON.stringify(record);
    const known = this.#records.get(key) ?? record;
    this.#records.set(key, known);
    return known;
  }
}
