// This file learns of a piece of MPEG-TS what must be known to join it to others in place.
import { NULL_PID, PACKET_BYTES, type Packet, parsePacket, SYNC_BYTE } from './packet.ts';
import { PesHeaderReader } from './pes.ts';
import { isVideo } from './pmt.ts';
import { ProgramReader } from './program-reader.ts';
import { roomForSound } from './program-with-sound.ts';
import { CRC_BYTES, crc32, SECTION_HEADER_BYTES } from './section.ts';
import { parsePcrBase, ticksBetween } from './timestamp.ts';
import { TrackTiming } from './track-timing.ts';

/** The counters of one PID from its first packet to its last; is the first one with payload? */
export type CounterMark = readonly [pid: number, first: number, last: number, payload: 0 | 1];

/** Of one stream: its first decoding time, and how much later its last one is and that one's end. */
export type TrackMark = readonly [pid: number, first: number, last: number, end: number];

/**
 * Small, and plain JSON: one of these is kept for each segment. Times are in ticks of 90 kHz, the
 * first of each on its 33-bit clock.
 */
export type TransportMarks = {
  /** Size of the piece in packets: in the clear, where it was encrypted. */
  readonly packets: number;
  readonly counters: readonly CounterMark[];
  readonly tracks: readonly TrackMark[];
  /** The first PCR, and how much later the last one is. */
  readonly clock?: readonly [first: number, last: number];
  /** Where the program map stands, its version, and a digest of what the tables say besides. */
  readonly tables?: readonly [pmtPid: number, version: number, digest: string];
  /** The pictures, when the first is shown, and the room beside them in a map of one packet. */
  readonly pictures?: readonly [pid: number, shown: number, roomBytes: number];
};

/** No stream of a programme that is watched has more; a hostile piece could name 8,191. */
const PIDS_MAX = 256;

/**
 * Undefined where the bytes are not whole packets and nothing else, as `.ts` of an fMP4 channel or
 * one that is encrypted. One look at each packet, and no more than that at most of them.
 */
export function transportMarks(bytes: Uint8Array): TransportMarks | undefined {
  const survey = new TransportSurvey();
  return survey.add(bytes) ? survey.marks() : undefined;
}

/** Takes a piece in parts of whole packets, so that a long one need not be looked at in one go. */
export class TransportSurvey {
  readonly #survey = new Survey();
  #packets = 0;

  /** False where they are none, and the piece is no MPEG-TS. */
  add(bytes: Uint8Array): boolean {
    if (bytes.length % PACKET_BYTES !== 0) return false;
    for (let at = 0; at < bytes.length; at += PACKET_BYTES) {
      if (bytes[at] !== SYNC_BYTE || !this.#survey.add(bytes, at)) return false;
    }
    this.#packets += bytes.length / PACKET_BYTES;
    return true;
  }

  marks(): TransportMarks | undefined {
    return this.#packets === 0 ? undefined : this.#survey.marks(this.#packets);
  }
}

type Counted = { first: number; last: number; payload: 0 | 1; packets: number };

class Survey {
  readonly #counters = new Map<number, Counted>();
  readonly #tracks = new Map<number, { first: number; shown: number; timing: TrackTiming }>();
  readonly #headers = new PesHeaderReader();
  readonly #program = new ProgramReader();
  #clock: { first: number; latest: number; last: number } | undefined;

  /** False where there are more PIDs than belong together. */
  add(bytes: Uint8Array, at: number): boolean {
    const pid = ((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!;
    if (pid === NULL_PID) return true;
    const b3 = bytes[at + 3]!;
    const counter = b3 & 0x0f;
    const known = this.#counters.get(pid);
    if (known !== undefined) {
      known.last = counter;
      known.packets++;
    } else if (this.#counters.size >= PIDS_MAX) return false;
    else
      this.#counters.set(pid, {
        first: counter,
        last: counter,
        payload: payloadOf(b3),
        packets: 1,
      });
    // Most packets are in the middle of a frame and have no adaptation field
    const isPlain = (bytes[at + 1]! & 0xc0) === 0 && (b3 & 0x20) === 0;
    if (isPlain && !this.#headers.isAmid && !this.#program.isTable(pid)) return true;
    this.#look(bytes, parsePacket(bytes, at));
    return true;
  }

  marks(packets: number): TransportMarks {
    const clock = this.#clock;
    const tables = this.#tables();
    const pictures = this.#pictures();
    return {
      packets,
      counters: [...this.#counters].map(([pid, { first, last, payload }]) => {
        return [pid, first, last, payload] as const;
      }),
      tracks: [...this.#tracks].map(([pid, { first, timing }]) => {
        return [pid, first, timing.lastTicks, this.#endTicks(pid, timing)] as const;
      }),
      ...(clock === undefined ? {} : { clock: [clock.first, clock.last] as const }),
      ...(tables === undefined ? {} : { tables }),
      ...(pictures === undefined ? {} : { pictures }),
    };
  }

  #pictures(): TransportMarks['pictures'] {
    const program = this.#program.program;
    const pid = program?.map.streams.find(isVideo)?.pid;
    const track = pid === undefined ? undefined : this.#tracks.get(pid);
    if (program === undefined || pid === undefined || track === undefined) return undefined;
    return [pid, track.shown, roomForSound(program.pmt)];
  }

  /** Of sound, the last packet often holds fewer frames than the others; of pictures always one. */
  #endTicks(pid: number, timing: TrackTiming): number {
    const stream = this.#program.program?.map.streams.find((each) => each.pid === pid);
    if (stream === undefined || isVideo(stream)) return timing.spanTicks;
    timing.addBytes(this.#counters.get(pid)?.packets ?? 0);
    return timing.lastTicks + Math.max(1, Math.round(timing.lastTicksBySize));
  }

  #look(bytes: Uint8Array, packet: Packet): void {
    if (packet.pcrAt !== undefined) this.#takePcr(parsePcrBase(bytes, packet.pcrAt));
    if (this.#program.isTable(packet.pid)) {
      this.#program.read(bytes, packet);
      return;
    }
    const header = this.#headers.read(bytes, packet);
    const decoded = (header?.dts ?? header?.pts)?.value;
    if (decoded === undefined) return;
    const counted = this.#counters.get(packet.pid) as Counted;
    const track = this.#tracks.get(packet.pid);
    if (track !== undefined) {
      // What came since the last one, this packet left out
      track.timing.addBytes(counted.packets - 1);
      track.timing.add(decoded);
      counted.packets = 1;
    } else {
      counted.packets = 1;
      const timing = new TrackTiming(decoded, decoded);
      const shown = header?.pts?.value ?? decoded;
      this.#tracks.set(packet.pid, { first: decoded, shown, timing });
    }
  }

  #takePcr(base: number): void {
    const clock = this.#clock;
    if (clock === undefined) {
      this.#clock = { first: base, latest: base, last: 0 };
      return;
    }
    clock.last += ticksBetween(clock.latest, base);
    clock.latest = base;
  }

  #tables(): TransportMarks['tables'] {
    const program = this.#program.program;
    if (program === undefined) return undefined;
    const { pat, pmt, pmtPid } = program;
    const version = (pmt[5]! >> 1) & 0x1f; // version_number
    const said = [pat, pmt].map((section) => {
      return crc32(section.subarray(SECTION_HEADER_BYTES, -CRC_BYTES)).toString(36);
    });
    return [pmtPid, version, said.join('-')];
  }
}

function payloadOf(b3: number): 0 | 1 {
  return (b3 & 0x10) === 0 ? 0 : 1;
}
