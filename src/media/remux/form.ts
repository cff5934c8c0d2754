// This file says what players that began with a rendition know of it: its container and tracks.
import { type InitSegment, parseInit } from '../fmp4/init.ts';
import { PACKET_BYTES, parsePacket, SYNC_BYTE } from '../mpegts/packet.ts';
import { isAudio, isVideo, streamDescriptors } from '../mpegts/pmt.ts';
import { isPrivateAudio } from '../mpegts/pmt-descriptors.ts';
import { type Program, ProgramReader } from '../mpegts/program-reader.ts';

export type Kind = 'video' | 'audio';

/** Plain data: it crosses threads. */
export type Form =
  | { readonly container: 'fmp4'; readonly tracks: readonly Fmp4TrackForm[] }
  | { readonly container: 'mpegts'; readonly program: ProgramForm };

/** FFmpeg goes on with the first moov it was given, whatever comes: so must what we write. */
export type Fmp4TrackForm = {
  readonly kind: Kind;
  readonly trackId: number;
  readonly timescale: number;
};

/** A new PID is a new stream, which programs that have begun do not look at. */
export type ProgramForm = {
  readonly program: number;
  readonly pmtPid: number;
  readonly streams: readonly { readonly kind: Kind; readonly pid: number }[];
};

/** Throws where the init segment cannot be read. */
export function formOfInit(initSegment: Uint8Array): Form {
  const init: InitSegment = parseInit(initSegment);
  const tracks = init.tracks.map(({ kind, trackId, timescale }) => ({ kind, trackId, timescale }));
  return { container: 'fmp4', tracks };
}

/** Undefined where its tables are not there, or name nothing to see or hear. */
export function formOfTransport(bytes: Uint8Array): Form | undefined {
  const found = findProgram(bytes);
  if (found === undefined) return undefined;
  const { map, pmt, pmtPid } = found;
  const descriptors = streamDescriptors(pmt);
  const streams = map.streams.flatMap((stream) => {
    const isSound = isAudio(stream) || isPrivateAudio(stream.type, descriptors.get(stream.pid));
    const kind: Kind | undefined = isVideo(stream) ? 'video' : isSound ? 'audio' : undefined;
    return kind === undefined ? [] : [{ kind, pid: stream.pid }];
  });
  return { container: 'mpegts', program: { program: map.program, pmtPid, streams } };
}

/** The tables that stand first. */
export function findProgram(bytes: Uint8Array): Program | undefined {
  const programs = new ProgramReader();
  for (let at = 0; at + PACKET_BYTES <= bytes.length; at += PACKET_BYTES) {
    if (bytes[at] !== SYNC_BYTE) return undefined;
    const packet = parsePacket(bytes, at);
    if (programs.isTable(packet.pid)) programs.read(bytes, packet);
    if (programs.program !== undefined) return programs.program;
  }
  return undefined;
}

export function kindsOf(form: Form): readonly Kind[] {
  const parts = form.container === 'fmp4' ? form.tracks : form.program.streams;
  return parts.map(({ kind }) => kind);
}
