// This file gives tests the vectors of MPEG-TS that ffmpeg made.
import { join } from 'node:path';

const FOLDER = join(import.meta.dir, '../fixtures/mpegts');

export const TS_VECTORS = [
  'ffmpeg-aac-only',
  'ffmpeg-h264-aac-across-wrap',
  'ffmpeg-h264-aac-null-packets',
  'ffmpeg-h264-bframes-aac',
  'ffmpeg-h264-ntsc',
  'ffmpeg-h264-two-audio',
  'ffmpeg-hevc',
  'ffmpeg-mp2-only',
  'ffmpeg-mpeg2',
] as const;

export type TsVector = (typeof TS_VECTORS)[number];

export function tsVectorPath(name: TsVector): string {
  return join(FOLDER, `${name}.mpegts`);
}

export function readTsVector(name: TsVector): Promise<Uint8Array<ArrayBuffer>> {
  return Bun.file(tsVectorPath(name)).bytes();
}
