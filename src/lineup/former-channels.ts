// This file has new channels share with those before them what is the same.
import type { ChannelConfig } from '../config/config.ts';

/** So far ahead a channel is looked for: lists keep their order but for what goes and comes. */
const MAX_AHEAD = 100;
const TEXTS = ['id', 'name', 'group', 'logo', 'guide'] as const;

type Texts = { -readonly [Name in (typeof TEXTS)[number]]?: string };

/**
 * Those before go when all that are new are here, so both are held for a while: of 50,000 whose tokens
 * are others, the addresses alone are held twice.
 */
export class FormerChannels {
  readonly #channels: readonly ChannelConfig[];
  #at = 0;

  constructor(channels: readonly ChannelConfig[]) {
    this.#channels = channels;
  }

  /** Asked in the order of the list. Where all of it is the same, that is the channel from before. */
  sharedWith(channel: ChannelConfig): ChannelConfig {
    const former = this.#find(channel.id);
    if (former === undefined) return channel;
    const texts: Texts = channel;
    for (const name of TEXTS) {
      const text = former[name];
      if (text !== undefined && text === texts[name]) texts[name] = text;
    }
    const isSame =
      former.number === channel.number &&
      TEXTS.every((name) => former[name] === channel[name]) &&
      Bun.deepEquals(former.vlcOptions, channel.vlcOptions) &&
      Bun.deepEquals(former.sources, channel.sources);
    return isSame ? former : channel;
  }

  #find(id: string): ChannelConfig | undefined {
    const end = Math.min(this.#at + MAX_AHEAD, this.#channels.length);
    for (let at = this.#at; at < end; at++) {
      const channel = this.#channels[at];
      if (channel?.id !== id) continue;
      this.#at = at + 1;
      return channel;
    }
    return undefined;
  }
}
