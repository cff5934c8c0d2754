// This file says by which address of ours a player finds what an archived channel has shown.
import type { ChannelConfig } from '../config/config.ts';
import type { M3uCatchup, StreamForm } from '../media/m3u/entry.ts';

const DAY_MS = 86_400_000;

export type Watched = {
  /** What our addresses begin with; '' where that is not known. */
  readonly base: string;
  /** Which form the player is given of what is live, and so of what was. */
  readonly form: StreamForm;
  readonly quality?: number | undefined;
  /** The live address answers `utc=` with what was on then. */
  readonly isShiftable: boolean;
};

/** Undefined where nothing is kept. A player cannot make anything of a path alone. */
export function catchupOf(channel: ChannelConfig, watched: Watched): M3uCatchup | undefined {
  const { archive } = channel;
  const { base, form, quality, isShiftable } = watched;
  if (archive === undefined || base === '') return undefined;
  const name = encodeURIComponent(channel.id);
  const tail = form === 'ts' ? '.ts' : '/index.m3u8';
  // A file is of what the archive holds, and has nothing to choose from
  const query = form === 'ts' || quality === undefined ? '' : `?quality=${quality}`;
  return {
    url: `${base}/archive/${name}${tail}${query}`,
    // What is held of a day that has only begun is to be found too
    days: Math.max(1, Math.ceil(archive.keepMs / DAY_MS)),
    isShiftable,
  };
}
