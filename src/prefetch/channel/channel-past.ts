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
  #offer: Offer | undefined;
  /** The keeper knows the offer. */
  #isTold = false;

  constructor(channel: string, keeper: PastKeeper) {
    this.#channel = channel;
    this.#keeper = keeper;
  }

  get isKept(): boolean {
    const isKept = this.#keeper.keeps(this.#channel);
    if (!isKept) this.#isTold = false;
    else if (!this.#isTold && this.#offer !== undefined) {
      this.#isTold = true;
      this.#keeper.offers(this.#channel, this.#offer.main.id, this.#offer.multivariant);
    }
    return isKept;
  }

  /** The channel has been opened; it may have been otherwise before. */
  offers(offer: Offer): void {
    this.#offer = offer;
    this.#isTold = false;
  }

  /** Of the picture the first variant, and whatever sound may go with it. */
  tapOf(id: string, { kind }: Traits): PastTap {
    const place = {
      channel: this.#channel,
      rendition: id,
      kind: kind === 'audio' ? kind : 'video',
    } as const;
    return new PastTap({
      isKept: () => (kind === 'audio' || id === this.#offer?.main.id) && this.isKept,
      take: (segment) => this.#keeper.take(place, segment),
    });
  }
}
