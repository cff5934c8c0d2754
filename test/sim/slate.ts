// This file is the slate of a simulation: the built-in card, read beforehand so that no file is waited for.
import type { Clock } from '../../src/base/clock.ts';
import type { LoopSource as SlateConfig } from '../../src/config/config.ts';
import { assembleSegment } from '../../src/media/mpegts/loop-index.ts';
import type { BodyRef, Listing } from '../../src/ring/listing.ts';
import { BUILT_IN } from '../../src/source/loop/built-in.ts';
import { createLoop, placeOf } from '../../src/source/loop/loop.ts';
import { openLoopFile } from '../../src/source/loop/loop-file.ts';
import { loopListing } from '../../src/source/loop/loop-listing.ts';
import type { BodyAnswer, RenditionSource } from '../../src/source/source.ts';
import type { Made } from './encoder.ts';

const FILE = await openLoopFile(BUILT_IN.card, new AbortController().signal);
if (FILE === undefined) throw new Error('Cannot read the card: it was given up');
const BYTES = await Bun.file(BUILT_IN.card).bytes();
const LOOP = createLoop([FILE.index]);

export const SLATE: SlateConfig = { kind: 'loop', files: 'card' };
export const SLATE_TARGET_S = loopListing(LOOP, 0, Date.UTC(2026, 0, 1)).targetDurationS;
/** No encoder has a run of this number. */
const SLATE_RUN = -1;

export class SimSlate implements RenditionSource {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async poll(): Promise<Listing> {
    return loopListing(LOOP, 1, this.#clock.nowMs());
  }

  async open(ref: BodyRef): Promise<BodyAnswer> {
    const bytes = slateBytes(ref);
    const body = (async function* () {
      yield bytes;
    })();
    return { lengthBytes: bytes.length, body, cancel() {} };
  }
}

export function slateBytes(ref: BodyRef): Uint8Array {
  if (ref.kind !== 'loop') throw new Error('Cannot find a body of the slate: it is of another');
  const { segment, shift } = placeOf(LOOP, ref.sequence);
  const raw = BYTES.slice(segment.offset, segment.offset + segment.sizeBytes);
  return assembleSegment(segment, raw, shift);
}

/** As if an encoder had made it. */
export function slateMade(ref: BodyRef, name: string): Made | undefined {
  if (ref.kind !== 'loop') return undefined;
  const { sequence } = ref;
  const times = { madeAtMs: 0, wallMs: 0, durationS: SLATE_TARGET_S };
  const rest = { isCut: false, cuts: 0, isGap: false };
  return { index: sequence, run: SLATE_RUN, sequence, name, ...times, ...rest };
}

export function isOfSlate({ run }: Made): boolean {
  return run === SLATE_RUN;
}
