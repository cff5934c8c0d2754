// This file holds what a line-up says when we write one, as plain values.

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
  /** http, https or a path that starts with one `/`; an entry with any other is left out. */
  readonly url: string;
};

export type M3uLineUp = {
  /** One URL of one guide. */
  readonly guideUrl?: string;
  readonly entries: readonly M3uEntry[];
};
