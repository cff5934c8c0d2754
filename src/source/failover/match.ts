// This file finds in another source what comes nearest to a rendition of the one before.

/** What a rendition is, whatever it is called and wherever it comes from. */
export type Traits = {
  readonly kind: 'variant' | 'iframe' | 'audio' | 'video' | 'subtitles';
  readonly height?: number;
  /** Bits a second. */
  readonly bandwidth?: number;
  readonly language?: string;
  readonly name?: string;
};

export type Described = { readonly traits: Traits };

/**
 * The one of `others` that viewers of `wanted` should see from now on; undefined where nothing will
 * do. A source without separate sound has it in its variants; text and I-frames are replaced by
 * their own kind or not at all.
 */
export function nearestTo<T extends Described>(
  wanted: Traits,
  others: readonly T[],
): T | undefined {
  const alike = others.filter(({ traits }) => traits.kind === wanted.kind);
  if (alike.length > 0) return least(alike, ({ traits }) => distance(wanted, traits));
  if (wanted.kind === 'subtitles' || wanted.kind === 'iframe') return undefined;
  return others.find(({ traits }) => traits.kind === 'variant');
}

/** Language before name, lines before bits. */
function distance(a: Traits, b: Traits): number {
  const lines = Math.abs((a.height ?? 0) - (b.height ?? 0));
  const octaves = Math.abs(Math.log2((a.bandwidth ?? 1) / (b.bandwidth ?? 1)));
  const words = (a.language === b.language ? 0 : 2) + (a.name === b.name ? 0 : 1);
  return words * 1e6 + lines * 100 + Math.min(octaves, 99);
}

function least<T>(values: readonly T[], measure: (value: T) => number): T | undefined {
  let best: T | undefined;
  let bestMeasure = Number.POSITIVE_INFINITY;
  for (const value of values) {
    const seen = measure(value);
    if (seen >= bestMeasure) continue;
    best = value;
    bestMeasure = seen;
  }
  return best;
}
