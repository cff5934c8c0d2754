// This file puts each frame of ADTS sound in a segment into a PES packet of its own.
import { ADTS_HEADER_BYTES, parseAdtsHeader } from '../codec/adts-header.ts';
import { createMuxTrack } from './mux-track.ts';
import { PACKET_BYTES, type Packet, parsePacket } from './packet.ts';
import { packetCount, writePcrPacket, writeUnit } from './packetize.ts';
import { type PesHeader, PesHeaderReader } from './pes.ts';
import type { PacketRun } from './splice-survey.ts';
import { TICKS_PER_SECOND } from './timestamp.ts';

/** Copied in one step: a fraction of a millisecond. */
const STEP_BYTES = 256 * 1024;
/** aac_frame_length has 13 bits; what is kept is less than a frame and a packet. */
const PENDING_MAX_BYTES = 0x1fff + PACKET_BYTES;
/** Frames of real sound fill most of a packet each: what grows by more is made to grow. */
const GROWTH_MAX = 2;
const GROWTH_FREE_BYTES = 1024 * 1024;

const TRACK = createMuxTrack('aac');

/** One stream of sound, from segment to segment. */
class Sound {
  readonly headers = new PesHeaderReader();
  readonly pending = new Uint8Array(PENDING_MAX_BYTES);
  filled = 0;
  /** The time of the first frame that begins at `stampAt` or later. */
  stamp: number | undefined;
  stampAt = 0;
  /** Of the next frame, where no PES packet tells it. */
  nextPts: number | undefined;
  counter = 0;
  /** Where the last packet with payload is; of this segment. */
  lastAt: number | undefined;
}

/** What follows a change of the rate has to be handed over whole, segment after segment. */
export class SoundSplitter {
  readonly #sounds = new Map<number, Sound>();
  #bytes: Uint8Array = new Uint8Array();
  #runs: readonly PacketRun[] = [];
  #run = 0;
  #at = 0;
  #out: Uint8Array<ArrayBuffer> = new Uint8Array();
  #size = 0;
  #isTooLarge = false;

