// This file makes MP4 samples to be of the frames of sound in PES packets.
import { type ReadSound, SOUND_HEADER_BYTES, type SoundFrame } from '../codec/sound-frame.ts';
import { type SampleEntry, writeSoundEntry } from '../fmp4/sample-entry.ts';
import type { MuxUnit } from '../mpegts/mux-track.ts';
import { TICKS_PER_SECOND } from '../mpegts/timestamp.ts';
import type { TimedSample } from './sample-times.ts';

/** Times in PES headers are rounded; within this the frames follow one another. */
const ROUNDING_TICKS = 2;
/** The longest frame of any codec, E-AC-3, has 4096 bytes; ADTS can say 8191. */
const REST_MAX_BYTES = 8192;
/** ETSI TS 102 366 §E.1.3.1.2: substreamid has three bits. Without an end each would copy all before it. */
const PARTS_MAX = 8;
const NOTHING = new Uint8Array();

/** Frames may go on from one PES packet, and one segment, to the next. */
export class SoundSamples {
  readonly #read: ReadSound;
  #rest: Uint8Array = NOTHING;
  /** When the next frame begins, where it follows the last; not rounded. */
  #next: number | undefined;
  /** Of the frame that came last. */
  #parts = 0;
  #made: { readonly key: string; readonly entry: SampleEntry } | undefined;
  sampleRate: number | undefined;

  constructor(read: ReadSound) {
    this.#read = read;
  }

  /** Undefined until a frame has come. */
  get entry(): SampleEntry | undefined {
    return this.#made?.entry;
  }

  /** `units` are those of one segment. */
  take(units: readonly MuxUnit[]): TimedSample[] {
    const samples: TimedSample[] = [];
    // What began in a segment that is not the one before this has no end here
    if (units[0] !== undefined && this.#read(units[0].bytes, 0) !== undefined) {
      this.#rest = NOTHING;
    }
    for (const unit of units) this.#takeUnit(unit, samples);
    return samples;
  }

  #takeUnit(unit: MuxUnit, samples: TimedSample[]): void {
    const beforeBytes = this.#rest.length;
    const bytes = beforeBytes === 0 ? unit.bytes : Buffer.concat([this.#rest, unit.bytes]);
    let isTimed = false;
    let isLost = false;
    let at = 0;
    while (at < bytes.length) {
      const frame = this.#read(bytes, at);
      // A header may be cut off here, unless there was no frame before it
      if (frame === undefined && !isLost && bytes.length - at < SOUND_HEADER_BYTES) break;
      if (frame === undefined || (isLost && !this.#isFollowed(bytes, at + frame.frameBytes))) {
        isLost = true;
        at += 1;
        continue;
      }
      if (at + frame.frameBytes > bytes.length) break;
      isLost = false;
      if (at >= beforeBytes && !isTimed) {
        isTimed = true;
        this.#timeAt(unit.pts);
      }
      this.#add(frame, bytes.subarray(at + frame.headerBytes, at + frame.frameBytes), samples);
      at += frame.frameBytes;
    }
    const rest = bytes.subarray(at);
    this.#rest = isLost || rest.length > REST_MAX_BYTES ? NOTHING : rest.slice();
  }

  /** Where the place was lost, one sync word tells nothing: it may stand within a frame. */
  #isFollowed(bytes: Uint8Array, at: number): boolean {
    return at + SOUND_HEADER_BYTES > bytes.length || this.#read(bytes, at) !== undefined;
  }

  #timeAt(pts: number): void {
    const isNear = this.#next !== undefined && Math.abs(this.#next - pts) <= ROUNDING_TICKS;
    if (!isNear) this.#next = pts;
  }

  #add({ config, samples: count, isPart }: SoundFrame, bytes: Uint8Array, samples: TimedSample[]) {
    const last = samples.at(-1);
    this.#parts = isPart ? this.#parts + 1 : 0;
    if (this.#parts > PARTS_MAX) return;
    if (isPart && last !== undefined) {
      samples[samples.length - 1] = { ...last, bytes: Buffer.concat([last.bytes, bytes]) };
      return;
    }
    if (this.#next === undefined || isPart) return;
    const entry = writeSoundEntry(config);
    const key = Buffer.from(entry.bytes).toString('latin1');
    if (this.#made?.key !== key) this.#made = { key, entry };
    this.sampleRate = config.sampleRate;
    const durationTicks = (count / config.sampleRate) * TICKS_PER_SECOND;
    const dts = this.#next;
    this.#next = dts + durationTicks;
    samples.push({ dts, pts: dts, isSync: true, durationTicks, bytes });
  }
}
