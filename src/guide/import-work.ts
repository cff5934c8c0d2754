// This file is the work of an import that any thread can do: plain values go in, and come out.
import { Database } from 'bun:sqlite';
import { type ChannelDay, channelDays } from './channel-days.ts';
import { type IncomingChannel, programmesOfIncoming } from './incoming.ts';
import { type ElementBatch, type ElementsRead, readElements } from './read-elements.ts';

/** A channel of a guide that has come, in the file at `path`. */
export type DaysWanted = { readonly path: string; readonly channel: IncomingChannel };

export type ImportWork =
  | { readonly what: 'elements'; readonly wanted: ElementBatch }
  | { readonly what: 'days'; readonly wanted: DaysWanted };

/** What comes of each kind of work. */
export type ImportDone = {
  readonly elements: ElementsRead;
  readonly days: readonly ChannelDay[];
};

/** Pieces of work after which what they left behind is collected: some megabytes of text. */
const COLLECT_EVERY = 128;

/** Of this thread. */
let doneCount = 0;

export function doWork({ what, wanted }: ImportWork): ImportDone[ImportWork['what']] {
  doneCount++;
  if (doneCount % COLLECT_EVERY === 0) Bun.gc(true);
  return what === 'elements' ? readElements(wanted) : readDays(wanted);
}

function readDays({ path, channel }: DaysWanted): readonly ChannelDay[] {
  using incoming = new Database(path, { readonly: true, strict: true });
  return channelDays(channel.id, programmesOfIncoming(incoming, channel));
}
