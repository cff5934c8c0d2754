// This file takes the PES packets out of MPEG-TS, so that they can be sent beside others.
import { FrameScan } from '../mpegts/frame-kind.ts';
import type { MuxTrack, MuxUnit } from '../mpegts/mux-track.ts';
import { PACKET_BYTES, type Packet, parsePacket } from '../mpegts/packet.ts';
import { type PesHeader, PesHeaderReader } from '../mpegts/pes.ts';
import { isAudio, isVideo, type ProgramStream, streamDescriptors } from '../mpegts/pmt.ts';
import { type Program, ProgramReader } from '../mpegts/program-reader.ts';
import { ticksBetween } from '../mpegts/timestamp.ts';
import type { Demuxed, RemuxInput } from './remux-input.ts';

/** Sections, not PES packets: private ones, DSM-CC, SCTE 35. Their times are not ours to move. */
// ISO/IEC 13818-1 Table 2-34, SCTE 35 §8.1
const SECTION_TYPES = new Set([0x05, 0x0a, 0x0b, 0x0c, 0x0d, 0x14, 0x86]);
/** As many as a map of one section holds, with few descriptors each. */
const STREAMS_MAX = 64;
/** Where a segment has but one picture. */
const FRAME_TICKS = 3600;

/**
 * Pictures, sound, subtitles and timed data as they are, headers of PES written anew. What comes
 * before the tables is lost, as it is for any player; so are streams of sections.
 */
export function createMpegtsInput(): RemuxInput {
  const programs = new ProgramReader();
  return {
    demux: (segment): Demuxed => {
      const reading = new Reading(segment);
      for (let at = 0; at < segment.length; at += PACKET_BYTES) {
        const packet = parsePacket(segment, at);
        if (programs.isTable(packet.pid)) {
          programs.read(segment, packet);
        } else if (programs.program !== undefined) {
          reading.setProgram(programs.program);
          reading.read(packet);
        }
      }
      return reading.end();
    },
  };
}

type Stream = {
  readonly index: number;
  readonly source: ProgramStream;
  readonly descriptors: Uint8Array;
  readonly scan: FrameScan;
  streamId: number;
  /** A PES packet has begun, and the end of its header has not come. */
  isAmidHeader: boolean;
  unit: Unit | undefined;
};

type Unit = {
  readonly stream: Stream;
  readonly pts: number;
  readonly dts: number;
  readonly isUnaligned: boolean;
  isKey: boolean;
  /** Where the bytes are: from, to, from, to. */
  readonly ranges: number[];
};

/** One segment. Its units end with it: HLS cuts no PES packet. */
class Reading {
  readonly #bytes: Uint8Array;
  readonly #headers = new PesHeaderReader();
  readonly #units: Unit[] = [];
  #streams: ReadonlyMap<number, Stream> | undefined;
  #firstDts: number | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** A segment has one map: what another names in mid-segment is taken with the next. */
  setProgram({ map, pmt }: Program): void {
    if (this.#streams !== undefined) return;
    const descriptors = streamDescriptors(pmt);
    const sources = map.streams.filter(({ type }) => !SECTION_TYPES.has(type));
    this.#streams = new Map(
      sources.slice(0, STREAMS_MAX).map((source, index) => [
        source.pid,
        {
          index,
          source,
          descriptors: descriptors.get(source.pid) ?? new Uint8Array(),
          scan: new FrameScan(source.type),
          streamId: STREAM_IDS[kindOf(source)],
          isAmidHeader: false,
          unit: undefined,
        },
      ]),
    );
  }

  read(packet: Packet): void {
    const stream = this.#streams?.get(packet.pid);
    if (stream === undefined || !packet.hasPayload || packet.scrambled) return;
    if (packet.unitStart) stream.isAmidHeader = true;
    const header = stream.isAmidHeader ? this.#headers.read(this.#bytes, packet) : undefined;
    if (header !== undefined) this.#begin(stream, header, packet);
    if (!stream.isAmidHeader) this.#add(stream, header?.dataAt ?? packet.payloadAt, packet.endAt);
  }

  end(): Demuxed {
    const streams = [...(this.#streams?.values() ?? [])];
    const units = this.#units.map((unit) => this.#join(unit));
    const lead = streams.find(({ source }) => isVideo(source)) ?? streams[0];
    const times = units.filter(({ track }) => track === lead?.index).map(({ dts }) => dts);
    const [last = 0, before = last - FRAME_TICKS] = times.slice(-2).reverse();
    return { tracks: streams.map(trackOf), units, endTicks: last + Math.max(0, last - before) };
  }

  /** What has no time of its own goes on where the packet before it ended. */
  #begin(stream: Stream, header: PesHeader, packet: Packet): void {
    stream.isAmidHeader = false;
    stream.streamId = header.streamId;
    if (header.pts === undefined) return;
    const pts = this.#unwrap(header.pts.value);
    const dts = header.dts === undefined ? pts : this.#unwrap(header.dts.value);
    // data_alignment_indicator; a header that began in another packet is not looked for
    const isUnaligned = !packet.unitStart || (this.#bytes[packet.payloadAt + 6]! & 0x04) === 0;
    stream.unit = { stream, pts, dts, isUnaligned, isKey: packet.randomAccess, ranges: [] };
    stream.scan.begin();
    this.#units.push(stream.unit);
  }

  #add({ unit, scan }: Stream, from: number, to: number): void {
    if (unit === undefined || from >= to) return;
    unit.ranges.push(from, to);
    const kind = scan.read(this.#bytes, from, to);
    if (kind !== undefined) unit.isKey = kind !== 'other';
  }

  /** Within a segment all times are near its first. */
  #unwrap(timestamp: number): number {
    this.#firstDts ??= timestamp;
    return this.#firstDts + ticksBetween(this.#firstDts, timestamp);
  }

  #join({ stream, pts, dts, isKey, isUnaligned, ranges }: Unit): MuxUnit {
    let size = 0;
    for (let index = 0; index < ranges.length; index += 2)
      size += ranges[index + 1]! - ranges[index]!;
    const bytes = new Uint8Array(size);
    let at = 0;
    for (let index = 0; index < ranges.length; index += 2) {
      bytes.set(this.#bytes.subarray(ranges[index]!, ranges[index + 1]!), at);
      at += ranges[index + 1]! - ranges[index]!;
    }
    return { track: stream.index, pts, dts, isKey, isUnaligned, bytes };
  }
}

function trackOf({ source, streamId, descriptors }: Stream): MuxTrack {
  return { kind: kindOf(source), streamType: source.type, streamId, descriptors };
}

function kindOf(source: ProgramStream): MuxTrack['kind'] {
  if (isVideo(source)) return 'video';
  return isAudio(source) ? 'audio' : 'data';
}

/** Of a stream that has sent nothing yet. */
// ISO/IEC 13818-1 Table 2-22
const STREAM_IDS: Readonly<Record<MuxTrack['kind'], number>> = {
  video: 0xe0,
  audio: 0xc0,
  data: 0xbd,
};
