// This file judges the segments that a loop has loaded, where its channel asks for it.
import { judgeSegment, unknown } from '../media/content/judge-segment.ts';
import type { WatchFor } from '../media/content/judgement.ts';
import type { ListedSegment } from '../ring/listing.ts';
import type { LoopEvent, LoopSpec, Numbered } from './messages.ts';

/** Segments named and not loaded: far more than a window, and what is named may never come. */
const NAMED_MAX = 1024;
/** Init segments by name, as many as the loop remembers having fetched. */
const INITS_MAX = 64;

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
  readonly #inits = new Map<string, Blob>();

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

  async loaded({ key, body }: Loaded): Promise<void> {
    if (typeof key === 'string') {
      this.#keepInit(key, body);
      return;
    }
    const segment = this.#named.get(key);
    this.#named.delete(key);
    if (segment === undefined) return;
    const judged = await judgeListed(segment, this.#inits, body, this.#watchFor);
    this.#emit({ type: 'judged', key, ...judged });
  }

  /** Keys are kept too, until they fall out: nothing here tells them apart. */
  #keepInit(name: string, body: Blob): void {
    this.#inits.set(name, body);
    for (const oldest of this.#inits.keys()) {
      if (this.#inits.size <= INITS_MAX) break;
      this.#inits.delete(oldest);
    }
  }
}

async function judgeListed(
  { keys, map }: ListedSegment,
  inits: ReadonlyMap<string, Blob>,
  body: Blob,
  watchFor: WatchFor,
) {
  if (keys.length > 0 || (map?.keys.length ?? 0) > 0) return unknown(watchFor, 'it is encrypted');
  const init = map === undefined ? undefined : inits.get(map.asset.name);
  if (map !== undefined && init === undefined) {
    return unknown(watchFor, 'its init segment is not here');
  }
  return judgeSegment(await body.bytes(), await init?.bytes(), watchFor);
}
