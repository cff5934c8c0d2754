// This file reads the configuration of HEVC tracks.
import type { NalConfig } from '../codec/annexb.ts';
import { isParameterSet, nalTypeOf } from '../codec/nal-unit.ts';
import { readLengthBytes } from './avcc.ts';
import { type Box, openBox } from './box.ts';
import { fieldError, readBytes, readUint8, readUint16, skip } from './fields.ts';

const SPEC = 'ISO/IEC 14496-15 §8.3.3.1';
/** H.265 §7.4.3: 16 VPS, 16 SPS and 64 PPS at most are told apart; more would weigh on each frame. */
const SETS_MAX = 96;

// ISO/IEC 14496-15 §8.3.3.1.2: HEVCDecoderConfigurationRecord
export function parseHvcC(bytes: Uint8Array, box: Box): NalConfig {
  const fields = openBox(bytes, box, SPEC);
  readUint8(fields); // configurationVersion: 1, or 0 of drafts that are else alike
  skip(fields, 20); // profile, tier, level, segmentation, chroma, depths, avgFrameRate
  const lengthBytes = readLengthBytes(fields); // constantFrameRate … lengthSizeMinusOne
  const parameterSets: Uint8Array[] = [];
  for (let arrays = readUint8(fields); arrays > 0; arrays--) {
    skip(fields, 1); // array_completeness, NAL_unit_type: the unit tells it too
    for (let left = readUint16(fields); left > 0; left--) {
      const unit = readBytes(fields, readUint16(fields));
      if (unit.length === 0 || !isParameterSet('hevc', nalTypeOf('hevc', unit[0]!))) continue;
      if (parameterSets.length === SETS_MAX) {
        throw fieldError(fields, `more than ${SETS_MAX} parameter sets, wanted fewer`);
      }
      parameterSets.push(unit.slice());
    }
  }
  parameterSets.sort((left, right) => nalTypeOf('hevc', left[0]!) - nalTypeOf('hevc', right[0]!));
  return { codec: 'hevc', lengthBytes, parameterSets };
}
