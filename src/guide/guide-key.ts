// This file names a guide in the file that guides are kept in.

/** The same for the same place. */
export function guideKey(place: string): string {
  return Bun.hash.wyhash(place).toString(36);
}
