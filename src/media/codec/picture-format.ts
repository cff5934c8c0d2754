// This file says what MP4 repeats of a parameter set: how large pictures are, and of what samples.

export type PictureFormat = {
  readonly width: number;
  readonly height: number;
  /** chroma_format_idc */
  readonly chromaFormat: number;
  readonly lumaBits: number;
  readonly chromaBits: number;
};

/** Samples of luma per sample of chroma, by chroma_format_idc. */
// H.264 Table 6-1, H.265 Table 6-1
export const CHROMA_STEPS: readonly (readonly [number, number])[] = [
  [1, 1],
  [2, 2],
  [2, 1],
  [1, 1],
];

/** 16 K, as H.264 level 6.2 and H.265 level 7 have it at most; MP4 has 16 bits for either. */
export const SIDE_MAX = 16_384;
