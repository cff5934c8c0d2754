// This file is what is said between the serving thread and the thread of the guides.
import type { DocumentSpec, WrittenDocument } from './document.ts';
import type { GuideFeed } from './feed.ts';
import type { MatchWanted } from './match/match-channel.ts';
import type { MatchedChannel } from './match/match-guides.ts';
import type { OnAir } from './on-air.ts';
import type { ProgrammesWanted, ToldProgramme } from './programmes.ts';
import type { GuideRead, GuideSpec } from './read-guide.ts';

export type GuideSettings = {
  readonly dataDir: string;
  readonly allowPrivate: readonly string[];
  readonly userAgent: string;
  /** Entry of a thread that does half of each import; absent where there is one core. */
  readonly second?: string;
};

/** What is kept of a guide. */
export type KeptGuide = {
  readonly id: string;
  readonly edition: number;
  readonly fetchedMs: number;
  readonly channels: number;
  readonly programmes: number;
  readonly problems: Readonly<Record<string, number>>;
};

export type GuideCall =
  | { readonly what: 'import'; readonly spec: GuideSpec }
  | { readonly what: 'document'; readonly spec: DocumentSpec; readonly folder: string }
  | {
      readonly what: 'on-air';
      readonly guides: readonly string[];
      readonly feeds: readonly GuideFeed[];
      readonly atMs: number;
    }
  | {
      readonly what: 'programmes';
      readonly guides: readonly string[];
      readonly feed: GuideFeed;
      readonly wanted: ProgrammesWanted;
    }
  | {
      readonly what: 'match';
      readonly guides: readonly string[];
      readonly channels: readonly MatchWanted[];
    }
  | { readonly what: 'kept' }
  /** Guides that are named no more are deleted. */
  | { readonly what: 'forget-others'; readonly guides: readonly string[] };

/** What each call answers. */
export type GuideAnswers = {
  readonly import: GuideRead;
  readonly document: WrittenDocument;
  readonly 'on-air': readonly OnAir[];
  readonly programmes: readonly ToldProgramme[];
  readonly match: readonly MatchedChannel[];
  readonly kept: readonly KeptGuide[];
  readonly 'forget-others': undefined;
};
