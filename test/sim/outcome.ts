// This file says what a simulated world has, and what was seen of it.

export type Outcome = {
  readonly seed: number;
  readonly breaches: readonly string[];
  readonly journal: string;
  /** Equal for two runs of the same seed. */
  readonly digest: string;
  readonly kind: string;
  readonly virtualMs: number;
  readonly playlists: number;
  readonly bodies: number;
  /** Times another source took over in mid-play. */
  readonly switches: number;
  /** Bodies of the slate that viewers saw. */
  readonly slateBodies: number;
  /** Pieces of endless streams that viewers had. */
  readonly pieces: number;
  /** Segments that the archive promised at the end. */
  readonly archived: number;
};

export type Shape = {
  readonly sources: 1 | 2;
  readonly hasSlate: boolean;
  /** Bodies are media, and some watch the endless stream that is made of them. */
  readonly hasStreams: boolean;
  /** What is shown is kept; absent: it is not. */
  readonly hasArchive?: boolean;
};
