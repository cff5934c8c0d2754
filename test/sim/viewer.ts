// This file is a viewer of a simulated channel: it does what players and probing apps do.
import type { MediaPlaylist, MediaSegment } from '../../src/media/m3u8/playlist.ts';
import type { Rendition } from '../../src/prefetch/rendition/rendition.ts';
import type { Dice } from './dice.ts';
import { type Listed, Session, type ViewerWorld } from './session.ts';

export type Habit = {
  /** It looks once and goes. */
  readonly isProbe: boolean;
  /** Waits between two reads of a body; 0: none. */
  readonly slowMs: number;
  /** How likely it is to leave in the middle of a body. */
  readonly leaves: number;
  /** How likely it is to ask again for something that left the list. */
  readonly looksBack: number;
  /** It comes back after an end: the stream may go on. */
  readonly isPatient: boolean;
};

export class Viewer {
  readonly #world: ViewerWorld;
  readonly #session: Session;
  readonly #dice: Dice;
  readonly #habit: Habit;
  readonly #assets = new Set<string>();
  #renditionId: string | undefined;
  #next: number | undefined;
  #isLeaving = false;
  /** The one it saw a list of last. */
  rendition: Rendition | undefined;
  playlists = 0;
  bodies = 0;

  constructor(name: string, world: ViewerWorld, dice: Dice, habit: Habit) {
    this.#world = world;
    this.#session = new Session(name, world);
    this.#dice = dice;
    this.#habit = habit;
  }

  leave(): void {
    this.#isLeaving = true;
  }

  async watch(): Promise<void> {
    const { clock } = this.#world;
    let last = '';
    while (!this.#isLeaving) {
      const startMs = clock.monotonicMs();
      const listed = await this.#list();
      if (this.#habit.isProbe) return;
      if (listed === undefined) {
        await this.#session.sleep(this.#dice.between(500, 1500));
        continue;
      }
      const { list } = listed;
      await this.#play(list);
      const isOver = list.endList && this.#next !== undefined && this.#next > lastOf(list);
      if (isOver && !this.#habit.isPatient) return;
      const now = `${list.mediaSequence}+${list.segments.length}`;
      // RFC 8216 §6.3.4
      const waitMs = list.targetDuration * (now === last ? 500 : 1000);
      last = now;
      await this.#session.sleep(startMs + waitMs - clock.monotonicMs());
    }
  }

  /** Asks for the channel, then for one of its lists, as a player does that was given one URL. */
  async #list(): Promise<Listed | undefined> {
    if (this.#renditionId === undefined) {
      const ids = await this.#session.renditions();
      if (ids === undefined) return undefined;
      this.#renditionId = this.#dice.pick(ids);
      if (ids.length > 1 && this.#habit.isProbe && this.#dice.chance(0.5)) return undefined;
    }
    const listed = await this.#session.list(this.#renditionId);
    if (listed === undefined) return undefined;
    this.playlists++;
    this.rendition = listed.rendition;
    const { mediaSequence, segments } = listed.list;
    const shape = segments.map(shapeOf).join('');
    this.#session.note(`has ${this.#renditionId} ${mediaSequence}+${segments.length} ${shape}`);
    return listed;
  }

  /** Everything new, from three before the end on. */
  async #play(list: MediaPlaylist): Promise<void> {
    const first = list.mediaSequence;
    const last = lastOf(list);
    const isVod = list.type === 'VOD';
    this.#next ??= isVod ? first : Math.max(first, last - 2);
    if (this.#next < first || this.#next > last + 1) this.#next = Math.max(first, last - 2);
    for (const segment of list.segments) {
      if (this.#isLeaving) return;
      if (segment.sequence < (this.#next ?? 0)) continue;
      this.#next = segment.sequence + 1;
      if (!segment.gap) await this.#fetchAll(segment);
      if (isVod) await this.#session.sleep(segment.duration * 200);
      if (this.#dice.chance(this.#habit.leaves)) return this.leave();
    }
    const back = list.segments[0];
    if (back !== undefined && !back.gap && this.#dice.chance(this.#habit.looksBack)) {
      await this.#session.sleep(list.targetDuration * 2000);
      await this.#fetch(back.uri);
    }
  }

  async #fetchAll(segment: MediaSegment): Promise<void> {
    for (const asset of [segment.map?.uri, ...segment.keys.map(({ uri }) => uri)]) {
      if (asset === undefined || this.#assets.has(asset)) continue;
      if (await this.#fetch(asset)) this.#assets.add(asset);
    }
    if ((await this.#fetch(segment.uri)) || this.#isLeaving) return;
    // Players try once more what broke off
    await this.#session.sleep(this.#dice.between(20, 300));
    await this.#fetch(segment.uri);
  }

  async #fetch(name: string): Promise<boolean> {
    const isWhole = await this.#session.body(this.#renditionId as string, name, async () => {
      if (this.#dice.chance(this.#habit.leaves)) this.leave();
      else if (this.#habit.slowMs > 0) await this.#session.sleep(this.#habit.slowMs);
      return !this.#isLeaving;
    });
    if (isWhole) this.bodies++;
    return isWhole;
  }
}

function lastOf(list: MediaPlaylist): number {
  return list.mediaSequence + list.segments.length - 1;
}

function shapeOf({ gap, discontinuity }: MediaSegment): string {
  return gap ? '-' : discontinuity ? '|=' : '=';
}
