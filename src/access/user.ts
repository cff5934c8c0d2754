// This file says what is known of a user, and what may be asked of those there are.

export type User = {
  /** As it is sent: [A-Za-z0-9._-]{1,64}. */
  readonly name: string;
  /** Streams at once; absent: as many as wanted. */
  readonly maxConnections?: number;
  /** Absent: never. */
  readonly expiresAtMs?: number;
  readonly createdAtMs: number;
  readonly isEnabled: boolean;
};

/** Why somebody may not watch; `busy`: it was not looked at, since very many come at once. */
export type Refusal = 'unknown' | 'disabled' | 'expired' | 'locked-out' | 'busy';

export type Checked =
  | { readonly kind: 'user'; readonly user: User }
  | {
      readonly kind: 'refused';
      readonly why: Refusal;
      /** Where the credentials are right all the same: who is disabled, or has expired. */
      readonly user?: User;
    };

export interface Users {
  /** No user at all: nothing that asks for one is to be had. */
  readonly isEmpty: boolean;
  /**
   * Cheap for credentials that were right before. `address` is who asks: after many wrong ones it is
   * locked out for a while. Takes as long for a name that is not there as for a wrong password.
   */
  check(name: string, password: string, address: string): Promise<Checked>;
  /** The same as long as whoever was let in by this name may stay; undefined where nobody may. */
  standingOf(name: string): string | undefined;
}
