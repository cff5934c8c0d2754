// This file has all of a source prove itself that its channel asks for.
import { AppError } from '../../base/errors.ts';
import type { Judged, Judgement } from '../../media/content/judgement.ts';
import type { OpenRendition } from '../open-source.ts';
import { proveSource, type TrialDeps, type TrialDepth } from './trial.ts';

/**
 * As `proveSource`, of the rendition that comes first; where the channel asks for it the source has
 * to be heard and seen, too: what came last is not silent, or of one colour, throughout. What cannot
 * be judged is believed. Sound that is a rendition of its own proves itself like the first.
 */
export async function proveShown(
  renditions: readonly OpenRendition[],
  depth: TrialDepth,
  deps: TrialDeps,
  signal: AbortSignal,
): Promise<void> {
  const [main] = renditions;
  if (main === undefined) return;
  const judged = await proveSource(main, depth, deps, signal);
  refuseBlank(judged);
  if (judged.sound?.kind !== 'absent') return;
  const sound = renditions.find(({ traits }) => traits.kind === 'audio');
  if (sound === undefined) return;
  const watchFor = { silence: true, black: false };
  refuseBlank(await proveSource(sound, 'brief', { ...deps, watchFor }, signal));
}

/** Throws AppError where there is nothing to hear, or to see, throughout. */
export function refuseBlank({ sound, picture }: Judged): void {
  if (isBlank(sound)) throw blankError('its sound is silent', 'silent');
  if (isBlank(picture)) throw blankError('its picture is of one colour', 'black');
}

function isBlank(judgement: Judgement | undefined): boolean {
  return judgement?.kind === 'judged' && judgement.isWhole;
}

function blankError(seen: string, trouble: 'silent' | 'black'): AppError {
  return new AppError('SOURCE_BLANK', `Cannot use the source: ${seen}`, { trouble });
}
