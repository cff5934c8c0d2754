// This file holds what a line-up says when we read one, as plain values.
import type { Problems } from './problems.ts';

export type ParsedM3uEntry = {
  /** The line of the URL, from 1. */
  readonly line: number;
  /** The title, else tvg-name, else the last part of the URL. */
  readonly name: string;
  /** As written, without what follows `|`; it may be relative to the list. */
  readonly url: string;
  /** Seconds; -1 and 0 mean live. */
  readonly duration?: number | undefined;
  /** Lower-case name → value as written: tvg-*, group-title, catchup* and whatever else is there. */
  readonly attributes: ReadonlyMap<string, string>;
  /** group-title and #EXTGRP, split at `;`. */
  readonly groups: readonly string[];
  /** Lower-case header name → value, from `|…`, #EXTVLCOPT and #KODIPROP; nothing is checked. */
  readonly headers: ReadonlyMap<string, string>;
  /** #KODIPROP, lower-case key → value. */
  readonly properties: ReadonlyMap<string, string>;
  /** #EXTVLCOPT beyond headers, lower-case key → value. */
  readonly options: ReadonlyMap<string, string>;
};

export type M3uProblem =
  | 'line-too-long'
  | 'no-url'
  | 'stray-line'
  | 'bad-url'
  | 'too-many-attributes'
  | 'too-many-options'
  | 'too-many-entries'
  | 'too-much-text';

export type ParsedM3u = {
  /** The attributes of the #EXTM3U line. */
  readonly header: ReadonlyMap<string, string>;
  /** x-tvg-url and url-tvg, split at commas; http and https only. */
  readonly guideUrls: readonly string[];
  readonly entries: readonly ParsedM3uEntry[];
  readonly problems: Problems<M3uProblem>;
};
