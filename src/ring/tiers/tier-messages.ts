// This file is what is said between the serving thread and the thread of the tiers.
import type { BodyForm, Stored, Swept, TierKey, TierUse } from './tier.ts';
import type { TierSpec } from './tier-spec.ts';

export type TierDeed =
  /** What the tier is made of, where this thread has not made it yet. */
  | { readonly what: 'open'; readonly spec: TierSpec; readonly mustBeThere: boolean }
  | { readonly what: 'get'; readonly key: TierKey; readonly form: BodyForm }
  | { readonly what: 'holds'; readonly keys: readonly TierKey[] }
  | {
      readonly what: 'put';
      readonly key: TierKey;
      readonly stored: Stored;
      readonly expiresAtMs: number;
    }
  | { readonly what: 'delete'; readonly keys: readonly TierKey[] }
  | { readonly what: 'sweep'; readonly nowMs: number }
  | { readonly what: 'use' }
  | { readonly what: 'close' };

/** Of which tier; `place` is for messages. */
export type TierCall = TierDeed & { readonly tier: number; readonly place: string };

/** Its size is said: to ask a body that lies in a file is a call of the system. */
export type Found = Stored & { readonly sizeBytes: number };

/** What each call answers. */
export type TierAnswers = {
  /** Whether it is marked. */
  readonly open: boolean;
  readonly get: Found | undefined;
  readonly holds: readonly boolean[];
  readonly put: undefined;
  readonly delete: undefined;
  readonly sweep: Swept;
  readonly use: TierUse;
  readonly close: undefined;
};
