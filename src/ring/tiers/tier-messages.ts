// This file is what is said between the serving thread and the thread of the tiers.
import type { ErrorRecord } from '../../base/errors.ts';
import type { BodyForm, Stored, Swept, TierKey, TierUse } from './tier.ts';
import type { TierSpec } from './tier-spec.ts';

export type TierCall =
  | { readonly what: 'open'; readonly mustBeThere: boolean }
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

export type ToTiers =
  | { readonly type: 'make'; readonly tier: number; readonly spec: TierSpec }
  | { readonly type: 'call'; readonly id: number; readonly tier: number; readonly call: TierCall }
  | { readonly type: 'abort'; readonly id: number }
  | { readonly type: 'ping' }
  /** Close what is open and say so; nothing follows. */
  | { readonly type: 'end' };

export type FromTiers =
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly error: ErrorRecord }
  | { readonly type: 'pong' }
  | { readonly type: 'ended' };
