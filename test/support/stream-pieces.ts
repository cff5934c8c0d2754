// This file cuts streams for tests and takes the pieces apart.
import { StreamCutter, type StreamCutterOptions } from '../../src/media/mpegts/stream-cutter.ts';
import type { StreamPiece } from '../../src/media/mpegts/stream-piece.ts';
import { joinBytes } from './ts-packets.ts';
import { PMT } from './ts-stream.ts';

export function cut(chunks: readonly Uint8Array[], options: Partial<StreamCutterOptions> = {}) {
  const cutter = new StreamCutter({ targetMs: 2000, ...options });
  const pieces: StreamPiece[] = [];
  for (const chunk of chunks) pieces.push(...cutter.push(chunk));
  pieces.push(...cutter.flush());
  return { pieces, stats: cutter.stats(), cutter };
}

export const bytesOf = (pieces: readonly StreamPiece[]) =>
  joinBytes(pieces.flatMap(({ chunks }) => chunks));
export const durations = (pieces: readonly StreamPiece[]) =>
  pieces.map(({ durationMs }) => durationMs);
export const pidAt = (bytes: Uint8Array, at: number) =>
  ((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!;

/** What each PID carries, in order; tables left out. */
export function payloads(bytes: Uint8Array): Map<number, string> {
  const parts = new Map<number, Uint8Array[]>();
  for (let at = 0; at < bytes.length; at += 188) {
    const pid = pidAt(bytes, at);
    if (pid < 0x20 || pid === PMT || pid === 0x1fff || (bytes[at + 3]! & 0x10) === 0) continue;
    const from = at + 4 + ((bytes[at + 3]! & 0x20) === 0 ? 0 : 1 + bytes[at + 4]!);
    parts.set(pid, [...(parts.get(pid) ?? []), bytes.subarray(from, at + 188)]);
  }
  return new Map([...parts].map(([pid, list]) => [pid, Bun.hash(joinBytes(list)).toString()]));
}

/** How many PES packets each PID begins. */
export function framesIn(bytes: Uint8Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (let at = 0; at < bytes.length; at += 188) {
    const pid = pidAt(bytes, at);
    if (pid < 0x20 || pid === PMT || (bytes[at + 1]! & 0x40) === 0) continue;
    counts.set(pid, (counts.get(pid) ?? 0) + 1);
  }
  return counts;
}
