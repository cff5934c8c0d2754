// This file makes the tiers that the configuration names, and closes them.
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { OverflowTier } from '../../config/resolve-overflow.ts';
import type { FolderMarks } from './folder-mark.ts';
import { GuardedTier } from './guarded-tier.ts';
import { Overflow } from './overflow.ts';
import { TierChain } from './tier-chain.ts';
import { TierThread } from './tier-thread.ts';

export type OverflowDeps = {
  /** The file that the thread of the tiers runs. */
  readonly entry: URL;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Of folders; absent: none has to be there. */
  readonly marks?: FolderMarks | undefined;
};

export type OpenOverflow = AsyncDisposable & {
  readonly overflow: Overflow;
  /** All of them, for whoever keeps more there than copies. */
  readonly all: TierChain;
};

/** Undefined where there is none: then there is no thread either. */
export function openOverflow(
  settings: readonly OverflowTier[],
  deps: OverflowDeps,
): OpenOverflow | undefined {
  if (settings.length === 0) return undefined;
  const { clock, random, log } = deps;
  // Bodies come on the heap: a file in memory would go with the first Blob that names it, and what a
  // loop is handed is named by two
  const thread = new TierThread(deps);
  const tiers = settings.map((setting) => {
    const { marks } = deps;
    const markName = marks === undefined ? {} : { markName: marks.fileName };
    const tier = thread.tier(
      setting.kind === 'disk' ? { ...setting, ...markName } : setting,
      setting.kind === 'disk' ? marks : undefined,
    );
    return {
      setting,
      guarded: new GuardedTier({ tier, clock, random, log, ageMs: setting.ageMs }),
    };
  });
  const all = tiers.map(({ guarded }) => guarded);
  const shared = tiers.flatMap(({ setting, guarded }) => (isShared(setting) ? [guarded] : []));
  const chain = new TierChain(all, clock);
  const overflow = new Overflow({
    all: chain,
    shared: new TierChain(shared, clock),
    clock,
    ageMs: Math.max(...settings.map(({ ageMs }) => ageMs)),
  });
  overflow.start();
  return {
    overflow,
    all: chain,
    async [Symbol.asyncDispose]() {
      await overflow[Symbol.asyncDispose]();
      await thread[Symbol.asyncDispose]();
    },
  };
}

/** Other weirs find there what this one has put. */
export function isShared({ kind }: OverflowTier): boolean {
  return kind !== 'disk';
}
