// This file looks at MPEG-TS packet by packet and tells what is wrong with it.
import { ContinuityCheck } from './ts-inspect/continuity.ts';
import { PcrCheck } from './ts-inspect/pcr.ts';
import { PesCheck, type TsTrack } from './ts-inspect/pes.ts';
import { TableCheck } from './ts-inspect/tables.ts';

export type TsInspection = {
  readonly packets: number;
  /** Of the streams that a program map names. */
  readonly tracks: ReadonlyMap<number, TsTrack>;
  /** Elementary PID → stream type. */
  readonly streams: ReadonlyMap<number, number>;
  readonly pcrPid: number | undefined;
  /** Unwrapped, in 27 MHz ticks. */
  readonly pcr: readonly number[];
  /** The longest time between two PCRs. */
  readonly pcrIntervalMaxMs: number;
  /** Empty where nothing is wrong. */
  readonly problems: readonly string[];
};

export type TsExpectation = {
  /** ISO/IEC 13818-1 §2.7.2 says 100 ms. */
  readonly pcrIntervalMaxMs?: number;
  /** ISO/IEC 13818-1 §2.14.3.1: H.264 stays at most 10 s in the buffer. */
  readonly bufferMaxMs?: number;
};

const PACKET = 188;
/** So that a stream that is wrong throughout still makes a readable message. */
const PROBLEMS_MAX = 50;

/** Written apart from the program's own parser, so that the two do not err alike. */
export function inspectTs(bytes: Uint8Array, expect: TsExpectation = {}): TsInspection {
  const problems: string[] = [];
  const say = (at: number, what: string): void => {
    if (problems.length < PROBLEMS_MAX) problems.push(`byte ${at}: ${what}`);
  };
  const checks = {
    say,
    continuity: new ContinuityCheck(say),
    tables: new TableCheck(say),
    pcr: new PcrCheck(say, expect.pcrIntervalMaxMs ?? 100),
    pes: new PesCheck(say, expect.bufferMaxMs ?? 10_000),
  };
  if (bytes.length % PACKET !== 0) say(bytes.length, 'the last packet is not whole');
  for (let at = 0; at + PACKET <= bytes.length; at += PACKET) {
    if (bytes[at] === 0x47) inspectPacket(bytes.subarray(at, at + PACKET), at, checks);
    else say(at, 'no sync byte');
  }
  return {
    packets: Math.floor(bytes.length / PACKET),
    tracks: checks.pes.tracks,
    streams: checks.tables.streams,
    pcrPid: checks.tables.pcrPid,
    pcr: checks.pcr.values,
    pcrIntervalMaxMs: checks.pcr.seenIntervalMaxMs,
    problems,
  };
}

type Checks = {
  readonly say: (at: number, what: string) => void;
  readonly continuity: ContinuityCheck;
  readonly tables: TableCheck;
  readonly pcr: PcrCheck;
  readonly pes: PesCheck;
};

function inspectPacket(packet: Uint8Array, at: number, checks: Checks): void {
  const { say, continuity, tables, pcr, pes } = checks;
  const view = new DataView(packet.buffer, packet.byteOffset, PACKET);
  const word = view.getUint16(1);
  const pid = word & 0x1fff;
  const starts = (word & 0x4000) !== 0;
  const control = (view.getUint8(3) >> 4) & 3;
  if ((word & 0x8000) !== 0) say(at, `PID ${pid}: transport error`);
  if (pid === 0x1fff) return;
  if (control === 0) say(at, `PID ${pid}: neither adaptation field nor payload`);
  const fieldLength = control >= 2 ? view.getUint8(4) : -1;
  if (fieldLength > (control === 2 ? 183 : 182)) {
    say(at, `PID ${pid}: adaptation field too long`);
    return;
  }
  const flags = fieldLength > 0 ? view.getUint8(5) : 0;
  const hasPayload = control === 1 || control === 3;
  continuity.take(packet, at, pid, hasPayload, (flags & 0x80) !== 0);
  if ((flags & 0x10) !== 0) pcr.take(view, at, pid, tables.pcrPid);
  if (!hasPayload) return;
  const payload = packet.subarray(5 + fieldLength);
  if (tables.isTable(pid)) tables.take(pid, payload, starts, at);
  else if (tables.streams.has(pid)) pes.take(pid, payload, starts, at, pcr.base);
}

/** The distances between frames as they are shown, each with how often it occurs. */
export function shownSpacings(track: TsTrack): Map<number, number> {
  const sorted = [...track.pts].sort((left, right) => left - right);
  const spacings = new Map<number, number>();
  for (let index = 1; index < sorted.length; index++) {
    const spacing = (sorted[index] as number) - (sorted[index - 1] as number);
    spacings.set(spacing, (spacings.get(spacing) ?? 0) + 1);
  }
  return spacings;
}
