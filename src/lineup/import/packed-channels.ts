// This file packs channels so that whoever has them sees at once what of them stayed the same.
import { type ChannelRow, rowOf } from './channel-row.ts';
import { fingerprint } from './identity/fingerprint.ts';
import { type EntryPiece, entriesIn } from './packed-entries.ts';
import { endsPiece, pack, tidyAfter, unpack } from './packed-rows.ts';
import type { RowSource, SourceSetting } from './row-source.ts';

/** Some hundred channels on their way to the serving thread. */
export type ChannelPiece = WholePiece | RowPiece;

/** Entries as they are kept, each of them a channel under its own id. */
type WholePiece = EntryPiece & { readonly setting: SourceSetting };

/** Those of which a channel came to be in another way. */
type RowPiece = {
  readonly rows: number;
  readonly heads: string;
  /** Of the same rows: an address for each source. As in an EntryPiece they stand apart. */
  readonly urls: string;
};

type Head = Omit<ChannelRow, 'sources'> & { readonly sources: readonly Omit<RowSource, 'url'>[] };

export class ChannelPacker {
  readonly #pieces: ChannelPiece[] = [];
  #open: ChannelRow[] = [];

  add(row: ChannelRow): void {
    this.#open.push(row);
    if (endsPiece(this.#open.length, fingerprint(row.id))) this.#cut();
  }

  addWhole(piece: EntryPiece, setting: SourceSetting): void {
    this.#cut();
    this.#pieces.push({ ...piece, setting });
  }

  end(): readonly ChannelPiece[] {
    this.#cut();
    return this.#pieces;
  }

  #cut(): void {
    const rows = this.#open;
    if (rows.length === 0) return;
    const heads = rows.map(({ sources, ...row }): Head => {
      return { ...row, sources: sources.map(({ url: _, ...source }) => source) };
    });
    const urls = rows.map(({ sources }) => sources.map(({ url }) => url));
    this.#pieces.push({ rows: rows.length, heads: pack(heads), urls: pack(urls) });
    tidyAfter(rows.length);
    this.#open = [];
  }
}

export function packChannels(rows: Iterable<ChannelRow>): readonly ChannelPiece[] {
  const packer = new ChannelPacker();
  for (const row of rows) packer.add(row);
  return packer.end();
}

/** The same as long as nothing but addresses changes; in 64 bits, so that the texts need not be kept. */
export function headOf(piece: ChannelPiece): string {
  if ('heads' in piece) return `rows ${Bun.hash(piece.heads)}`;
  const { said, given, setting } = piece;
  return `${Bun.hash(said)} ${Bun.hash(given)} ${setting.userAgent} ${setting.provider}`;
}

/** For each channel of a piece, for each of its sources. */
export function urlsIn(piece: ChannelPiece): readonly (readonly string[])[] {
  if ('heads' in piece) return unpack<readonly string[]>(piece.urls);
  return unpack<string>(piece.urls).map((url) => [url]);
}

export function channelsIn(piece: ChannelPiece): readonly ChannelRow[] {
  if (!('heads' in piece)) return entriesIn(piece).map((entry) => rowOf(entry, piece.setting));
  const urls = urlsIn(piece);
  return unpack<Head>(piece.heads).map(({ sources, ...row }, index) => {
    const urlAt = (at: number) => urls[index]?.[at] as string;
    return { ...row, sources: sources.map((source, at) => ({ ...source, url: urlAt(at) })) };
  });
}