  /** `pids` are those of ADTS; `runs` is where packets lie. */
  begin(bytes: Uint8Array, runs: readonly PacketRun[], pids: readonly number[]): void {
    for (const pid of this.#sounds.keys()) if (!pids.includes(pid)) this.#sounds.delete(pid);
    for (const pid of pids) {
      const sound = this.#sounds.get(pid) ?? new Sound();
      sound.lastAt = undefined;
      this.#sounds.set(pid, sound);
    }
    this.#bytes = bytes;
    this.#runs = runs;
    this.#run = 0;
    this.#at = runs[0]?.from ?? 0;
    this.#out = new Uint8Array(Math.ceil(bytes.length * 1.1) + PACKET_BYTES);
    this.#size = 0;
    this.#isTooLarge = false;
  }

  /** Does some more; true where all is done. */
  step(): boolean {
    const endAt = this.#at + STEP_BYTES;
    for (; this.#run < this.#runs.length; this.#run++) {
      const { from, to } = this.#runs[this.#run] as PacketRun;
      this.#at = Math.max(this.#at, from);
      for (; this.#at < to; this.#at += PACKET_BYTES) {
        if (this.#at >= endAt) return false;
        this.#take(this.#at);
      }
      if (this.#isTooLarge) return true;
    }
    return true;
  }

  /** The segment with its sound apart, or as it was where it would have grown beyond reason. */
  get result(): Uint8Array {
    return this.#isTooLarge ? this.#bytes : this.#out.subarray(0, this.#size);
  }

  #take(at: number): void {
    const bytes = this.#bytes;
    const sound = this.#sounds.get(((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!);
    const isOurs = sound !== undefined && (bytes[at + 1]! & 0x80) === 0;
    const packet = isOurs ? parsePacket(bytes, at) : undefined;
    if (sound === undefined || packet === undefined || packet.scrambled) {
      this.#makeRoom(PACKET_BYTES);
      this.#out.set(bytes.subarray(at, at + PACKET_BYTES), this.#size);
      this.#size += PACKET_BYTES;
      return;
    }
    if (packet.pcrAt !== undefined) this.#writeClock(packet.pid, sound, packet.pcrAt);
    if (!packet.hasPayload || this.#isRepeat(sound, packet)) return;
    sound.lastAt = at;
    this.#takePayload(sound, packet);
  }

  // ISO/IEC 13818-1 §2.4.3.3: the same once more, with the same counter
  #isRepeat({ lastAt }: Sound, { at, counter }: Packet): boolean {
    const bytes = this.#bytes;
    if (lastAt === undefined || (bytes[lastAt + 3]! & 0x0f) !== counter) return false;
    const [before, now] = [lastAt, at].map((from) =>
      bytes.subarray(from + 12, from + PACKET_BYTES),
    );
    return Buffer.compare(before as Uint8Array, now as Uint8Array) === 0;
  }

  #takePayload(sound: Sound, packet: Packet): void {
    const header = sound.headers.read(this.#bytes, packet);
    if (header === undefined && (packet.unitStart || sound.headers.isAmid)) return;
    const from = header?.dataAt ?? packet.payloadAt;
    if (header !== undefined) this.#begin(sound, header);
    const data = this.#bytes.subarray(from, packet.endAt);
    // What is no ADTS leaves no room: it is let go and looked for anew
    if (sound.filled + data.length > PENDING_MAX_BYTES) sound.filled = 0;
    sound.pending.set(data, sound.filled);
    sound.filled += data.length;
    this.#writeFrames(packet.pid, sound);
  }

  #begin(sound: Sound, { pts, dataAt }: PesHeader): void {
    // The frame before it was cut off, at a splice or by a loss
    if (parseAdtsHeader(this.#bytes, dataAt) !== undefined) sound.filled = 0;
    if (pts === undefined) return;
    sound.stamp = pts.value;
    sound.stampAt = sound.filled;
  }

  #writeFrames(pid: number, sound: Sound): void {
    const { pending } = sound;
    let at = 0;
    while (at < sound.filled) {
      const header = parseAdtsHeader(pending.subarray(0, sound.filled), at);
      if (header === undefined && sound.filled - at < ADTS_HEADER_BYTES) break;
      if (header === undefined) {
        at += 1;
        continue;
      }
      if (at + header.frameBytes > sound.filled) break;
      const pts = this.#timeOf(sound, at);
      const bytes = pending.subarray(at, at + header.frameBytes);
      at += header.frameBytes;
      if (pts === undefined) continue;
      this.#writeFrame(pid, sound, bytes, Math.round(pts));
      sound.nextPts = pts + (header.samples / header.sampleRate) * TICKS_PER_SECOND;
    }
    pending.copyWithin(0, at, sound.filled);
    sound.filled -= at;
    sound.stampAt = Math.max(0, sound.stampAt - at);
  }

  // ISO/IEC 13818-1 §2.4.3.7: it is of the first frame that begins in the PES packet
  #timeOf(sound: Sound, at: number): number | undefined {
    if (sound.stamp === undefined || at < sound.stampAt) return sound.nextPts;
    const pts = sound.stamp;
    sound.stamp = undefined;
    return pts;
  }

  #writeFrame(pid: number, sound: Sound, bytes: Uint8Array, pts: number): void {
    const unit = { track: 0, bytes, pts, dts: pts, isKey: true };
    const count = packetCount(unit, {});
    this.#makeRoom(count * PACKET_BYTES);
    this.#size = writeUnit(this.#out, this.#size, pid, sound.counter, TRACK, unit, {});
    sound.counter = (sound.counter + count) & 0x0f;
  }

  #writeClock(pid: number, sound: Sound, pcrAt: number): void {
    this.#makeRoom(PACKET_BYTES);
    const at = this.#size;
    this.#size = writePcrPacket(this.#out, at, pid, sound.counter + 15, { pcr: 0 });
    this.#out.set(this.#bytes.subarray(pcrAt, pcrAt + 6), at + 6);
  }

  #makeRoom(sizeBytes: number): void {
    const wanted = this.#size + sizeBytes;
    this.#isTooLarge ||= wanted > GROWTH_MAX * this.#bytes.length + GROWTH_FREE_BYTES;
    if (wanted <= this.#out.length) return;
    const wider = new Uint8Array(Math.ceil(wanted * 1.5));
    wider.set(this.#out.subarray(0, this.#size));
    this.#out = wider;
  }
}
