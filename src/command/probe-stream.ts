// This file looks at an endless stream for some seconds, cut as weir would cut it.
import type { Clock } from '../base/clock.ts';
import { redactUrl } from '../base/redact.ts';
import { parsePacket } from '../media/mpegts/packet.ts';
import { PacketScanner } from '../media/mpegts/packet-scanner.ts';
import { ProgramReader } from '../media/mpegts/program-reader.ts';
import { StreamCutter } from '../media/mpegts/stream-cutter.ts';
import type { StreamPiece } from '../media/mpegts/stream-piece.ts';
import type { StreamCounts } from '../source/source.ts';
import type { StreamInput } from '../source/stream/input.ts';
import { transportTracks } from './probe-transport.ts';

export type ProbedStream = {
  readonly tookS: number;
  readonly sizeBytes: number;
  /** What of it could be cut. */
  readonly mediaS: number;
  /** The one that weir plays: program_number. */
  readonly program?: number;
  readonly tracks: readonly string[];
  /** Between key frames, the longest; absent where fewer than two came. */
  readonly keyIntervalS?: number;
  readonly continuityErrors: number;
  readonly lostSyncs: number;
  readonly scrambledPackets: number;
  readonly isFinite: boolean;
  readonly carrier: Partial<StreamCounts>;
};

/** Enough for two key frames of most streams. */
const LOOK_MS = 8000;
/** A file without an end of its own comes as fast as the line is. */
const LOOK_MAX_BYTES = 64 * 1024 * 1024;
/** So that each key frame is seen. */
const TARGET_MS = 500;

/** Throws AppError where nothing comes. */
export async function probeStream(input: StreamInput, clock: Clock): Promise<ProbedStream> {
  const stop = new AbortController();
  const startedMs = clock.monotonicMs();
  await using connection = await input.open(stop.signal);
  using _end = clock.after(LOOK_MS, () => stop.abort());
  const cutter = new StreamCutter({ targetMs: TARGET_MS });
  const pieces: StreamPiece[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of connection.chunks) {
      if (chunk === 'break') continue;
      sizeBytes += chunk.length;
      pieces.push(...cutter.push(chunk));
      if (sizeBytes >= LOOK_MAX_BYTES) break;
    }
  } catch (error) {
    // The look was over, or it broke off: what came until then is told
    if (!stop.signal.aborted && sizeBytes === 0) throw error;
  }
  const tookS = (clock.monotonicMs() - startedMs) / 1000;
  pieces.push(...cutter.flush());
  return { tookS, sizeBytes, ...cutFigures(cutter, pieces), ...ofConnection(connection) };
}

function ofConnection(connection: Awaited<ReturnType<StreamInput['open']>>) {
  return { isFinite: connection.isFinite, carrier: connection.takeCounts?.() ?? {} };
}

function cutFigures(cutter: StreamCutter, pieces: readonly StreamPiece[]) {
  const stats = cutter.stats();
  const first = pieces[0]?.chunks ?? [];
  return {
    mediaS: pieces.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000,
    tracks: transportTracks(Buffer.concat(first)),
    ...(stats.program === undefined ? {} : { program: stats.program }),
    ...(stats.keyIntervalMaxMs === 0 ? {} : { keyIntervalS: stats.keyIntervalMaxMs / 1000 }),
    continuityErrors: stats.continuityErrors,
    lostSyncs: stats.lostSyncs,
    scrambledPackets: stats.scrambledPackets,
  };
}

/** True where a stream is among the first bytes of an answer. */
export function holdsStream(head: Uint8Array): boolean {
  const reader = new ProgramReader();
  for (const { bytes } of new PacketScanner().push(head)) {
    for (let at = 0; at < bytes.length; at += 188) {
      reader.read(bytes, parsePacket(bytes, at));
      if (reader.hasPat) return true;
    }
  }
  return false;
}

/** Rows of a report: a name and what was seen. */
export function streamRows(stream: ProbedStream): [string, string][] {
  const { tookS, sizeBytes, mediaS, program, tracks, keyIntervalS } = stream;
  const { rtpLost = 0, rtpReordered = 0, datagramsDropped = 0 } = stream.carrier;
  const rate = mediaS === 0 ? '' : `, ${((sizeBytes * 8) / 1e6 / mediaS).toFixed(1)} Mbit/s`;
  const carrier = `RTP: ${rtpLost} lost, ${rtpReordered} out of order; ${datagramsDropped} datagrams dropped`;
  const isCarried = Object.keys(stream.carrier).length > 0;
  return [
    ['looked for', `${tookS.toFixed(1)} s, ${mediaS.toFixed(1)} s of media${rate}`],
    ['program', program === undefined ? 'none' : `${program}: ${tracks.join(', ')}`],
    [
      'key frames',
      keyIntervalS === undefined ? 'fewer than two' : `${keyIntervalS.toFixed(1)} s apart at most`,
    ],
    ['losses', `${stream.continuityErrors} continuity errors, ${stream.lostSyncs} losses of sync`],
    ...(isCarried ? [['carrier', carrier] as [string, string]] : []),
  ];
}

/** What an operator should know, the gravest first. */
export function streamHints(stream: ProbedStream): string[] {
  const { mediaS, keyIntervalS, continuityErrors, lostSyncs, scrambledPackets } = stream;
  if (mediaS === 0) return ['Nothing could be cut of what came: it may be another format'];
  return [
    ...(scrambledPackets > 0 ? ['The stream is scrambled: players need what opens it'] : []),
    ...(continuityErrors + lostSyncs > 0
      ? ['Packets are missing: the line or the upstream loses some']
      : []),
    ...(keyIntervalS !== undefined && keyIntervalS > 5
      ? [
          `Key frames are ${keyIntervalS.toFixed(1)} s apart: so long are the segments, and zapping takes as long`,
        ]
      : []),
    ...(stream.isFinite ? ['The stream is finished: it plays once and does not go on'] : []),
    ...((stream.carrier.datagramsDropped ?? 0) > 0
      ? ['More than one sender is heard at this port']
      : []),
  ];
}

/** The report on a stream that no answer came before: a group or port. */
export function formatStream(url: string, stream: ProbedStream): string {
  const rows = streamRows(stream).map(([name, text]) => `  ${name.padEnd(13)}${text}`);
  const hints = streamHints(stream).map((hint) => `  ${hint}`);
  const mind = hints.length === 0 ? [] : ['', 'Mind', ...hints];
  const outcome = stream.mediaS > 0 ? '/live/ID/index.m3u8, a media playlist' : 'nothing';
  const lines = [redactUrl(url), ...rows, '', `A player would get: ${outcome}`, ...mind];
  return `${lines.join('\n')}\n`;
}
