// This file writes how the samples of a track are coded: one sample entry.
import type { AacConfig } from '../codec/aac-config.ts';
import type { Ac3Frame } from '../codec/ac3-header.ts';
import { parseH264Sps } from '../codec/h264-sps.ts';
import { parseHevcSps } from '../codec/hevc-sps.ts';
import { type NalCodec, nalTypeOf } from '../codec/nal-unit.ts';
import type { PictureFormat } from '../codec/picture-format.ts';
import type { SoundConfig } from '../codec/sound-frame.ts';
import { BoxWriter } from './box-writer.ts';

export type SampleEntry = {
  /** The whole box. */
  readonly bytes: Uint8Array;
  /** Of pictures; 0 of sound. */
  readonly width: number;
  readonly height: number;
};

/** Lengths of four bytes stand before NAL units: lengthSizeMinusOne */
const LENGTH_SIZE = 3;

/** Undefined where the parameter sets are not all there, or cannot be read. */
// ISO/IEC 14496-15 §5.4.2.1 and §8.4.1.1
export function writeVideoEntry(
  codec: NalCodec,
  sets: readonly Uint8Array[],
): SampleEntry | undefined {
  const ofType = (type: number) => sets.filter((set) => nalTypeOf(codec, set[0] ?? 0) === type);
  return codec === 'h264' ? avc1(ofType(7), ofType(8)) : hvc1(ofType(32), ofType(33), ofType(34));
}

function avc1(sps: readonly Uint8Array[], pps: readonly Uint8Array[]): SampleEntry | undefined {
  const [first] = sps;
  const format = first === undefined ? undefined : parseH264Sps(first);
  if (first === undefined || format === undefined || pps.length === 0) return undefined;
  const out = new BoxWriter();
  openVisual(out, 'avc1', format);
  out.open('avcC'); // ISO/IEC 14496-15 §5.3.3.1.2
  out.u8(1); // configurationVersion
  out.bytes(first.subarray(1, 4)); // AVCProfileIndication, profile_compatibility, AVCLevelIndication
  out.u8(0xfc | LENGTH_SIZE);
  out.u8(0xe0 | sps.length); // numOfSequenceParameterSets
  for (const set of sps) writeSet(out, set);
  out.u8(pps.length); // numOfPictureParameterSets
  for (const set of pps) writeSet(out, set);
  if (![66, 77, 88].includes(first[1]!)) {
    out.u8(0xfc | format.chromaFormat); // chroma_format
    out.u8(0xf8 | (format.lumaBits - 8)); // bit_depth_luma_minus8
    out.u8(0xf8 | (format.chromaBits - 8)); // bit_depth_chroma_minus8
    out.u8(0); // numOfSequenceParameterSetExt
  }
  out.close();
  out.close();
  return { bytes: out.end(), width: format.width, height: format.height };
}

function hvc1(
  vps: readonly Uint8Array[],
  sps: readonly Uint8Array[],
  pps: readonly Uint8Array[],
): SampleEntry | undefined {
  const format = sps[0] === undefined ? undefined : parseHevcSps(sps[0]);
  if (format === undefined || vps.length === 0 || pps.length === 0) return undefined;
  const out = new BoxWriter();
  openVisual(out, 'hvc1', format);
  out.open('hvcC'); // ISO/IEC 14496-15 §8.3.3.1.2
  out.u8(1); // configurationVersion
  out.bytes(format.profileTierLevel);
  out.u16(0xf000); // min_spatial_segmentation_idc
  out.u8(0xfc); // parallelismType
  out.u8(0xfc | format.chromaFormat); // chromaFormat
  out.u8(0xf8 | (format.lumaBits - 8)); // bitDepthLumaMinus8
  out.u8(0xf8 | (format.chromaBits - 8)); // bitDepthChromaMinus8
  out.u16(0); // avgFrameRate
  // constantFrameRate, numTemporalLayers, temporalIdNested
  out.u8((format.subLayers << 3) | (format.isTemporalIdNested ? 4 : 0) | LENGTH_SIZE);
  out.u8(3); // numOfArrays
  for (const [type, units] of [
    [32, vps],
    [33, sps],
    [34, pps],
  ] as const) {
    out.u8(type); // array_completeness 0: they also stand in the samples, NAL_unit_type
    out.u16(units.length); // numNalus
    for (const unit of units) writeSet(out, unit);
  }
  out.close();
  out.close();
  return { bytes: out.end(), width: format.width, height: format.height };
}

function writeSet(out: BoxWriter, set: Uint8Array): void {
  out.u16(set.length);
  out.bytes(set);
}

