// This file measures how fast an endless transport stream is cut into segments.
import { StreamCutter } from '../../../src/media/mpegts/stream-cutter.ts';
import { StreamWriter } from '../../support/ts-stream.ts';
import type { Bench } from '../contest.ts';
import { type Figure, median, verdict } from '../figure.ts';

const TARGET_BYTES = 400e6;
const FRAMES_PER_SECOND = 25;
/** 6 Mbit/s of picture, 128 kbit/s of sound. */
const FRAME_BYTES = 30_000;
const SOUND_BYTES = 640;
/** As sockets give them; and a datagram of seven packets. */
const CHUNK_BYTES = 64 * 1024;
const DATAGRAM_BYTES = 1316;

export async function streamCutFigure(bench: Bench): Promise<Figure> {
  const [seconds, rounds] = bench.isQuick ? [4, 2] : [20, 15];
  bench.say(`${seconds} s of stream, ${rounds} rounds`);
  const stream = streamOf(seconds);
  const inChunks = speed(stream, CHUNK_BYTES, seconds, rounds);
  const inDatagrams = speed(stream, DATAGRAM_BYTES, seconds, rounds);
  return {
    what: 'endless MPEG-TS cut, one core',
    weir: `${(inChunks / 1e6).toFixed(0)} MB/s`,
    target: `≥ ${TARGET_BYTES / 1e6} MB/s`,
    verdict: verdict(inChunks >= TARGET_BYTES),
    note: `framing, continuity, PCR, tables, PES starts and key frames, into segments of 4 s; 6 Mbit/s of H.264 and AAC in chunks of 64 KiB, median of ${rounds} rounds after as many; in datagrams of ${DATAGRAM_BYTES} bytes ${(inDatagrams / 1e6).toFixed(0)} MB/s`,
  };
}

/** Bytes a second, once the compiler is done. */
function speed(stream: Uint8Array, chunkBytes: number, seconds: number, rounds: number): number {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < stream.length; at += chunkBytes) {
    chunks.push(stream.slice(at, at + chunkBytes));
  }
  const speeds: number[] = [];
  for (let round = 0; round < 2 * rounds; round++) {
    const startedAtMs = performance.now();
    const pieces = cutAll(chunks);
    const tookMs = performance.now() - startedAtMs;
    if (pieces !== Math.ceil(seconds / 4)) throw new Error(`${pieces} segments were cut`);
    if (round >= rounds) speeds.push((stream.length * 1000) / tookMs);
  }
  return median(speeds);
}

function cutAll(chunks: readonly Uint8Array[]): number {
  const cutter = new StreamCutter({ targetMs: 4000 });
  let pieces = 0;
  for (const chunk of chunks) pieces += cutter.push(chunk).length;
  return pieces + cutter.flush().length;
}

function streamOf(seconds: number): Uint8Array {
  const writer = new StreamWriter();
  for (let index = 0; index < seconds * FRAMES_PER_SECOND; index++) {
    const dts = index * 3600;
    const isKey = index % FRAMES_PER_SECOND === 0;
    if (isKey) writer.tables();
    writer.video({ dts, isKey, size: FRAME_BYTES }).audio(dts + 3600, SOUND_BYTES);
  }
  return writer.take();
}
