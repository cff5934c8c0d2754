// This file watches a simulation for what must never happen.

import type { MediaPlaylist } from '../../src/media/m3u8/playlist.ts';
import { renditionPlaylist } from '../../src/packaging/hls/media-playlist.ts';
import type { Rendition } from '../../src/prefetch/rendition/rendition.ts';
import type { BodyRef } from '../../src/ring/listing.ts';
import type { Ring } from '../../src/ring/ring.ts';
import type { ProviderUse } from '../../src/source/failover/provider-leases.ts';
import { identify } from './bytes.ts';
import type { Made } from './encoder.ts';
import type { Journal } from './journal.ts';
import { createPast, judgeList, type Past, rewind } from './playlist-rules.ts';
import { Presence } from './presence.ts';
import { Promises } from './promises.ts';
import { slateBytes, slateMade } from './slate.ts';
import { FRAMES, marksIn } from './transport.ts';
import type { Upstreams } from './upstreams.ts';
import type { Call } from './wire.ts';

const SEGMENT = /\/(?:r\d+-)?\d+(?:_\d+)?\.(?:ts|m4s)$/;
/** From the end of `idle_stop` until everything upstream must be closed. */
const CLOSE_MS = 1000;

export type Limits = {
  readonly idleStopMs: number;
  /**
   * A body that came whole may be worth nothing, as where its key did not come, or be let go at
   * once for want of memory.
   */
  readonly mayFetchAgain: boolean;
  /** That may fetch at once. Each fetches for itself what they share. */
  readonly channels: number;
  /** Bodies are media: what is made of them for a rendition that began otherwise shows the same. */
  readonly isMedia: boolean;
};

export class Checker {
  readonly #journal: Journal;
  readonly #limits: Limits;
  readonly #pasts = new Map<string, Past>();
  readonly #promises = new Map<Rendition, Promises>();
  readonly #open = new Map<string, Set<Call>>();
  readonly presence = new Presence();
  /** What bodies show that upstream answered to their end. */
  readonly #shown = new Set<string>();
  /** Path → bodies that upstream answered to their end. */
  readonly #wholes = new Map<string, Set<string>>();
  readonly #paths = new Map<string, string>();
  readonly #fetched = new Set<string>();
  readonly #upstream: Upstreams;
  readonly #made = new Map<string, Made>();
  readonly #texts = new WeakMap<Rendition, { version: number; text: string }>();
  /** Bodies of the slate. */
  readonly #slate = new Map<string, string>();
  /** Those of them that viewers have read. */
  slateBodies = 0;
  /** A new object each time the rendition starts. */
  readonly #lives = new Map<Rendition, object>();

  constructor(journal: Journal, limits: Limits, upstream: Upstreams) {
    this.#journal = journal;
    this.#limits = limits;
    this.#upstream = upstream;
  }

  /** Upstream has answered with what shows this, to its end. */
  hasShown(content: string): boolean {
    return this.#shown.has(content);
  }

  opened(call: Call): void {
    const { pathname } = new URL(call.url);
    const calls = this.#open.get(pathname) ?? new Set();
    this.#open.set(pathname, calls.add(call));
    const idleMs =
      this.presence.idleMs(channelOf(pathname), call.openedMs) ?? Number.POSITIVE_INFINITY;
    if (idleMs > this.#limits.idleStopMs + CLOSE_MS) {
      this.#journal.breach('I7', `${pathname} was asked for ${idleMs} ms after the last viewer`);
    }
    // A key or init segment under another token may be another one
    const isSame = ({ url }: Call) => SEGMENT.test(pathname) || url === call.url;
    const fetches = [...calls].filter((other) => !other.isLook && isSame(other));
    const isOneOnly = !call.isLook && !pathname.endsWith('.m3u8') && !this.#upstream.isAmbiguous;
    const most = this.#limits.channels * this.#upstream.fedByOne;
    if (isOneOnly && fetches.length > most) {
      this.#journal.breach('I1', `${pathname} is fetched ${fetches.length} times at once`);
    }
  }

