// This file brings a folder in order that a process before has left as it was when it ended.
import { join } from 'node:path';
import { DayList } from './day-list.ts';
import type { ArchiveDisk } from './disk.ts';
import { END_LIST } from './list-text.ts';
import { isDay, isHalfName, LIST_FILE } from './names.ts';

/** One rendition on one day, by its folder. */
export type LeftPlace = { readonly folder: string; readonly day: string };

/** What may be in want of it, the newest first: that is what somebody looks at. */
export async function* leftPlaces(disk: ArchiveDisk, root: string): AsyncGenerator<LeftPlace> {
  for (const channel of await disk.names(root)) {
    const days = await namesOf(disk, join(root, channel));
    for (const day of days.filter(isDay).sort().reverse()) {
      const path = join(root, channel, day);
      for (const rendition of await namesOf(disk, path)) {
        if (rendition !== LIST_FILE) yield { folder: join(path, rendition), day };
      }
    }
  }
}

/** Closes the list of a day that is over; of a day that is not, what is torn is cut off. */
export async function tidy(
  disk: ArchiveDisk,
  { folder, day }: LeftPlace,
  today: string,
): Promise<void> {
  const path = join(folder, LIST_FILE);
  const tail = (await disk.tail(path, END_LIST.length))?.toString();
  if (tail === undefined || tail === END_LIST) return;
  const list = await DayList.open({ disk, folder });
  if (list === undefined) return;
  for (const name of await disk.names(folder)) {
    if (isHalfName(name)) await disk.remove(join(folder, name));
  }
  await (day < today ? list.close() : list.mend());
}

/** A file among the folders has none. */
async function namesOf(disk: ArchiveDisk, path: string): Promise<readonly string[]> {
  return await disk.names(path).catch(() => []);
}
