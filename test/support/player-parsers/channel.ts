// This file holds what a player makes of one entry of a line-up.

export type PlayerChannel = {
  readonly name: string | undefined;
  readonly url: string;
  readonly number?: string;
  readonly logo?: string;
  readonly groups: readonly string[];
  readonly guideId?: string;
};
