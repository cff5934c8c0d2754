// This file says which renditions of a channel have their past kept: those that run without viewers.
import type { MultivariantPlaylist } from '../../media/m3u8/playlist.ts';
import type { Traits } from '../../source/failover/match.ts';
import { type PastKeeper, PastTap } from '../rendition/past.ts';

/** What a channel has to offer, as far as its past is concerned. */
export type Offer = {
  readonly main: { readonly id: string };
  readonly multivariant?: MultivariantPlaylist;
};

export class ChannelPast {
  readonly #channel: string;
  readonly #keeper: PastKeeper;
  #main: string | undefined;

  constructor(channel: string, keeper: PastKeeper) {
    this.#channel = channel;
    this.#keeper = keeper;
  }

  get isKept(): boolean {
    return this.#keeper.keeps(this.#channel);
  }

  /** The channel has been opened. */
  offers({ main, multivariant }: Offer): void {
    this.#main = main.id;
    this.#keeper.offers(this.#channel, main.id, multivariant);
  }

  /** Of the picture the first variant, and whatever sound may go with it. */
  tapOf(id: string, { kind }: Traits): PastTap {
    const place = {
      channel: this.#channel,
      rendition: id,
      kind: kind === 'audio' ? kind : 'video',
    } as const;
    return new PastTap({
      isKept: () => (kind === 'audio' || id === this.#main) && this.isKept,
      take: (segment) => this.#keeper.take(place, segment),
    });
  }
}
