// This file packs channels so that whoever has them sees at once what of them stayed the same.
import type { ChannelRow, RowSource } from './channel-row.ts';
import { fingerprint } from './identity/fingerprint.ts';
import { type PackedPiece, RowPacker, textOf } from './packed-rows.ts';

/** Tokens change with every list, and are in the addresses alone: so these stand apart. */
export type PackedChannels = {
  readonly heads: readonly PackedPiece[];
  /** Of the same rows: an address for each source. */
  readonly urls: readonly PackedPiece[];
};

type Head = Omit<ChannelRow, 'sources'> & { readonly sources: readonly Omit<RowSource, 'url'>[] };

/** One id in so many ends a piece: what is put in between others changes its own piece alone. */
const CUT_SHARE = 200;

export class ChannelPacker {
  readonly #heads = new RowPacker<Head>();
  readonly #urls = new RowPacker<readonly string[]>();

  add(row: ChannelRow): void {
    this.#heads.add({ ...row, sources: row.sources.map(({ url: _, ...source }) => source) });
    this.#urls.add(row.sources.map(({ url }) => url));
    if (fingerprint(row.id) % CUT_SHARE !== 0) return;
    this.#heads.cut();
    this.#urls.cut();
  }

  end(): PackedChannels {
    return { heads: this.#heads.end().pieces, urls: this.#urls.end().pieces };
  }
}

export function packChannels(rows: Iterable<ChannelRow>): PackedChannels {
  const packer = new ChannelPacker();
  for (const row of rows) packer.add(row);
  return packer.end();
}

/** For each channel of a piece, for each of its sources. */
export function urlsIn(piece: PackedPiece): readonly (readonly string[])[] {
  return JSON.parse(textOf(piece)) as string[][];
}

export function channelsIn(
  head: PackedPiece,
  urls: readonly (readonly string[])[],
): readonly ChannelRow[] {
  const heads = JSON.parse(textOf(head)) as Head[];
  return heads.map(({ sources, ...row }, index) => ({
    ...row,
    sources: sources.map((source, at) => ({ ...source, url: urls[index]?.[at] as string })),
  }));
}
