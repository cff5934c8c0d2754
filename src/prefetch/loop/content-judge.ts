// This file judges the segments that a loop has loaded, where its channel asks for it.
import { judgeSegment, unknown } from '../../media/content/judge-segment.ts';
import type { Judged, WatchFor } from '../../media/content/judgement.ts';
import type { ListedSegment } from '../../ring/listing.ts';
import type { LoopEvent, LoopSpec, Numbered } from '../messages.ts';

/** Segments named and not loaded: far more than a window, and what is named may never come. */
const NAMED_MAX = 1024;
/** Init segments by name, the one used last last: a rendition has a few at a time. */
const INITS_MAX = 16;

type Emit = (event: LoopEvent) => void;
type Loaded = Extract<LoopEvent, { type: 'loaded' }>;

/**
 * Passes on what the loop emits, and behind each segment what it judged of it. Nothing is looked at
 * where nothing was asked for; nothing is kept from whoever waits for the body.
 */
export function judging({ watchFor, resume }: LoopSpec, emit: Emit): Emit {
  if (watchFor === undefined) return emit;
  const judge = new ContentJudge(watchFor, emit);
  judge.know(resume?.pending ?? []);
  return (event) => {
    emit(event);
    if (event.type === 'listed') judge.know(event.onDemand ? [] : event.fresh);
    else if (event.type === 'loaded') void judge.loaded(event);
  };
}

class ContentJudge {
  readonly #watchFor: WatchFor;
  readonly #emit: Emit;
  readonly #named = new Map<number, ListedSegment>();
  readonly #inits = new Map<string, Promise<Uint8Array | undefined>>();

  constructor(watchFor: WatchFor, emit: Emit) {
    this.#watchFor = watchFor;
    this.#emit = emit;
  }

  know(numbered: readonly Numbered[]): void {
    for (const { ordinal, segment } of numbered) this.#named.set(ordinal, segment);
    for (const ordinal of this.#named.keys()) {
      if (this.#named.size <= NAMED_MAX) break;
      this.#named.delete(ordinal);
    }
  }

  async loaded({ key, body, remuxed }: Loaded): Promise<void> {
    if (typeof key === 'string') {
      const isInit = this.#named.values().some(({ map }) => map?.asset.name === key);
      if (isInit) this.#keepInit(key, read(body));
      return;
    }
    const segment = this.#named.get(key);
    this.#named.delete(key);
    if (segment === undefined) return;
    const isMade = remuxed !== undefined && !remuxed.isUntouched;
    const judged = isMade
      ? await this.#judgeMade(body, remuxed.init?.body)
      : await this.#judge(segment, body);
    this.#emit({ type: 'judged', key, ...judged });
  }

  #keepInit(name: string, bytes: Promise<Uint8Array | undefined>): void {
    this.#inits.delete(name);
    this.#inits.set(name, bytes);
    for (const oldest of this.#inits.keys()) {
      if (this.#inits.size <= INITS_MAX) break;
      this.#inits.delete(oldest);
    }
  }

  /** What was made of a segment is in the clear, and has its own init segment or none. */
  async #judgeMade(body: Blob, init: Blob | undefined): Promise<Judged> {
    const [bytes, initBytes] = await Promise.all([read(body), init && read(init)]);
    if (bytes === undefined) return unknown(this.#watchFor, 'it has gone already');
    return judgeSegment(bytes, initBytes, this.#watchFor);
  }

  async #judge({ keys, map }: ListedSegment, body: Blob): Promise<Judged> {
    const watchFor = this.#watchFor;
    if (keys.length > 0 || (map?.keys.length ?? 0) > 0) return unknown(watchFor, 'it is encrypted');
    const name = map?.asset.name;
    const known = name === undefined ? undefined : this.#inits.get(name);
    if (name !== undefined && known !== undefined) this.#keepInit(name, known);
    const [bytes, init] = await Promise.all([read(body), known]);
    if (bytes === undefined) return unknown(watchFor, 'it has gone already');
    if (name !== undefined && init === undefined) {
      return unknown(watchFor, 'its init segment is not here');
    }
    return judgeSegment(bytes, init, watchFor);
  }
}

/** What was handed over may be a file, which its new owner need not keep. */
async function read(body: Blob): Promise<Uint8Array | undefined> {
  try {
    return await body.bytes();
  } catch {
    return undefined;
  }
}
