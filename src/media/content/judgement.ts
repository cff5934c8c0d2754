// This file says what can be told of the sound or the picture of a segment.

/** Which of them is asked for. */
export type WatchFor = { readonly silence: boolean; readonly black: boolean };

export type Judgement =
  /** There is nothing to hear or see from `blankS` before its end on; all along where `isWhole`. */
  | { readonly kind: 'judged'; readonly blankS: number; readonly isWhole: boolean }
  /** It has a picture and no key frame: what was before goes on, whatever it was. */
  | { readonly kind: 'undecided'; readonly durationS: number }
  /** It has no sound, or no picture. */
  | { readonly kind: 'absent' }
  /** It cannot be judged, and says why: "its sound is E-AC-3". */
  | { readonly kind: 'unknown'; readonly why: string };

/** Of a segment; what was not asked for is absent. */
export type Judged = { readonly sound?: Judgement; readonly picture?: Judgement };
