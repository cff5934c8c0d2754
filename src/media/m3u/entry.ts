// This file holds what a line-up says when we write one, as plain values.

/** How a player asks for what was shown. */
export type M3uCatchup = {
  /** What answers `from=` and `to=`; as for `url` below. */
  readonly url: string;
  /** How far back it goes: whole days, at least one. */
  readonly days: number;
  /** The URL of the entry itself takes `utc=` and `lutc=`, as players of siptv's kind write them. */
  readonly isShiftable: boolean;
};

/** What answers at a URL: a playlist, or one endless MPEG-TS. */
export type StreamForm = 'hls' | 'ts';

export type M3uEntry = {
  /** The channel's permanent id; it stands in where the name or the guide id is missing. */
  readonly id: string;
  readonly name: string;
  /** 1 to 999,999, up to three decimals; any other number is left out. */
  readonly number?: number;
  readonly group?: string;
  /** http, https or a path that starts with one `/`; any other is left out. */
  readonly logo?: string;
  /** The channel's id in the guide (XMLTV); the permanent id where absent. */
  readonly guideId?: string;
  /** Options of VLC by name; those that no line can hold are left out. */
  readonly vlcOptions?: Readonly<Record<string, string>>;
  /** http, https or a path that starts with one `/`; an entry with any other is left out. */
  readonly url: string;
  /** Absent where only the answer tells. */
  readonly form?: StreamForm;
  /** Absent where nothing of it is kept. */
  readonly catchup?: M3uCatchup;
};

export type M3uLineUp = {
  /** One URL of one guide. */
  readonly guideUrl?: string;
  readonly entries: readonly M3uEntry[];
};
