// This file measures how fast segments of MPEG-TS are spliced into one stream.
import { Splicer } from '../../src/media/mpegts/splicer.ts';
import {
  joinBytes,
  patSection,
  pesHeader,
  pmtSection,
  psiPacket,
  tsPacket,
} from '../support/ts-packets.ts';

export type Measurement = { readonly name: string; readonly value: number; readonly unit: string };

/** Long enough that the compiler is done and the clock is exact; a test may ask for less. */
const MEASURED_MS = 1000;
const SECONDS = 6;
const FRAMES_PER_SECOND = 25;
const FRAME_TICKS = 90_000 / FRAMES_PER_SECOND;
/** Makes 4 Mbit/s. */
const PACKETS_PER_FRAME = 106;
const VIDEO = 0x100;
const AUDIO = 0x101;

/** Bytes a second that go in; and the longest step, which is what others on the thread wait for. */
export function benchSplice(measuredMs = MEASURED_MS): Measurement[] {
  const segment = televisionSegment();
  const splicer = new Splicer();
  run(splicer, segment, measuredMs);
  const { sizeBytes, tookMs, steps } = run(splicer, segment, measuredMs);
  steps.sort((left, right) => left - right);
  const slowMs = steps[Math.floor(steps.length * 0.99)] as number;
  return [
    { name: 'splice MPEG-TS segment', value: sizeBytes / tookMs / 1000, unit: 'MB/s' },
    { name: 'splice MPEG-TS segment, a step at p99', value: slowMs * 1000, unit: 'µs' },
  ];
}

function run(splicer: Splicer, segment: Uint8Array, forMs: number) {
  const steps: number[] = [];
  const startedAtMs = performance.now();
  for (let sizeBytes = segment.length; ; sizeBytes += segment.length) {
    splicer.begin(segment, { discontinuity: true });
    for (let beganAtMs = performance.now(); splicer.next().kind !== 'end'; ) {
      const nowMs = performance.now();
      steps.push(nowMs - beganAtMs);
      beganAtMs = nowMs;
    }
    const tookMs = performance.now() - startedAtMs;
    if (tookMs >= forMs && tookMs > 0) return { sizeBytes, tookMs, steps };
  }
}

/** Pictures in large PES packets, sound in small ones, tables and PCR as ffmpeg puts them. */
function televisionSegment(): Uint8Array {
  const packets: Uint8Array[] = [];
  const counters = new Map<number, number>();
  const add = (pid: number, payload: readonly number[], starts: boolean, pcr?: number) => {
    const counter = counters.get(pid) ?? 0;
    counters.set(pid, (counter + 1) % 16);
    const parts = { pid, payload, starts, counter };
    packets.push(tsPacket(pcr === undefined ? parts : { ...parts, pcr }));
  };
  const filling = Array.from({ length: 184 }, (_, index) => (index * 37) & 0xff);
  const streams = [
    [0x1b, VIDEO],
    [0x0f, AUDIO],
  ] as const;
  for (let frame = 0; frame < SECONDS * FRAMES_PER_SECOND; frame++) {
    const dts = 900_000 + frame * FRAME_TICKS;
    if (frame % 3 === 0) packets.push(psiPacket(0, (frame / 3) % 16, patSection([[1, 0x1000]])));
    if (frame % 3 === 0)
      packets.push(psiPacket(0x1000, (frame / 3) % 16, pmtSection(1, VIDEO, streams)));
    const slice = [0, 0, 0, 1, 9, 0xf0, 0, 0, 0, 1, frame === 0 ? 0x65 : 0x41, 0x88];
    const head = [...pesHeader({ pts: dts + 2 * FRAME_TICKS, dts }), ...slice];
    add(VIDEO, head, true, (dts - 63_000) * 300);
    for (let index = 1; index < PACKETS_PER_FRAME; index++) add(VIDEO, filling, false);
    if (frame % 8 !== 0) continue;
    const sound = pesHeader({ streamId: 0xc0, pts: dts });
    add(AUDIO, [...sound, ...filling.slice(sound.length)], true);
    for (let index = 1; index < 16; index++) add(AUDIO, filling, false);
  }
  return joinBytes(packets);
}
