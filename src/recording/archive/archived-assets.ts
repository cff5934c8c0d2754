// This file names init segments and keys by their bytes: a name in an archive never changes its meaning.
import type { AssetRow } from '../../channel/archive-rows.ts';
import { implicitIv } from '../../media/m3u8/key.ts';
import type { Key } from '../../media/m3u8/playlist.ts';
import type { PastAsset, PastSegment } from '../../prefetch/rendition/past.ts';
import type { ListedKey } from '../../ring/listing.ts';
import type { SegmentNeeds } from './archive-about.ts';
import type { ArchivedKey } from './archived.ts';

export type KeptNeeds = SegmentNeeds & { readonly assets: readonly AssetRow[] };

/** Of SHA-256; a key must not be worked out from its name. */
const DIGEST_CHARACTERS = 24;

/** The same init segment comes with each segment, as the same Blob. */
const known = new WeakMap<Blob, AssetRow>();

/** Undefined where one of them has not come: the segment is of no use without. */
export async function keptNeeds(segment: PastSegment): Promise<KeptNeeds | undefined> {
  const { listed, assets, contentType } = segment;
  const rows = new Map<string, AssetRow>();
  for (const [name, asset] of assets) rows.set(name, await assetRow(name, asset));
  const keys = keptKeys(listed.keys, listed.sequence, rows);
  const { map } = listed;
  const mapKeys = keptKeys(map?.keys ?? [], listed.sequence, rows);
  const init = map === undefined ? undefined : rows.get(map.asset.name);
  if (keys === undefined || mapKeys === undefined) return undefined;
  if (map !== undefined && init === undefined) return undefined;
  return {
    contentType,
    keys,
    ...(init === undefined ? {} : { map: { asset: init.name, keys: mapKeys } }),
    assets: [...new Map([...rows.values()].map((row) => [row.name, row])).values()],
  };
}

async function assetRow(name: string, { body, contentType }: PastAsset): Promise<AssetRow> {
  const before = known.get(body);
  if (before !== undefined) return before;
  const bytes = await body.bytes();
  const digest = new Bun.CryptoHasher('sha256').update(bytes).digest('hex');
  const prefix = /^[a-z]+/.exec(name)?.[0] ?? 'init';
  const extension = /\.([0-9a-z]{1,8})$/.exec(name)?.[1] ?? 'bin';
  const row = {
    name: `${prefix}-${digest.slice(0, DIGEST_CHARACTERS)}.${extension}`,
    contentType,
    body: bytes,
  };
  known.set(body, row);
  return row;
}

function keptKeys(
  listed: readonly ListedKey[],
  sequence: number,
  rows: ReadonlyMap<string, AssetRow>,
): ArchivedKey[] | undefined {
  const kept: ArchivedKey[] = [];
  for (const { key, asset } of listed) {
    const row = asset === undefined ? undefined : rows.get(asset.name);
    if (asset !== undefined && row === undefined) return undefined;
    kept.push(row === undefined ? { key } : { key: ownKey(key, sequence), asset: row.name });
  }
  return kept;
}

/**
 * RFC 8216 §5.2: without an IV the media sequence number is the IV, and that of an archive is
 * another. Where the key came from concerns nobody.
 */
function ownKey({ uri: _, ...key }: Key, sequence: number): Key {
  const attributes = new Map(key.attributes);
  attributes.delete('URI');
  const isIdentity = key.keyFormat === undefined || key.keyFormat === 'identity';
  const isCounted = key.iv === undefined && key.method !== 'NONE' && isIdentity;
  return { ...key, attributes, ...(isCounted ? { iv: implicitIv(sequence) } : {}) };
}
