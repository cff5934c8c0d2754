// This file is the tier in which a simulated world keeps its archive: it outlives weir, and fails.
import { type Clock, sleep } from '../../src/base/clock.ts';
import { type TierCode, TierError } from '../../src/ring/tiers/errors.ts';
import type { Stored, Swept, Tier, TierKey, TierUse } from '../../src/ring/tiers/tier.ts';
import { identify } from './bytes.ts';
import type { Dice } from './dice.ts';

const TROUBLES = ['down', 'full', 'slow', 'silent', 'short of room'] as const;
type Trouble = {
  readonly kind: (typeof TROUBLES)[number];
  readonly fromMs: number;
  readonly toMs: number;
};

type Held = { readonly stored: Stored; readonly identity: string };

/** What lies on its disk, and what befalls that. */
export class ArchiveDisk {
  readonly held = new Map<string, Held>();
  /** What it let go of for want of room. */
  readonly evicted = new Set<string>();
  readonly #troubles: Trouble[];

  constructor(dice: Dice, lastsMs: number) {
    this.#troubles = Array.from({ length: dice.whole(0, 3) }, () => {
      const fromMs = dice.between(0, lastsMs);
      const toMs = fromMs + dice.pick([1000, 8000, 30_000]);
      return { kind: dice.pick(TROUBLES), fromMs, toMs };
    });
  }

  get story(): string {
    return this.#troubles.map(({ kind, fromMs }) => `${kind} from ${fromMs / 1000}`).join(', ');
  }

  troubleAt(ms: number): Trouble['kind'] | undefined {
    return this.#troubles.find(({ fromMs, toMs }) => fromMs <= ms && ms < toMs)?.kind;
  }

  calm(): void {
    this.#troubles.length = 0;
  }

  /** The oldest of what is held. */
  evict(count: number): number {
    const keys = [...this.held.keys()].slice(0, count);
    for (const key of keys) {
      this.held.delete(key);
      this.evicted.add(key);
    }
    return keys.length;
  }
}

export function archiveKey({ channel, rendition, name }: TierKey): string {
  return `${channel}/${rendition}/${name}`;
}

/** As one run of weir has it; what it began when that is killed may have come to its end or not. */
export class SimArchiveTier implements Tier {
  readonly kind = 'disk';
  readonly place = 'a simulated disk';
  readonly #disk: ArchiveDisk;
  readonly #clock: Clock;
  readonly #dice: Dice;
  readonly #isUp: () => boolean;

  constructor(disk: ArchiveDisk, clock: Clock, dice: Dice, isUp: () => boolean) {
    this.#disk = disk;
    this.#clock = clock;
    this.#dice = dice;
    this.#isUp = isUp;
  }

  async open(): Promise<void> {
    await this.#perform();
  }

  async get(key: TierKey): Promise<Stored | undefined> {
    await this.#perform();
    return this.#disk.held.get(archiveKey(key))?.stored;
  }

  async holds(keys: readonly TierKey[]): Promise<readonly boolean[]> {
    await this.#perform();
    return keys.map((key) => this.#disk.held.has(archiveKey(key)));
  }

  async put(key: TierKey, stored: Stored): Promise<void> {
    const identity = identify(await stored.body.bytes());
    await this.#perform('TIER_FULL');
    if (!this.#isUp() && this.#dice.chance(0.5)) return;
    const id = archiveKey(key);
    // A key that is held keeps its body
    if (!this.#disk.held.has(id)) this.#disk.held.set(id, { stored, identity });
    this.#disk.evicted.delete(id);
    // It is there, and nobody hears of it
    if (this.#dice.chance(0.05)) throw failure('TIER_BROKEN');
  }

  async delete(keys: readonly TierKey[]): Promise<void> {
    await this.#perform();
    for (const key of keys) this.#disk.held.delete(archiveKey(key));
  }

  async sweep(): Promise<Swept> {
    await this.#perform();
    const isShort = this.#trouble === 'short of room';
    const evicted = isShort ? this.#disk.evict(Math.ceil(this.#disk.held.size / 3)) : 0;
    return { expired: 0, evicted };
  }

  async use(): Promise<TierUse> {
    return { segments: this.#disk.held.size, bytes: 0 };
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  get #trouble() {
    return this.#disk.troubleAt(this.#clock.monotonicMs());
  }

  async #perform(ifFull?: TierCode): Promise<void> {
    const slowMs = this.#trouble === 'slow' ? this.#dice.between(0, 4000) : 0;
    await sleep(this.#clock, slowMs + this.#dice.whole(0, 20));
    const trouble = this.#trouble;
    if (trouble === 'silent') await sleep(this.#clock, 60_000);
    if (trouble === 'down') throw failure('TIER_UNREACHABLE');
    if (trouble === 'full' && ifFull !== undefined) throw failure(ifFull);
  }
}

function failure(code: TierCode): TierError {
  return new TierError(code, `Cannot use a simulated disk: ${code}`);
}