  closed(call: Call): void {
    const path = pathOf(call.url);
    const calls = this.#open.get(path);
    calls?.delete(call);
    if (calls?.size === 0) this.#open.delete(path);
  }

  whole({ url, isLook }: Call, identity: string, isFlawed: boolean): void {
    const path = pathOf(url);
    const known = this.#wholes.get(path) ?? new Set();
    this.#wholes.set(path, known.add(identity));
    const content = this.#upstream.contentOf(identity);
    if (content !== undefined) this.#shown.add(content);
    if (isFlawed || isLook || !SEGMENT.test(path)) return;
    if (this.#fetched.has(identity) && !this.#limits.mayFetchAgain && !this.#upstream.isAmbiguous) {
      this.#journal.breach('I1', `${path} is fetched again although it came whole`);
    }
    this.#fetched.add(identity);
  }

  /** What had come may be fetched once more: nobody has it any longer. */
  forgetFetched(): void {
    this.#fetched.clear();
  }

  /** The text of a playlist that goes out now. */
  served(channel: string, rendition: Rendition, nowMs: number): MediaPlaylist | undefined {
    const upstream = this.#upstream;
    const key = `${channel}/${rendition.id}`;
    const text = renditionPlaylist(rendition.ring, rendition.header, '');
    const last = this.#texts.get(rendition);
    if (last?.version === rendition.ring.version && last.text !== text) {
      this.#journal.breach('list', `${key}: another text under the same version`);
    }
    this.#texts.set(rendition, { version: rendition.ring.version, text });
    this.#learn(rendition);
    const past = this.#pasts.get(key) ?? createPast();
    this.#pasts.set(key, past);
    const context = {
      key,
      life: this.#lifeOf(rendition),
      longestTargetS: upstream.longestTargetS,
      madeOf: (name: string) => this.madeOf(rendition, name),
      isAmbiguous: upstream.isAmbiguous,
      mayReturn: upstream.areSeveral,
    };
    const list = judgeList(text, past, context, nowMs, this.#journal);
    if (list !== undefined) this.#promisesOf(key, rendition).made(list);
    return list;
  }

  /** What is made of the slate for a rendition of fMP4 is no upstream's; what it is others judge. */
  #isMade({ ring }: Rendition, name: string): boolean {
    return ring.all().some((segment) => {
      const { ref, map } = segment.listed;
      if (ref.kind !== 'loop' || (map === undefined && !this.#limits.isMedia)) return false;
      return segment.name === name || map?.asset.name === name;
    });
  }

  /** A viewer has read a body to its end. */
  received(rendition: Rendition, name: string, bytes: Uint8Array): void {
    const identity = identify(bytes);
    const slate = this.#slate.get(`${rendition.id}/${name}`);
    const isOurs = slate === identity || this.#isMade(rendition, name);
    if (isOurs && slate !== undefined) this.slateBodies++;
    if (isOurs) return;
    const path = this.#paths.get(`${rendition.id}/${name}`) ?? '';
    if (this.#wholes.get(path)?.has(identity) || this.#isMadeOfWhole(bytes)) return;
    this.#journal.breach('I2', `${rendition.id}/${name} is none of the bodies ${path} answered`);
  }

  /** Made anew for who began with another form: all that a whole body of upstream shows. */
  #isMadeOfWhole(bytes: Uint8Array): boolean {
    const marks = this.#limits.isMedia ? marksIn(bytes) : [];
    const [content, ...others] = new Set(marks.map((mark) => mark.content));
    const isOne = content !== undefined && others.length === 0 && marks.length === FRAMES;
    return isOne && this.#shown.has(content);
  }

  isPromised(rendition: Rendition, name: string): boolean {
    return this.#promises.get(rendition)?.has(name) === true;
  }

  /** All that must hold at any time. */
  step(nowMs: number, ring: Ring): void {
    for (const promises of this.#promises.values()) promises.check(nowMs);
    const { heldBytes, budgetBytes } = ring.stats();
    if (heldBytes > budgetBytes) this.#journal.breach('I5', `${heldBytes} of ${budgetBytes} bytes`);
    for (const pathname of this.#open.keys()) {
      const idleMs = this.presence.idleMs(channelOf(pathname), nowMs) ?? 0;
      if (idleMs <= this.#limits.idleStopMs + CLOSE_MS) continue;
      this.#journal.breach('I7', `${pathname} is still open ${idleMs} ms after the last viewer`);
    }
  }

  /** I7 for what is counted rather than open. */
  judgeLeases(nowMs: number, uses: readonly ProviderUse[]): void {
    // A viewer that leaves may still look back once
    if (nowMs - this.presence.lastMs <= this.#limits.idleStopMs + CLOSE_MS) return;
    for (const { provider, used } of uses) {
      if (used > 0) this.#journal.breach('I7', `${used} connections of ${provider} are still out`);
    }
  }

  /** The rendition knows none of its segments any more: what it promised is void. */
  forgot(key: string, because: string): void {
    if (because === 'the source counts anew') {
      this.#journal.breach('I4', `${key} forgot what it had promised: ${because}`);
    }
    this.forgetFetched();
    for (const [rendition, promises] of this.#promises) {
      if (promises.key !== key) continue;
      this.#promises.delete(rendition);
      this.#lives.delete(rendition);
    }
  }

  /** Where memory is short, who came last is stopped: a gap is for who is alone with it. */
  dropped(others: readonly string[]): void {
    if (others.length > 0) this.#journal.breach('I5', `a gap for want of memory, beside ${others}`);
  }

  /**
   * weir went down: what it promised is void, what its numbers meant is not. Where a list began is
   * known to the next run as it was when it was saved.
   */
  wentDown(savedMs: number, isLost: boolean): void {
    this.#promises.clear();
    this.#lives.clear();
    this.forgetFetched();
    for (const past of this.#pasts.values()) rewind(past, savedMs, isLost);
  }

  /** What upstream calls a segment of ours; undefined for one it never had. */
  madeOf(rendition: Rendition, name: string): Made | undefined {
    return this.#made.get(`${rendition.id}/${name}`);
  }

  #promisesOf(key: string, rendition: Rendition): Promises {
    let promises = this.#promises.get(rendition);
    if (promises === undefined) {
      promises = new Promises(key, rendition, this.#journal);
      this.#promises.set(rendition, promises);
    }
    return promises;
  }

  #lifeOf(rendition: Rendition): object {
    const life = this.#lives.get(rendition) ?? {};
    this.#lives.set(rendition, life);
    return life;
  }

  #learn(rendition: Rendition): void {
    for (const { name: shortName, listed, state } of rendition.ring.listed()) {
      const name = `${rendition.id}/${shortName}`;
      if (state !== 'gap') this.#learnSlate(name, listed.ref);
      if (listed.ref.kind !== 'http' || this.#paths.has(name)) continue;
      const path = pathOf(listed.ref.url);
      this.#paths.set(name, path);
      if (state === 'gap') continue;
      const made = this.#upstream.find(path);
      if (made !== undefined) this.#made.set(name, made);
    }
    for (const { listed } of rendition.ring.listed()) {
      for (const asset of [listed.map?.asset, ...listed.keys.map((key) => key.asset)]) {
        if (asset?.ref.kind !== 'http') continue;
        this.#paths.set(`${rendition.id}/${asset.name}`, pathOf(asset.ref.url));
      }
    }
  }

  #learnSlate(name: string, ref: BodyRef): void {
    if (this.#slate.has(name)) return;
    const made = slateMade(ref, name);
    if (made === undefined) return;
    this.#made.set(name, made);
    this.#slate.set(name, identify(slateBytes(ref)));
  }
}

/** Without the query: tokens change, what they stand behind does not. */
function pathOf(url: string): string {
  return new URL(url).pathname;
}

/** A channel's second source has its name and more. */
function channelOf(pathname: string): string {
  return pathname.split(/[/-]/)[1] ?? '';
}