// ISO/IEC 14496-12 §8.5.2 and §12.1.3
function openVisual(out: BoxWriter, type: string, { width, height }: PictureFormat): void {
  out.open(type);
  out.zeros(6); // reserved
  out.u16(1); // data_reference_index
  out.zeros(16); // pre_defined, reserved
  out.u16(width);
  out.u16(height);
  out.u32(0x0048_0000); // horizresolution: 72 dpi
  out.u32(0x0048_0000); // vertresolution
  out.u32(0); // reserved
  out.u16(1); // frame_count
  out.zeros(32); // compressorname
  out.u16(0x18); // depth
  out.u16(0xffff); // pre_defined
}

// ISO/IEC 14496-12 §12.2.3
export function writeSoundEntry(config: SoundConfig): SampleEntry {
  const out = new BoxWriter();
  const { sampleRate, channels } = config;
  out.open(config.codec === 'ac3' ? 'ac-3' : config.codec === 'eac3' ? 'ec-3' : 'mp4a');
  out.zeros(6); // reserved
  out.u16(1); // data_reference_index
  out.zeros(8); // reserved
  out.u16(channels); // channelcount
  out.u16(16); // samplesize
  out.u32(0); // pre_defined, reserved
  out.u32(sampleRate < 0x1_0000 ? sampleRate * 0x1_0000 : 0); // samplerate, where 16 bits hold it
  if (config.codec === 'ac3') writeDac3(out, config.ac3);
  else if (config.codec === 'eac3') writeDec3(out, config.ac3);
  else if (config.codec === 'aac') writeEsds(out, 0x40, audioSpecificConfig(config.aac));
  else writeEsds(out, config.codec === 'mp3' ? 0x6b : 0x69);
  out.close();
  return { bytes: out.end(), width: 0, height: 0 };
}

// ISO/IEC 14496-3 §1.6.2.1: audioObjectType, samplingFrequencyIndex, channelConfiguration, and of
// GASpecificConfig three zeros
function audioSpecificConfig({ objectType, frequencyIndex, channelConfig }: AacConfig): number[] {
  const bits = (objectType << 11) | (frequencyIndex << 7) | (channelConfig << 3);
  return [bits >> 8, bits & 0xff];
}

// ISO/IEC 14496-14 §5.6.1, ISO/IEC 14496-1 §7.2.6.5: each length in one byte
function writeEsds(out: BoxWriter, objectType: number, specific: readonly number[] = []): void {
  const specificBytes = specific.length === 0 ? 0 : 2 + specific.length;
  const decoderBytes = 13 + specificBytes;
  out.openFull('esds', 0, 0);
  out.bytes([0x03, 3 + 2 + decoderBytes + 3]); // ES_DescrTag
  out.bytes([0, 0, 0]); // ES_ID 0: that of the track; flags
  out.bytes([0x04, decoderBytes]); // DecoderConfigDescrTag
  out.bytes([objectType, 0x15]); // objectTypeIndication; streamType 5, upStream 0, reserved
  out.zeros(3 + 4 + 4); // bufferSizeDB, maxBitrate, avgBitrate: not known
  if (specific.length > 0) out.bytes([0x05, specific.length, ...specific]); // DecSpecificInfoTag
  out.bytes([0x06, 1, 0x02]); // SLConfigDescrTag: MP4
  out.close();
}

// ETSI TS 102 366 §F.4
function writeDac3(out: BoxWriter, frame: Ac3Frame): void {
  const { fscod, bsid, bsmod, acmod, lfeon, bitRateCode } = frame;
  out.open('dac3');
  const bits =
    (fscod << 22) |
    (bsid << 17) |
    (bsmod << 14) |
    (acmod << 11) |
    (lfeon << 10) |
    (bitRateCode << 5);
  out.bytes([bits >> 16, (bits >> 8) & 0xff, bits & 0xff]);
  out.close();
}

// ETSI TS 102 366 §F.6: one independent substream; what depends on it is found in the frames
function writeDec3(out: BoxWriter, frame: Ac3Frame): void {
  const { fscod, bsid, bsmod, acmod, lfeon, bitRate } = frame;
  out.open('dec3');
  out.u16(Math.min(bitRate, 0x1fff) << 3); // data_rate, num_ind_sub 0
  // fscod, bsid, reserved, asvc, bsmod, acmod, lfeon, reserved, num_dep_sub 0, reserved
  const bits = (fscod << 22) | (bsid << 17) | (bsmod << 12) | (acmod << 9) | (lfeon << 8);
  out.bytes([bits >> 16, (bits >> 8) & 0xff, bits & 0xff]);
  out.close();
}
