// This file keeps the endless streams that are being watched: one for each channel and quality.
import { AppError } from '../../base/errors.ts';
import type { ChannelRelay, Opened } from '../../prefetch/channel/channel-relay.ts';
import type { Sound } from '../../prefetch/channel/channel-renditions.ts';
import type { Rendition } from '../../prefetch/rendition/rendition.ts';
import { soundOfVariant } from '../../source/pull/renditions.ts';
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
    const besideOf = ({ rendition, language }: Sound) =>
      new SoundBeside(rendition, { ...this.#deps, log }, language);
    const offered = offeredSound(relay, opened, main);
    const beside = offered === undefined ? undefined : besideOf(offered);
    const made = new WeakMap<Rendition, SoundBeside>();
    const instead = () => {
      const sound = relay.soundFor(main);
      if (sound === undefined) return undefined;
      const known = made.get(sound.rendition) ?? besideOf(sound);
      made.set(sound.rendition, known);
      return known;
    };
    const source = new TransportSource(main, beside === undefined ? { instead } : { beside });
    return new EndlessStream(source, relay.closed, { ...this.#deps, log }, onEnd);
  }

  #end(relay: ChannelRelay, main: Rendition, stream: EndlessStream): void {
    const streams = this.#streams.get(relay);
    if (streams?.get(main) !== stream) return;
    streams.delete(main);
    if (streams.size === 0) this.#streams.delete(relay);
  }
}

/** What lies apart in what the channel offers, whatever source feeds it. */
function offeredSound(
  relay: ChannelRelay,
  { multivariant }: Opened,
  main: Rendition,
): Sound | undefined {
  const sound = multivariant === undefined ? undefined : soundOfVariant(multivariant, main.id);
  if (sound === undefined) return undefined;
  const { id, ...more } = sound;
  const rendition = relay.peek(id);
  if (rendition === undefined) {
    throw new AppError('PACKAGING_SOUND', `Cannot find the sound of ${main.id}: it is not open`);
  }
  return { rendition, ...more };
}
