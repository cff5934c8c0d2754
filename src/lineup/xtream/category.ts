// This file writes groups as the categories of an Xtream panel.
import { plainText } from '../../media/m3u/safe-text.ts';

export type Category = {
  readonly category_id: string;
  readonly category_name: string;
  readonly parent_id: 0;
};

/** How a row names its category. */
export type CategoryNumber = {
  readonly category_id: string;
  readonly category_ids: readonly number[];
};

/** Of what has no group: clients show nothing that is in no category. */
const UNGROUPED = 'Other';

export function categoryOf(group: string, number: number): Category {
  return {
    category_id: String(number),
    category_name: plainText(group) || UNGROUPED,
    parent_id: 0,
  };
}

export function categoryNumber(number: number): CategoryNumber {
  return { category_id: String(number), category_ids: [number] };
}

/** Each once, in the order in which they first come. */
export function groupsOf(grouped: Iterable<{ readonly group?: string }>): readonly string[] {
  const found = new Set<string>();
  for (const { group } of grouped) found.add(group ?? '');
  return [...found];
}
