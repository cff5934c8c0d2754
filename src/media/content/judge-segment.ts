// This file judges whether a segment has anything to hear and to see.
import { FormatError } from '../../base/errors.ts';
import type { PictureCodec } from '../codec/flat-picture.ts';
import { sniffContainer } from '../container.ts';
import type { MuxTrack } from '../mpegts/mux-track.ts';
import { PACKET_BYTES } from '../mpegts/packet.ts';
import { isAudio } from '../mpegts/pmt.ts';
import { isPrivateAudio } from '../mpegts/pmt-descriptors.ts';
import { TICKS_PER_SECOND } from '../mpegts/timestamp.ts';
import { id3Bytes, isId3 } from '../packed-audio/id3.ts';
import { createFmp4Input } from '../remux/fmp4-to-units.ts';
import { createMpegtsInput } from '../remux/mpegts-to-units.ts';
import type { Demuxed } from '../remux/remux-input.ts';
import type { Judged, Judgement, WatchFor } from './judgement.ts';
import { judgePicture } from './picture.ts';
import { joinSounds, judgeSound, type SoundCodec } from './sound.ts';

// ISO/IEC 13818-1 Table 2-34
const PICTURES: ReadonlyMap<number, PictureCodec> = new Map([
  [0x01, 'mpeg2video'],
  [0x02, 'mpeg2video'],
  [0x1b, 'h264'],
  [0x24, 'hevc'],
]);
/** 0x81 is what ATSC made common for AC-3. */
const SOUNDS: ReadonlyMap<number, SoundCodec> = new Map([
  [0x03, 'mp3'],
  [0x04, 'mp3'],
  [0x0f, 'aac'],
  [0x81, 'ac3'],
]);
// ETSI EN 300 468 §6.2: AC-3_descriptor
const AC3_TAG = 0x6a;

const ABSENT: Judgement = { kind: 'absent' };

/**
 * `init`: what EXT-X-MAP names, where there is one. Of what cannot be read it says so, whatever is
 * wrong: that a segment is not judged must not keep it from anybody.
 */
export function judgeSegment(
  bytes: Uint8Array,
  init: Uint8Array | undefined,
  want: WatchFor,
): Judged {
  try {
    return judge(bytes, init, want);
  } catch (error) {
    return unknown(want, error instanceof FormatError ? error.message : 'it cannot be read');
  }
}

/** The same of both. */
export function unknown(want: WatchFor, why: string): Judged {
  const judgement: Judgement = { kind: 'unknown', why };
  return only(want, judgement, judgement);
}

function only(want: WatchFor, sound: Judgement, picture: Judgement): Judged {
  return { ...(want.silence ? { sound } : {}), ...(want.black ? { picture } : {}) };
}

function judge(bytes: Uint8Array, init: Uint8Array | undefined, want: WatchFor): Judged {
  if (init !== undefined) return judgeDemuxed(createFmp4Input(init).demux(bytes), want);
  const container = sniffContainer(bytes);
  switch (container) {
    case 'mpegts':
      if (isScrambled(bytes)) return unknown(want, 'it is scrambled');
      return judgeDemuxed(createMpegtsInput().demux(bytes), want);
    case 'aac':
    case 'mp3':
    case 'ac3':
      return only(want, judgeSound(container, withoutId3(bytes)), ABSENT);
    case 'webvtt':
      return only(want, ABSENT, ABSENT);
    default:
      return unknown(want, 'its container is not known');
  }
}

/** What is scrambled is left out where packets are read, and would seem never to come. */
// ISO/IEC 13818-1 §2.4.3.3: transport_scrambling_control
function isScrambled(bytes: Uint8Array): boolean {
  for (let at = 0; at + PACKET_BYTES <= bytes.length; at += PACKET_BYTES) {
    if ((bytes[at + 3]! & 0xc0) !== 0) return true;
  }
  return false;
}

function judgeDemuxed(demuxed: Demuxed, want: WatchFor): Judged {
  const { tracks, units } = demuxed;
  if (tracks.length === 0 || units.length === 0) return unknown(want, 'no frame of it is found');
  return {
    ...(want.silence ? { sound: soundOf(demuxed) } : {}),
    ...(want.black ? { picture: pictureOf(demuxed) } : {}),
  };
}

function soundOf({ tracks, units, endTicks }: Demuxed): Judgement {
  const firstTicks = units.reduce((first, { dts }) => Math.min(first, dts), endTicks);
  const wholeS = (endTicks - firstTicks) / TICKS_PER_SECOND;
  const sounds = tracks.map((track, index): Judgement => {
    if (!isSound(track)) return ABSENT;
    const own = units.filter((unit) => unit.track === index).map((unit) => unit.bytes);
    // What is announced and never comes is not heard
    if (own.length === 0) return { kind: 'judged', blankS: wholeS, isWhole: true };
    const codec = soundCodecOf(track);
    if (codec === undefined) return { kind: 'unknown', why: `its sound is ${typeOf(track)}` };
    return judgeSound(codec, Buffer.concat(own));
  });
  return joinSounds(sounds);
}

/** Names are for those that can be judged. */
function typeOf({ streamType }: MuxTrack): string {
  return `of stream type 0x${streamType.toString(16).padStart(2, '0')}`;
}

function isSound({ streamType, descriptors }: MuxTrack): boolean {
  return isAudio({ type: streamType, pid: 0 }) || isPrivateAudio(streamType, descriptors);
}

function soundCodecOf({ streamType, descriptors }: MuxTrack): SoundCodec | undefined {
  for (let at = 0; at + 2 <= descriptors.length; at += 2 + descriptors[at + 1]!) {
    if (descriptors[at] === AC3_TAG) return 'ac3';
  }
  return SOUNDS.get(streamType);
}

/** Of the first picture there is: others are seen by nobody. */
function pictureOf({ tracks, units, endTicks }: Demuxed): Judgement {
  const index = tracks.findIndex(({ kind }) => kind === 'video');
  const track = tracks[index];
  if (track === undefined) return ABSENT;
  const codec = PICTURES.get(track.streamType);
  if (codec === undefined) return { kind: 'unknown', why: `its picture is ${typeOf(track)}` };
  const own = units.filter((unit) => unit.track === index);
  return judgePicture(codec, own, endTicks);
}

// RFC 8216 §3.4
function withoutId3(bytes: Uint8Array): Uint8Array {
  let at = 0;
  while (isId3(bytes, at)) at += id3Bytes(bytes, at);
  return bytes.subarray(at);
}
