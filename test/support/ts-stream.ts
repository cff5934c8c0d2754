// This file makes endless MPEG-TS by hand, frame by frame.
import { joinBytes, patSection, pesHeader, pmtSection, psiPacket, tsPacket } from './ts-packets.ts';

export type Frame = {
  readonly dts: number;
  readonly isKey?: boolean;
  /** Bytes of the picture after its head. */
  readonly size?: number;
  /** Frames without timestamps have none in the header either. */
  readonly isUntimed?: boolean;
  readonly randomAccess?: boolean;
  readonly scrambled?: boolean;
  readonly pcr?: number;
  /** Said by the first bytes of the picture after its head. */
  readonly mark?: string;
};

const WRAP = 2 ** 33;
export const VIDEO = 256;
export const AUDIO = 257;
export const PMT = 4096;
export const H264 = 0x1b;
export const AAC = 0x0f;
/** H.264: access unit delimiter, then SPS, PPS and an IDR slice, or a P slice. */
const KEY_HEAD = [
  0, 0, 0, 1, 9, 0xf0, 0, 0, 0, 1, 0x67, 66, 0, 0, 0, 1, 0x68, 1, 0, 0, 1, 0x65, 0x88, 1,
];
const OTHER_HEAD = [0, 0, 0, 1, 9, 0xf0, 0, 0, 0, 1, 0x41, 0x9a, 1];

/** Counts the packets of each PID on, whatever is written. */
export class StreamWriter {
  readonly #counters = new Map<number, number>();
  #parts: Uint8Array[] = [];

  take(): Uint8Array<ArrayBuffer> {
    return joinBytes(this.#parts.splice(0));
  }

  counter(pid: number, hasPayload = true): number {
    const last = this.#counters.get(pid) ?? 15;
    const next = hasPayload ? (last + 1) % 16 : last;
    this.#counters.set(pid, next);
    return next;
  }

  /** As if `count` packets of the PID had been lost. */
  lose(pid: number, count = 1): this {
    for (let index = 0; index < count; index++) this.counter(pid);
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    return this;
  }

  section(pid: number, section: Uint8Array): this {
    return this.raw(psiPacket(pid, this.counter(pid), section));
  }

  tables(
    streams: readonly (readonly [number, number])[] = [
      [H264, VIDEO],
      [AAC, AUDIO],
    ],
  ): this {
    this.section(0, patSection([[1, PMT]]));
    return this.section(PMT, pmtSection(1, streams[0]?.[1] ?? 0x1fff, streams));
  }

  video(frame: Frame, pid = VIDEO): this {
    const { dts, isKey = false, size = 400, isUntimed = false, scrambled = false } = frame;
    const mark = [...Buffer.from(frame.mark ?? '')];
    const head = isKey ? KEY_HEAD : OTHER_HEAD;
    const stamps = isUntimed ? {} : { pts: (dts + 7200) % WRAP, dts: dts % WRAP };
    const bytes = [...pesHeader(stamps), ...head, ...mark, ...new Array<number>(size).fill(0x5a)];
    const pcr = (frame.pcr ?? (dts + WRAP - 9000) % WRAP) * 300;
    return this.pes(pid, bytes, { pcr, randomAccess: frame.randomAccess ?? false, scrambled });
  }

  audio(pts: number, size = 300, pid = AUDIO): this {
    const bytes = [
      ...pesHeader({ streamId: 0xc0, pts: pts % WRAP }),
      ...new Array<number>(size).fill(0x21),
    ];
    const length = bytes.length - 6;
    return this.pes(pid, [...bytes.slice(0, 4), length >> 8, length & 255, ...bytes.slice(6)]);
  }

  /** The packets of one PES packet. */
  pes(
    pid: number,
    bytes: readonly number[],
    parts: { pcr?: number; randomAccess?: boolean; scrambled?: boolean } = {},
  ): this {
    for (let at = 0; at < bytes.length; ) {
      const room = at === 0 && (parts.pcr !== undefined || parts.randomAccess === true) ? 176 : 184;
      const payload = bytes.slice(at, at + room);
      const { scrambled = false } = parts;
      this.raw(
        tsPacket({
          pid,
          starts: at === 0,
          counter: this.counter(pid),
          payload,
          scrambled,
          ...(at === 0 ? parts : {}),
        }),
      );
      at += room;
    }
    return this;
  }
}

/** 25 frames a second with a key frame every `gop`, sound beside, tables at each key frame. */
export function writeFrames(
  writer: StreamWriter,
  from: number,
  count: number,
  gop = 25,
): StreamWriter {
  for (let index = 0; index < count; index++) {
    const dts = from + index * 3600;
    const isKey = index % gop === 0;
    if (isKey) writer.tables();
    writer.video({ dts, isKey }).audio(dts + 3600);
  }
  return writer;
}
