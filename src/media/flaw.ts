// This file holds what a check finds in bytes that are not whole.

/** Why the bytes are not whole, and where the part begins that is not. */
export type Flaw = {
  /** "<state>, wanted <state>"; completes "Cannot use the segment: …". */
  readonly reason: string;
  /** Bytes from the start of the segment, over all its chunks. */
  readonly offset: number;
};
