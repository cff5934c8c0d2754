// This file holds on the serving thread the channels that come of the file and of all line-ups.
import { othersTurn } from '../../base/turn.ts';
import type { ChannelConfig, UrlSource } from '../../config/config.ts';
import { RowReader } from './channel-row.ts';
import { type ChannelPiece, channelsIn, headOf, urlsIn } from './packed-channels.ts';

/** What came of a piece, of line-ups alone. */
type Made = readonly ChannelConfig[];

export class TakenChannels {
  #channels: readonly ChannelConfig[] = [];
  #ownCount = 0;
  /** By their heads. */
  #made: ReadonlyMap<string, Made> = new Map();

  /** The file's own by their numbers, those without one as they stand there; then those of line-ups. */
  get all(): readonly ChannelConfig[] {
    return this.#channels;
  }

  /**
   * All that there are; each piece lets others have their turn. Those before go when all are here, so
   * both are held for a while: what a piece has in common with one before is held once.
   */
  async take(pieces: readonly ChannelPiece[], own: readonly ChannelConfig[]): Promise<void> {
    const channels = own.toSorted(byNumber);
    const places = new Map(channels.map(({ id }, index) => [id, index]));
    const reader = new RowReader();
    const made = new Map<string, Made>();
    for (const piece of pieces) {
      const head = headOf(piece);
      const former = this.#made.get(head);
      const fresh: ChannelConfig[] = former === undefined ? [] : readdressed(former, urlsIn(piece));
      for (const row of former === undefined ? channelsIn(piece) : []) {
        const at = row.isOwn === true ? places.get(row.id) : undefined;
        if (at === undefined) fresh.push(reader.channel(row));
        else channels[at] = reader.widened(channels[at] as ChannelConfig, row);
      }
      channels.push(...fresh);
      if (fresh.length === piece.rows) made.set(head, fresh);
      await othersTurn();
    }
    [this.#channels, this.#ownCount, this.#made] = [channels, own.length, made];
  }

  /** Others of the file, with what line-ups gave before. */
  takeOwn(own: readonly ChannelConfig[]): void {
    const ids = new Set(own.map(({ id }) => id));
    const others = this.#channels.slice(this.#ownCount).filter(({ id }) => !ids.has(id));
    this.#channels = [...own.toSorted(byNumber), ...others];
    this.#ownCount = own.length;
  }
}

/** The same channels at the addresses that they have now. */
function readdressed(made: Made, urls: readonly (readonly string[])[]): ChannelConfig[] {
  return made.map((channel, index) => {
    const now = urls[index] as readonly string[];
    const before = channel.sources as readonly UrlSource[];
    if (before.every(({ url }, at) => url === now[at])) return channel;
    return {
      ...channel,
      sources: before.map((source, at) => ({ ...source, url: now[at] as string })),
    };
  });
}

/** Stable, so that those without a number stay as they are. */
function byNumber(a: ChannelConfig, b: ChannelConfig): number {
  const [first, second] = [a.number ?? Number.MAX_VALUE, b.number ?? Number.MAX_VALUE];
  return first - second;
}
