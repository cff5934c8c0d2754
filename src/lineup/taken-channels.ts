// This file holds on the serving thread the channels that come of the file and of all line-ups.
import { othersTurn } from '../base/turn.ts';
import type { ChannelConfig } from '../config/config.ts';
import { type ChannelRow, RowReader } from './channel-row.ts';
import { FormerChannels } from './former-channels.ts';
import { type PackedPiece, textOf } from './packed-rows.ts';

export class TakenChannels {
  #channels: readonly ChannelConfig[] = [];
  #ownCount = 0;

  /** The file's own by their numbers, those without one as they stand there; then those of line-ups. */
  get all(): readonly ChannelConfig[] {
    return this.#channels;
  }

  /** All that there are. */
  async take(rows: readonly PackedPiece[], own: readonly ChannelConfig[]): Promise<void> {
    const channels = own.toSorted(byNumber);
    const places = new Map(channels.map(({ id }, index) => [id, index]));
    const reader = new RowReader();
    const former = new FormerChannels(this.#channels.slice(this.#ownCount));
    await eachRow(rows, (row: ChannelRow) => {
      const at = row.isOwn === true ? places.get(row.id) : undefined;
      if (at === undefined) channels.push(former.sharedWith(reader.channel(row)));
      else channels[at] = reader.widened(channels[at] as ChannelConfig, row);
    });
    this.#channels = channels;
    this.#ownCount = own.length;
  }

  /** Others of the file, with what line-ups gave before. */
  takeOwn(own: readonly ChannelConfig[]): void {
    const ids = new Set(own.map(({ id }) => id));
    const others = this.#channels.slice(this.#ownCount).filter(({ id }) => !ids.has(id));
    this.#channels = [...own.toSorted(byNumber), ...others];
    this.#ownCount = own.length;
  }
}

/** Each piece lets others have their turn. */
export async function eachRow<T>(
  pieces: readonly PackedPiece[],
  take: (row: T) => void,
): Promise<void> {
  for (const piece of pieces) {
    for (const row of JSON.parse(textOf(piece)) as T[]) take(row);
    await othersTurn();
  }
}

/** Stable, so that those without a number stay as they are. */
function byNumber(a: ChannelConfig, b: ChannelConfig): number {
  const [first, second] = [a.number ?? Number.MAX_VALUE, b.number ?? Number.MAX_VALUE];
  return first - second;
}
