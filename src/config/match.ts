// This file reads what a rule looks for: a text to the letter, or a pattern between slashes.

/** Plain data: it crosses threads, and is made into an expression where it is used. */
export type Match =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'pattern'; readonly source: string; readonly flags: string };

/** Longer than any name, group or id that we keep. */
const MAX_TEXT_CHARS = 200;
/** A list of fifty groups by their beginnings fits. */
const MAX_PATTERN_CHARS = 1000;

/**
 * `/^UK/i` is a pattern; what lacks either slash is a text. Undefined where the pattern is none, or has
 * flags that change nothing here: read as a text it would never be found.
 */
export function parseMatch(text: string): Match | undefined {
  const written = /^\/(.+)\/([dgimsuvy]*)$/s.exec(text);
  if (/[\u0000-\u001f\u007f]/.test(text) || text.trim() === '') return undefined;
  if (written === null) return text.length > MAX_TEXT_CHARS ? undefined : { kind: 'text', text };
  const [, source = '', flags = ''] = written;
  if (source.length > MAX_PATTERN_CHARS || /[^iu]/.test(flags)) return undefined;
  try {
    new RegExp(source, flags);
  } catch {
    return undefined;
  }
  return { kind: 'pattern', source, flags };
}

export function formatMatch(match: Match): string {
  return match.kind === 'text' ? `"${match.text}"` : `/${match.source}/${match.flags}`;
}
