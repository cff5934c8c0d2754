// This file keeps what operators chose of the guides for a channel, for ever.
import type { SharedStore } from '../../channel/shared-store.ts';
import type { GuideChoice } from './match-channel.ts';

export const GUIDE_CHOICE_KIND = 'guide-choice';

/** By channel; what is no choice in the store is none. */
export async function loadChoices(store: SharedStore): Promise<ReadonlyMap<string, GuideChoice>> {
  const choices = new Map<string, GuideChoice>();
  for (const [channel, document] of await store.load(GUIDE_CHOICE_KIND)) {
    const guideId = (document as { readonly guideId?: unknown } | null)?.guideId;
    if (typeof guideId === 'string' || guideId === null) choices.set(channel, { guideId });
  }
  return choices;
}

/** Undefined takes a choice back. */
export async function saveChoices(
  store: SharedStore,
  choices: ReadonlyMap<string, GuideChoice | undefined>,
): Promise<void> {
  const documents = [...choices].map(([channel, choice]) => [channel, choice ?? null] as const);
  await store.save(GUIDE_CHOICE_KIND, new Map(documents));
}
