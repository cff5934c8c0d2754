// This file moves the guide of channels by what operators chose, and keeps that for ever.
import { errorFields, errorRecord } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { SharedStore } from '../channel/shared-store.ts';
import type { ChannelConfig } from '../config/config.ts';

export const GUIDE_SHIFT_KIND = 'guide-shift';

/** As `guide_shift` in the configuration. */
export const GUIDE_SHIFT_MAX_MS = 24 * 3_600_000;

/** By channel. Undefined takes what was chosen back. */
export async function saveShifts(
  store: SharedStore,
  shifts: ReadonlyMap<string, number | undefined>,
): Promise<void> {
  const documents = [...shifts].map(([channel, ms]) => [channel, ms ?? null] as const);
  if (documents.length > 0) await store.save(GUIDE_SHIFT_KIND, new Map(documents));
}

export class GuideShifts {
  readonly #store: SharedStore;
  readonly #log: Log;
  #chosen: ReadonlyMap<string, number> = new Map();

  private constructor(store: SharedStore, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  static async open(store: SharedStore, log: Log): Promise<GuideShifts> {
    const shifts = new GuideShifts(store, log);
    await shifts.read();
    return shifts;
  }

  /** True where one is another now. Never rejects. */
  async read(): Promise<boolean> {
    try {
      const stored = await this.#store.load(GUIDE_SHIFT_KIND);
      const before = this.#chosen;
      this.#chosen = new Map(
        [...stored].filter((each): each is [string, number] => isShift(each[1])),
      );
      return !Bun.deepEquals(before, this.#chosen);
    } catch (error) {
      this.#log.error('shifts of guides not read', errorFields(errorRecord(error)));
      return false;
    }
  }

  /** The same channels, moved as was chosen; what the `written` say of it goes. */
  applied(
    channels: readonly ChannelConfig[],
    written: readonly ChannelConfig[],
  ): readonly ChannelConfig[] {
    if (this.#chosen.size === 0) return channels;
    const said = new Set(
      written.filter(({ guideShiftMs }) => guideShiftMs !== undefined).map(({ id }) => id),
    );
    return channels.map((channel) => {
      const chosen = said.has(channel.id) ? undefined : this.#chosen.get(channel.id);
      return chosen === undefined ? channel : { ...channel, guideShiftMs: chosen };
    });
  }
}

function isShift(value: unknown): value is number {
  return Number.isInteger(value) && Math.abs(value as number) <= GUIDE_SHIFT_MAX_MS;
}
