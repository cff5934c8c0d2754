// This file asks weir as a viewer does, and holds each answer to its deadline and its bytes.
import type { Clock } from '../../src/base/clock.ts';
import type { MediaPlaylist } from '../../src/media/m3u8/playlist.ts';
import { type BodyResult, VIEWER_WAIT_MS } from '../../src/prefetch/answers.ts';
import type { ChannelRelay } from '../../src/prefetch/channel/channel-relay.ts';
import type { Rendition } from '../../src/prefetch/rendition/rendition.ts';
import type { Checker } from './checker.ts';
import type { Journal } from './journal.ts';
import type { Server } from './server.ts';

export type ViewerWorld = {
  readonly clock: Clock;
  readonly channel: string;
  readonly checker: Checker;
  readonly journal: Journal;
  /** The run of weir there is now; down between two of them. */
  readonly server: () => Server;
};

/** Called after each piece of a body; false where the viewer leaves in the middle of it. */
export type Reading = () => Promise<boolean>;

export type Listed = { readonly list: MediaPlaylist; readonly rendition: Rendition };

/** Settling of promises costs no time; the queues to the threads cost some. */
const SLACK_MS = 50;
/** No body takes longer: deadlines, retries and a crash in between. */
const BODY_MAX_MS = 60_000;

/** Undefined always means that there was no answer to go on with: refused, broken or down. */
export class Session {
  readonly #world: ViewerWorld;
  readonly #name: string;

  constructor(name: string, world: ViewerWorld) {
    this.#name = name;
    this.#world = world;
  }

  note(what: string): void {
    this.#world.journal.note(`${this.#name} ${what}`);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#world.clock.after(ms, resolve));
  }

  /** The ids of the renditions to choose from. */
  async renditions(): Promise<readonly string[] | undefined> {
    const relay = this.#relay();
    if (relay === undefined) return undefined;
    const opened = await this.#ask('the channel', () => relay.open());
    if (opened === 'killed') return undefined;
    if (opened.kind === 'unavailable') return this.#refused('the channel', opened.reason);
    const { multivariant, main } = opened;
    return multivariant?.variants.map(({ uri }) => uri.split('/')[0] as string) ?? [main.id];
  }

  async list(id: string): Promise<Listed | undefined> {
    const { channel, clock, checker } = this.#world;
    const relay = this.#relay();
    const rendition = await this.#rendition(id);
    if (relay === undefined || rendition === undefined) return undefined;
    const listed = await this.#ask('a list', async () => {
      const answer = await rendition.playlist(relay.isProbe);
      if (answer.kind !== 'ready') return answer;
      const list = checker.served(channel, rendition, clock.monotonicMs());
      return list === undefined ? undefined : { list, rendition };
    });
    if (listed === undefined || listed === 'killed') return undefined;
    return 'kind' in listed ? this.#refused(id, listed.reason) : listed;
  }

  /** True where the body came whole. */
  async body(id: string, name: string, reading: Reading): Promise<boolean> {
    const { checker, clock, journal } = this.#world;
    const rendition = await this.#rendition(id);
    if (rendition === undefined) return false;
    const wasPromised = checker.isPromised(rendition, name);
    const startMs = clock.monotonicMs();
    const result = await this.#ask(name, async () => begin(await rendition.body(name)));
    if (result === 'killed') return false;
    if (result.kind === 'unavailable') return this.#refused(name, result.reason) ?? false;
    if (result.kind === 'missing' || result.kind === 'gone') {
      const isGap = rendition.ring.listed().some((s) => s.name === name && s.state === 'gap');
      const isStill = wasPromised && checker.isPromised(rendition, name);
      if (isStill && !isGap) journal.breach('I4', `${this.#name}: ${name} is ${result.kind}`);
      return false;
    }
    const bytes =
      result.kind === 'whole'
        ? await result.body.bytes()
        : await this.#read(result.stream, name, reading);
    const tookMs = clock.monotonicMs() - startMs;
    if (tookMs > BODY_MAX_MS) journal.breach('I6', `${name} took ${tookMs} ms`);
    if (bytes === undefined) return false;
    checker.received(rendition, name, bytes);
    return true;
  }

  async #rendition(id: string): Promise<Rendition | undefined> {
    const relay = this.#relay();
    if (relay === undefined) return undefined;
    const found = await this.#ask('a rendition', () => relay.rendition(id));
    if (found === 'killed' || found === undefined) return undefined;
    return 'kind' in found ? this.#refused(id, found.reason) : found;
  }

  /** Undefined where it broke, visibly, or the viewer left. */
  async #read(
    stream: ReadableStream<Uint8Array>,
    name: string,
    reading: Reading,
  ): Promise<Uint8Array | undefined> {
    const reader = stream.getReader();
    const pieces: Uint8Array[] = [];
    try {
      for (;;) {
        const step = await this.#world.server().answer(reader.read());
        if (step === 'killed') return undefined;
        if (step.done) return Buffer.concat(pieces);
        pieces.push(step.value);
        if (await reading()) continue;
        await reader.cancel();
        return undefined;
      }
    } catch (error) {
      this.note(`sees ${name} break: ${(error as Error).message}`);
      return undefined;
    }
  }

  async #ask<T>(what: string, ask: () => T | Promise<T>): Promise<T | 'killed'> {
    const { clock, checker, channel, journal } = this.#world;
    const startMs = clock.monotonicMs();
    checker.presence.asked(channel, startMs);
    const answer = await this.#world.server().answer(ask());
    const nowMs = clock.monotonicMs();
    // Who waits for an answer is there until it comes
    checker.presence.asked(channel, nowMs);
    const tookMs = nowMs - startMs;
    if (tookMs > VIEWER_WAIT_MS + SLACK_MS) {
      journal.breach('I6', `${this.#name} waited ${tookMs} ms for ${what}`);
    }
    return answer;
  }

  #relay(): ChannelRelay | undefined {
    const server = this.#world.server();
    return server.isUp ? server.relays.get(this.#world.channel) : undefined;
  }

  #refused(what: string, reason: string): undefined {
    this.note(`is refused ${what}: ${reason}`);
    return undefined;
  }
}

type Begun =
  | Exclude<BodyResult, { kind: 'streaming' }>
  | { readonly kind: 'streaming'; readonly stream: ReadableStream<Uint8Array> };

/** As delivery does: a stream is opened in the turn in which it is answered. */
function begin(result: BodyResult): Begun {
  if (result.kind !== 'streaming') return result;
  return { kind: 'streaming', stream: result.inFlight.stream() };
}
