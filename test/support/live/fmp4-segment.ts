// This file makes fragmented MP4 with boxes in order, around a payload that can be made again.
import { PPS, SPS } from './parameter-sets.ts';
import { payload } from './payload.ts';

const TIMESCALE = 90_000;

/** `parts` are bytes, 32-bit numbers, four-character codes or whole boxes. */
type Part = Uint8Array | number | string | readonly number[];

function join(parts: readonly Part[]): Uint8Array {
  const pieces = parts.map((part) => {
    if (typeof part === 'string') return Buffer.from(part, 'latin1');
    if (typeof part !== 'number') return Uint8Array.from(part);
    const word = Buffer.alloc(4);
    word.writeUInt32BE(part >>> 0);
    return word;
  });
  return Buffer.concat(pieces);
}

// ISO/IEC 14496-12 §4.2
function box(type: string, ...parts: readonly Part[]): Uint8Array {
  const body = join(parts);
  return join([body.length + 8, type, body]);
}

// ISO/IEC 14496-12 §4.2: version and flags before the content
function fullBox(type: string, flags: number, ...parts: readonly Part[]): Uint8Array {
  return box(type, flags, ...parts);
}

const MATRIX = [0x00010000, 0, 0, 0, 0x00010000, 0, 0, 0, 0x40000000] as const;

function zeros(count: number): Uint8Array {
  return new Uint8Array(count);
}

/** `mark` is written into the handler's name, so that every map of a channel differs. */
export function fmp4Init(mark: string, width: number, height: number): Uint8Array {
  const ftyp = box('ftyp', 'iso6', 0, 'iso6', 'cmfc', 'mp41');
  const rate = [0x00010000, 0x01000000, 0, 0];
  const mvhd = fullBox('mvhd', 0, 0, 0, TIMESCALE, 0, ...rate, ...MATRIX, zeros(24), 2);
  const mvex = box('mvex', fullBox('trex', 0, 1, 1, 0, 0, 0));
  return join([ftyp, box('moov', mvhd, trackBox(mark, width, height), mvex)]);
}

function trackBox(mark: string, width: number, height: number): Uint8Array {
  const size = [width << 16, height << 16];
  const tkhd = fullBox('tkhd', 3, 0, 0, 1, 0, 0, zeros(16), ...MATRIX, ...size);
  const mdhd = fullBox('mdhd', 0, 0, 0, TIMESCALE, 0, [0x55, 0xc4, 0, 0]);
  const hdlr = fullBox('hdlr', 0, 0, 'vide', zeros(12), `${mark}\0`);
  const dinf = box('dinf', fullBox('dref', 0, 1, fullBox('url ', 1)));
  const empty = ['stts', 'stsc', 'stco'].map((type) => fullBox(type, 0, 0));
  const stsd = fullBox('stsd', 0, 1, avc1Box(width, height));
  const stbl = box('stbl', stsd, ...empty, fullBox('stsz', 0, 0, 0));
  const minf = box('minf', fullBox('vmhd', 1, zeros(8)), dinf, stbl);
  return box('trak', tkhd, box('mdia', mdhd, hdlr, minf));
}

// ISO/IEC 14496-15 §5.3.3.1: a baseline record with one parameter set of each kind
function avc1Box(width: number, height: number): Uint8Array {
  const avcC = box('avcC', [1, ...SPS.slice(1, 4), 0xff, 0xe1, 0, SPS.length], SPS, [
    ...[1, 0, PPS.length],
    ...PPS,
  ]);
  const shape = [(width << 16) | height, 0x00480000, 0x00480000, 0];
  const name = zeros(32);
  return box('avc1', zeros(6), [0, 1], zeros(16), ...shape, [0, 1], name, [0, 24, 255, 255], avcC);
}

/** One fragment with one sample. `index` counts from 1 upwards without a gap. */
export function fmp4Segment(
  name: string,
  index: number,
  durationMs: number,
  sizeBytes: number,
): Uint8Array {
  const durationTicks = Math.round((durationMs * TIMESCALE) / 1000);
  const startTicks = index * durationTicks;
  const time = [Math.floor(startTicks / 2 ** 32), startTicks % 2 ** 32];
  const mdat = box('mdat', payload(name, sizeBytes));
  const mfhd = fullBox('mfhd', 0, index);
  const tfhd = fullBox('tfhd', 0x020000, 1); // default-base-is-moof
  const tfdt = fullBox('tfdt', 0x01000000, ...time);
  // ISO/IEC 14496-12 §8.8.8: data-offset, sample-duration, sample-size and sample-flags present
  const trun = (offset: number) =>
    fullBox('trun', 0x000701, 1, offset, durationTicks, sizeBytes, 0x02000000);
  const moof = (offset: number) => box('moof', mfhd, box('traf', tfhd, tfdt, trun(offset)));
  return join([box('styp', 'msdh', 0, 'msdh', 'msix'), moof(moof(0).length + 8), mdat]);
}
