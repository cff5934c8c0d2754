// This file keeps the endless streams that are being watched: one for each channel and quality.
import { AppError } from '../../base/errors.ts';
import type { ChannelRelay, Opened } from '../../prefetch/channel/channel-relay.ts';
import type { Rendition } from '../../prefetch/rendition/rendition.ts';
import { renditionIdIn } from '../../source/pull/renditions.ts';
import { type EndlessDeps, type EndlessStats, EndlessStream } from './endless-stream.ts';
import { SoundBeside } from './sound-beside.ts';
import { TransportSource } from './transport-source.ts';

export type StreamStats = EndlessStats & { readonly channel: string };

export class EndlessStreams {
  readonly #deps: EndlessDeps;
  readonly #streams = new Map<ChannelRelay, Map<Rendition, EndlessStream>>();

  constructor(deps: EndlessDeps) {
    this.#deps = deps;
  }

  /** The stream of a rendition of the channel, begun where nobody watches it yet. */
  of(relay: ChannelRelay, opened: Opened, main: Rendition): EndlessStream {
    let streams = this.#streams.get(relay);
    if (streams === undefined) {
      streams = new Map();
      this.#streams.set(relay, streams);
    }
    const known = streams.get(main);
    if (known !== undefined) return known;
    const stream = this.#begin(relay, opened, main, () => this.#end(relay, main, stream));
    streams.set(main, stream);
    return stream;
  }

  stats(): StreamStats[] {
    return [...this.#streams].flatMap(([relay, streams]) =>
      [...streams.values()].map((stream) => ({ channel: relay.config.id, ...stream.stats() })),
    );
  }

  #begin(relay: ChannelRelay, opened: Opened, main: Rendition, onEnd: () => void): EndlessStream {
    const log = this.#deps.log.with({ channel: relay.config.id, rendition: main.id });
    const sound = soundOf(relay, opened, main);
    const beside =
      sound === undefined
        ? undefined
        : new SoundBeside(sound.rendition, { ...this.#deps, log }, sound.language);
    const source = new TransportSource(main, () => beside);
    return new EndlessStream(source, relay.closed, { ...this.#deps, log }, onEnd);
  }

  #end(relay: ChannelRelay, main: Rendition, stream: EndlessStream): void {
    const streams = this.#streams.get(relay);
    if (streams?.get(main) !== stream) return;
    streams.delete(main);
    if (streams.size === 0) this.#streams.delete(relay);
  }
}

type Sound = { readonly rendition: Rendition; readonly language?: string };

/** The sound that belongs to a variant and has a playlist of its own: the default one. */
function soundOf(relay: ChannelRelay, opened: Opened, main: Rendition): Sound | undefined {
  const { multivariant } = opened;
  const variant = multivariant?.variants.find(({ uri }) => uri === `${main.id}/index.m3u8`);
  if (multivariant === undefined || variant?.audio === undefined) return undefined;
  const group = multivariant.renditions.filter(
    ({ type, groupId }) => type === 'AUDIO' && groupId === variant.audio,
  );
  const tag = group.find(({ isDefault }) => isDefault) ?? group.find((one) => one.autoselect);
  const { uri, language } = tag ?? group[0] ?? {};
  if (uri === undefined) return undefined;
  const rendition = relay.peek(renditionIdIn(uri));
  // A variant of sound alone is named as the sound of others too
  if (rendition === main) return undefined;
  if (rendition === undefined) {
    throw new AppError('PACKAGING_SOUND', `Cannot find the sound of ${main.id}: it is not open`);
  }
  return { rendition, ...(language === undefined ? {} : { language }) };
}
