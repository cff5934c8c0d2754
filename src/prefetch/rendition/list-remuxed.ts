// This file lists a segment as it was made, and not as its source has it.
import type { ListedSegment } from '../../ring/listing.ts';
import { segmentName } from '../../ring/name.ts';
import type { Segment } from '../../ring/rendition-ring.ts';
import type { RemuxedAs } from '../loop/body-remux.ts';
import type { RenditionAssets } from './assets.ts';

/** To be called before any list has named it. */
export function listRemuxed(segment: Segment, as: RemuxedAs, assets: RenditionAssets): void {
  const { map: _, ...listed } = segment.listed;
  const { extension, isUntouched, init } = as;
  const asset = init === undefined ? undefined : { name: init.name, ref: listed.ref };
  if (init !== undefined && asset !== undefined) {
    assets.know(asset);
    assets.loaded(init.name, init.body);
  }
  const shown: ListedSegment = {
    ...listed,
    extension,
    keys: isUntouched ? listed.keys : [],
    ...(asset === undefined ? {} : { map: { asset, keys: [] } }),
  };
  segment.listed = shown;
  if (isUntouched) return;
  // A name never means two bodies, in whatever weir it was made
  const identity = `${listed.identity}#remuxed`;
  segment.name = segmentName(segment.mediaSequence, { ...shown, identity });
}
