// This file is how the checks of MPEG-TS report what is wrong.

/** `at` is the byte offset of the packet. */
export type Say = (at: number, what: string) => void;
