// This file is what a loop knows of its list, by which all of its parts go.

/** Written by the loop alone, whenever it has taken a listing. */
export type ListState = {
  targetDurationS: number;
  /** It was finished when it was first seen: segments are fetched as they are asked for. */
  onDemand: boolean;
  iFramesOnly: boolean;
};
