// This file remembers in which folders archives lie, so that one which is not mounted is not taken for empty.
import type { Store } from '../../channel/store.ts';
import type { FolderMarks } from '../../ring/tiers/folder-mark.ts';
import { parseChannelAbout } from './archive-about.ts';
import type { Shelf } from './shelf.ts';

const KIND = 'place';
const ID_BYTES = 8;

type PlaceStore = Pick<Store, 'load' | 'archive'>;

/** For places of one kind. Undefined where nothing can be archived: then nothing relies on any. */
export function archivePlaces(store: Store, kind: Shelf['kind']): FolderMarks | undefined {
  if (store.archive === undefined) return undefined;
  const id = Buffer.from(store.secret(KIND, ID_BYTES)).toString('hex');
  const fileName = `weir-place-${id}`;
  const known = new Set(store.load(KIND).keys());
  return {
    fileName,
    mustBeThere: (path) => known.has(path) && isReliedOn(store, kind, path),
    found(path) {
      if (known.has(path)) return;
      known.add(path);
      store.save(KIND, new Map([[path, { fileName }]]));
    },
  };
}

/** The file that marks it; undefined where nothing relies on it, or it never was marked. */
export function markOf(store: PlaceStore, kind: Shelf['kind'], path: string): string | undefined {
  const place = store.load(KIND).get(path) as { readonly fileName?: string } | undefined;
  return place?.fileName !== undefined && isReliedOn(store, kind, path)
    ? place.fileName
    : undefined;
}

/** Whether rows promise what lies there; of the tiers any may hold it. */
function isReliedOn({ archive: rows }: PlaceStore, kind: Shelf['kind'], path: string): boolean {
  if (rows === undefined) return false;
  const wanted = kind === 'hls' ? path : undefined;
  return [...rows.channels()].some(
    ([channel, about]) =>
      parseChannelAbout(about).hlsPath === wanted &&
      rows.renditions(channel).some(({ segments }) => segments > 0),
  );
}
