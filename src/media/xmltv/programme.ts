// This file holds what a guide says, as plain values.

/** Words, and the language they are in where that is said. */
export type Text = { readonly text: string; readonly lang?: string };

// XMLTV DTD: channel
export type GuideChannel = {
  readonly id: string;
  /** The first is the one to show. */
  readonly names: readonly Text[];
  readonly icons: readonly string[];
  readonly urls: readonly string[];
};

/** Who took part, in the order in which the guide names the parts. */
export const CREDIT_ROLES = [
  'director',
  'actor',
  'writer',
  'adapter',
  'producer',
  'composer',
  'editor',
  'presenter',
  'commentator',
  'guest',
] as const;
export type CreditRole = (typeof CREDIT_ROLES)[number];
/** `part`: whom an actor plays. */
export type Credit = { readonly role: CreditRole; readonly name: string; readonly part?: string };

export type Rating = {
  readonly value: string;
  readonly system?: string;
  readonly icons: readonly string[];
};

export type EpisodeNumber = { readonly system: string; readonly value: string };

// XMLTV DTD: programme. Lists hold nothing where the guide says nothing.
export type Programme = {
  /** The channel's id in the guide. */
  readonly channel: string;
  readonly startMs: number;
  /** Undefined where the guide leaves it to the next to begin. */
  readonly stopMs?: number;
  /** How catch-up services of the provider call it. */
  readonly catchupId?: string;
  readonly titles: readonly Text[];
  readonly subTitles: readonly Text[];
  readonly descriptions: readonly Text[];
  readonly credits: readonly Credit[];
  /** Year, month or day of production: 4, 6 or 8 digits. */
  readonly date?: string;
  readonly categories: readonly Text[];
  readonly keywords: readonly Text[];
  readonly language?: string;
  readonly icons: readonly string[];
  readonly urls: readonly string[];
  readonly countries: readonly Text[];
  readonly episodes: readonly EpisodeNumber[];
  readonly video: { readonly aspect?: string; readonly quality?: string };
  readonly audio: { readonly stereo?: string };
  readonly subtitles: readonly ('teletext' | 'onscreen' | 'deaf-signed')[];
  readonly ratings: readonly Rating[];
  readonly starRatings: readonly Rating[];
  /** It was shown before; `startMs` where it is said when. */
  readonly previouslyShown?: { readonly startMs?: number };
  readonly premiere?: string;
  readonly lastChance?: string;
  readonly isNew: boolean;
};
