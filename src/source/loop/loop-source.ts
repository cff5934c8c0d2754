// This file is the source that plays files as an endless live channel.
import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { assembleSegment } from '../../media/mpegts/loop-index.ts';
import type { OutboundLimits } from '../../net/outbound.ts';
import type { BodyRef, Listing } from '../../ring/listing.ts';
import { SourceBodyError } from '../errors.ts';
import type { BodyAnswer, LoopSpec, RenditionSource } from '../source.ts';
import { BUILT_IN } from './built-in.ts';
import { createLoop, type Loop, placeOf } from './loop.ts';
import { fileVersion, type LoopFile, openLoopFile, readLoopFile } from './loop-file.ts';
import { loopListing } from './loop-listing.ts';

type Opened = {
  readonly files: readonly LoopFile[];
  readonly loop: Loop;
  readonly fingerprint: number;
};

export class LoopSource implements RenditionSource {
  readonly #paths: readonly string[];
  readonly #clock: Clock;
  #opened: Promise<Opened> | undefined;

  constructor(spec: LoopSpec, clock: Clock) {
    this.#paths = typeof spec.files === 'string' ? [BUILT_IN[spec.files]] : spec.files;
    this.#clock = clock;
  }

  /** A file that was changed is read anew. Throws AppError SOURCE_FILE. */
  async poll(_targetDurationS: number, signal: AbortSignal): Promise<Listing> {
    const known = this.#opened;
    const isStale = known !== undefined && !(await isCurrent(await this.#open(signal)));
    if (isStale && this.#opened === known) this.#opened = undefined;
    const { loop, fingerprint } = await this.#open(signal);
    return loopListing(loop, fingerprint, this.#clock.nowMs());
  }

  /** The same bytes for the same sequence, whenever and wherever. */
  async open(ref: BodyRef, limits: OutboundLimits, signal: AbortSignal): Promise<BodyAnswer> {
    assert(ref.kind === 'loop', 'a loop has no bodies of other sources');
    const { files, loop } = await this.#open(signal);
    const { entryIndex, segment, shift } = placeOf(loop, ref.sequence);
    const sizeBytes = segment.preamble.length + segment.sizeBytes;
    if (sizeBytes > limits.maxBytes) {
      throw new SourceBodyError(`it has ${sizeBytes} bytes of ${limits.maxBytes}`, 0);
    }
    const bytes = await readLoopFile(files[entryIndex] as LoopFile, segment);
    const whole = assembleSegment(segment, bytes, shift);
    return { lengthBytes: whole.length, body: once(whole), cancel() {} };
  }

  /** All files are read once, however many ask; a failure is forgotten, so that the next tries. */
  async #open(signal: AbortSignal): Promise<Opened> {
    for (;;) {
      signal.throwIfAborted();
      const opening = this.#opened ?? openAll(this.#paths, signal);
      this.#opened = opening;
      try {
        return await opening;
      } catch (error) {
        if (this.#opened === opening) this.#opened = undefined;
        // Who began to read gave up: those who still wait begin again
        if (!(error instanceof GivenUp) || signal.aborted) throw error;
      }
    }
  }
}

class GivenUp extends Error {}

async function openAll(paths: readonly string[], signal: AbortSignal): Promise<Opened> {
  const opened = new Map<string, LoopFile>();
  for (const path of paths) {
    if (opened.has(path)) continue;
    const file = await openLoopFile(path, signal);
    if (file === undefined) throw new GivenUp('reading the files of the loop was given up');
    opened.set(path, file);
  }
  const files = paths.map((path) => opened.get(path) as LoopFile);
  return {
    files,
    loop: createLoop(files.map(({ index }) => index)),
    fingerprint: fingerprintOf(files),
  };
}

function fingerprintOf(files: readonly LoopFile[]): number {
  const hash = BigInt(Bun.hash(files.map(({ fingerprint }) => fingerprint).join()));
  return Number(BigInt.asUintN(48, hash));
}

async function isCurrent({ files }: Opened): Promise<boolean> {
  for (const { path, version } of files) {
    if ((await fileVersion(path)) !== version) return false;
  }
  return true;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
